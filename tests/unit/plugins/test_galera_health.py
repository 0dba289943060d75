# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a member of a Galera cluster: what its rows mean, and the module on a server of this machine."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import galera_session
from ansible_collections.quorate.swarm.plugins.module_utils import galera_state as galera
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import galera_health
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import at, closed, no_engine, served
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.mysql_server import serving

UUID = "b9f7bf71-ed15-11f1-9c2e-72eed756da22"
STATUS = {
    "wsrep_cluster_conf_id": "3",
    "wsrep_cluster_size": "3",
    "wsrep_cluster_state_uuid": UUID,
    "wsrep_cluster_status": "Primary",
    "wsrep_connected": "ON",
    "wsrep_flow_control_paused": "0.25",
    "wsrep_incoming_addresses": "g2:3306,g1:3306,g3:3306",
    "wsrep_last_committed": "48",
    "wsrep_local_state": "4",
    "wsrep_local_state_comment": "Synced",
    "wsrep_ready": "ON",
}
VARIABLES = {
    "version": "10.11.6-MariaDB-log", "wsrep_cluster_name": "galera", "wsrep_desync": "OFF", "wsrep_node_name": "g1", "wsrep_on": "ON",
}
# As a member tells it that has lost sight of the others.
ALONE = dict(
    STATUS, wsrep_cluster_conf_id="18446744073709551615", wsrep_cluster_size="1", wsrep_cluster_status="non-Primary",
    wsrep_incoming_addresses="g1:3306", wsrep_local_state="0", wsrep_local_state_comment="Initialized", wsrep_ready="OFF",
)
DONOR = dict(STATUS, wsrep_local_state="2", wsrep_local_state_comment="Donor/Desynced")
JOINER = dict(STATUS, wsrep_local_state="1", wsrep_local_state_comment="Joining: in", wsrep_ready="OFF")
PLAIN = {"wsrep_cluster_state_uuid": "", "wsrep_connected": "OFF", "wsrep_ready": "OFF"}
OPTIONS = {
    "user": "quorate", "password": "sesame", "mysql_tls": False, "mysql_ca_path": None, "mysql_hostname": None, "data_path": None,
    "wait_for": None, "wait_timeout": 0, "wait_ends": 0, "members": [],
}


def rows(status=None, variables=None):
    def answer(query):
        if query.startswith("SET"):
            return None
        return list((status or STATUS).items() if "STATUS" in query else (variables or VARIABLES).items())

    return answer


@contextlib.contextmanager
def server(answers=None, refusal=None):
    asked = []
    with served(serving(answers or rows(), refusal, asked)) as port:
        yield port, asked


def look(port, **options):
    outcome = galera_health.execute(no_engine, at(port, **dict(OPTIONS, **options)), False)
    assert not outcome.changed
    return outcome.facts


# Decisions


def test_a_state():
    assert galera.state(STATUS, VARIABLES) == {
        "name": "g1",
        "version": "10.11.6",
        "cluster_name": "galera",
        "cluster_uuid": UUID,
        "cluster_status": "Primary",
        "conf_id": 3,
        "size": 3,
        "members": ["g1", "g2", "g3"],
        "connected": True,
        "ready": True,
        "local_state": 4,
        "local_state_comment": "Synced",
        "seqno": 48,
        "flow_control_paused": 0.25,
        "desynced": False,
    }


def test_what_there_is_not_is_not_told_as_a_number():
    found = galera.state(dict(ALONE, wsrep_cluster_state_uuid=galera.NO_UUID, wsrep_incoming_addresses="AUTO,,g1:3306"), VARIABLES)
    assert (found["conf_id"], found["cluster_uuid"], found["members"]) == (None, None, ["g1"])
    found = galera.state(PLAIN, {"version": "8.0.36"})
    assert (found["cluster_status"], found["local_state"], found["seqno"], found["version"]) == (None, None, None, "8.0.36")


@pytest.mark.parametrize(
    "status, met",
    [
        (STATUS, {"answers", "primary", "synced"}),
        (DONOR, {"answers", "primary"}),
        (JOINER, {"answers"}),
        (ALONE, {"answers"}),
        (PLAIN, {"answers"}),
        (dict(STATUS, wsrep_incoming_addresses="g1:3306,g3:3306"), {"answers", "primary"}),
    ],
)
def test_conditions(status, met):
    found = galera.state(status, VARIABLES)
    conditions = galera.conditions({"members": ["g1", "g2"]})
    assert {name for name, (_goal, holds) in conditions.items() if holds(found)} == met


@pytest.mark.parametrize(
    "status, words",
    [
        (STATUS, "its state is Synced, in a primary component of 3 (g1, g2, g3)"),
        (ALONE, "its state is Initialized, in no primary component"),
        (JOINER, "its state is Joining: in, in a primary component of 3 (g1, g2, g3), and it is not ready for queries"),
        (PLAIN, "it is a server without Galera"),
    ],
)
def test_a_state_in_words(status, words):
    assert galera.describe(galera.state(status, VARIABLES)) == words


# The module


def test_a_look_says_first_that_it_waits_for_nothing():
    with server() as (port, asked):
        facts = look(port)
    assert (facts["reachable"], facts["met"], facts["error"]) == (True, True, None)
    assert (facts["library_missing"], facts["transfer"]) == (False, False)
    assert facts["state"] == galera.state(STATUS, VARIABLES)
    assert [query for query in asked if "NAMES" not in query][0] == "SET SESSION wsrep_sync_wait = 0"


def test_what_does_not_answer_is_no_failure():
    with closed() as port:
        facts = look(port)
    assert (facts["reachable"], facts["state"]) == (False, None)
    assert facts["error"] == "nothing listens on port %d at 127.0.0.1" % port
    with served(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        assert not look(port)["reachable"]
    with served(lambda connection: None) as port:
        assert "port %d at 127.0.0.1 answered with an error: Lost connection" % port in look(port)["error"]


def test_a_member_that_declines_a_query_does_not_answer():
    with server(lambda query: (1047, "WSREP has not yet prepared node for application use")) as (port, _asked):
        assert "has not yet prepared node" in look(port)["error"]


@pytest.mark.parametrize("number, words", [(1045, "Access denied for user 'quorate'"), (1130, "Host '127.0.0.1' is not allowed")])
def test_a_wrong_password_is_refused_at_once_and_passes_in_a_wait(number, words):
    with server(refusal=(number, words)) as (port, _asked):
        with pytest.raises(Refusal, match="wants another user or password: %s" % words) as caught:
            look(port)
        assert "sesame" not in str(caught.value)
        with pytest.raises(TimeLimitExceeded, match="wants another user or password"):
            look(port, wait_for="primary")


def test_a_wait_tells_what_it_saw_last():
    with server(rows(ALONE)) as (port, _asked), pytest.raises(TimeLimitExceeded) as caught:
        look(port, wait_for="synced", members=["g1", "g2"])
    assert "until the member was synced in a primary component with g1, g2; seen last: its state is Initialized, in no" in str(caught.value)
    assert (caught.value.facts["met"], caught.value.facts["transfer"]) == (False, False)


def test_a_member_that_takes_all_data_is_alive(tmp_path):
    (tmp_path / "sst_in_progress").touch()
    with closed() as port:
        facts = look(port, data_path=str(tmp_path))
        assert facts["transfer"] and facts["error"].endswith(
            "while it takes all data from another member (sst_in_progress is in its data directory)"
        )
        with pytest.raises(QuorateError) as caught:
            look(port, data_path=str(tmp_path), wait_for="primary")
    assert caught.value.facts["transfer"]


def test_without_its_library_a_host_says_which_package_brings_it(monkeypatch):
    monkeypatch.setattr(galera_session, "pymysql", None)
    with closed() as port:
        facts = look(port)
        assert facts["library_missing"] and not facts["reachable"] and "python3-pymysql" in facts["error"]
        with pytest.raises(Refusal, match="python3-pymysql") as caught:
            look(port, wait_for="primary", wait_timeout=60)
    assert caught.value.facts["library_missing"]


def test_a_server_without_tls_is_not_asked_with_a_password_in_the_clear():
    with server() as (port, asked):
        facts = look(port, mysql_tls=True)
    assert "SSL" in facts["error"] and asked == []


def test_certificates_that_cannot_be_read_are_refused(tmp_path):
    with closed() as port, pytest.raises(Refusal, match="mysql_ca_path .*/none.pem holds no certificates"):
        look(port, mysql_tls=True, mysql_ca_path=str(tmp_path / "none.pem"))
