# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a Galera cluster becomes its primary component, on a server behind a socket of this machine."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import member_socket
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import galera_primary
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.mysql_server import serving

UUID = "13001a35-ed17-11f1-9859-ca4f6a8fe43a"
SOCKET = "mysqld.sock"
HERE = "unix:///var/run/docker.sock"


class Member:
    """A server of which it can be told whether it is in a primary component."""

    def __init__(self, status="non-Primary", uuid=UUID, takes_it=True):
        self.status = status
        self.uuid = uuid
        self.takes_it = takes_it
        self.asked = []

    def __call__(self, query):
        if query == galera_primary.BOOTSTRAP:
            self.status = "Primary" if self.takes_it else self.status
            return None
        if query != galera_primary.STATUS:
            return None
        primary = "ON" if self.status == "Primary" else "OFF"
        return [
            ("wsrep_cluster_status", self.status), ("wsrep_cluster_state_uuid", self.uuid), ("wsrep_last_committed", "9"),
            ("wsrep_connected", "ON"), ("wsrep_ready", primary),
        ]


class Engine:
    def container(self, name):
        assert name == "galera-node1"
        return {"State": {"Status": "running", "Running": True, "Pid": 4711}}


@contextlib.contextmanager
def served(directory, member, refusal=None):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(directory / SOCKET))
        server.listen()

        def work():
            with contextlib.suppress(OSError):
                connection, _peer = server.accept()
                with connection, contextlib.suppress(OSError):
                    serving(member, refusal, member.asked)(connection)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        yield
        server.close()


@pytest.fixture
def run(tmp_path, monkeypatch, clock):
    def make(member, refusal=None, check_mode=False):
        monkeypatch.setattr(member_socket, "ROOT_OF", "%s/%%d" % tmp_path)
        (tmp_path / "4711").mkdir()
        params = {
            "container": "galera-node1", "socket": "/%s" % SOCKET, "user": "root", "password": "sesame", "mysql_tls": False,
            "request_timeout": 5, "wait_timeout": 5, "docker_host": HERE,
        }
        with served(tmp_path / "4711", member, refusal):
            return galera_primary.execute(Engine, params, check_mode)

    return make


def test_a_member_without_a_majority_is_told_that_it_has_one(run):
    member = Member()
    outcome = run(member)
    assert outcome.changed and outcome.facts == {"cluster_uuid": UUID, "seqno": 9}
    assert outcome.actions == ["make the component of galera-node1 the primary one"]
    assert member.asked.count(galera_primary.BOOTSTRAP) == 1


def test_one_that_is_in_a_primary_component_is_left_as_it_is(run):
    member = Member("Primary")
    assert not run(member).changed
    assert galera_primary.BOOTSTRAP not in member.asked


def test_check_mode_tells_it_nothing(run):
    member = Member()
    assert run(member, check_mode=True).changed
    assert galera_primary.BOOTSTRAP not in member.asked


def test_one_of_no_cluster_has_nothing_to_take_up(run):
    with pytest.raises(Refusal, match="is of no cluster"):
        run(Member(uuid="00000000-0000-0000-0000-000000000000"))


def test_one_that_does_not_become_primary(run):
    with pytest.raises(TimeLimitExceeded, match="until the member galera-node1 was in a primary component; seen last: .* in no primary"):
        run(Member(takes_it=False))


def test_a_wrong_password(run):
    with pytest.raises(Refusal, match="another user or password.*Give the password that root has in the cluster"):
        run(Member(), refusal=(1045, "Access denied"))


def test_no_server_behind_the_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(member_socket, "ROOT_OF", "%s/%%d" % tmp_path)
    params = {"container": "galera-node1", "socket": "/none", "request_timeout": 1, "docker_host": HERE}
    dial = member_socket.socket_dialler(Engine, params)
    with pytest.raises(NoAnswer, match="the socket /none in the container galera-node1 came about: No such file"):
        dial()


def test_an_engine_elsewhere_has_no_files_here():
    with pytest.raises(Refusal, match="docker_host is tcp://other:2375. Run the task on that host"):
        member_socket.socket_dialler(Engine, {"docker_host": "tcp://other:2375"})
