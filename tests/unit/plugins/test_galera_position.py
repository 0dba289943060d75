# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member of Galera has on its disk and in its log, in the words of servers of 10.11 with Galera 26.4."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import galera_position as position
from ansible_collections.quorate.swarm.plugins.module_utils.galera_state import NO_UUID

UUID = "13001a35-ed17-11f1-9859-ca4f6a8fe43a"
STATE = "# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   %s\nsafe_to_bootstrap: %s\n"
VIEW = """my_uuid: a05c9fad-ed15-11f1-b7ad-fb7eb846484a
#vwbeg
view_id: 3 a05c9fad-ed15-11f1-b7ac-fb7eb846484a 3
bootstrap: 0
member: a05c9fad-ed15-11f1-b7ac-fb7eb846484a 0
member: 0a867dbf-ed15-11f1-a0fe-331542077d40 0
#vwend
"""
STARTS = (
    "2026-11-30 23:40:22 0 [Note] Starting MariaDB 10.11.19-MariaDB-0+deb12u1 source revision 5843 server_uid vIfmJ= as process 30398",
)
RESOLVES = (
    "2026-11-30 23:37:11 0 [Warning] WSREP: Failed to resolve tcp://galera-node8:4567",
    "2026-11-30 23:37:11 0 [Warning] WSREP: Failed to resolve tcp://galera-node9:4567",
)
NO_ADDRESS = (
    "2026-11-30 23:37:11 0 [ERROR] WSREP: failed to open gcomm backend connection: 131: No address to connect (FATAL)",
    "\t at ./gcomm/src/gmcast.cpp:connect_precheck():328",
    "2026-11-30 23:37:11 0 [ERROR] WSREP: ./gcs/src/gcs.cpp:gcs_open():1701: Failed to open channel 'x' at 'gcomm://galera-node8,"
    "galera-node9': -131 (State not recoverable)",
    "2026-11-30 23:37:11 0 [ERROR] Aborting",
)
WAITS = ("2026-11-30 23:40:23 0 [Note] WSREP: No nodes coming from primary view, primary view is not possible",)
TIMED_OUT = (
    "2026-11-30 23:40:55 0 [ERROR] WSREP: failed to open gcomm backend connection: 110: failed to reach primary view",
    "2026-11-30 23:40:56 0 [ERROR] Aborting",
)
UNSAFE = (
    "2026-11-30 23:35:58 0 [ERROR] WSREP: It may not be safe to bootstrap the cluster from this node. It was not the last one to leave the "
    "cluster and may not contain all the updates.",
)
IS_IN = ("2026-11-30 23:35:18 2 [Note] WSREP: Synchronized with group, ready for connections",)


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(STATE % (UUID, 9, 1), position.Saved(UUID, 9, True), id="the last one that ended, cleanly"),
        pytest.param(STATE % (UUID, -1, 0), position.Saved(UUID, -1, False), id="a power cut"),
        pytest.param(STATE % (NO_UUID, -1, 0), position.Saved(None, -1, False), id="no cluster's"),
        pytest.param("version: 2.1\nuuid:    %s\nseqno:   12\n" % UUID, position.Saved(UUID, 12, False), id="of an older version"),
        pytest.param("uuid: %s\nseqno: ???\n" % UUID, position.Saved(UUID, -1, False), id="a number that is none"),
        pytest.param("\0\0\0", None, id="a file that lost its content"),
        pytest.param("", None, id="an empty file"),
        pytest.param(None, None, id="none"),
    ],
)
def test_the_state_that_a_member_saved(text, expected):
    assert position.saved(text) == expected


def test_a_state_is_rewritten_line_by_line():
    assert position.rewritten(STATE % (UUID, -1, 0), seqno=9) == STATE % (UUID, 9, 0)
    assert position.rewritten(STATE % (UUID, 9, 0), safe_to_bootstrap=1) == STATE % (UUID, 9, 1)
    assert position.rewritten("uuid: x\nseqno: 9", safe_to_bootstrap=1) == "uuid: x\nseqno: 9\nsafe_to_bootstrap: 1\n"


def test_the_view_that_a_member_saw_last_without_the_count_of_its_starts():
    seen = position.view(VIEW)
    assert seen.name == ("a05c9fad-ed15-11f1-b7ac-fb7eb846484a", 3)
    assert seen.own == "a05c9fad-ed15-11f1-fb7eb846484a"
    assert seen.members == ("0a867dbf-ed15-11f1-331542077d40", "a05c9fad-ed15-11f1-fb7eb846484a")


@pytest.mark.parametrize("text", [None, "", "\0" * 200, VIEW.replace("#vwend\n", ""), VIEW.replace("my_uuid", "uuid")])
def test_a_view_that_is_none(text):
    assert position.view(text) is None


@pytest.mark.parametrize(
    "lines, expected",
    [
        pytest.param(["2026-11-30 23:30:10 0 [Note] WSREP: Recovered position: %s:11" % UUID], (UUID, 11), id="MariaDB"),
        pytest.param(["2026-11-30T23:30:10Z 0 [Note] [MY-000000] [WSREP] Recovered position: %s:7" % UUID], (UUID, 7), id="Percona"),
        pytest.param(["WSREP: Recovered position: %s:%d" % (UUID, at) for at in (5, 6)], (UUID, 6), id="the last one told counts"),
        pytest.param(["[Note] WSREP: Recovered position: %s:-1" % NO_UUID], (None, -1), id="no position in the data"),
        pytest.param(["2026-11-30 23:30:10 0 [ERROR] Aborting"], None, id="none told"),
    ],
)
def test_the_position_that_a_server_recovers(lines, expected):
    assert position.recovered(lines) == expected


@pytest.mark.parametrize(
    "lines, kind, unresolved",
    [
        pytest.param(STARTS + RESOLVES + NO_ADDRESS, "no_address", ["galera-node8", "galera-node9"], id="131, with the names dropped"),
        pytest.param(STARTS + NO_ADDRESS, "no_address", [], id="131 with an empty list of addresses"),
        pytest.param(STARTS + RESOLVES[:1] + WAITS + TIMED_OUT, "timed_out", ["galera-node8"], id="110, though one name was left"),
        pytest.param(STARTS + TIMED_OUT + STARTS + WAITS, "timed_out", [], id="110, and waiting once more"),
        pytest.param(STARTS + WAITS, "waiting", [], id="it waits for the others of its last view"),
        pytest.param(STARTS + UNSAFE, "unsafe", [], id="not let form a cluster"),
        pytest.param(STARTS + RESOLVES + NO_ADDRESS + STARTS + TIMED_OUT, "timed_out", [], id="the last start counts"),
        pytest.param(STARTS + NO_ADDRESS + STARTS + IS_IN + STARTS, None, None, id="it was in a cluster after that"),
        pytest.param(STARTS, None, None, id="nothing said"),
        pytest.param((), None, None, id="no log"),
    ],
)
def test_what_the_log_says_of_a_member_in_no_cluster(lines, kind, unresolved):
    found = position.trouble(lines)
    assert (found and found["kind"], found and found["unresolved"]) == (kind, unresolved)
    if kind:
        assert found["line"] in [line.strip()[: position.LONGEST_LINE] for line in lines]
