# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three members that are master and data at once: one of them may be away at any time. And a cluster of a single node."""

from __future__ import annotations

import json

import pytest

PLAYBOOK = "playbooks/elasticsearch.yml"
NAMES = {"node1": "elastic1", "node2": "elastic2", "node3": "elastic3"}
HOSTS = {name: host for host, name in NAMES.items()}
THREE = {"elasticsearch_master_group": "elastic_three", "elasticsearch_data_group": "elastic_three"}
SINGLE = {"elasticsearch_master_group": "elastic_single", "elasticsearch_data_group": "elastic_single"}


@pytest.fixture(scope="module")
def words(checkout):
    """What a play on one of the groups is told, with further variables."""
    inventory = str(checkout / "molecule" / "elasticsearch_masters" / "hosts.yml")
    return lambda groups, **variables: ("-i", inventory, "-e", json.dumps(dict(groups, **variables)))


def test_three_members_have_both_roles_and_one_master(elasticsearch):
    found = elasticsearch.nodes("node1")
    assert sorted(found) == sorted(HOSTS)
    assert {node["node.role"] for node in found.values()} == {"dim"}
    assert [node["master"] for node in found.values()].count("*") == 1


def test_a_single_node_is_a_cluster_of_its_own(lab, elasticsearch):
    assert list(elasticsearch.nodes("node4")) == ["elastic-single"]
    assert 'discovery.type: "single-node"' in lab.sh("node4", "cat /srv/elasticsearch/config/elasticsearch.yml")
    elasticsearch.ask("node4", "/fruit/_doc/1?refresh=true", "PUT", {"name": "medlar"})
    assert elasticsearch.ask("node4", "/fruit/_doc/1")["_source"] == {"name": "medlar"}


def test_what_is_said_of_a_single_node_reaches_it_and_its_data_are_there(lab, play, elasticsearch, words):
    wanted = words(
        SINGLE, elasticsearch_settings={"indices.recovery.max_bytes_per_sec": "50mb", "discovery.type": "single-node"},
        elasticsearch_labels={"team": "search"}, elasticsearch_environment={"A_NAME": "a value"}, elasticsearch_memory="1200m",
        elasticsearch_secrets={"service.key": "sesame"},
    )
    told = play.ok(PLAYBOOK, "--diff", "-vvv", *wanted)
    assert "replace leader elastic-single last" in " ".join(told.split()) and "sesame" not in told
    assert elasticsearch.ask("node4", "/fruit/_doc/1")["_source"] == {"name": "medlar"}
    container = json.loads(lab.sh("node4", "docker inspect elastic-single"))[0]
    assert container["Config"]["Labels"]["team"] == "search"
    assert "A_NAME=a value" in container["Config"]["Env"] and container["HostConfig"]["Memory"] == 1200 << 20
    assert "sesame" not in json.dumps(container)
    assert lab.sh("node4", "docker exec elastic-single sh -c 'cd config/secrets; stat -c %a:%u service.key; cat service.key'").split() == [
        "400:1000", "sesame",
    ]
    assert "Nothing changed." in play.ok(PLAYBOOK, *wanted)


def test_the_master_leaves_under_load_and_comes_back(lab, play, elasticsearch, load, words, clusters_with):
    master = elasticsearch.master("node1")
    gone, stay = HOSTS[master], next(host for host in NAMES if host != HOSTS[master])
    without = clusters_with({"elastic_three": {"hosts": {gone: {"elasticsearch_state": "absent"}}}})
    others = [host for host in NAMES if host != gone]
    with load("elasticsearch", 30, others) as client:
        told = " ".join(play.ok(PLAYBOOK, *words(THREE), *without).split())
        assert "remove %s" % master in told and "2 members can be master" in told
        assert sorted(elasticsearch.nodes(stay)) == sorted(NAMES[host] for host in others)
        assert elasticsearch.ask(stay, "/_cluster/state/metadata")["metadata"]["cluster_coordination"]["voting_config_exclusions"] == []
        assert "Nothing changed." in play.ok(PLAYBOOK, *words(THREE), *without)
        assert "start %s, side by side" % master in " ".join(play.ok(PLAYBOOK, *words(THREE)).split())
    assert not client.lost
    assert sorted(elasticsearch.nodes(stay)) == sorted(HOSTS)
    elasticsearch.assert_there(stay, client)


def test_nothing_acknowledged_is_lost_when_all_hosts_lose_their_power(lab, play, elasticsearch, load, swarm, words):
    with load("elasticsearch", 900, NAMES) as client:
        lab("power-off", *NAMES, "node4")
        lab("power-on", *NAMES, "node4")
        swarm.wait_until_ready()
        # by themselves, without a run
        elasticsearch.wait_until_green("node1", len(NAMES), 600)
    elasticsearch.assert_there("node2", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *words(THREE))


def test_a_member_of_another_cluster_is_refused(play, elasticsearch, words, clusters_with):
    with_stranger = clusters_with({"elastic_three": {"hosts": {"node4": {}}}})
    assert "The members are in 2 clusters" in play.refused(PLAYBOOK, *words(THREE), *with_stranger)
    assert elasticsearch.status("node1") == "green"


def test_data_of_another_cluster_are_refused(lab, play, elasticsearch, words, clusters_with):
    with_stranger = clusters_with({"elastic_three": {"hosts": {"node4": {}}}})
    lab.sh("node4", "systemctl stop quorate-member@elastic-single")
    try:
        assert "the data directory is one of the cluster" in play.refused(PLAYBOOK, *words(THREE), *with_stranger)
    finally:
        lab.sh("node4", "systemctl start quorate-member@elastic-single")


def test_a_setting_is_rolled_under_load_and_goes_on_after_the_master_and_the_run_were_killed(lab, play, elasticsearch, load, words):
    wanted = words(THREE, elasticsearch_settings={"indices.recovery.max_bytes_per_sec": "50mb"})
    master = elasticsearch.master("node1")

    def kill_both(process):
        play.kill(process)
        lab.sh(HOSTS[master], "docker kill %s" % master)

    with load("elasticsearch", 30, NAMES) as client:
        # One is replaced and the cluster is green: whatever the master holds, another one has as well.
        told = play.at("Keep replicas where they are", kill_both, PLAYBOOK, *wanted, time=2)
        assert "leader %s last" % master in " ".join(told.split())
        play.ok(PLAYBOOK, *wanted)
    assert not client.lost
    known = elasticsearch.ask("node1", "/_nodes/settings?flat_settings=true")["nodes"].values()
    assert {node["settings"]["indices.recovery.max_bytes_per_sec"] for node in known} == {"50mb"}
    assert elasticsearch.is_clean("node1")
    elasticsearch.assert_there("node1", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *wanted)


def test_a_cluster_gets_another_name_where_all_members_start_together(lab, play, elasticsearch, words):
    before = elasticsearch.ask("node1", "/")["cluster_uuid"]
    for name in ("another", "three"):
        for host, member in NAMES.items():
            lab.sh(host, "systemctl stop quorate-member@%s" % member)
        told = " ".join(play.ok(PLAYBOOK, *words(THREE, elasticsearch_cluster_name=name)).split())
        assert "start elastic1, elastic2, elastic3, side by side" in told
        found = elasticsearch.ask("node2", "/")
        assert (found["cluster_name"], found["cluster_uuid"]) == (name, before)
        assert sorted(elasticsearch.nodes("node3")) == sorted(HOSTS)


def test_a_run_that_was_killed_while_the_cluster_formed_is_gone_on_with(lab, play, elasticsearch, words):
    for host, name in NAMES.items():
        lab.sh(host, "systemctl disable --now quorate-member@%s && docker rm %s && rm -rf /srv/elasticsearch" % (name, name))
    play.at("Wait until the cluster is whole", play.kill, PLAYBOOK, *words(THREE))
    # They run as they are wanted, and it takes them longer to find each other than the next run to look at them.
    assert "wait until the cluster is whole, since" in " ".join(play.ok(PLAYBOOK, *words(THREE)).split())
    assert sorted(elasticsearch.nodes("node1")) == sorted(HOSTS)
    for host in NAMES:
        assert "initial_master_nodes" not in lab.sh(host, "cat /srv/elasticsearch/config/elasticsearch.yml")
    assert "Nothing changed." in play.ok(PLAYBOOK, *words(THREE))
