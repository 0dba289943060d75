# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that call each other with real sockets; here they share an address, so each has ports of its own."""

from __future__ import annotations

import concurrent.futures
import os
import socket
import threading

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.rendezvous import meet, nobody_reads

HERE = "127.0.0.1"


@pytest.fixture
def ports():
    """A free TCP and UDP port for each host."""
    opened = {name: [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)] for name in "ab"}
    for pair in opened.values():
        for one in pair:
            one.bind((HERE, 0))
    found = {name: ["%d/tcp" % pair[0].getsockname()[1], "%d/udp" % pair[1].getsockname()[1]] for name, pair in opened.items()}
    for pair in opened.values():
        for one in pair:
            one.close()
    return found


def together(*arguments):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return [done.result() for done in [pool.submit(meet, *each) for each in arguments]]


def calls(ports, peer, address=HERE):
    return {peer: dict.fromkeys(ports[peer], address)}


def results(met, peer):
    return {label.partition("/")[2]: call["result"] for label, call in met["calls"][peer].items()}


def test_two_hosts_reach_each_other(ports):
    a, b = together(
        ("a", ports["a"], calls(ports, "b"), ["b"], ports["b"][1], 1500, 20),
        ("b", ports["b"], calls(ports, "a"), ["a"], ports["a"][1], 1500, 20),
    )
    assert results(a, "b") == results(b, "a") == {"tcp": "open", "udp": "open"}
    assert a["calls"]["b"][ports["b"][1]]["largest"] == 1500
    assert a["listening"] == sorted(ports["a"]) and a["taken"] == []
    assert a["ended"] - a["began"] < 15, "they leave when they are content"
    assert a["heard"] == {ports["a"][1]: ["b"]}


def test_a_host_that_is_not_there_is_silent_at_the_time_limit(ports):
    a = meet("a", ports["a"], calls(ports, "b"), ["b"], ports["b"][1], 1500, 1)
    assert results(a, "b") == {"tcp": "silent", "udp": "silent"}
    assert a["calls"]["b"][ports["b"][0]]["detail"] == "connection refused"
    assert 1 <= a["ended"] - a["began"] < 10


def test_a_name_that_is_not_known_is_told(ports):
    a = meet("a", ports["a"], calls(ports, "b", "no-such-host.invalid"), [], None, 0, 1)
    assert results(a, "b") == {"tcp": "untested", "udp": "untested"}
    assert "no-such-host.invalid" in a["calls"]["b"][ports["b"][0]]["detail"]


def test_a_port_that_another_program_has_is_taken_and_reached(ports):
    with socket.socket() as engine, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gossip:
        engine.bind((HERE, int(ports["b"][0].partition("/")[0])))
        engine.listen()
        gossip.bind((HERE, int(ports["b"][1].partition("/")[0])))
        threading.Thread(target=lambda: engine.accept()[0].close()).start()
        a, b = together(
            ("a", ports["a"], calls(ports, "b"), ["b"], None, 0, 20), ("b", ports["b"], {}, [], None, 0, 0)
        )
    assert b["taken"] == sorted(ports["b"]) and b["listening"] == []
    assert results(a, "b") == {"tcp": "taken", "udp": "untested"}
    assert a["ended"] - a["began"] < 15


@pytest.mark.parametrize("pair", [os.pipe, lambda: [one.detach() for one in socket.socketpair()]])
def test_an_interrupted_play_is_noticed(pair):
    reader, writer = pair()
    assert nobody_reads(writer) is False
    os.close(reader)
    assert nobody_reads(writer) is True
    os.close(writer)
    with open(os.devnull, "wb") as file:
        assert nobody_reads(file.fileno()) is False
