# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a ZooKeeper server: what its words mean, and the module on a server of this machine."""

from __future__ import annotations

import contextlib
import threading

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import zookeeper_words as words
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import zookeeper_health
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import at, closed, no_engine, served

SRVR = """Zookeeper version: 3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on 2022-02-25 08:49 UTC
Latency min/avg/max: 0/0.5/3
Received: 12
Sent: 11
Connections: 2
Outstanding: 1
Zxid: 0x300000007
Mode: %s
Node count: 6
"""
MNTR = "zk_version\t3.8.0\nzk_server_state\tleader\nzk_synced_followers\t2\nzk_avg_latency\t0.0\n"
CONF = """clientPort=2181
dataDir=/data/version-2
serverId=2
peerType=0
membership:\x20
server.1=zoo1:2888:3888:participant;0.0.0.0:2181
server.2=zoo2:2888:3888:participant;0.0.0.0:2181
version=100000000"""
SILENT = "This ZooKeeper instance is not currently serving requests\n"
DENIED = "%s is not executed because it is not in the whitelist.\n"


@contextlib.contextmanager
def server(**answers):
    """A server that answers words, or denies them; an answer that is a list is taken from its begin until one is left."""

    def serve(connection):
        word = connection.recv(4).decode()
        answer = answers.get(word, DENIED % word)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        asked.append(word)
        connection.sendall(answer.encode())

    asked = []
    with served(serve) as port:
        yield port, asked


def look(port, wait_for=None, wait_timeout=0, **options):
    params = at(port, wait_for=wait_for, wait_timeout=wait_timeout, wait_ends=0, **options)
    outcome = zookeeper_health.execute(no_engine, params, False)
    assert not outcome.changed
    return outcome.facts


# Decisions


def test_a_state():
    assert words.state(SRVR % "leader", MNTR, CONF) == {
        "mode": "leader",
        "said": None,
        "version": "3.8.0",
        "zxid": "0x300000007",
        "epoch": 3,
        "connections": 2,
        "outstanding": 1,
        "node_count": 6,
        "synced_followers": 2,
        "id": 2,
        "votes": True,
        "members": [
            {"id": 1, "role": "participant", "spec": "zoo1:2888:3888:participant;0.0.0.0:2181"},
            {"id": 2, "role": "participant", "spec": "zoo2:2888:3888:participant;0.0.0.0:2181"},
        ],
        "config_version": "100000000",
    }


@pytest.mark.parametrize("denied", [DENIED % "conf", SILENT, ""])
def test_nothing_but_srvr_is_needed(denied):
    found = words.state(SRVR % "standalone", denied, denied)
    assert (found["mode"], found["epoch"]) == ("standalone", 3)
    assert (found["synced_followers"], found["id"], found["members"], found["config_version"]) == (None, None, [], None)


@pytest.mark.parametrize("answer", ["HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH_9.2", "hello\n"])
def test_what_is_no_zookeeper(answer):
    with pytest.raises(NoAnswer, match="it says what no ZooKeeper does: '"):
        words.state(answer)


@pytest.mark.parametrize(
    "srvr, met",
    [
        (SRVR % "leader", {"answers", "serving", "in_ensemble", "joined"}),
        (SRVR % "follower", {"answers", "serving", "in_ensemble", "joined"}),
        (SRVR % "observer", {"answers", "joined"}),
        (SRVR % "standalone", {"answers", "serving"}),
        (SRVR % "read-only", {"answers"}),
        (SILENT, {"answers"}),
        (DENIED % "srvr", {"answers"}),
    ],
)
def test_conditions(srvr, met):
    state = words.state(srvr)
    assert {name for name, (_goal, holds) in words.CONDITIONS.items() if holds(state)} == met


@pytest.mark.parametrize(
    "number, mode, votes, in_ensemble",
    [(2, "follower", True, True), (3, "follower", False, False), (4, "follower", False, False), (1, "leader", True, True)],
)
def test_a_follower_without_a_vote_is_not_in_the_ensemble(number, mode, votes, in_ensemble):
    conf = CONF.replace("serverId=2", "serverId=%d" % number) + "\nserver.3=zoo3:2888:3888:observer;0.0.0.0:2181"
    state = words.state(SRVR % mode, conf=conf)
    assert (state["votes"], words.CONDITIONS["in_ensemble"][1](state)) == (votes, in_ensemble)
    assert ("without a vote" in words.describe(state)) is not votes


@pytest.mark.parametrize(
    "srvr, sentence",
    [
        (SRVR % "observer", "mode observer, zxid 0x300000007"),
        (SILENT, "'This ZooKeeper instance is not currently serving requests', as during an election or without a majority"),
        (
            DENIED % "srvr",
            "'srvr is not executed because it is not in the whitelist'; let 4lw.commands.whitelist have srvr",
        ),
    ],
)
def test_a_state_in_words(srvr, sentence):
    assert words.describe(words.state(srvr)) == sentence


# The module


def test_a_follower():
    with server(srvr=SRVR % "follower", conf=CONF, mntr=MNTR) as (port, asked):
        facts = look(port)
    assert (facts["reachable"], facts["met"], facts["error"]) == (True, True, None)
    assert [facts["state"][key] for key in ("mode", "id", "synced_followers")] == ["follower", 2, None]
    assert asked == ["srvr", "conf"]


def test_a_leader_tells_of_its_followers():
    with server(srvr=SRVR % "leader", conf=CONF, mntr=MNTR) as (port, _asked):
        state = look(port)["state"]
    assert (state["mode"], state["synced_followers"], len(state["members"])) == ("leader", 2, 2)


def test_a_server_that_answers_only_srvr():
    with server(srvr=SRVR % "leader") as (port, _asked):
        state = look(port, wait_for="in_ensemble")["state"]
    assert (state["mode"], state["synced_followers"], state["members"]) == ("leader", None, [])


def test_a_server_without_a_majority_is_asked_nothing_more():
    with server(srvr=SILENT) as (port, asked):
        facts = look(port)
    assert (facts["reachable"], facts["state"]["mode"], asked) == (True, None, ["srvr"])
    assert facts["state"]["said"] == "This ZooKeeper instance is not currently serving requests"


def test_a_closed_port_is_told():
    with closed() as port:
        facts = look(port)
    assert facts == {"reachable": False, "met": False, "state": None, "error": "nothing listens on port %d at 127.0.0.1" % port}


@pytest.mark.parametrize(
    "serve, error",
    [
        (lambda connection: None, "ended the connection without a word, as one for TLS does|did not answer: Connection reset"),
        (lambda connection: threading.Event().wait(0.4), "did not answer: timed out"),
    ],
)
def test_a_port_that_does_not_answer_is_told(serve, error):
    with served(serve) as port:
        facts = look(port, request_timeout=0.2)
    assert not facts["reachable"]
    assert any(part in facts["error"] for part in error.split("|"))


def test_an_election_is_waited_for(clock):
    with server(srvr=[SILENT, SILENT, SRVR % "follower"], conf=CONF) as (port, asked):
        assert look(port, wait_for="serving", wait_timeout=60)["state"]["mode"] == "follower"
    assert asked == ["srvr"] * 3 + ["conf"]


def test_a_majority_that_does_not_come_is_told(clock):
    with server(srvr=SILENT) as (port, _asked), pytest.raises(TimeLimitExceeded) as failure:
        look(port, wait_for="in_ensemble", wait_timeout=10)
    assert str(failure.value) == (
        "Waited 10 s until the member was leader or follower of an ensemble, with a vote; seen last: 'This ZooKeeper instance is not "
        "currently serving requests', as during an election or without a majority."
    )
    assert failure.value.facts["state"]["mode"] is None
