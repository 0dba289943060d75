# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The membership of an ensemble, as servers write it and as people do."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_config import Member, member, membership

CONFIG = """server.1=zoo1:2888:3888:participant;0.0.0.0:2181
server.2=zoo2:2888:3888:participant;0.0.0.0:2181
server.10=zoo10:2888:3888:observer;0.0.0.0:2181
version=10000001f"""


@pytest.mark.parametrize(
    "text, line",
    [
        ("server.1=zoo1:2888:3888:participant;0.0.0.0:2181", "server.1=zoo1:2888:3888:participant;0.0.0.0:2181"),
        ("server.1=zoo1:2888:3888;2181", "server.1=zoo1:2888:3888:participant;0.0.0.0:2181"),
        ("1=zoo1:2888:3888", "server.1=zoo1:2888:3888:participant"),
        (" server.12 = 10.0.0.1:2888:3888:OBSERVER;10.0.0.1:2181 ", "server.12=10.0.0.1:2888:3888:observer;10.0.0.1:2181"),
        ("server.1=[fd00::1]:2888:3888;[::]:2181", "server.1=[fd00::1]:2888:3888:participant;[::]:2181"),
        ("server.1=b:2888:3888|a:2889:3889;2181", "server.1=a:2889:3889|b:2888:3888:participant;0.0.0.0:2181"),
        ("server.1=zoo1:2888:3888;", "server.1=zoo1:2888:3888:participant"),
    ],
)
def test_a_member_in_the_words_of_the_servers(text, line):
    assert member(text).line() == line
    assert member(line) == member(text)


@pytest.mark.parametrize(
    "text",
    ["", "zoo1:2888:3888", "server.=zoo1:2888:3888", "server.1=zoo1:2888", "server.1=zoo1:2888:3888:boss", "server.1=zoo1:2888:3888;x:y:1",
     "server.1=zoo1:2888:3888 server.2=zoo2:2888:3888", "server.1=zoo1:2888:3888;1;2", "server.x=zoo1:2888:3888",
     "server.1=a:2888:3888:observer|b:2888:3888:participant"],
)
def test_what_names_no_member(text):
    assert member(text) is None


@pytest.mark.parametrize(
    "one, other, like",
    [
        ("1=a:1:2;2181", "1=a:1:2;2181", True),
        ("1=a:1:2;2181", "1=a:1:2", True),
        ("1=a:1:2;2181", "1=a:1:2;2182", False),
        ("1=a:1:2", "1=a:1:2:observer", False),
        ("1=a:1:2", "1=b:1:2", False),
        ("1=a:1:2", "2=a:1:2", False),
    ],
)
def test_members_that_are_alike(one, other, like):
    assert member(one).is_like(member(other)) is member(other).is_like(member(one)) is like


def test_a_membership():
    known = membership(CONFIG)
    assert (known.voters, known.version, known.grouped) == ({1, 2}, 0x10000001F, False)
    assert known.members[10] == Member(10, "zoo10:2888:3888", "observer", "0.0.0.0:2181")
    assert list(known.specs()) == ["server.1", "server.2", "server.10"]
    assert known.told()[2] == {"id": 10, "role": "observer", "spec": "zoo10:2888:3888:observer;0.0.0.0:2181"}


@pytest.mark.parametrize("text, members, version, grouped", [("", 0, None, False), ("group.1=1:2\n" + CONFIG, 3, 0x10000001F, True)])
def test_other_memberships(text, members, version, grouped):
    known = membership(text)
    assert (len(known.members), known.version, known.grouped) == (members, version, grouped)
