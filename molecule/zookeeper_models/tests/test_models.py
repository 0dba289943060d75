# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ensemble on one host in each network model: one leader, and a write through one member that every other reads."""

from __future__ import annotations

import json

import pytest

PLAYBOOK = "playbooks/zookeeper.yml"
HOSTS = {"bridge": "node1", "links": "node2", "static": "node3"}
PORTS = (2181, 2182, 2183)


@pytest.fixture(params=HOSTS, ids=str)
def model(request):
    return request.param


@pytest.fixture(scope="module")
def inventory(checkout):
    return "-i", str(checkout / "molecule" / "zookeeper_models" / "hosts.yml")


def modes(zookeeper, host):
    return sorted(zookeeper.modes([host], port)[host] for port in PORTS)


def test_one_leads_and_two_follow(zookeeper, model):
    assert modes(zookeeper, HOSTS[model]) == ["follower", "follower", "leader"]


def test_what_is_written_through_one_member_is_read_on_every_other_from_another_host(zookeeper, model):
    zookeeper.put(HOSTS[model], "/fruit", model, PORTS[0])
    assert [zookeeper.get(HOSTS[model], "/fruit", port) for port in PORTS] == [model] * 3


def test_members_reach_each_other_by_the_aliases_of_their_links(lab):
    config = lab.sh("node2", "cat /srv/zookeeper/zoo1/conf/zoo.cfg.dynamic*")
    assert "server.2=zknode2:2888:3888" in config
    assert lab.sh("node2", "docker exec zoo1 getent hosts zknode2").split()[1] == "zknode2"
    # A server tells its own address to the others, so it must be none that only itself reaches.
    assert not lab.sh("node2", "docker exec zoo1 getent hosts zknode1").startswith("127.")


def test_static_addresses_lie_outside_of_the_range_that_the_engine_gives_away(lab):
    shown = "{{(index .NetworkSettings.Networks \"zoo-static\").IPAddress}}"
    assert lab.sh("node3", "docker inspect --format '%s' zoo1 zoo2 zoo3" % shown).split() == ["172.28.200.%d" % n for n in (1, 2, 3)]
    given = lab.sh("node3", "docker run --rm --network zoo-static busybox:1.35 hostname -i").split()[0]
    assert int(given.split(".")[2]) < 128


def test_members_are_the_same_after_the_host_lost_its_power(lab, zookeeper, model):
    lab("power-off", HOSTS[model])
    lab("power-on", HOSTS[model])
    lab.wait_for(lambda: modes(zookeeper, HOSTS[model]) == ["follower", "follower", "leader"], "the ensemble was whole again", 300)
    assert [zookeeper.get(HOSTS[model], "/fruit", port) for port in PORTS] == [model] * 3


def test_a_change_is_rolled_and_the_next_run_changes_nothing(play, inventory, zookeeper, model):
    words = (*inventory, "-e", json.dumps({"zookeeper_group": "zookeeper_%s" % model, "zookeeper_settings": {"maxClientCnxns": 100}}))
    assert "last" in play.ok(PLAYBOOK, *words)
    assert all("maxClientCnxns=100" in zookeeper.ask(HOSTS[model], "conf", port) for port in PORTS)
    assert "Nothing changed." in play.ok(PLAYBOOK, *words)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"zookeeper_id": 1}, "The id 1 is that of"),
        ({"zookeeper_heap": "64g"}, "The member needs 64.1 GiB, and this host has"),
        ({"zookeeper_client_port": 2199}, "knows zoo1 with the ports 2888, 3888, 2181 (peers, elections, clients), and"),
        ({"zookeeper_model": "links"}, "knows zoo1 as zoo1, and by name, model and address of the inventory it would be zknode1"),
        ({"zookeeper_settings": {"ssl.keyStore.password": "quince"}}, "has ssl.keyStore.password, and zoo.cfg is no place for secrets"),
        pytest.param({"zookeeper_settings": {"dataDir": "/var/lib/zoo"}}, "dataDir is /var/lib/zoo and not /data", marks=pytest.mark.long),
        pytest.param({"zookeeper_environment": {"JVMFLAGS": "-Xmx1g"}}, "has JVMFLAGS, with which the role gives", marks=pytest.mark.long),
        pytest.param({"zookeeper_memory": "128m"}, "The member needs 192 MiB, and its container's memory", marks=pytest.mark.long),
        ({"zookeeper_model": "static"}, "no zookeeper_address is said of bridge1, bridge2, bridge3"),
    ],
    ids=["id", "heap", "port", "model", "password", "data-dir", "flags", "limit", "address"],
)
def test_bad_input_is_refused_in_a_sentence(play, inventory, variables, words):
    told = play.refused(PLAYBOOK, *inventory, "-e", json.dumps(dict({"zookeeper_group": "zookeeper_bridge"}, **variables)))
    assert words in told


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("172.28.200.1", "More than one member of zookeeper_static has the zookeeper_address 172.28.200.1"),
        ("172.28.5.2", "172.28.5.2 of static2 is in 172.28.0.0/17, the range from which the engine gives away addresses"),
        ("172.28.0.1", "172.28.0.1 of static2 is the gateway of the network zoo-static"),
        ("172.29.200.2", "172.29.200.2 of static2 lies outside of 172.28.0.0/16, the subnet of the network zoo-static"),
        ("172.28.200.9", "knows zoo2 as 172.28.200.2, and by name, model and address of the inventory it would be 172.28.200.9"),
    ],
    ids=["twice", "range", "gateway", "outside", "moved"],
)
def test_an_address_that_a_member_cannot_have_is_refused(play, inventory, clusters_with, address, words):
    moved = clusters_with({"zookeeper_static": {"hosts": {"static2": {"zookeeper_address": address}}}})
    assert words in play.refused(PLAYBOOK, *inventory, *moved, "-e", "zookeeper_group=zookeeper_static")


def test_data_of_another_ensemble_are_refused(lab, play, inventory, zookeeper):
    epoch = "/srv/zookeeper/zoo3/data/version-2/currentEpoch"
    lab.sh("node1", "systemctl stop quorate-member@zoo3; cp -p %s /root/epoch; echo 999 > %s" % (epoch, epoch))
    try:
        lab.wait_for(lambda: sorted(zookeeper.modes(["node1"], port)["node1"] for port in PORTS[:2]) == ["follower", "leader"], "two serve")
        told = play.refused(PLAYBOOK, *inventory, "-e", "zookeeper_group=zookeeper_bridge")
        assert "On bridge3 the data directory has seen epoch 999, and the ensemble that serves is in epoch" in told
    finally:
        lab.sh("node1", "cp -p /root/epoch %s; rm /root/epoch; systemctl start quorate-member@zoo3" % epoch)
    lab.wait_for(lambda: modes(zookeeper, "node1") == ["follower", "follower", "leader"], "the ensemble was whole again")


def test_a_group_without_hosts_is_refused_where_the_role_is_called(play, tmp_path):
    path = tmp_path / "play.yml"
    role = {"name": "quorate.swarm.zookeeper"}
    path.write_text(json.dumps([{"hosts": "node1", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}]))
    assert "The group nobody has no host" in play.refused(path, "-e", "zookeeper_group=nobody")


def test_ids_that_changed_places_are_refused(play, inventory, clusters_with):
    swapped = clusters_with({"zookeeper_bridge": {"hosts": {"bridge1": {"zookeeper_id": 2}, "bridge2": {"zookeeper_id": 1}}}})
    named = {"zookeeper_bridge": {"hosts": {"bridge1": {"zookeeper_name": "zoo1"}, "bridge2": {"zookeeper_name": "zoo2"}}}}
    told = play.refused(PLAYBOOK, *inventory, *swapped, *clusters_with(named), "-e", "zookeeper_group=zookeeper_bridge")
    assert "the data directory is that of the member with id" in told
