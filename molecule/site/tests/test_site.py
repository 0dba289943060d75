# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site as its users notice it."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
APPLICATION = "http://10.10.10.88:8888/"


def answer(lab):
    return json.loads(lab("exec", "curl", "--silent", "--max-time", "20", APPLICATION))


def test_the_application_answers_with_a_row_that_the_database_on_another_host_holds(lab):
    first, second = answer(lab), answer(lab)
    assert first["database"] == "mariadb" and first["host"] == "visits"
    assert second["visits"] == first["visits"] + 1
    assert lab.sh("node4", "docker ps --format '{{.Names}}'") == "mariadb"
    assert lab.sh("node1", "docker ps --format '{{.Names}}'") == "visits"


@pytest.mark.long
def test_a_row_survives_the_database_container(lab, play):
    before = answer(lab)["visits"]
    lab.sh("node4", "docker rm --force mariadb")
    assert "Run the database: node4" in play.ok("site.yml")
    assert answer(lab)["visits"] > before


def test_the_password_is_in_files_of_mode_0400_only(lab):
    password = (CHECKOUT / ".lab" / "application_password").read_text(encoding="utf-8").split()[0]
    for host, container, file in (("node4", "mariadb", "mariadb_password"), ("node1", "visits", "visits_password")):
        assert lab.sh(host, "stat --format=%%a /srv/application_pair/%s" % file) == "400"
        assert password not in lab.sh(host, "docker inspect %s; ps -eo args" % container)


@pytest.mark.parametrize(
    "host, arguments, told",
    [
        ("node1", "container=visits port=8080", "it says what no Elasticsearch does"),
        ("node4", "container=mariadb", "nothing listens on port 9200 in the container mariadb"),
        ("node4", "container=visits", "there is no container visits on this host"),
    ],
)
def test_a_member_is_asked_in_its_container_s_network_at_a_port_that_is_not_published(play, host, arguments, told):
    """The application stands for a member: what matters is who answers in the container, and that it is told and no failure."""
    done = play.run_module(host, "quorate.swarm.elasticsearch_health", arguments)
    assert done.returncode == 0 and told in done.stdout, done.stdout


def test_verify_passes(play):
    play.ok("playbooks/verify.yml")


@pytest.mark.long
def test_a_second_run_changes_nothing_and_says_so(play):
    assert "Nothing changed." in play.ok("site.yml")


def test_the_whole_site_in_check_mode_changes_nothing(play):
    assert "Nothing would change." in play.ok("site.yml", "--check", "--diff")


TWO_HOSTS_AT_A_TIME = """
- hosts: swarm_managers:swarm_workers
  gather_facts: false
  serial: 2
  roles: [quorate.swarm.docker_engine, quorate.swarm.swarm, quorate.swarm.overlay]
  post_tasks:
    - import_role: {name: quorate.swarm.swarm, tasks_from: verify}
    - import_role: {name: quorate.swarm.overlay, tasks_from: verify}
"""


@pytest.mark.long
def test_a_run_of_two_hosts_at_a_time_finds_nothing_to_do_and_verifies_them(play, tmp_path):
    (tmp_path / "serial.yml").write_text(TWO_HOSTS_AT_A_TIME, encoding="utf-8")
    told = play.ok(tmp_path / "serial.yml")
    assert "Nothing changed." in told
    assert "node1, node2 are peers" in told and "node3, node4 are peers" in told


def test_a_tag_runs_its_part_alone(play):
    told = play.ok("site.yml", "--tags", "overlay")
    assert "Nothing changed." in told
    assert "[quorate.swarm.overlay : Create, compare and remove the overlay networks]" in told
    assert "[quorate.swarm.swarm : Read" not in told and "[quorate.swarm.docker_engine : Ask" not in told


@pytest.fixture
def installed(tmp_path):
    """The collection, built and installed as its users have it: from a tarball, found by its name."""
    for command in (
        ["ansible-galaxy", "collection", "build", "--output-path", tmp_path, CHECKOUT],
        ["ansible-galaxy", "collection", "install", "--no-deps", "--offline", "--collections-path", tmp_path / "collections"],
    ):
        if "install" in command:
            command.append(next(tmp_path.glob("quorate-swarm-*.tar.gz")))
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    return tmp_path


def test_the_installed_collection_works_from_a_play_of_ones_own_with_other_group_names(installed):
    (installed / "hosts.yml").write_text(
        json.dumps(
            {
                "bosses": {"hosts": {"node1": {"ansible_host": "10.10.10.88"}, "node2": {}, "node3": {}}},
                "hands": {"hosts": {"node4": {}}},
            }
        ),
        encoding="utf-8",
    )
    (installed / "own.yml").write_text(
        "- import_playbook: quorate.swarm.site\n  vars:\n    swarm_manager_group: bosses\n    swarm_worker_group: hands\n",
        encoding="utf-8",
    )
    configuration = installed / "ansible.cfg"
    configuration.touch()
    variables = {
        "ansible_ssh_args": "-F %s" % (CHECKOUT / ".lab" / "ssh_config"),
        "ansible_user": "root",
        "swarm_labels": {"lab": "true"},
        "overlay_networks": [{"name": "demo", "attachable": True, "encrypted": True}],
    }
    done = subprocess.run(
        ["ansible-playbook", "-i", "hosts.yml", "own.yml", "-e", json.dumps(variables)],
        cwd=installed, env=dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(installed / "collections"), ANSIBLE_CONFIG=str(configuration)),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )
    assert done.returncode == 0, done.stdout
    assert set(re.findall(r"changed=(\d+)", done.stdout)) == {"0"}, done.stdout
