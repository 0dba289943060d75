# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each member a service of the swarm, placed by the label of its node."""

from __future__ import annotations

import json

import pytest

PLAYBOOK = "playbooks/zookeeper.yml"
PORT = 2281
MEMBERS = {"node1": "zooservice1", "node2": "zooservice2", "node3": "zooservice3"}


@pytest.fixture(scope="module")
def words(checkout):
    """What a play is told, with further variables."""
    inventory = str(checkout / "molecule" / "zookeeper_models" / "hosts.yml")
    return lambda **variables: ("-i", inventory, "-e", json.dumps(dict(variables, zookeeper_group="zookeeper_services")))


def test_one_leads_and_two_follow(zookeeper):
    assert sorted(zookeeper.modes(MEMBERS, PORT).values()) == ["follower", "follower", "leader"]


def test_each_runs_on_the_node_whose_label_has_its_id(lab):
    listed = {host: lab.sh("node1", "docker service ps --filter desired-state=running --format '{{.Node}}' %s" % name)
              for host, name in MEMBERS.items()}
    assert {host: nodes.split() for host, nodes in listed.items()} == {host: [host] for host in MEMBERS}
    assert lab.sh("node1", "docker node inspect --format '{{.Spec.Labels.node_index}}' node1 node2 node3").split() == ["1", "2", "3"]


def test_what_is_written_through_one_member_is_read_on_every_other(zookeeper):
    zookeeper.put("node1", "/fruit", "service", PORT)
    assert {host: zookeeper.get(host, "/fruit", PORT) for host in MEMBERS} == dict.fromkeys(MEMBERS, "service")


def test_a_setting_is_rolled_under_load(play, zookeeper, load, words):
    wanted = words(zookeeper_settings={"maxClientCnxns": 100})
    leader = zookeeper.leader(MEMBERS, PORT)
    followers = [name for host, name in MEMBERS.items() if host != leader]
    told = " ".join(play.ok(PLAYBOOK, "--check", *wanted).split())
    assert "replace %s, then %s; leader %s last" % (*followers, MEMBERS[leader]) in told
    with load("zookeeper", 30, MEMBERS, PORT) as client:
        play.ok(PLAYBOOK, *wanted)
    assert not client.lost
    assert all("maxClientCnxns=100" in zookeeper.ask(host, "conf", PORT) for host in MEMBERS)
    found = set(zookeeper.children("node1", "/load", PORT))
    assert client.acknowledged and not [number for number in client.acknowledged if str(number) not in found]
    assert "Nothing changed." in play.ok(PLAYBOOK, *wanted)


def test_a_label_that_another_node_has_is_refused(lab, play, words):
    lab.sh("node1", "docker node update --label-add node_index=1 node4")
    try:
        assert "node_index" in play.refused(PLAYBOOK, *words())
    finally:
        lab.sh("node1", "docker node update --label-rm node_index node4")


def test_what_services_cannot_have_is_refused(play, words):
    assert "its port 2281 is the host's already" in play.refused(PLAYBOOK, *words(zookeeper_publish=True))
    assert "the inventory has no manager of a swarm" in play.refused(PLAYBOOK, *words(swarm_manager_group="none"))
