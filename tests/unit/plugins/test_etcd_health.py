# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a member of etcd: what answers mean, and the module on a member of this machine."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import etcd_state
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import etcd_health
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.etcd import NO_USER, Cluster, member, status
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.http import over_http
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import closed, no_engine

THREE = [member(number) for number in (1, 2, 3)]
VERSION = {"etcdserver": "3.4.23", "etcdcluster": "3.4.0"}


def look(port, wait_for=None, wait_timeout=0, **said):
    params = over_http(port, wait_for=wait_for, wait_timeout=wait_timeout, wait_ends=0, **said)
    outcome = etcd_health.execute(no_engine, params, False)
    assert not outcome.changed
    return outcome.facts


# Decisions


def test_a_state():
    assert etcd_state.state(status(leader=3), [*reversed(THREE), member(255, learner=True, started=False)], True, VERSION) == {
        "id": "1",
        "name": "etcd1",
        "version": "3.4.23",
        "cluster_id": "38aa27e058110c27",
        "cluster_version": "3.4.0",
        "leader_id": "3",
        "leader": "etcd3",
        "is_leader": False,
        "is_learner": False,
        "has_vote": True,
        "healthy": True,
        "errors": [],
        "revision": 42,
        "term": 2,
        "index": 57,
        "size": 20480,
        "members": [
            {"id": "%d" % number, "name": "etcd%d" % number, "peer_urls": ["http://etcd%d:2380" % number],
             "client_urls": ["http://etcd%d:2379" % number], "learner": False}
            for number in (1, 2, 3)
        ] + [{"id": "ff", "name": None, "peer_urls": ["http://etcd255:2380"], "client_urls": [], "learner": True}],
    }


@pytest.mark.parametrize("answer", [{}, {"version": "3"}, {"header": {"member_id": "1"}}, {"header": {"member_id": "x"}, "version": "3"}])
def test_what_is_no_etcd(answer):
    with pytest.raises(NoAnswer, match="it says what no etcd does"):
        etcd_state.state(answer)


@pytest.mark.parametrize(
    "state, met, sentence",
    [
        (
            etcd_state.state(status(), THREE, True), {"answers", "serving", "in_cluster", "joined"},
            "etcd1, leader etcd1, revision 42",
        ),
        (
            etcd_state.state(status(), THREE, False), {"answers", "joined"},
            "etcd1, leader etcd1, revision 42, and the cluster does not take what is asked of it",
        ),
        (
            etcd_state.state(status(leader=0), THREE, False), {"answers"},
            "etcd1 finds no leader, as during an election or without a majority",
        ),
        (etcd_state.state(status(isLearner=True)), {"answers", "joined"}, "1 is a learner, with no vote yet"),
        (
            etcd_state.state(status(own=9), THREE, True), {"answers", "serving", "joined"},
            "9 is no member of the cluster 38aa27e058110c27 any more",
        ),
        (
            etcd_state.state(status(errors=["NOSPACE"]), THREE, True), {"answers", "serving", "in_cluster", "joined"},
            "etcd1, leader etcd1, revision 42, NOSPACE",
        ),
    ],
)
def test_conditions_and_words(state, met, sentence):
    assert {name for name, (_goal, holds) in etcd_state.CONDITIONS.items() if holds(state)} == met
    assert etcd_state.describe(state) == sentence


# The module


def test_a_look():
    cluster = Cluster(leader=2)
    with cluster.serving() as port:
        facts = look(port)
    assert (facts["reachable"], facts["met"], facts["error"]) == (True, True, None)
    assert [facts["state"][key] for key in ("name", "leader", "healthy", "cluster_version")] == ["etcd1", "etcd2", True, "3.4.0"]
    assert len(cluster.asked) == 4 and cluster.credentials == [None] * 4


def test_a_learner_is_asked_for_nothing_that_it_may_not_tell():
    cluster = Cluster()
    cluster.answers["POST /v3/maintenance/status"] = status(isLearner=True)
    with cluster.serving() as port:
        assert look(port, wait_for="joined")["state"]["is_learner"]
    assert len(cluster.asked) == 1


def test_a_member_without_a_leader_and_one_whose_cluster_does_not_agree_answer():
    cluster = Cluster(leader=0)
    with cluster.serving() as port:
        facts = look(port)
    assert facts["reachable"] and facts["state"]["leader_id"] is None and not facts["state"]["healthy"]
    assert "GET /health" not in [what for what, _query, _body in cluster.asked]
    cluster = Cluster()
    cluster.healthy = False
    with cluster.serving() as port:
        assert not look(port)["state"]["healthy"]


def test_another_server_and_a_closed_port_are_told():
    cluster = Cluster()
    cluster.answers = {}
    with cluster.serving() as port:
        assert "answered with HTTP status 400" in look(port)["error"]
    with closed() as port:
        assert look(port)["error"] == "nothing listens on port %d at 127.0.0.1" % port


def test_a_member_is_waited_for(clock):
    cluster = Cluster()
    left = [3]

    def health(_query, _body):
        left[0] -= 1
        return {"health": "true" if left[0] < 0 else "false"}

    cluster.answers["GET /health"] = health
    with cluster.serving() as port:
        assert look(port, wait_for="in_cluster", wait_timeout=60)["state"]["healthy"]
    assert 0 < clock.now < 60


def test_a_condition_that_does_not_come_is_told(clock):
    with Cluster(leader=0).serving() as port, pytest.raises(TimeLimitExceeded) as failure:
        look(port, wait_for="serving", wait_timeout=10)
    assert str(failure.value) == (
        "Waited 10 s until the member served requests; seen last: etcd1 finds no leader, as during an election or without a majority."
    )


# Users


def test_a_user_logs_in_and_sends_no_password_but_then():
    cluster = Cluster()
    cluster.answers["POST /v3/auth/authenticate"] = {"header": {}, "token": "abc.1"}
    with cluster.serving() as port:
        look(port, user="root", password="hushhush")
    assert cluster.credentials == [None] + ["abc.1"] * 4
    assert cluster.asked[0][2] == {"name": "root", "password": "hushhush"}
    assert "hushhush" not in repr(cluster.asked[1:])


def test_a_cluster_without_users_is_spoken_to_without_one():
    cluster = Cluster()
    cluster.answers["POST /v3/auth/authenticate"] = 412, {"error": "etcdserver: authentication is not enabled", "code": 9}
    with cluster.serving() as port:
        assert look(port, user="root", password="hushhush")["state"]["healthy"]
    assert cluster.credentials == [None] * 5


@pytest.mark.parametrize(
    "answer",
    [(400, {"error": "etcdserver: authentication failed, invalid user ID", "code": 3}), (401, {"error": "x", "code": 16}), NO_USER],
)
def test_a_wrong_password_fails_a_look(answer):
    cluster = Cluster()
    cluster.answers["POST /v3/auth/authenticate"] = answer
    with cluster.serving() as port, pytest.raises(Refusal, match="wants another user or password. Without the right ones") as refused:
        look(port, user="root", password="hushhush")
    assert "hushhush" not in str(refused.value)
