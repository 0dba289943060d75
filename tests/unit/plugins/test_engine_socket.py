# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine says of its swarm over its socket, and what is made of one that says nothing."""

from __future__ import annotations

import contextlib
import json
import socket
import threading

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import engine_socket


@contextlib.contextmanager
def engine(path, status, body):
    """An engine that answers one question; none where the status is none, which takes the connection and says nothing."""
    asked = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def serve():
            with listening.accept()[0] as connection:
                asked.append(connection.recv(4096).split(b"\r\n")[0].decode())
                if status:
                    connection.sendall(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
                else:
                    connection.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


@pytest.mark.parametrize(
    "status, told, expected",
    [
        (200, {"Swarm": {"LocalNodeState": "inactive"}}, False),
        (200, {"Swarm": {"LocalNodeState": ""}}, False),
        (200, {"Swarm": {"LocalNodeState": "active"}}, True),
        (200, {"Swarm": {"LocalNodeState": "pending"}}, True),
        (200, {"Swarm": {"LocalNodeState": "locked"}}, True),
        (200, {"Swarm": {"LocalNodeState": "error"}}, True),
        (500, {"message": "something is wrong"}, None),
        (200, [], None),
        (None, {}, None),
    ],
)
def test_the_engines_own_word(tmp_path, status, told, expected):
    path = str(tmp_path / "docker.sock")
    with engine(path, status, json.dumps(told).encode()) as asked:
        assert engine_socket.is_in_swarm(path, limit=0.5) is expected
    assert asked == ["GET /info HTTP/1.1"]


def test_an_engine_that_cannot_be_asked_says_nothing(tmp_path):
    assert engine_socket.is_in_swarm(str(tmp_path / "docker.sock")) is None
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "left.sock"))
    assert engine_socket.is_in_swarm(str(tmp_path / "left.sock")) is None


def test_whether_an_engine_runs(tmp_path):
    names = str(tmp_path / "[0-9]*" / "comm")
    for pid, name in (("1", "systemd"), ("20", "docker-proxy"), ("self", "dockerd")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "comm").write_text(name + "\n")
    (tmp_path / "21").mkdir()
    assert engine_socket.engine_runs(names) is False
    (tmp_path / "21" / "comm").write_text("dockerd\n")
    assert engine_socket.engine_runs(names) is True
