# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One master and three members with data, one a host: what a user sees of the cluster, and what a change does to it."""

from __future__ import annotations

import json

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
