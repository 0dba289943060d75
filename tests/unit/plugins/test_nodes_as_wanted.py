# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that need no second look: whatever the module would do, wait for or say must be noticed."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import nodes
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.modules import swarm_nodes
from ansible_collections.quorate.swarm.plugins.test.nodes_as_wanted import TestModule as Plugin
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm

as_wanted = Plugin().tests()["nodes_as_wanted"]
WISH = {"name": "w1", "role": "worker", "availability": "active", "labels": {"disk": "ssd"}}


@pytest.fixture
def swarm(world):
    swarm = Swarm(world)
    Host(world, "m1", "10.0.0.1").become(swarm, "manager")
    Host(world, "w1", "10.0.0.2").become(swarm, "worker", {"disk": "ssd", "zone": "a"})
    return swarm


def told(swarm):
    return [nodes.summary(node) for node in copy.deepcopy(list(swarm.entries.values()))]


def entry(swarm, hostname):
    return next(entry for entry in swarm.entries.values() if entry["Description"]["Hostname"] == hostname)


def test_what_is_as_wanted_is_what_the_module_leaves_alone(world, swarm):
    assert as_wanted(told(swarm), [WISH], remove_stale=True)
    outcome = swarm_nodes.execute(
        Engine(next(iter(world.hosts.values()))),
        {
            "nodes": [dict(WISH, node_id=None, state="present", labels_to_remove=None)],
            "labels_state": "merge",
            "remove_stale": True,
            "inherit_from_stale": False,
            "wait_timeout": 60,
            "drain_timeout": 300,
            "restore_on_failure": False,
        },
        False,
    )
    assert (outcome.changed, world.journal) == (False, [])


@pytest.mark.parametrize(
    "wishes, options",
    [
        ([dict(WISH, labels={"disk": "hdd"})], {}),
        ([dict(WISH, labels={"disk": "ssd", "rack": True})], {}),
        ([WISH], {"labels_state": "replace"}),
        ([dict(WISH, labels_to_remove=["zone"])], {}),
        ([dict(WISH, role="manager")], {}),
        ([dict(WISH, availability="drain")], {}),
        ([dict(WISH, availability="pause")], {}),
        ([dict(WISH, node_id="elsewhere")], {}),
        ([{"name": "w2", "state": "present"}], {}),
        ([WISH, dict(WISH, name="again", node_id=None)], {}),
        ([{"name": "w1", "state": "absent"}], {}),
        ([WISH], {"labels_state": "unheard of"}),
        ([dict(WISH, colour="blue")], {}),
        ([dict(WISH, labels={"rack": "1"}, labels_to_remove=["rack"])], {}),
    ],
)
def test_what_differs_or_is_refused_needs_the_module(swarm, wishes, options):
    assert not as_wanted(told(swarm), wishes, **options)


def test_whether_a_drained_node_is_empty_only_the_module_can_tell(swarm):
    entry(swarm, "w1")["Spec"]["Availability"] = "drain"
    assert not as_wanted(told(swarm), [dict(WISH, availability="drain")])


def test_a_node_that_is_on_its_way_needs_the_module(swarm):
    entry(swarm, "w1")["Status"]["State"] = "unknown"
    assert not as_wanted(told(swarm), [WISH])


@pytest.mark.parametrize("state", ["down", "ready"])
def test_an_old_entry_of_the_same_name_needs_the_module(swarm, state):
    wish = dict(WISH, node_id=entry(swarm, "w1")["ID"])
    swarm.add("w1", "10.0.0.2", state=state)
    assert not as_wanted(told(swarm), [wish], remove_stale=True)
    assert as_wanted(told(swarm), [wish])


def test_an_entry_under_which_no_host_has_reported_needs_the_module(swarm):
    swarm.add("", "", state="unknown")
    assert not as_wanted(told(swarm), [WISH], remove_stale=True)
    assert as_wanted(told(swarm), [WISH])


def test_a_manager_that_is_unreachable_needs_the_module_where_it_shall_be_one(swarm):
    entry(swarm, "m1")["ManagerStatus"]["Reachability"] = "unreachable"
    assert not as_wanted(told(swarm), [{"name": "m1", "role": "manager"}])


def test_a_node_that_is_down_is_as_wanted_where_nothing_else_differs(swarm):
    swarm.lose(entry(swarm, "w1")["ID"])
    assert as_wanted(told(swarm), [WISH])
