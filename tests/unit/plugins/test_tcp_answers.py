# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module tcp_answers on real sockets of this machine."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from ansible_collections.quorate.swarm.plugins.modules import tcp_answers

LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def listener():
    """A port that takes connections, like that of an engine, and leads nowhere."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server


@contextlib.contextmanager
def served(serve):
    """A port on which serve(connection) is called for each connection."""

    def work(server):
        with contextlib.suppress(OSError):
            while True:
                connection, _peer = server.accept()
                with connection:
                    serve(connection)

    with listener() as server:
        worker = threading.Thread(target=work, args=(server,), daemon=True)
        worker.start()
        try:
            yield server
        finally:
            server.shutdown(socket.SHUT_RDWR)
            worker.join()


def port_of(server):
    return server.getsockname()[1]


def greet(connection):
    connection.sendall(b"hello")
    connection.recv(1)


def wait_for_the_end(connection):
    assert connection.recv(100) == b""


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def execute(*ports, addresses=(LOOPBACK,), limit=0, timeout=1):
    outcome = tcp_answers.execute({"addresses": addresses, "ports": ports, "limit": limit, "timeout": timeout}, False)
    assert not outcome.changed
    return [answer["answer"] for answer in outcome.facts["answers"]]


@pytest.mark.parametrize("serve", [greet, wait_for_the_end, reset])
def test_whoever_has_the_connection_answers(serve):
    with served(serve) as server:
        assert execute(port_of(server)) == ["answered"]


def test_a_connection_that_nobody_gets_is_silence():
    with listener() as server:
        assert execute(port_of(server)) == ["silent"]


def test_a_port_without_listener_refuses():
    with listener() as server:
        port = port_of(server)
    assert execute(port) == ["refused"]


def test_an_address_that_leads_nowhere_is_lost():
    assert execute(9, addresses=["255.255.255.255"]) == ["lost"]


def test_every_port_is_asked_at_every_address():
    with served(greet) as server, listener() as deaf:
        ports = [port_of(server), port_of(deaf)]
        params = {"addresses": [LOOPBACK, "localhost"], "ports": ports, "limit": 0, "timeout": 1}
        told = tcp_answers.execute(params, True).facts["answers"]
    assert [(answer["address"], answer["port"]) for answer in told] == [(at, port) for at in (LOOPBACK, "localhost") for port in ports]
    assert [answer["answer"] for answer in told] == ["answered", "silent"] * 2


def test_nothing_to_ask_is_no_failure():
    assert execute() == []


def test_it_asks_again_until_all_answer_and_only_those_that_did_not():
    prompt, slow = [], []

    def at_once(connection):
        prompt.append(connection)

    def silent_twice(connection):
        slow.append(connection)
        if len(slow) <= 2:
            threading.Event().wait(0.4)
            connection.recv(1)

    with served(at_once) as first, served(silent_twice) as second:
        assert execute(port_of(first), port_of(second), limit=20, timeout=0.3) == ["answered", "answered"]
    assert (len(prompt), len(slow)) == (1, 3)
