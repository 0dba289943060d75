# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managers that do not answer for a while."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import quorum
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal


def told(*states):
    """Managers m1, m2, ... with the reachability of each, and a worker."""
    managers = [("m%d" % number, {"ManagerStatus": {"Reachability": state}}) for number, state in enumerate(states, start=1)]
    return [
        {"ID": name.upper(), "Spec": {"Role": "worker"}, "Description": {"Hostname": name}, **status}
        for name, status in [*managers, ("w9", {})]
    ]


UP, LOST = "reachable", "unreachable"


def test_managers_that_a_recovery_has_given_up_have_no_vote():
    nodes = told(UP) + [
        {"ID": name, "Spec": {"Role": "manager"}, "Description": {"Hostname": name}, "Status": {"State": "down"}} for name in ("M7", "M8")
    ]
    quorum.refuse_pause(nodes, ["M1"], "while it restarts")


@pytest.mark.parametrize(
    "nodes, node_id",
    [
        (told(UP, UP, UP), "M1"),
        (told(UP, UP, LOST), "M3"),
        (told(UP, UP, UP, UP, LOST), "M2"),
        (told(UP, LOST, UP), "W9"),
        (told(UP), "M1"),
        (told(UP, UP), "M2"),
    ],
)
def test_a_node_that_can_be_done_without(nodes, node_id):
    quorum.refuse_pause(nodes, [node_id], "while it restarts")


@pytest.mark.parametrize(
    "nodes, node_id, expected",
    [
        (told(UP, UP, LOST), "M1", "while it restarts: of 3 managers 1 would answer, 2 are needed (unreachable: m3)."),
        (told(UP, UP, UP, LOST), "M2", "while it restarts: of 4 managers 2 would answer, 3 are needed (unreachable: m4)."),
        (told(UP, UP, UP, LOST, LOST), "M3", "of 5 managers 2 would answer, 3 are needed (unreachable: m4, m5)."),
    ],
)
def test_a_manager_without_which_the_quorum_would_be_lost(nodes, node_id, expected):
    with pytest.raises(Refusal) as refusal:
        quorum.refuse_pause(nodes, [node_id], "while it restarts")
    assert expected in str(refusal.value)
