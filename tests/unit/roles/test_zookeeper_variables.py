# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role zookeeper refuses of groups and settings."""

from __future__ import annotations

from ansible_collections.quorate.swarm.tests.unit.roles import templates


def on(host, ids=(1, 2, 3), **variables):
    hosts = ["a", "b", "c"][: len(ids)]
    hostvars = {name: {"inventory_hostname": name} for name in hosts}
    for name, number in zip(hosts, ids, strict=True):
        hostvars[name].update({"zookeeper_id": number} if number is not None else {})
    known = {"groups": {"zookeeper": hosts}, "hostvars": hostvars, "ansible_play_hosts": hosts, "inventory_hostname": host}
    return dict(known, **dict(hostvars.get(host, {}), **variables))


def at(*addresses, states=(), **variables):
    """Three members, each with an address of its own."""
    known = on("a", **variables)
    for name, address in zip(("a", "b", "c"), addresses, strict=True):
        known["hostvars"][name]["zookeeper_address"] = address
    for name in states:
        known["hostvars"][name]["zookeeper_state"] = "absent"
    return known


STATIC = {
    "zookeeper_model": "static",
    "zookeeper_network_options": {"ipam_config": [{"subnet": "172.28.0.0/16", "gateway": "172.28.0.1", "iprange": "172.28.0.0/17"}]},
}
OVERLAY = {
    "zookeeper_model": "static",
    "overlay_networks": [{"name": "other"}, {"name": "demo", "subnets": [{"subnet": "10.20.0.0/24", "ip_range": "10.20.0.0/25"}]}],
}
TWICE = "More than one member of zookeeper has the zookeeper_address %s. Give each its own."
PORTS = "zookeeper_client_port, zookeeper_peer_port and zookeeper_election_port are %s. Give three different"
DECIDED = "zookeeper_settings of zoo1 say what the role decides: %s"
REFUSALS = [
    (on("a"), []),
    (on("a", ids=("1", 255, 3)), []),
    (on("a", ids=()), "The group zookeeper has no host"),
    (on("a", ids=(1, None, 3)), "b of the group zookeeper has no zookeeper_id"),
    (on("a", ids=(0, 2, 3)), 'zookeeper_id of a is "0". Give each host a number from 1 to 255'),
    (on("a", ids=(256, 2, 3)), 'zookeeper_id of a is "256"'),
    (on("a", ids=("one", 2, 3)), 'zookeeper_id of a is "one"'),
    (on("a", zookeeper_model="static"), "zookeeper_model is static, and no zookeeper_address is said of a, b, c"),
    (at("172.28.200.1", "172.28.200.2", "172.28.200.3", **STATIC), []),
    (at("172.28.200.1", "172.28.0.1", "172.28.200.3", **STATIC), "The zookeeper_address 172.28.0.1 of b is the gateway of the network"),
    (at("172.28.200.1", "172.28.200.2", "172.28.5.3", **STATIC), "The zookeeper_address 172.28.5.3 of c is in 172.28.0.0/17, the range"),
    (at("172.28.200.1", "172.28.200.2", "172.28.200.1", **STATIC), TWICE % "172.28.200.1"),
    (at("172.28.200.1", "172.28.200.2", "172.28.200.1", states=["c"], **STATIC), []),
    (at("172.28.1.1", "172.28.1.2", "172.28.1.3", zookeeper_model="static"), []),
    (at("10.20.0.200", "10.20.0.201", "10.20.0.202", **OVERLAY), []),
    (at("10.20.0.200", "10.20.0.201", "10.20.0.2", **OVERLAY), "The zookeeper_address 10.20.0.2 of c is in 10.20.0.0/25, the range"),
    (at("a.example", "b.example", "a.example", zookeeper_model="host"), TWICE % "a.example"),
    (at("a.example", "b.example", "c.example", zookeeper_model="host", zookeeper_publish_address="0.0.0.0"), []),
    (
        at("a.example", "b.example", "c.example", zookeeper_model="host", zookeeper_publish_address="10.10.10.88"),
        "zookeeper_model is host, and zookeeper_publish_address is 10.10.10.88: a member has the host's network and listens",
    ),
    (on("a", zookeeper_publish_address="10.10.10.88"), []),
    (on("a", zookeeper_heap="1.5g"), 'zookeeper_heap is "1.5g", and Java takes a whole number'),
    (on("a", zookeeper_heap="much"), 'zookeeper_heap is "much"'),
    (on("a", zookeeper_client_port=0), PORTS % "0, 2888, 3888"),
    (on("a", zookeeper_election_port=65536), PORTS % "2181, 2888, 65536"),
    (on("a", zookeeper_peer_port=2181), PORTS % "2181, 2181, 3888"),
    (on("a", zookeeper_settings={"dataDir": "/data", "reconfigEnabled": "true", "snapshot.trust.empty": False}), []),
    (on("a", zookeeper_settings={"dataDir": "/var/lib/zoo"}), DECIDED % "dataDir is /var/lib/zoo and not /data (zookeeper_directory"),
    (on("a", zookeeper_settings={"standaloneEnabled": True}), DECIDED % "standaloneEnabled is True and not false (a member that is alone"),
    (
        on("a", zookeeper_settings={"clientPort": 2191, "server.1": "zoo1:2888:3888", "snapshot.trust.empty": True}),
        DECIDED % "clientPort is 2191 (zookeeper_client_port names it); snapshot.trust.empty is True and not false (a member that has "
        "lost its data would bring back an older state); server.1 is zoo1:2888:3888 (the inventory says who is a member)",
    ),
    (on("a", zookeeper_settings={"4lw.commands.whitelist": "*"}), []),
    (on("a", zookeeper_settings={"4lw.commands.whitelist": "conf, srvr"}), []),
    (on("a", zookeeper_settings={"4lw.commands.whitelist": "mntr"}), "4lw.commands.whitelist in zookeeper_settings lacks srvr and conf"),
    (on("a", zookeeper_environment={"SERVER_JVMFLAGS": "-Dzookeeper.skipACL=yes"}), []),
    (on("a", zookeeper_environment={"JVMFLAGS": "-Da=b"}), "The environment of zoo1 has JVMFLAGS, with which the role gives the server"),
    (on("a", zookeeper_container={"env": {"JVMFLAGS": "-Xmx1g"}}), "The environment of zoo1 has JVMFLAGS"),
    (on("a", zookeeper_environment={"SERVER_JVMFLAGS": "-Da=b -Xmx64g"}), "SERVER_JVMFLAGS of zoo1 says a heap, which comes from"),
    (
        on("a", zookeeper_settings={"ssl.quorum.keyStore.password": "quince", "ssl.trustStore.passwordPath": "/conf/secrets/trust"}),
        "zookeeper_settings has ssl.quorum.keyStore.password, and zoo.cfg is no place for secrets. Put each into a file with "
        "zookeeper_secrets, and name that file with ssl.quorum.keyStore.passwordPath below /conf/secrets.",
    ),
]


def test_groups_and_settings_that_are_refused():
    told = templates.refusals("zookeeper", [variables for variables, _sentence in REFUSALS])
    for (_variables, sentence), sentences in zip(REFUSALS, told, strict=True):
        assert bool(sentences) == bool(sentence) and (not sentence or sentences[0].startswith(sentence)), sentences


def test_members_that_were_never_made_are_not_waited_for_and_what_nobody_could_look_at_is():
    found = {"a": ["zoo1", "elastic-a"], "b": []}
    [[unmade]] = templates.worked_out("zookeeper", ["__zookeeper_unmade"], [on("a", cluster_member_found=found)])
    assert unmade == ["b"]


def test_through_whom_the_ensemble_is_asked():
    cases = [on("a"), on("b", cluster_member_host="a"), on("a", ids=(1,), cluster_member_host="a")]
    told = templates.worked_out("zookeeper", ["__zookeeper_peer"], cases)
    assert told == [["a"], ["b"], ["a"]]


def test_the_container_needs_more_than_the_heap():
    [[needed]] = templates.worked_out("zookeeper", ["__zookeeper_wish.needs_memory"], [on("a", zookeeper_heap="512m")])
    assert needed == 576 * 1024**2


def test_only_a_member_that_is_added_begins_without_a_vote():
    names = ["__zookeeper_wish['%s'][-1].content" % files for files in ("forming_files", "files", "joining_files")]
    [told] = templates.worked_out("zookeeper", names, [on("b")])
    assert [text.count(":participant;2181") for text in told] == [3, 3, 2]
    assert "server.2=zoo2:2888:3888:observer;2181" in told[2]


def test_what_the_ensemble_shall_know_of_a_member_is_compared_with_what_its_server_wrote():
    names = ["__zookeeper_members['b']", "__zookeeper_wish.evidence"]
    [[member, evidence]] = templates.worked_out("zookeeper", names, [on("a", zookeeper_client_port=2191)])
    assert member["server"] == "server.2=zoo2:2888:3888:participant;2191"
    assert evidence["membership"] == "/srv/zookeeper/zoo1/conf/zoo.cfg.dynamic*"
