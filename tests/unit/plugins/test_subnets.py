# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import subnets
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

SWARM_POOLS = ("10.0.0.0/8",)


def net(text):
    return ipaddress.ip_network(text)


def test_a_full_entry_is_accepted():
    entry = {"subnet": "10.20.0.0/24", "gateway": "10.20.0.1", "ip_range": "10.20.0.128/25"}
    assert subnets.parse("demo", entry) == net("10.20.0.0/24")


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"subnet": "10.20.0/24"}, "The subnet '10.20.0/24' of network demo is no subnet"),
        ({"subnet": "ten"}, "is no subnet"),
        ({"subnet": "10.20.0.0/33"}, "is no subnet"),
        ({"subnet": "10.20.0.5/24"}, "has bits set to the right of its prefix. Write 10.20.0.0/24"),
        ({"subnet": "fd00::/64"}, "moby#47125"),
        ({"subnet": "fd00::1/64"}, "moby#47125"),
        ({"subnet": "10.20.0.0/24", "gateway": "10.21.0.1"}, "The gateway 10.21.0.1 of network demo lies outside of its subnet"),
        ({"subnet": "10.20.0.0/24", "gateway": "10.20.0.0"}, "which no host can have"),
        ({"subnet": "10.20.0.0/24", "gateway": "10.20.0.255"}, "which no host can have"),
        ({"subnet": "10.20.0.0/24", "gateway": "10.20.0.1/24"}, "Write it without a prefix length"),
        ({"subnet": "10.20.0.0/24", "gateway": "fd00::1"}, "moby#47125"),
        ({"subnet": "10.20.0.0/24", "ip_range": "10.20.1.0/25"}, "The ip_range 10.20.1.0/25 of network demo lies outside"),
        ({"subnet": "10.20.0.0/24", "ip_range": "10.20.0.9/25"}, "has bits set"),
        # The engine itself looks at the first address of a range only.
        ({"subnet": "10.20.0.0/25", "ip_range": "10.20.0.0/24"}, "lies outside"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(entry, message):
    with pytest.raises(Refusal) as refusal:
        subnets.parse("demo", entry)
    assert message in str(refusal.value)


def test_entries_are_written_as_the_engine_writes_them():
    entry = {"subnet": "10.20.0.0/255.255.255.0", "gateway": None, "ip_range": "10.20.0.128/255.255.255.128"}
    assert subnets.normalized(entry) == {"subnet": "10.20.0.0/24", "ip_range": "10.20.0.128/25"}


@pytest.mark.parametrize(
    "wanted, taken, message",
    [
        ([("a", "10.20.0.0/24"), ("b", "10.20.0.0/16")], [], "The subnet 10.20.0.0/16 of b overlaps 10.20.0.0/24 of a"),
        ([("a", "10.20.0.0/24")], [("c", "10.0.0.0/8")], "The subnet 10.20.0.0/24 of a overlaps 10.0.0.0/8 of c"),
        ([("a", "10.20.0.0/24"), ("b", "10.20.1.0/24")], [("c", "10.20.2.0/24")], None),
    ],
)
def test_overlaps_are_refused(wanted, taken, message):
    wanted, taken = ([(owner, net(text)) for owner, text in pairs] for pairs in (wanted, taken))
    if message is None:
        subnets.refuse_clashes(wanted, taken)
        return
    with pytest.raises(Refusal) as refusal:
        subnets.refuse_clashes(wanted, taken)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "entries, automatic",
    [
        ([], True),
        ([{"subnet": "10.0.3.0/24"}], True),
        ([{"subnet": "10.0.3.0/24", "gateway": "10.0.3.1"}], True),
        ([{"subnet": "10.0.3.0/24", "gateway": "10.0.3.254"}], False),
        ([{"subnet": "10.0.3.0/24", "ip_range": "10.0.3.128/25"}], False),
        ([{"subnet": "10.0.0.0/16"}], False),
        ([{"subnet": "172.20.0.0/24"}], False),
        ([{"subnet": "10.0.3.0/24"}, {"subnet": "10.0.4.0/24"}], False),
        ([{"subnet": "fd00::/24"}], False),
    ],
)
def test_subnets_that_the_swarm_handed_out_are_told_from_chosen_ones(entries, automatic):
    assert subnets.are_automatic(entries, SWARM_POOLS, 24) is automatic
