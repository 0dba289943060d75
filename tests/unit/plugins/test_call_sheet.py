# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sheets that pass each other's messages on, some of which are lost."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import call_sheet
from ansible_collections.quorate.swarm.plugins.module_utils.call_sheet import CallSheet, decode, encode

PORTS = ("7946/udp", "4789/udp")
ROUND = 0.15


def sheet(name, peer, listening=PORTS, ports=PORTS, size=1500):
    return CallSheet(name, listening, {peer: dict.fromkeys(ports, peer)}, [peer], "4789/udp", size)


def deliver(sender, receiver, now, passes):
    for label, _address, payload in sender.due_datagrams(now):
        if passes(sender.name, label, payload):
            answer = receiver.heard(label, payload, now)
            if answer is not None and passes(receiver.name, label, answer):
                sender.heard(label, answer, now)


def talk(one, other, passes=lambda sender, label, payload: True, limit=10.0, late=0.0):
    """Rounds until both are over, or the limit; when each left."""
    left, now = {}, 0.0
    while now < limit and len(left) < 2:
        for sender, receiver in ((one, other), (other, one)):
            if receiver.name not in left and sender.name not in left and now >= late:
                deliver(sender, receiver, now, passes)
            elif sender.name not in left:
                sender.due_datagrams(now)
        left.update({party.name: now for party in (one, other) if party.name not in left and party.over(now)})
        now += ROUND
    return left


def test_all_is_open_and_both_leave_within_a_second():
    a, b = sheet("a", "b"), sheet("b", "a")
    left = talk(a, b)
    assert len(left) == 2 and max(left.values()) < 1
    assert a.results() == {
        "b": {
            "7946/udp": {"address": "b", "result": "open", "detail": None},
            "4789/udp": {"address": "b", "result": "open", "detail": None, "largest": 1500},
        }
    }
    assert a.calls_heard() == {"4789/udp": ["b"], "7946/udp": ["b"]}


def test_a_host_that_comes_late_is_waited_for():
    a, b = sheet("a", "b"), sheet("b", "a")
    left = talk(a, b, late=6.0)
    assert len(left) == 2 and a.results()["b"]["7946/udp"]["result"] == "open"


def test_a_port_that_is_closed_one_way_is_told_by_the_caller_alone():
    def passes(sender, label, payload):
        return not (sender == "a" and label == "4789/udp")

    a, b = sheet("a", "b"), sheet("b", "a")
    assert talk(a, b, passes) == {}
    assert (a.results()["b"]["4789/udp"]["result"], a.results()["b"]["7946/udp"]["result"]) == ("silent", "open")
    assert b.calls_heard() == {"7946/udp": ["a"]}
    # Nothing comes back to b either, but a heard its calls.
    assert b.results()["a"]["4789/udp"]["result"] == "silent"
    assert a.calls_heard() == {"4789/udp": ["b"], "7946/udp": ["b"]}
    assert a.presence()["b"] > 9 and b.presence()["a"] > 9


@pytest.mark.parametrize("limit, largest", [(1400, 1400), (1420, 1420), (1492, 1490), (900, 576), (300, 0)])
def test_the_largest_packet_that_passes(limit, largest):
    def passes(sender, label, payload):
        return len(payload) + call_sheet.HEADERS <= max(limit, 300)

    a, b = sheet("a", "b"), sheet("b", "a")
    left = talk(a, b, passes)
    assert len(left) == 2 and a.results()["b"]["4789/udp"]["largest"] == largest


def test_a_host_that_listens_not_on_all_ports_is_not_called_there():
    def passes(sender, label, payload):
        return label != "4789/udp"

    a, b = sheet("a", "b"), sheet("b", "a", listening=("7946/udp",), ports=("7946/udp",))
    assert len(talk(a, b, passes)) == 2
    assert a.results()["b"]["4789/udp"]["result"] == "untested"


def test_a_host_stays_until_its_callers_are_content():
    a = CallSheet("a", PORTS, {}, ["b"])
    for _round in range(9):
        a.due_datagrams(0.0)
    a.heard("7946/udp", encode({"kind": "call", "from": "b", "to": "a", "done": False}), 1.0)
    assert not a.over(1.0)
    a.heard("7946/udp", encode({"kind": "presence", "from": "b", "to": "a", "done": True}), 2.0)
    assert a.over(2.0)


def test_a_port_on_which_this_host_cannot_call_is_given_up():
    a = sheet("a", "b")
    a.give_up("4789/udp")
    assert a.results()["b"]["4789/udp"]["result"] == "untested"
    assert {label for label, _address, _payload in a.due_datagrams(0.0)} == {"7946/udp"}


class TestConnections:
    @pytest.fixture
    def caller(self):
        return sheet("a", "b", ports=("7946/tcp", "7946/udp"))

    def test_the_greeting_of_the_host_that_was_called(self, caller):
        caller.failed("b", "7946/tcp", "connection refused")
        assert caller.results()["b"]["7946/tcp"] == {"address": "b", "result": "silent", "detail": "connection refused"}
        caller.connected("b", "7946/tcp", sheet("b", "a").greeting(), 1.0)
        assert caller.results()["b"]["7946/tcp"] == {"address": "b", "result": "open", "detail": None}
        assert caller.pending(1.0) == [("b", "7946/udp")]

    def test_the_greeting_of_another_host(self, caller):
        caller.connected("b", "7946/tcp", sheet("c", "a").greeting(), 1.0)
        assert caller.results()["b"]["7946/tcp"] == {"address": "b", "result": "stranger", "detail": "c"}

    @pytest.mark.parametrize("data", [b"", b"220 mail ESMTP", call_sheet.MAGIC + b"{", call_sheet.MAGIC + b"[1]"])
    def test_an_engine_has_the_port_so_the_host_calls_nobody(self, caller, data):
        caller.connected("b", "7946/tcp", data, 1.0)
        assert caller.results()["b"]["7946/tcp"]["result"] == "taken"
        assert caller.results()["b"]["7946/udp"]["result"] == "untested"
        for _round in range(5):
            caller.due_datagrams(1.0)
        assert caller.over(1.0)

    def test_a_host_that_was_heard_of_is_there_though_its_greeting_was_slow(self, caller):
        caller.heard("7946/udp", encode({"kind": "presence", "from": "b", "to": "a"}), 1.0)
        caller.connected("b", "7946/tcp", b"", 2.0)
        assert caller.results()["b"]["7946/udp"]["result"] == "silent" and not caller.over(2.0)


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "call", "from": "b", "to": "c"},
        {"kind": "call", "from": "x", "to": "a"},
        {"kind": "call", "to": "a"},
        {"kind": "answer", "from": "x", "to": "a"},
    ],
)
def test_messages_that_concern_nobody_here_are_not_answered(said):
    a = sheet("a", "b")
    assert a.heard("7946/udp", encode(said), 0.0) is None
    assert a.results()["b"]["7946/udp"]["result"] == "silent" and a.presence() == {}


def test_an_answer_is_no_larger_than_a_small_call():
    a, b = sheet("a", "b"), sheet("b", "a")
    calls = [payload for label, _address, payload in a.due_datagrams(0.0) if label == "4789/udp"]
    assert sorted(len(payload) + call_sheet.HEADERS for payload in calls)[-1] == 1500
    answers = [b.heard("4789/udp", payload, 0.0) for payload in calls]
    assert all(len(answer) < 300 and decode(answer)["kind"] == "answer" for answer in answers)


@pytest.mark.parametrize("size", [1500, 1400, 9000, 1290, 600])
def test_smaller_sizes_descend_to_what_always_passes(size):
    sizes = call_sheet.smaller_sizes(size)
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == 576 and max(sizes) < size and len(sizes) <= 30
