# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which clusters are asked where engines are restarted."""

from __future__ import annotations

from ansible_collections.quorate.swarm.tests.unit.roles import templates

GROUPS = {"zoos": ["a", "b"], "elasticsearch_master": ["c"], "elasticsearch_data": ["d"]}


def clusters(*waiting, **variables):
    known = dict({"groups": GROUPS, "zookeeper_group": "zoos", "__docker_engine_waiting": list(waiting)}, **variables)
    return templates.worked_out("docker_engine", ["__docker_engine_clusters", "__docker_engine_members"], [known])[0]


def test_only_clusters_under_which_an_engine_is_restarted_are_asked_for_all_their_members():
    assert clusters("a", "x") == [{"zookeeper": ["a", "b"]}, {}]
    assert clusters("d") == [{"elasticsearch": ["c", "d"]}, {}]
    assert clusters("x") == [{}, {}]


def test_every_system_that_is_asked_brings_the_way_to_ask_it():
    for system in templates.known("docker_engine")["__docker_engine_systems"]:
        assert templates.tasks_of(system, "whole")


def test_members_by_host():
    results = [
        {"docker_engine_looked_at": "a", "containers": [{"Names": ["/zoo1"]}, {"Names": ["/elastic-a"]}]},
        {"docker_engine_looked_at": "b", "unreachable": True},
    ]
    assert clusters("a", __docker_engine_members_seen={"results": results})[1] == {"a": ["zoo1", "elastic-a"]}
