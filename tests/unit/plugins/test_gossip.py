# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.gossip_gaps import gossip_gaps
from ansible_collections.quorate.swarm.plugins.filter.repair_refusal import repair_refusal

ADDRESSES = {"node1": "10.10.10.88", "node2": "10.10.10.76", "node3": "10.10.10.77", "node4": "10.10.10.78"}


def views(**peers):
    """node1=[1, 2] means: node1 sees node1 and node2 on demo."""
    return {
        host: [{"name": "other", "peers": []}, {"name": "demo", "peers": [ADDRESSES["node%d" % number] for number in numbers]}]
        for host, numbers in peers.items()
    }


def sentences_of(found):
    return [gap["sentence"] for gap in found["gaps"]]


COMPLETE = {"node%d" % number: [1, 2, 3, 4] for number in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    "seen, sentences, outsiders",
    [
        (COMPLETE, [], []),
        # Two hosts that had left and joined again in quick succession.
        (
            {"node1": [1, 2], "node2": [1, 2], "node3": [3], "node4": [4]},
            [
                "On node1 the peers of the overlay demo lack node3, node4",
                "On node2 the peers of the overlay demo lack node3, node4",
                "On node3 the peers of the overlay demo lack node1, node2, node4",
                "On node4 the peers of the overlay demo lack node1, node2, node3",
            ],
            ["node3", "node4"],
        ),
        (
            dict(COMPLETE, node3=[1, 2, 3]),
            ["On node3 the peers of the overlay demo lack node4"],
            ["node3", "node4"],
        ),
        (
            dict(COMPLETE, node4=[]),
            ["On node4 the peers of the overlay demo lack node1, node2, node3, node4"],
            ["node4"],
        ),
        (
            {"node1": [1, 2], "node2": [1, 2], "node3": [3, 4], "node4": [3, 4]},
            [
                "On node1 the peers of the overlay demo lack node3, node4",
                "On node2 the peers of the overlay demo lack node3, node4",
                "On node3 the peers of the overlay demo lack node1, node2",
                "On node4 the peers of the overlay demo lack node1, node2",
            ],
            ["node1", "node2", "node3", "node4"],
        ),
    ],
)
def test_hosts_outside_of_the_gossip_are_found(seen, sentences, outsiders):
    found = gossip_gaps(views(**seen), ADDRESSES, everywhere=["demo"])
    assert (sentences_of(found), found["outsiders"]) == (sentences, outsiders)


def test_one_host_alone_knows_what_it_lacks():
    found = gossip_gaps(views(node1=[1, 2, 3]), ADDRESSES, everywhere=["demo"])
    assert [(gap["host"], gap["network"], gap["missing"]) for gap in found["gaps"]] == [("node1", "demo", ["node4"])]


def test_a_network_that_a_host_does_not_have_has_no_peers_there():
    assert gossip_gaps({"node1": []}, ADDRESSES, everywhere=["demo"])["gaps"][0]["missing"] == sorted(ADDRESSES)


@pytest.mark.parametrize(
    "seen, sentences",
    [
        ({"node1": [1, 2], "node2": [1, 2], "node3": [], "node4": []}, []),
        ({"node1": [1, 2], "node2": [2], "node3": [], "node4": []}, ["On node2 the peers of the overlay demo lack node1"]),
        ({"node1": [], "node2": [], "node3": [], "node4": []}, []),
    ],
)
def test_only_the_hosts_that_use_a_network_are_compared_where_not_all_must(seen, sentences):
    assert sentences_of(gossip_gaps(views(**seen), ADDRESSES, in_part=["demo"])) == sentences


def test_a_host_without_a_probe_is_judged_by_the_networks_that_it_uses():
    probed = views(node1=[1, 2], node2=[1, 2], node3=[3], node4=[])
    used = {"node1": [1, 2, 4], "node2": [1, 2, 4], "node3": [3], "node4": [1, 2, 4]}
    for host, numbers in used.items():
        probed[host].append({"name": "ingress", "peers": [ADDRESSES["node%d" % number] for number in numbers]})
    found = gossip_gaps(probed, ADDRESSES, everywhere=["demo"], in_part=["ingress"], excused=["node4"])
    assert found["outsiders"] == ["node3"]
    assert [(gap["network"], gap["missing"]) for gap in found["gaps"] if gap["host"] == "node4"] == [("ingress", ["node3"])]
    assert [gap["missing"] for gap in found["gaps"] if gap["network"] == "demo" and gap["host"] == "node1"] == [["node3"]]


def test_peers_that_are_not_in_use_are_no_gap():
    assert gossip_gaps(views(node1=[1, 2, 3, 4]), {"node1": "10.10.10.88"}, everywhere=["demo"])["gaps"] == []


FIVE = dict(ADDRESSES, node5="10.10.10.79")


@pytest.mark.parametrize(
    "parts, outsiders",
    [
        (["123", "45"], ["node4", "node5"]),
        (["45", "123"], ["node4", "node5"]),
        (["1", "2345"], ["node1"]),
        (["123", "4", "5"], ["node4", "node5"]),
        # The single one comes first; a run after it says that the rest are halves.
        (["12", "34", "5"], ["node5"]),
    ],
)
def test_the_smaller_part_of_a_swarm_that_came_apart_is_outside(parts, outsiders):
    peers = {"node%s" % member: [FIVE["node%s" % other] for other in part] for part in parts for member in part}
    seen = {host: [{"name": "demo", "peers": seen}] for host, seen in peers.items()}
    assert gossip_gaps(seen, FIVE, everywhere=["demo"])["outsiders"] == outsiders


HOSTS = sorted(ADDRESSES)


@pytest.mark.parametrize(
    "outside, asked, refused",
    [
        ([], HOSTS, False),
        (["node4"], HOSTS, False),
        (["node3", "node4"], HOSTS, False),
        (["node2", "node3", "node4"], HOSTS, True),
        # Halves of equal size.
        (HOSTS, HOSTS, True),
        # A host is dead, and another one outside.
        (["node3"], ["node1", "node2", "node3"], False),
        # What is right for two hosts that were picked may be wrong for all.
        (["node4"], ["node3", "node4"], True),
        ([], ["node1"], False),
    ],
)
def test_engines_are_restarted_only_for_the_sake_of_half_of_the_hosts_at_least(outside, asked, refused):
    assert bool(repair_refusal(outside, asked, HOSTS)) == refused


def test_a_refusal_names_who_is_in_touch_and_who_told_nothing():
    told = repair_refusal(["node3"], ["node2", "node3"], HOSTS)
    assert "Out of touch with others are node3; of 4 hosts fewer than half (node2) are in touch with each other, and node1, node4" in told
    assert "(none) are in touch with each other. So rather the network" in repair_refusal(HOSTS, HOSTS, HOSTS)
