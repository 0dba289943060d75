# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One member of a cluster on a worker whose engine has not heard of the member's networks."""

from __future__ import annotations

import copy
import json
import pathlib

import pytest
import yaml

HOST = "node4"
NAME = "lab-member"
UNIT = "quorate-member@%s.service" % NAME
ROOT = "/srv/%s" % NAME
VARIABLES = pathlib.Path(__file__).parent.parent / "vars" / "networks.yml"
NETWORKS = [network["name"] for network in yaml.safe_load(VARIABLES.read_text(encoding="utf-8"))["overlay_networks"]][:2]
SECRET = "not-for-anybody"
OPTIONS = {
    "name": NAME,
    "image": "busybox:1.35",
    "container": {
        "command": ["sh", "-c", "cat /conf/a; exec sleep 3600"],
        "networks": [{"name": name, "aliases": ["member-alias"]} for name in NETWORKS],
        "mounts": [{"source": ROOT + "/conf", "target": "/conf", "read_only": True}, {"source": ROOT + "/data", "target": "/data"}],
        "ports": [{"published": 7777, "target": 7777}],
        "env": {"SOME_TOKEN": SECRET},
        "memory": "64M",
        "memory_swap": "64M",
        "memory_swappiness": 0,
        "ulimits": [{"name": "nofile", "soft": 4096}],
        "cap_add": ["NET_ADMIN"],
        "extra_hosts": {"elsewhere": "192.0.2.1"},
        "tmpfs": {"/tmp": "size=1m"},
        "log_options": {"max-size": "1m"},
        "healthcheck": {"test": ["CMD", "true"], "interval": "2s"},
        "stop_timeout": 1,
    },
    "directories": [{"path": ROOT}, {"path": ROOT + "/conf"}, {"path": ROOT + "/data", "owner": "1000", "data": True}],
    "files": [{"path": ROOT + "/conf/a", "content": "one\n"}, {"path": ROOT + "/conf/secret", "content": SECRET + "\n", "secret": True}],
    "evidence": {"a": ROOT + "/conf/a"},
}


@pytest.fixture(scope="module")
def member(play):
    """Runs of the module, as changed and what it tells of the member; the member is taken away in the end."""

    def run(**options):
        output = play.run_module(HOST, "quorate.swarm.cluster_member", json.dumps(dict(OPTIONS, **options))).stdout
        assert SECRET not in output
        told = yaml.safe_load(output.partition("=> ")[2])
        assert "member" in told, output
        return told

    yield run
    run(state="absent", delete=[ROOT + "/data"])


def test_a_member_is_made_and_a_second_run_changes_nothing(lab, member):
    # what a run before this one has tried there ends a little after it
    lab.wait_for(
        lambda: not set(NETWORKS) & set(lab.sh(HOST, "docker network ls --format '{{.Name}}'").split()),
        "the worker did not know the networks", 60,
    )
    made = member()
    assert made["changed"] and made["member"]["running"] and made["member"]["differs"] == []
    assert made["member"]["evidence"] == {"a": "one\n"}
    assert lab.sh(HOST, "systemctl is-active %s; systemctl is-enabled %s" % (UNIT, UNIT)).split() == ["active", "enabled"]
    again = member()
    assert (again["changed"], again["actions"]) == (False, [])
    assert again["member"]["container_id"] == made["member"]["container_id"]


def test_it_is_in_both_networks_under_its_alias(lab, member):
    addresses = lab.sh(HOST, "docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' %s" % NAME).split()
    assert len(addresses) == 2
    for network in NETWORKS:
        found = lab.sh("node1", "docker run --rm --network %s busybox:1.35 nslookup member-alias 127.0.0.11" % network)
        assert any(address in found for address in addresses)


def test_a_changed_file_restarts_it_and_a_changed_option_makes_it_anew(lab, member):
    first = member(state="seen")["member"]
    files = copy.deepcopy(OPTIONS["files"])
    files[0]["content"] = "two\n"
    changed = member(files=files)["member"]
    assert changed["container_id"] == first["container_id"] and changed["started_at"] != first["started_at"]
    lab.wait_for(lambda: "two" in lab.sh(HOST, "docker logs %s" % NAME), "the new file was read")
    container = dict(OPTIONS["container"], env={"SOME_TOKEN": SECRET, "MORE": "1"})
    renewed = member(files=files, container=container)["member"]
    assert renewed["container_id"] != first["container_id"] and renewed["running"]
    assert not member(files=files, container=container)["changed"]


def test_systemd_starts_it_again_when_it_has_ended(lab, member):
    member()
    before = member(state="seen")["member"]
    lab.sh(HOST, "docker kill %s" % NAME)
    lab.wait_for(lambda: lab.sh(HOST, "docker inspect --format '{{.State.Running}}' %s" % NAME).strip() == "true", "it was started", 60)
    after = member(state="seen")["member"]
    assert after["started_at"] != before["started_at"] and after["differs"] == []


def test_a_container_that_does_not_stay_up_is_told_with_its_last_words(play, member):
    container = dict(OPTIONS["container"], command=["sh", "-c", "echo these words; exit 7"])
    done = play.run_module(HOST, "quorate.swarm.cluster_member", json.dumps(dict(OPTIONS, container=container))).stdout
    assert "it ended with exit code 7. Its last lines: these words" in done
    assert member()["member"]["running"]


def test_its_end_leaves_its_data(lab, member):
    lab.sh(HOST, "touch %s/data/kept && chown 1000:1000 %s/data/kept" % (ROOT, ROOT))
    assert member(state="absent")["changed"]
    assert lab.sh(HOST, "find %s -type f" % ROOT).split() == [ROOT + "/data/kept"]
    assert not member(state="absent")["changed"]
    assert lab.host(HOST).run("docker inspect %s" % NAME).rc != 0
    assert not lab.host(HOST).file("/etc/systemd/system/quorate-member@.service").exists
