# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a Redis server: its bytes, what they mean, and the module on a server of this machine."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import redis_state
from ansible_collections.quorate.swarm.plugins.module_utils import redis_wire as wire
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import redis_health
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import at, closed, no_engine, served

INFO = """# Server\r
redis_version:7.0.15\r
redis_mode:standalone\r
run_id:175982a1\r
uptime_in_seconds:12\r
# Clients\r
connected_clients:2\r
# Memory\r
used_memory:941808\r
maxmemory:67108864\r
maxmemory_policy:noeviction\r
# Persistence\r
loading:%(loading)s\r
aof_enabled:%(aof)s\r
aof_last_bgrewrite_status:ok\r
aof_last_write_status:%(written)s\r
aof_current_size:88\r
# Replication\r
role:master\r
# Keyspace\r
db0:keys=5,expires=0,avg_ttl=0\r
db3:keys=2,expires=1,avg_ttl=9\r
"""


def info(loading=0, aof=1, written="ok"):
    return INFO % {"loading": loading, "aof": aof, "written": written}


@contextlib.contextmanager
def server(told=None, passwords=(), user="default"):
    """C(told) is what it says in turn, of which the last stays; one with passwords answers nobody who has not given one."""
    told = list(told or [info()])
    heard = []

    def serve(connection):
        knows = not passwords
        lines = connection.makefile("rb")
        while True:
            head = lines.readline()
            if not head:
                return
            words = []
            for _word in range(int(head[1:])):
                size = int(lines.readline()[1:])
                words.append(lines.read(size + 2)[:-2].decode())
            heard.append(words)
            if words[0] == "AUTH" and not passwords:
                answer = "-ERR AUTH <password> called without any password configured for the default user. Are you sure?"
            elif words[0] == "AUTH":
                given = words[1:] if len(words) == 3 else ["default", words[1]]
                knows = given[0] == user and given[1] in passwords
                answer = "+OK" if knows else "-WRONGPASS invalid username-password pair or user is disabled."
            elif not knows:
                answer = "-NOAUTH Authentication required."
            else:
                text = told.pop(0) if len(told) > 1 else told[0]
                answer = text if text.startswith(("-", "$-1", "*")) else "$%d\r\n%s" % (len(text.encode()), text)
            connection.sendall(answer.encode() + b"\r\n")

    with served(serve) as port:
        yield port, heard


def look(port, wait_for=None, wait_timeout=0, **said):
    said = dict({"user": None, "password": None, "earlier_password": None}, **said)
    outcome = redis_health.execute(no_engine, at(port, wait_for=wait_for, wait_timeout=wait_timeout, wait_ends=0, **said), False)
    assert not outcome.changed
    return outcome.facts


# The bytes


def test_a_command():
    assert wire.command("AUTH", "é\r\n") == b"*2\r\n$4\r\nAUTH\r\n$4\r\n\xc3\xa9\r\n\r\n"


@pytest.mark.parametrize("line, told", [(b"+OK", ("+", "OK")), (b"-ERR no", ("-", "ERR no")), (b"$12", ("$", "12")), (b":1", (":", "1"))])
def test_the_head_of_an_answer(line, told):
    assert wire.head(line) == told


@pytest.mark.parametrize("line", [b"", b"HTTP/1.1 400 Bad Request", b"*2"])
def test_what_is_no_head(line):
    with pytest.raises(wire.Malformed):
        wire.head(line)


def test_lengths():
    assert (wire.length("12"), wire.length("-1"), wire.length("0")) == (12, None, 0)
    for text in ("x", "-2", "%d" % (wire.LONGEST + 1)):
        with pytest.raises(wire.Malformed, match="a length of"):
            wire.length(text)


# What they mean


def test_a_state():
    assert redis_state.state(info()) == {
        "version": "7.0.15", "mode": "standalone", "role": "master", "run_id": "175982a1", "uptime": 12, "loading": False,
        "append_only": True, "writes_file": True, "rewrites_file": True, "file_size": 88, "memory": 941808, "memory_limit": 67108864,
        "memory_policy": "noeviction", "clients": 2, "keys": 7, "loaded": None,
    }


def test_what_is_no_redis():
    with pytest.raises(NoAnswer, match="it says what no Redis does: 'PONG'"):
        redis_state.state("PONG")


@pytest.mark.parametrize(
    "text, met, sentence",
    [
        (info(), {"answers", "serving"}, "master 7.0.15 with 7 keys"),
        (info(loading=1), {"answers"}, "master 7.0.15 with 7 keys still loads its data"),
        (info(loading=1) + "loading_loaded_perc:41.70\r\n", {"answers"}, "master 7.0.15 with 7 keys still loads its data, 41 % so far"),
        (
            info(written="err"), {"answers"},
            "master 7.0.15 with 7 keys takes no write, since it could not write its file of commands. See whether the disk is full",
        ),
        (info(aof=0, written="err"), {"answers", "serving"}, "master 7.0.15 with 7 keys"),
    ],
)
def test_conditions_and_words(text, met, sentence):
    state = redis_state.state(text)
    assert {name for name, (_goal, holds) in redis_state.CONDITIONS.items() if holds(state)} == met
    assert redis_state.describe(state) == sentence


# The module


def test_a_look():
    with server() as (port, heard):
        facts = look(port)
    assert (facts["reachable"], facts["met"], facts["error"], facts["state"]["keys"]) == (True, True, None, 7)
    assert heard == [["INFO"]]


@pytest.mark.parametrize(
    "passwords, said, tried",
    [
        (["quince"], {"password": "quince"}, [["AUTH", "quince"]]),
        (["quince"], {"password": "medlar", "earlier_password": "quince"}, [["AUTH", "medlar"], ["AUTH", "quince"]]),
        ((), {"password": "quince", "earlier_password": "medlar"}, [["AUTH", "quince"]]),
    ],
)
def test_passwords(passwords, said, tried):
    with server(passwords=passwords) as (port, heard):
        assert look(port, **said)["reachable"]
    assert heard == [*tried, ["INFO"]]


def test_a_user():
    with server(passwords=["quince"], user="watch") as (port, heard):
        assert look(port, user="watch", password="quince")["reachable"]
    assert heard[0] == ["AUTH", "watch", "quince"]


@pytest.mark.parametrize(
    "said, sentence",
    [
        ({"password": "medlar"}, "wants another user or password (WRONGPASS); while a password is being changed, the earlier one has to"),
        ({"password": "medlar", "earlier_password": "sorb"}, "wants another user or password (WRONGPASS)"),
        ({}, "wants a password (NOAUTH). Without the right ones nobody can tell how it stands."),
    ],
)
def test_a_wrong_password_fails_a_look_and_is_waited_for(said, sentence):
    with server(passwords=["quince"]) as (port, _heard):
        with pytest.raises(Refusal) as refused:
            look(port, **said)
        with pytest.raises(TimeLimitExceeded):
            look(port, wait_for="serving", **said)
    assert sentence in str(refused.value) and "medlar" not in str(refused.value)


def test_a_server_is_waited_for(clock):
    with server([info(loading=1), info(loading=1), info()]) as (port, _heard):
        assert look(port, wait_for="serving", wait_timeout=60)["met"]
    assert 0 < clock.now < 60


@pytest.mark.parametrize(
    "told, error",
    [
        ("-BUSY Redis is busy running a script.", "answered with BUSY Redis is busy running a script"),
        ("*1", "says what no Redis does: '*1'"),
        ("$-1", "it says what no Redis does: ''"),
    ],
)
def test_an_error_is_told(told, error):
    with server([told]) as (port, _heard):
        assert error in look(port)["error"]


@pytest.mark.parametrize(
    "serve, error",
    [
        (lambda connection: connection.recv(99), "ended the connection, as one for TLS does"),
        (lambda connection: connection.recv(99) and connection.sendall(b"$9\r\nabc"), "ended the connection in the middle of an answer"),
        (lambda connection: connection.recv(99) and connection.sendall(b"SSH-2.0\r\n"), "says what no Redis does: 'SSH-2.0'"),
    ],
)
def test_a_port_of_something_else_is_told(serve, error):
    with served(serve) as port:
        assert error in look(port)["error"]


def test_a_closed_port_is_told():
    with closed() as port:
        assert look(port)["error"] == "nothing listens on port %d at 127.0.0.1" % port
