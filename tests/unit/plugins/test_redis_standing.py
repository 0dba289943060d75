# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How members of Redis stand, each for itself, and what is done to them for that."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.member_rollout import member_rollout
from ansible_collections.quorate.swarm.plugins.module_utils import redis_disk

MEMBERS = {"node%d" % number: {"name": "redis%d" % number, "state": "present", "version": "7.0"} for number in (1, 2)}
FILES = {"names": ["appendonlydir"], "commands": ["appendonly.aof.1.base.rdb", "appendonly.aof.manifest"], "written_base": ["7.0.15"]}
EMPTY = {"names": [], "commands": None}


def look(evidence=None, exists=True, running=True, differs=False, exit_code=None, started=True):
    return {
        "exists": exists, "running": running, "restart_needed": differs, "differs": ["redis.conf differs"] * differs, "refusals": [],
        "started_at": "2026-11-21T14:03:40Z" if exists and started else None, "exit_code": exit_code,
        "evidence": FILES if evidence is None else evidence,
    }


def says(loading=False, writes=True, rewrites=True):
    return {"state": {"loading": loading, "writes_file": writes, "rewrites_file": rewrites}}


def decide(looks, live, members=None):
    members = members or MEMBERS
    hosts = list(members)
    return member_rollout(members, "redis", dict(zip(hosts, looks, strict=False)), dict(zip(hosts, live, strict=False)))


BARE = look({"names": None, "commands": None}, exists=False, running=False)
SILENT = {"state": None}


@pytest.mark.parametrize(
    "looks, live, sentences",
    [
        ([BARE] * 2, [SILENT] * 2, ["start redis1, redis2, side by side"]),
        ([look(), BARE], [says(), SILENT], ["start redis2, side by side"]),
        ([look()] * 2, [says()] * 2, ["nothing is to be done"]),
        ([look(differs=True)] * 2, [says()] * 2, ["replace redis1, then redis2"]),
        (
            [look(differs=True)] * 2,
            [says(), says(loading=True)],
            ["wait for redis2 to serve, and replace at once who does not", "replace redis1"],
        ),
        ([look(running=False)] * 2, [SILENT] * 2, ["start redis1, redis2, side by side"]),
        # It could not take its configuration, and has never begun.
        ([look(EMPTY, running=False, exit_code=1), look()], [SILENT, says()], ["start redis1, side by side"]),
        ([look(EMPTY, differs=True), look()], [SILENT, says()], ["wait for redis1 to serve, and replace at once who does not"]),
        ([look(EMPTY, running=False, started=False), look()], [SILENT, says()], ["start redis1, side by side"]),
        # A host that is away keeps the other one from nothing.
        ([look(differs=True)], [says()], ["replace redis1"]),
    ],
)
def test_what_is_done(looks, live, sentences):
    assert decide(looks, live).get("sentences") == sentences


@pytest.mark.parametrize(
    "evidence, image, refusal",
    [
        (dict(FILES, written_base=["7.2.4"]), "7.0", "On node1 the data directory was written by version 7.2, and the image has 7.0"),
        (dict(FILES, written_base=["7.0.15"], written_dump=["7.4.1"]), "7.0.15", "On node1 the data directory was written by version 7.4"),
        (dict(FILES, written_base=["8.0.1"]), "7", "On node1 the data directory was written by version 8.0, and the image has 7"),
        (dict(FILES, written_base=["7.4.1"]), "7", None),
        (dict(FILES, written_base=["6.2.1"]), "7.0", None),
        (dict(FILES, written_base=["9.0.0"]), "", None),
        ({"names": ["appendonly.aof"], "commands": None, "written_file": ["6.2.1"]}, "7.0", None),
        ({"names": ["dump.rdb"], "commands": None, "written_dump": ["6.2.1"]}, "7.0", "On node1 the data directory has a dump, and no"),
        ({"names": ["dump.rdb", "appendonlydir"], "commands": ["appendonly.aof.manifest"]}, "7.0", None),
    ],
)
def test_data_that_the_server_would_not_read(evidence, image, refusal):
    members = {"node1": dict(MEMBERS["node1"], version=image)}
    told = decide([look(evidence, exists=False, running=False)], [SILENT], members)["refusal"]
    assert (told is None) if refusal is None else told.startswith(refusal), told


@pytest.mark.parametrize(
    "found, live, refusal",
    [
        (look(EMPTY), says(), "redis1 on node1 serves, and its files are gone from the data directory: what it knows it has in its memory"),
        (look(EMPTY, running=False, exit_code=0), SILENT, "redis1 was on node1, and its data directory is empty: started so"),
        (look(EMPTY, running=False, exit_code=255), SILENT, "redis1 was on node1, and its data directory is empty"),
    ],
)
def test_a_member_that_had_data_does_not_begin_with_nothing(found, live, refusal):
    assert decide([found, look()], [live, says()])["refusal"].startswith(refusal)


def test_what_a_member_that_is_to_go_lacks_is_nobody_s_concern():
    members = {"node1": dict(MEMBERS["node1"], state="absent"), "node2": dict(MEMBERS["node2"], state="absent")}
    looks = [look(EMPTY, running=False, exit_code=0), look()]
    assert decide(looks, [SILENT, says()], members)["sentences"] == ["remove redis1, then redis2"]


def test_warnings():
    pages = dict(FILES, huge_pages="[always] madvise never\n")
    told = decide([look(pages), look(dict(FILES, huge_pages="always [madvise] never\n"))], [says(rewrites=False), says()])
    assert told["warnings"] == [
        "node1 has transparent huge pages always on, with which redis1 takes more memory and pauses while it writes its files anew. Set "
        "/sys/kernel/mm/transparent_hugepage/enabled to madvise",
        "redis1 could not write its file of commands anew, which grows on. See its log",
    ]


def test_a_disk():
    assert redis_disk.read(None) == redis_disk.read({"names": "x", "commands": None}) == redis_disk.Disk()
    assert redis_disk.read(FILES) == redis_disk.Disk(True, False, (7, 0))
