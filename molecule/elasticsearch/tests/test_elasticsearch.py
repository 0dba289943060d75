# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One master and three members with data, one a host: what a user sees of the cluster, and what a change does to it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess

import pytest

PLAYBOOK = "playbooks/elasticsearch.yml"
NAMES = {"node1": "elastic-master", "node2": "elastic-data01", "node3": "elastic-data02", "node4": "elastic-data03"}
DATA = [host for host in NAMES if host != "node1"]


@pytest.fixture(scope="module")
def play(play_clusters):
    return play_clusters


@pytest.fixture(scope="module")
def ask(lab, addresses):
    """An answer over HTTP from outside of the swarm, by the published port of a host."""

    def make(host, path, method="GET", body=None):
        words = ["--silent", "--fail-with-body", "--max-time", "20", "--request", method, "http://%s:9200%s" % (addresses[host], path)]
        if body is not None:
            words += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
        return json.loads(lab("exec", "curl", *words))

    return make


def nodes(ask, host="node1"):
    return {node["name"]: node for node in ask(host, "/_cat/nodes?format=json&h=name,master,node.role")}


def status(ask):
    return ask("node2", "/_cluster/health?wait_for_status=green&timeout=15s")["status"]


def test_four_members_are_one_cluster_with_the_right_master(ask):
    found = nodes(ask)
    assert sorted(found) == sorted(NAMES.values())
    assert [name for name, node in found.items() if node["master"] == "*"] == ["elastic-master"]
    assert found["elastic-master"]["node.role"] == "m"
    assert {found[NAMES[host]]["node.role"] for host in DATA} == {"di"}


def test_a_second_run_changes_nothing_and_check_mode_says_so(play):
    assert "Nothing changed." in play.ok(PLAYBOOK)
    assert "Nothing would change." in play.ok(PLAYBOOK, "--check")


def test_what_is_written_through_one_member_is_read_on_every_other(ask):
    ask("node2", "/fruit/_doc/1?refresh=true", "PUT", {"name": "quince"})
    for host in NAMES:
        assert ask(host, "/fruit/_doc/1")["_source"] == {"name": "quince"}, host


def test_logs_data_and_settings_lie_on_the_host(lab):
    logged = lab.sh("node2", "cat /srv/elasticsearch/logs/elasticsearch.log")
    assert "started" in logged
    config = lab.sh("node2", "cat /srv/elasticsearch/config/elasticsearch.yml")
    assert 'node.name: "elastic-data01"' in config
    assert "initial_master_nodes" not in lab.sh("node1", "cat /srv/elasticsearch/config/elasticsearch.yml")
    assert lab.sh("node2", "ls /srv/elasticsearch/data").split() == ["nodes"]


def test_nothing_but_http_is_published(lab):
    assert lab.sh("node2", "docker port elastic-data01").split() == ["9200/tcp", "->", "10.10.10.76:9200"]


KEYSTORE = "/usr/share/elasticsearch/config/elasticsearch.keystore"


def test_a_keystore_is_brought_to_one_member(lab, play, ask, tmp_path):
    """One that another member has made for itself, since the lab's image has no program that makes any."""
    encoded = "".join(lab.sh("node2", "docker exec elastic-data01 base64 %s" % KEYSTORE).split())
    own = lab.sh("node4", "docker exec elastic-data03 sha256sum %s" % KEYSTORE)
    wanted = hashlib.sha256(base64.b64decode(encoded)).hexdigest()
    assert wanted not in own
    keystore, password = tmp_path / "elasticsearch.keystore", tmp_path / "vault"
    keystore.write_bytes(base64.b64decode(encoded))
    password.write_text("sesame\n", encoding="utf-8")
    vault = ("--vault-password-file", str(password))
    subprocess.run(["ansible-vault", "encrypt", *vault, str(keystore)], check=True, capture_output=True)
    path = "{{ '%s' if inventory_hostname == 'node4' else '' }}" % keystore
    words = (PLAYBOOK, *vault, "-e", json.dumps({"elasticsearch_keystore_path": path}))
    try:
        told = play.ok(*words, "--diff", "-vvv")
        assert "replace elastic-data03" in told and "elastic-data01, then" not in told
        assert "Nothing changed." in play.ok(*words)
        found = lab.sh("node4", "docker exec elastic-data03 sh -c 'sha256sum %s; stat -c %%a:%%u %s'" % (KEYSTORE, KEYSTORE)).split()
        assert (found[0], found[-1]) == (wanted, "600:1000")
        assert lab.sh("node4", "stat -c %a:%u /srv/elasticsearch/config/secrets/elasticsearch.keystore").split() == ["400:1000"]
        for text in (told, lab.sh("node4", "docker inspect elastic-data03"), lab.sh("node4", "ps -ef")):
            assert encoded[48:112] not in text
        reloaded = ask("node1", "/_nodes/elastic-data03/reload_secure_settings", "POST")["nodes"].values()
        assert [node["name"] for node in reloaded if "reload_exception" not in node] == ["elastic-data03"]
    finally:
        play.ok(PLAYBOOK)
    assert status(ask) == "green"


def test_a_setting_is_rolled_under_load_and_a_killed_run_is_gone_on_with(lab, play, ask, load):
    wanted = ("-e", json.dumps({"elasticsearch_settings": {"indices.recovery.max_bytes_per_sec": "50mb"}}))
    told = " ".join(play.ok(PLAYBOOK, "--check", *wanted).split())
    assert "replace elastic-data01, then elastic-data02, then elastic-data03; leader elastic-master last" in told
    with load("elasticsearch", 300, DATA) as client:
        play.at("Wait until the member is in the cluster", play.kill, PLAYBOOK, *wanted)
        play.ok(PLAYBOOK, *wanted)
    assert not client.lost
    assert status(ask) == "green"
    settings = ask("node1", "/_cluster/settings?flat_settings=true")
    assert settings["persistent"] == settings["transient"] == {}
    known = ask("node1", "/_nodes/settings?flat_settings=true")["nodes"].values()
    assert {node["settings"]["indices.recovery.max_bytes_per_sec"] for node in known} == {"50mb"}
    assert_read(ask, client.acknowledged)


def assert_read(ask, numbers):
    ask("node2", "/load/_refresh", "POST")
    found = ask("node2", "/load/_count")["count"]
    assert found >= len(numbers)
    documents = ask("node3", "/load/_mget", "POST", {"ids": [str(number) for number in numbers]})["docs"]
    assert [document["_id"] for document in documents if not document["found"]] == []
