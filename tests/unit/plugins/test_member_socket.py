# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a member is reached, and connections to it on real sockets of this machine."""

from __future__ import annotations

import contextlib
import socket

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import member_socket
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, NoAnswer, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.member_place import Place, place_of
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import LOOPBACK, at, closed, no_engine, served

RUNS = {"Status": "running", "Running": True, "Pid": 4711}


def container(state=None, **addresses):
    networks = {name: {"IPAddress": address} for name, address in addresses.items()}
    return {"State": state or RUNS, "NetworkSettings": {"Networks": networks}}


class Engine:
    """An engine that tells of its containers what it is given, in turn."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def container(self, name):
        assert name == "zoo1"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def visited(monkeypatch):
    """The processes whose network was entered; it is this machine's own each time."""
    visited = []

    @contextlib.contextmanager
    def network_of(pid):
        visited.append(pid)
        yield

    monkeypatch.setattr(member_socket, "network_of", network_of)
    return visited


def greet(connection):
    connection.sendall(b"hello")


def word(dial):
    with dial() as connection:
        return connection.recv(10)


# Decisions


@pytest.mark.parametrize(
    "inspected, addresses",
    [
        (container(), (LOOPBACK,)),
        (container(host=""), (LOOPBACK,)),
        (container(demo="10.0.1.5", bridge="172.17.0.2"), (LOOPBACK, "172.17.0.2", "10.0.1.5")),
        ({"State": RUNS}, (LOOPBACK,)),
        ({"State": RUNS, "NetworkSettings": {"Networks": None}}, (LOOPBACK,)),
    ],
)
def test_where_a_container_is_reached(inspected, addresses):
    assert place_of("zoo1", inspected) == Place(4711, addresses)


@pytest.mark.parametrize(
    "inspected, sentence",
    [
        (None, "there is no container zoo1 on this host"),
        (container({"Status": "created", "Running": False, "Pid": 0}), r"the container zoo1 does not run \(created\)"),
        (container({"Status": "exited", "Running": False, "ExitCode": 78}), r"the container zoo1 does not run \(exited with status 78\)"),
        (
            container({"Status": "exited", "ExitCode": 137, "OOMKilled": True}),
            r"the container zoo1 does not run \(exited with status 137 for want of memory\)",
        ),
        (container({"Status": "restarting", "Running": True, "Pid": 0}), r"the container zoo1 does not run \(restarting\)"),
    ],
)
def test_a_container_that_does_not_run(inspected, sentence):
    with pytest.raises(NoAnswer, match=sentence):
        place_of("zoo1", inspected)


@pytest.mark.parametrize(
    "state, ended",
    [
        ({"Status": "exited", "ExitCode": 78, "FinishedAt": "2026-01-01T00:00:01Z"}, "2026-01-01T00:00:01Z"),
        ({"Status": "exited", "ExitCode": 128, "Error": "network demo not found", "FinishedAt": "2026-01-01T00:00:01Z"}, None),
        ({"Status": "created", "FinishedAt": "0001-01-01T00:00:00Z"}, None),
    ],
)
def test_when_a_container_ended_by_itself(state, ended):
    with pytest.raises(NoAnswer) as failure:
        place_of("zoo1", container(state))
    assert failure.value.ended == ended


# Connections


def test_an_address_needs_no_engine():
    with served(greet) as port:
        assert word(member_socket.dialler(no_engine, at(port))) == b"hello"


def test_a_container_is_reached_in_its_network_and_looked_up_each_time(visited):
    engine = Engine(container(), container(dict(RUNS, Pid=4712)))
    with served(greet) as port:
        dial = member_socket.dialler(lambda: engine, at(port, container="zoo1", address=None))
        assert [word(dial), word(dial)] == [b"hello", b"hello"]
    assert visited == [4711, 4712]


def test_a_member_that_listens_only_on_an_address_of_its_network(visited):
    with socket.create_server(("127.0.0.2", 0)) as server:
        params = at(server.getsockname()[1], container="zoo1", address=None)
        member_socket.dialler(lambda: Engine(container(demo="127.0.0.2")), params)().close()


@pytest.mark.parametrize("options, place", [({}, "at 127.0.0.1"), ({"container": "zoo1", "address": None}, "in the container zoo1")])
def test_a_closed_port_is_no_answer(visited, options, place):
    with closed() as port, pytest.raises(NoAnswer, match="nothing listens on port %d %s" % (port, place)):
        member_socket.dialler(lambda: Engine(container()), at(port, **options))()


def test_an_address_that_leads_nowhere_is_no_answer():
    with pytest.raises(NoAnswer, match="no connection to port 9 at 255.255.255.255 came about: "):
        member_socket.dialler(no_engine, at(9, address="255.255.255.255"))()


@pytest.mark.parametrize("status, error", [(500, NoAnswer), (None, NoAnswer), (403, EngineError)])
def test_an_engine_that_does_not_tell(status, error):
    engine = Engine(EngineError("The engine refused: x.", status=status))
    with pytest.raises(error, match="The engine refused: x"):
        member_socket.dialler(lambda: engine, at(9, container="zoo1", address=None))()


def test_the_engine_of_another_host_is_refused():
    with pytest.raises(Refusal, match="only on the host of its engine, and docker_host is tcp://10.0.0.1:2375. Run the task on that host"):
        member_socket.dialler(no_engine, at(9, container="zoo1", address=None, docker_host="tcp://10.0.0.1:2375"))
