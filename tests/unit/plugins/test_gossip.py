# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.gossip_gaps import gossip_gaps

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


def test_peers_that_are_not_in_use_are_no_gap():
    assert gossip_gaps(views(node1=[1, 2, 3, 4]), {"node1": "10.10.10.88"}, everywhere=["demo"])["gaps"] == []
