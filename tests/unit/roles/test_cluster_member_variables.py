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


@pytest.mark.parametrize("role", ["cluster_member", *templates.SHAPED])
def test_nothing_that_a_member_is_made_of_has_another_order_in_each_run(role):
    """These filters go through sets, and files with lists in another order would have every member restarted."""
    for path in sorted((templates.ROLES / role).glob("vars/**/*.yml")) + sorted((templates.ROLES / role).glob("templates/*")):
        assert not re.findall(r"[|]\s*(?:difference|intersect|union|symmetric_difference)\b", path.read_text(encoding="utf-8")), path.name
