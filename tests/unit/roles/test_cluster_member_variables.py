# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shared role makes of the members that roles hand to it."""

from __future__ import annotations

import re

import pytest
from ansible_collections.quorate.swarm.tests.unit.roles import templates

SETTING = {"path": "/conf/a", "content": "b: 1"}
PASSING = dict(SETTING, content="b: 1\nforming: yes")
ONCE, ONCE_FORMING = ({"path": "/conf/dynamic", "once": True, "content": content} for content in ("joining", "forming"))
SETTLING = [
    ([PASSING], [SETTING], ["node1"], True),
    ([SETTING, ONCE_FORMING], [SETTING, ONCE], ["node1"], False),
    ([SETTING], [SETTING], ["node1"], False),
    ([PASSING], [SETTING], ["node2"], False),
    # Another run has formed it, and what it left is among what the plan writes.
    ([PASSING], [SETTING], [], False),
]


def test_only_members_whose_files_were_others_while_they_formed_are_written_again():
    hosts = [
        {
            "inventory_hostname": "node1",
            "__cluster_member_plan": {"form": form},
            "__cluster_member_wish": {"forming_files": forming, "files": files},
        }
        for forming, files, form, _settles in SETTLING
    ]
    told = templates.worked_out("cluster_member", ["__cluster_member_settles"], hosts)
    assert [settles for [settles] in told] == [settles for *_case, settles in SETTLING]


def test_only_members_that_form_the_cluster_have_the_files_for_it():
    wish = {"forming_files": [PASSING], "files": [SETTING]}
    cases = [
        (["node1"], [], [], "node1", [PASSING]),
        (["node1"], [], [], "node2", [SETTING]),
        ([], [], [ONCE], "node1", [SETTING]),
        ([], ["node1"], [], "node1", [SETTING]),
        # Those that join it have files of their own, where the system has such.
        (["node2"], ["node1"], [ONCE], "node1", [ONCE]),
    ]
    hosts = [
        {
            "cluster_member_host": host,
            "cluster_member_joining_files": joining,
            "__cluster_member_plan": {"form": form, "join": join},
            "hostvars": {host: {"__cluster_member_wish": wish}},
        }
        for form, join, joining, host, _files in cases
    ]
    told = templates.worked_out("cluster_member", ["__cluster_member_files"], hosts)
    assert [files for [files] in told] == [files for *_case, files in cases]


HIDDEN = [
    ({"ansible_check_mode": False}, ""),
    ({"hostvars": {"node1": {"inventory_hostname": "node1", "docker_engine_foretold": True}}}, "node1 has no engine yet"),
    ({"cluster_member_manager": "m", "__cluster_member_swarm": {"quorum": None}}, "there is no swarm yet"),
    ({"cluster_member_manager": "m", "__cluster_member_swarm": {"quorum": True}}, ""),
]


def test_what_check_mode_cannot_tell_of_a_cluster_is_said():
    common = {
        "__cluster_member_asked": ["node1"], "ansible_check_mode": True, "cluster_member_manager": "",
        "hostvars": {"node1": {"inventory_hostname": "node1"}, "m": {"swarm_manager": "m"}},
    }
    told = templates.worked_out("cluster_member", ["__cluster_member_hidden"], [dict(common, **case) for case, _reason in HIDDEN])
    assert [reason for [reason] in told] == [reason for _case, reason in HIDDEN]


def test_what_another_cluster_has_under_the_name_of_a_member_that_is_to_go_is_told_and_foretold_networks_too():
    look = {"other_cluster": "zookeeper/orders", "networks_foretold": ["demo"]}
    hosts = [
        {
            "cluster_member_title": "ZooKeeper of shops",
            "cluster_member_members": {"node1": {"name": "zoo1", "state": state}},
            "__cluster_member_looks": {"node1": look},
        }
        for state in ("absent", "present")
    ]
    told = templates.worked_out("cluster_member", ["__cluster_member_of_others", "__cluster_member_foretelling"], hosts)
    assert "zoo1 on node1 is a member of the cluster zookeeper/orders, and is not removed" in told[0][0][0] and told[1][0] == []
    assert "ZooKeeper of shops needs the network demo, which is not there yet" in told[0][1][0]


@pytest.mark.parametrize("role", ["cluster_member", *templates.SHAPED])
def test_nothing_that_a_member_is_made_of_has_another_order_in_each_run(role):
    """These filters go through sets, and files with lists in another order would have every member restarted."""
    for path in sorted((templates.ROLES / role).glob("vars/**/*.yml")) + sorted((templates.ROLES / role).glob("templates/*")):
        assert not re.findall(r"[|]\s*(?:difference|intersect|union|symmetric_difference)\b", path.read_text(encoding="utf-8")), path.name
