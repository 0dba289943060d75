# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom each host asks at the gate of an ensemble, and what of it counts."""

from __future__ import annotations

from ansible_collections.quorate.swarm.tests.unit.roles import templates

IDS = {"node%d" % number: {"zookeeper_id": number} for number in (1, 2, 3)}
ASKING = [
    # All hosts side by side, each its own.
    ({"inventory_hostname": "node1"}, ["node1"]),
    ({"inventory_hostname": "node3"}, ["node3"]),
    # The first host of the play asks those that are not in it.
    ({"inventory_hostname": "node2", "ansible_play_hosts": ["node2", "node3"]}, ["node2", "node1"]),
    ({"inventory_hostname": "node3", "ansible_play_hosts": ["node2", "node3"]}, ["node3"]),
    # One host alone, where a member is changed.
    ({"inventory_hostname": "node1", "cluster_member_host": "node2"}, ["node1", "node2", "node3"]),
    # A host without a member has none to ask for.
    ({"inventory_hostname": "node3", "hostvars": dict(IDS, node3={"zookeeper_state": "absent", "zookeeper_id": 3})}, []),
]


def test_every_member_of_an_ensemble_is_asked_at_the_gate():
    play = {
        "groups": {"zookeeper": list(IDS)},
        "ansible_play_hosts": list(IDS),
        "hostvars": {host: dict(said, inventory_hostname=host) for host, said in IDS.items()},
    }
    hosts = [dict(play, **given) for given, _asked in ASKING]
    for host in hosts:
        host["hostvars"] = {name: dict(said, inventory_hostname=name) for name, said in host["hostvars"].items()}
    told = templates.worked_out("zookeeper", ["__zookeeper_gate_asks"], hosts)
    assert [sorted(asked) for [asked] in told] == [sorted(asked) for _given, asked in ASKING]


def gate(*modes):
    return {"results": [{"state": {"mode": mode}} for mode in modes]}


def test_the_leader_is_looked_for_in_all_answers_of_the_gate_and_in_none_of_an_earlier_one():
    seen = {"node1": gate("follower"), "node2": gate("leader"), "node3": gate()}
    play = {
        "groups": {"zookeeper": list(seen)},
        "ansible_play_hosts": list(seen),
        "hostvars": {host: {"inventory_hostname": host, "zookeeper_id": 1, "__zookeeper_gate": answers} for host, answers in seen.items()},
    }
    alone = {"cluster_member_host": "node2", "__zookeeper_gate": gate("leader", "follower", "follower")}
    told = templates.worked_out("zookeeper", ["__zookeeper_gate_modes"], [play, dict(play, **alone)])
    assert [modes for [modes] in told] == [["follower", "leader"], ["leader", "follower", "follower"]]
