# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managers that do not answer for a while."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.pause_refusal import FilterModule

pause_refusal = FilterModule().filters()["pause_refusal"]


def told(*states):
    """Managers m1, m2, ... with the reachability of each, and a worker."""
    nodes = [("m%d" % number, "manager", state) for number, state in enumerate(states, start=1)] + [("w9", "worker", None)]
    return [
        {
            "node_id": name.upper(),
            "hostname": name,
            "role": role,
            "availability": "active",
            "labels": {},
            "state": "ready",
            "addr": "10.0.0.1",
            "engine_version": "20.10.24",
            "leader": False,
            "reachability": state,
            "manager_addr": "10.0.0.1:2377" if state else None,
        }
        for name, role, state in nodes
    ]


UP, LOST = "reachable", "unreachable"


@pytest.mark.parametrize(
    "nodes, node_id",
    [
        (told(UP, UP, UP), "M1"),
        (told(UP, UP, LOST), "M3"),
        (told(UP, UP, UP, UP, LOST), "M2"),
        (told(UP, LOST, UP), "W9"),
        (told(UP), "M1"),
        (told(UP, UP), "M2"),
        (None, "M1"),
        ([], ""),
    ],
)
def test_a_node_that_can_be_done_without(nodes, node_id):
    assert pause_refusal(nodes, node_id) == ""


@pytest.mark.parametrize(
    "nodes, node_id, sentence",
    [
        (told(UP, UP, LOST), "M1", "while m1 does not answer: of 3 managers 1 would answer, 2 are needed (unreachable: m3)."),
        (told(UP, UP, UP, LOST), "M2", "while m2 does not answer: of 4 managers 2 would answer, 3 are needed (unreachable: m4)."),
        (told(UP, UP, UP, LOST, LOST), "M3", "of 5 managers 2 would answer, 3 are needed (unreachable: m4, m5)."),
    ],
)
def test_a_manager_without_which_the_quorum_would_be_lost(nodes, node_id, sentence):
    assert sentence in pause_refusal(nodes, node_id)
