# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of an Elasticsearch cluster: what answers mean, and the module on a member of this machine."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import elasticsearch_state as cluster
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import elasticsearch_health
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.elasticsearch import (
    DATA,
    MASTER,
    Member,
    coordination,
    health,
    nodes,
    root,
    routing,
    settings,
)
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.http import over_http
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import closed, no_engine, served

UNASKED = {"members": [], "node": None, "status": "green"}
FORMED = {"answers", "formed", "members", "green", "yellow", "settled"}


def look(port, wait_for=None, wait_timeout=0, members=(), node=None, status="green", replicas=False, **said):
    waiting = {"wait_for": wait_for, "wait_timeout": wait_timeout, "wait_ends": 0, "replicas": replicas}
    params = over_http(port, members=list(members), node=node, status=status, **waiting, **said)
    outcome = elasticsearch_health.execute(no_engine, params, False)
    assert not outcome.changed
    return outcome.facts


def seen(status="green", known=None, shards=None, **numbers):
    found = cluster.state(root(), health(status, **numbers), nodes(**(known or {})), settings(), coordination())
    return dict(found, shards_on_node=shards)


# Decisions


def test_a_state():
    told = settings(
        {
            "cluster.routing.allocation.enable": "primaries",
            "cluster.metadata.quorate_change": "elastic-data01",
            "indices.recovery.max_bytes_per_sec": "1gb",
        }
    )
    excluding = coordination([(DATA, "elastic-data01"), ("gone", "_absent_")])
    assert cluster.state(root(), health(), nodes(), told, excluding) == {
        "name": "elastic-master",
        "version": "7.17.29",
        "cluster_name": "demo",
        "cluster_uuid": "9qSgp5AVQoOwLBGcHwQ2Rw",
        "master": "elastic-master",
        "nodes": [
            {"id": DATA, "name": "elastic-data01", "ip": "10.0.1.4", "roles": ["data", "ingest"], "version": "7.17.29", "master": False},
            {"id": MASTER, "name": "elastic-master", "ip": "10.0.1.4", "roles": ["master"], "version": "7.17.29", "master": True},
        ],
        "voters": ["elastic-master"],
        "voting_exclusions": ["elastic-data01", "gone"],
        "status": "green",
        "shards": {"active": 2, "relocating": 0, "initializing": 0, "unassigned": 0, "delayed": 0},
        "pending_tasks": 0,
        "allocation": {"persistent": {"cluster.routing.allocation.enable": "primaries"}, "transient": {}},
        "marks": {"change": "elastic-data01"},
        "shards_on_node": None,
        "replicas": None,
    }


@pytest.mark.parametrize("uuid, told", [("_na_", None), ("9qSgp5AVQoOwLBGcHwQ2Rw", "9qSgp5AVQoOwLBGcHwQ2Rw")])
def test_a_member_without_a_master(uuid, told):
    found = cluster.state(root(uuid))
    assert (found["cluster_uuid"], found["master"], found["nodes"], found["status"]) == (told, None, [], None)


@pytest.mark.parametrize("answer", [[], {}, {"status": "ok"}, {"version": {"number": "1"}}])
def test_what_is_no_elasticsearch(answer):
    with pytest.raises(NoAnswer, match="it says what no Elasticsearch does"):
        cluster.state(answer)


@pytest.mark.parametrize(
    "state, asked, met",
    [
        (cluster.state(root("_na_")), {}, {"answers"}),
        (cluster.state(root()), {}, {"answers"}),
        (cluster.state(root("_na_"), health(), nodes(), settings(), coordination()), {}, {"answers", "green", "yellow"}),
        (seen(), {}, FORMED),
        (seen("yellow"), {}, FORMED - {"green", "settled"}),
        (seen("yellow"), {"status": "yellow"}, FORMED - {"green"}),
        (seen("red"), {"status": "yellow"}, {"answers", "formed", "members"}),
        (seen(relocating_shards=1), {}, FORMED - {"settled"}),
        (seen("yellow", initializing_shards=1), {"status": "yellow"}, FORMED - {"green", "settled"}),
        (seen("yellow", unassigned_shards=1), {"status": "yellow"}, FORMED - {"green"}),
        (seen(), {"members": ["elastic-master"]}, FORMED),
        (seen(), {"members": ["elastic-master", "elastic-data02"]}, FORMED - {"members", "settled"}),
        (seen(shards=2), {"node": "elastic-data01"}, FORMED),
        (seen(shards=0), {"node": "elastic-data01"}, FORMED | {"empty"}),
        (seen(shards=None), {"node": "elastic-data09"}, FORMED),
    ],
)
def test_conditions(state, asked, met):
    assert {name for name, (_goal, holds) in cluster.conditions(dict(UNASKED, **asked)).items() if holds(state)} == met


@pytest.mark.parametrize(
    "state, asked, sentence",
    [
        (cluster.state(root("_na_")), {}, "elastic-master finds no master, and knows no cluster that has formed"),
        (cluster.state(root()), {}, "elastic-master finds no master"),
        (
            seen("yellow", relocating_shards=1, initializing_shards=2, unassigned_shards=3),
            {"members": ["elastic-data02", "elastic-master"]},
            "status yellow, master elastic-master, nodes elastic-data01, elastic-master, 1 relocating, 2 initializing and 3 unassigned "
            "shards, missing elastic-data02",
        ),
        (
            seen(shards=4),
            {"node": "elastic-data01"},
            "status green, master elastic-master, nodes elastic-data01, elastic-master, 0 relocating, 0 initializing and 0 unassigned "
            "shards, 4 shards on elastic-data01",
        ),
    ],
)
def test_a_state_in_words(state, asked, sentence):
    assert cluster.describe(state, dict(UNASKED, **asked)) == sentence


def test_a_node_that_is_away_is_told():
    assert cluster.describe(seen(), dict(UNASKED, node="gone")).endswith(", gone is not in the cluster")


# The module


@pytest.mark.parametrize("closes", [False, True])
def test_a_look(closes):
    """Also at a member, or a proxy, that ends the connection after each answer."""
    member = Member()
    member.closes = closes
    with member.serving() as port:
        facts = look(port, node="elastic-data01")
    assert (facts["reachable"], facts["met"], facts["error"]) == (True, True, None)
    assert [facts["state"][key] for key in ("master", "status", "shards_on_node")] == ["elastic-master", "green", 1]
    assert {request[0].partition(" ")[0] for request in member.asked} == {"GET"} and len(member.asked) == 6
    assert member.credentials == [None] * 6


def test_what_the_module_asks_for_fits_what_it_reads():
    """Of a state that may be large only what is read is sent, and no request waits for a master."""
    member = Member()
    with member.serving() as port:
        look(port, node="elastic-data01")
    asked = {what: query for what, query, _body in member.asked}
    assert asked["GET /_cluster/state/routing_nodes"]["filter_path"] == "routing_nodes.nodes.%s.shard" % DATA
    assert {query.get("master_timeout") for what, query in asked.items() if what.startswith("GET /_cluster")} == {"1s"}


def test_a_node_that_is_away_has_no_shards_that_could_be_counted():
    member = Member()
    with member.serving() as port:
        assert look(port, node="elastic-data09")["state"]["shards_on_node"] is None
    assert not [request for request in member.asked if "routing_nodes" in request[0]]


def test_a_member_that_finds_no_master_answers():
    member = Member().loses_its_master()
    with member.serving() as port:
        facts = look(port)
    assert (facts["reachable"], facts["state"]["name"], facts["state"]["master"]) == (True, "elastic-master", None)


def test_a_master_that_is_lost_during_the_look():
    member = Member()
    member.answers["GET /_cluster/state/master_node,metadata"] = Member().loses_its_master().answers["GET /_cluster/health"]
    with member.serving() as port:
        assert look(port)["state"]["master"] is None


@pytest.mark.parametrize(
    "answer, sentence",
    [
        ((403, {"error": {"reason": "action is unauthorized"}}), "answered with HTTP status 403: action is unauthorized"),
        ((500, {"error": {"type": "some_exception", "reason": None}}), "answered with HTTP status 500: some_exception"),
        ((502, b"<html>"), "answered with HTTP status 502: no reason"),
        ((200, b"<html>"), "says what no Elasticsearch does: '<html>'"),
    ],
)
def test_an_error_is_told(answer, sentence):
    member = Member()
    member.answers["GET /"] = answer
    with member.serving() as port:
        facts = look(port)
    assert facts == {"reachable": False, "met": False, "state": None, "error": "port %d at 127.0.0.1 %s" % (port, sentence)}


def test_a_wrong_password_fails_a_look_and_is_waited_for():
    """A member that starts does not know its users yet; one that serves must not be taken for one that serves nobody."""
    member = Member()
    member.answers["GET /"] = (401, {"error": {"reason": "missing authentication credentials"}})
    with member.serving() as port:
        with pytest.raises(Refusal, match="wants another user or password .HTTP status 401.. Without the right ones"):
            look(port)
        with pytest.raises(TimeLimitExceeded, match="seen last: port .* wants another user or password"):
            look(port, wait_for="formed", wait_timeout=0)


def test_another_server_that_speaks_json_is_told():
    member = Member()
    member.answers = {"GET /": {"visits": 1}}
    with member.serving() as port:
        assert look(port)["error"] == "it says what no Elasticsearch does"
    assert len(member.asked) == 1


def test_a_closed_port_is_told():
    with closed() as port:
        assert look(port)["error"] == "nothing listens on port %d at 127.0.0.1" % port


@pytest.mark.parametrize("serve", [lambda connection: connection.recv(9), lambda connection: connection.sendall(b"SSH-2.0\r\n")])
def test_a_port_of_something_else_is_told(serve):
    with served(serve) as port:
        assert "port %d at 127.0.0.1 did not answer: " % port in look(port)["error"]


def test_a_member_is_waited_for(clock):
    member = Member()
    member.answers["GET /_cluster/health"] = lambda _query, _body, left=[3]: health("green" if count_down(left) else "yellow")
    with member.serving() as port:
        assert look(port, wait_for="settled", wait_timeout=60)["state"]["status"] == "green"
    assert 0 < clock.now < 60


def count_down(left):
    left[0] -= 1
    return left[0] <= 0


def test_a_node_is_waited_for_until_it_is_empty(clock):
    member = Member()
    member.answers["GET /_cluster/state/routing_nodes"] = lambda _query, _body, left=[3]: routing(0 if count_down(left) else 1)
    with member.serving() as port:
        assert look(port, wait_for="empty", node="elastic-data01", wait_timeout=60)["state"]["shards_on_node"] == 0


TAKEN = "a copy of this shard is already allocated to this node [[fruit][0]]"


@pytest.mark.parametrize(
    "decisions, words",
    [
        ([("elastic-data02", "NO", TAKEN), ("elastic-data03", "NO", "too full")],
         ". Shard 0 of fruit finds no other place (elastic-data02: %s; elastic-data03: too full)." % TAKEN),
        # It may go yet.
        ([("elastic-data02", "NO", TAKEN), ("elastic-data03", "YES", "")], "1 shards on elastic-data01."),
    ],
)
def test_why_a_node_does_not_become_empty_is_told(clock, decisions, words):
    member = Member()
    shard = {"index": "fruit", "shard": 0, "primary": False}
    member.answers["GET /_cluster/state/routing_nodes"] = {"routing_nodes": {"nodes": {DATA: [shard]}}}
    member.answers["POST /_cluster/allocation/explain"] = {
        "node_allocation_decisions": [
            {"node_name": name, "deciders": [{"decider": "x", "decision": decision, "explanation": reason}] if reason else []}
            for name, decision, reason in decisions
        ]
    }
    with member.serving() as port, pytest.raises(TimeLimitExceeded) as failure:
        look(port, wait_for="empty", node="elastic-data01", wait_timeout=10)
    assert str(failure.value).endswith(words)
    explained = [body for what, _query, body in member.asked if what == "POST /_cluster/allocation/explain"]
    assert explained == [dict(shard, current_node="elastic-data01")]


def test_why_a_node_does_not_become_empty_may_be_told_by_nobody(clock):
    with Member().serving() as port, pytest.raises(TimeLimitExceeded, match="1 shards on elastic-data01.$"):
        look(port, wait_for="empty", node="elastic-data01", wait_timeout=10)


def test_how_many_replicas_are_wanted_is_told_where_it_is_asked_for():
    member = Member()
    indices = {"fruit": {"number_of_replicas": "2"}, ".own": {"number_of_replicas": "1", "auto_expand_replicas": "0-1"}}
    member.answers["GET /_cluster/state/metadata"] = {
        "metadata": {"indices": {name: {"settings": {"index": index}} for name, index in indices.items()}}
    }
    with member.serving() as port:
        assert look(port)["state"]["replicas"] is None
        assert look(port, replicas=True)["state"]["replicas"] == {"fruit": 2}
    member.answers["GET /_cluster/state/metadata"] = {}
    with member.serving() as port:
        assert look(port, replicas=True)["state"]["replicas"] == {}


def test_a_condition_that_does_not_come_is_told(clock):
    with Member().loses_its_master().serving() as port, pytest.raises(TimeLimitExceeded) as failure:
        look(port, wait_for="formed", wait_timeout=10)
    assert str(failure.value) == (
        "Waited 10 s until the member found a master in a cluster that has formed; seen last: elastic-master finds no master."
    )
    assert failure.value.facts["state"]["name"] == "elastic-master"


# Security


def test_a_user():
    member = Member()
    with member.serving() as port:
        look(port, user="elastic", password="pässwort")
    assert set(member.credentials) == {"Basic ZWxhc3RpYzpww6Rzc3dvcnQ="}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of a member that is called localhost; it is its own authority."""
    directory = tmp_path_factory.mktemp("tls")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"]
    names = ["-subj", "/CN=elastic-master", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", "req", "-x509", *new_key, *names], cwd=directory, check=True, capture_output=True)
    return directory


@pytest.mark.parametrize(
    "said, error",
    [
        ({"https_ca_path": "cert.pem", "https_hostname": "localhost"}, None),
        ({"https_validate_certs": False}, None),
        ({"https_ca_path": "cert.pem"}, "IP address mismatch"),
        ({"https_hostname": "localhost"}, "self.signed certificate"),
        ({"scheme": "http"}, "did not answer: "),
    ],
)
def test_tls(certificate, said, error):
    if "https_ca_path" in said:
        said = dict(said, https_ca_path=str(certificate / said["https_ca_path"]))
    with Member().serving(certificate) as port:
        facts = look(port, **dict({"scheme": "https"}, **said))
    assert facts["reachable"] is (error is None)
    assert error is None or error.replace(".", " ") in facts["error"].replace("-", " ")


def test_a_client_certificate_that_cannot_be_read_is_refused(certificate, tmp_path):
    said = {"scheme": "https", "https_client_cert": str(certificate / "cert.pem"), "https_client_key": str(tmp_path / "none.pem")}
    with pytest.raises(Refusal, match="The https_client_cert .* and the https_client_key .*none.pem are no certificate"):
        look(9, **said)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_refused(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(Refusal, match="The https_ca_path %s holds no certificates that can be read: .* Name a file with" % path):
        look(9, scheme="https", https_ca_path=str(path))
