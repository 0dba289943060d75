# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which published ports are asked, and what is said of those that do not answer."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.ingress_gaps import ingress_gaps
from ansible_collections.quorate.swarm.plugins.filter.ingress_ports import ingress_ports

ADDRESSES = {"node1": "10.10.10.88", "node2": "10.10.10.76", "node3": "10.10.10.77"}
WEB = {"service": "web", "port": 8100, "target_port": 80}
DB = {"service": "db", "port": 3306, "target_port": 3306}


def service(name, **port):
    told = dict({"protocol": "tcp", "target_port": 80, "published_port": 8100, "publish_mode": "ingress"}, **port)
    return {"id": "id-%s" % name, "name": name, "ports": [told]}


def task(name, state="running"):
    return {"service_id": "id-%s" % name, "state": state}


@pytest.mark.parametrize(
    "services, tasks, ports",
    [
        ([service("web")], [task("web")], [8100]),
        ([service("web")], [task("web", "failed"), task("web")], [8100]),
        ([service("web")], [task("web", "starting"), task("other")], []),
        ([service("web")], [], []),
        ([service("web", protocol="udp")], [task("web")], []),
        ([service("web", publish_mode="host")], [task("web")], []),
        ([service("web", published_port=None)], [task("web")], []),
        ([{"id": "id-web", "name": "web", "ports": []}], [task("web")], []),
        ([service("web"), service("api", published_port=8200)], [task("web"), task("api")], [8200, 8100]),
    ],
)
def test_ports_that_every_host_must_answer_on(services, tasks, ports):
    assert [port["port"] for port in ingress_ports(services, tasks)] == ports


def test_a_port_is_told_with_its_service_and_the_port_in_the_containers():
    assert ingress_ports([service("web")], [task("web")]) == [WEB]


def answers(**given):
    """node1="2:8100:silent" means: node1 was given silence by node2 on port 8100."""
    told = {}
    for asker, text in given.items():
        words = [word.split(":") for word in text.split()]
        told[asker] = [{"address": ADDRESSES["node%s" % to], "port": int(port), "answer": answer} for to, port, answer in words]
    return told


@pytest.mark.parametrize(
    "given, gaps",
    [
        (answers(node1="2:8100:answered 3:8100:answered", node2="1:8100:answered"), []),
        (answers(node1="2:8100:answered", node3="2:8100:lost"), [("node3", "node2", 8100, "web", "lost")]),
        (
            answers(node3="2:8100:silent 2:3306:answered", node1="2:8100:silent 2:3306:refused"),
            [
                ("node1", "node2", 8100, "web", "silent"),
                ("node1", "node2", 3306, "db", "refused"),
                ("node3", "node2", 8100, "web", "silent"),
            ],
        ),
        ({}, []),
    ],
)
def test_who_gets_no_answer_from_whom(given, gaps):
    found = ingress_gaps(given, ADDRESSES, [WEB, DB])
    assert [(gap["from"], gap["to"], gap["port"], gap["service"], gap["answer"]) for gap in found] == gaps


@pytest.mark.parametrize(
    "answer, cause",
    [
        ("silent", "node2 takes the connection, but no container gets it. The rules for published ports are gone there"),
        ("refused", "node2 refuses the connection. The port is not published there"),
        ("lost", "nothing comes back. See that the port is open between the two, and 7946/tcp, 7946/udp and 4789/udp"),
    ],
)
def test_a_missing_answer_is_a_sentence_with_its_likely_cause(answer, cause):
    [gap] = ingress_gaps(answers(node1="2:8100:%s 3:8100:answered" % answer), ADDRESSES, [WEB])
    assert gap["sentence"].startswith("From node1 the port 8100 of the service web does not answer on node2: " + cause)
    assert "estart the engine of node2 (systemctl restart docker)" in gap["sentence"]
    assert "on no host" not in gap["sentence"]


def test_where_a_port_answers_nowhere_the_containers_are_suspected_first():
    found = ingress_gaps(answers(node1="2:8100:refused 2:3306:answered", node2="1:8100:refused"), ADDRESSES, [WEB, DB])
    assert len(found) == 2
    for gap in found:
        assert gap["sentence"].endswith(
            "Since the port answers on no host, see first that the containers of web listen on 80/tcp (docker service logs web)."
        )
