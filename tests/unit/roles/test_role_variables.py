# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles make of their users' variables, as Ansible's own templates work it out."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.tests.unit.roles import templates

KNOWN = {"groups": {"swarm_managers": ["node1"]}, "inventory_hostname": "node1"}


def worked_out(role, names, hosts):
    return templates.worked_out(role, names, [dict(KNOWN, **variables) for variables in hosts])


# overlay

SECRET = {"name": "secret", "attachable": True, "encrypted": True}
INNER = {"name": "inner", "encrypted": True}
OPEN = {"name": "open", "attachable": True}
PROOFS = [
    ([SECRET], True),
    ([OPEN, SECRET], True),
    ([], False),
    ([OPEN], False),
    ([INNER, OPEN], False),
    ([dict(SECRET, encrypted=False)], False),
    ([dict(SECRET, state="absent"), OPEN], False),
]


def test_verify_says_where_no_encrypted_packet_crossed():
    told = worked_out("overlay", ["__overlay_unproved"], [{"overlay_networks": networks} for networks, _proves in PROOFS])
    assert [sentence == "" for [sentence] in told] == [proves for _networks, proves in PROOFS]
    assert told[-1][0].startswith("Not proved: that encrypted packets (IP protocol 50, ESP) cross between the hosts")


# firewall

WEB = {"name": "web", "port": 80, "from": "any"}
SEARCH = {"name": "search", "port": "9200", "from": "{{ search_clients }}"}
WRONG = {
    "a_firewall_open": "9200",
    "b_firewall_open": ["9200"],
    "c_firewall_open": WEB,
    "d_firewall_open": [{"port": 1}],
    "e_firewall_open": None,
}


@pytest.mark.parametrize(
    "variables, declared, sources",
    [
        ({}, {"firewall_open": []}, ["node1"]),
        (
            {
                "firewall_open": [WEB],
                "search_firewall_open": [SEARCH],
                "search_clients": "balancers",
                "cache_firewall_open": "{{ [] }}",
                "__internal_firewall_open": [WEB],
                "firewall_open_later": [WEB],
                "groups": {"swarm_managers": ["node1"], "swarm_workers": ["node2"], "balancers": ["node8", "node1"], "others": ["node9"]},
            },
            {"firewall_open": [WEB], "cache_firewall_open": [], "search_firewall_open": [dict(SEARCH, **{"from": "balancers"})]},
            ["node1", "node2", "node8"],
        ),
        # The decision refuses these by name.
        (WRONG, dict(WRONG, firewall_open=[]), ["node1"]),
    ],
)
def test_openings_are_collected_from_all_variables_that_declare_them(variables, declared, sources):
    assert worked_out("firewall", ["__firewall_declared", "__firewall_sources"], [variables]) == [[declared, sources]]
