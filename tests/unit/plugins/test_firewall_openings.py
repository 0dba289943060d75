# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter import firewall_addresses as addresses_filter
from ansible_collections.quorate.swarm.plugins.filter.firewall_targets import FilterModule as TargetsModule
from ansible_collections.quorate.swarm.plugins.module_utils import firewall_openings
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_steps import name_of

MANAGERS, WORKERS = ["m1", "m2"], ["w3"]
ADDRESSES = {"m1": ["10.0.0.1"], "m2": ["10.0.0.2"], "w3": ["10.0.0.3", "10.9.0.3"], "lb": ["fd00::4"]}
GROUPS = {"swarm_managers": MANAGERS, "swarm_workers": WORKERS, "balancers": ["lb"], "nobody": []}


def opened(host, declared=(), **options):
    lists = {"firewall_open": list(declared)}
    found = firewall_openings.openings(host, MANAGERS, WORKERS, ADDRESSES, GROUPS, lists, **options)
    return [name_of(opening) for opening in found]


def test_a_manager_lets_in_all_others_on_exactly_the_swarms_ports():
    assert opened("m1") == [
        "%s from %s" % (port, source)
        for port in ("IP protocol 50 (ESP)", "2377/tcp", "7946/tcp", "4789/udp", "7946/udp")
        for source in ("10.0.0.2", "10.0.0.3", "10.9.0.3")
    ]


def test_a_worker_is_not_reached_on_the_managers_port():
    assert opened("w3", data_path_port=4790) == [
        "%s from %s" % (port, source)
        for port in ("IP protocol 50 (ESP)", "7946/tcp", "4790/udp", "7946/udp")
        for source in ("10.0.0.1", "10.0.0.2")
    ]


@pytest.mark.parametrize(
    "entry, expected",
    [
        ({"port": 9100, "from": "10.1.0.0/16"}, ["9100/tcp from 10.1.0.0/16"]),
        ({"port": "9100", "from": "10.1.0.5/32", "protocol": "udp"}, ["9100/udp from 10.1.0.5"]),
        ({"port": "8000-8010", "from": "any"}, ["8000-8010/tcp from everywhere"]),
        ({"port": "80-80", "from": "any"}, ["80/tcp from everywhere"]),
        ({"port": 9200, "from": "swarm_managers"}, ["9200/tcp from 10.0.0.2"]),
        ({"port": 9200, "from": "balancers"}, ["9200/tcp from fd00::4"]),
        ({"port": 9200, "from": "nobody"}, []),
    ],
)
def test_what_roles_declare_is_added(entry, expected):
    assert sorted(set(opened("m1", [dict(entry, name="test")])) - set(opened("m1"))) == expected


@pytest.mark.parametrize(
    "entry, sentence",
    [
        ({"port": 0, "from": "any"}, "test in firewall_open has the port 0; write one between 1 and 65535"),
        ({"port": "99-10", "from": "any"}, "has the port '99-10'"),
        ({"port": "ssh", "from": "any"}, "has the port 'ssh'"),
        ({"port": 2376, "from": "10.0.0.0/8"}, "port 2375 or 2376, the engine's API"),
        ({"port": "2000-3000", "from": "any"}, "these ports stay closed"),
        ({"port": 1, "from": "any", "protocol": "sctp"}, "has the protocol sctp"),
        ({"port": 1, "from": "unknown_group"}, "'unknown_group' is no group of the inventory, not 'any', and no address or subnet"),
        ({"port": 1, "from": "10.0.0.1/8"}, "has host bits set"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_a_sentence(entry, sentence):
    with pytest.raises(Refusal) as refusal:
        opened("m1", [dict(entry, name="test")])
    assert sentence in str(refusal.value)


def test_the_lists_of_several_variables_are_open_together():
    lists = {
        "firewall_open": [{"name": "web", "port": 80, "from": "any"}],
        "search_firewall_open": [{"name": "search", "port": 9200, "from": "balancers"}, {"name": "web", "port": "80", "from": "any"}],
        "cache_firewall_open": [],
    }
    found = firewall_openings.openings("w3", [], ["w3"], ADDRESSES, GROUPS, lists)
    assert [name_of(opening) for opening in found] == ["80/tcp from everywhere", "9200/tcp from fd00::4"]


@pytest.mark.parametrize(
    "entries, sentence",
    [
        ({"name": "a", "port": 1, "from": "any"}, "search_firewall_open is no list."),
        ("9200", "search_firewall_open is no list."),
        (None, "search_firewall_open is no list."),
        (["9200"], "The entry 9200 of search_firewall_open lacks name, port, from."),
        ([{"name": "a", "from": "any"}], "of search_firewall_open lacks port. An opening has name, port and from"),
        ([{"name": "a", "port": 1, "from": "any", "proto": "udp"}], "of search_firewall_open has proto, which means nothing."),
        ([{"name": "a", "port": 0, "from": "any"}], "a in search_firewall_open has the port 0"),
    ],
)
def test_what_another_variable_says_wrongly_is_refused_with_its_name(entries, sentence):
    with pytest.raises(Refusal) as refusal:
        firewall_openings.openings("m1", MANAGERS, WORKERS, ADDRESSES, GROUPS, {"search_firewall_open": entries})
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    "named, sources",
    [
        ([], []),
        (["any"], []),
        (["192.0.2.0/24", "any"], []),
        (["192.0.2.0/24", "balancers"], ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.9.0.3", "192.0.2.0/24", "fd00::4"]),
        (["nobody"], ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.9.0.3"]),
    ],
)
def test_published_ports_are_reached_by_those_who_are_named_and_by_the_swarm(named, sources):
    assert firewall_openings.published(named, "m1", MANAGERS, WORKERS, GROUPS, ADDRESSES) == sources


# Addresses


@pytest.fixture
def resolver(monkeypatch):
    known = {"m2": ["127.0.1.1"], "m2.example.com": ["10.0.0.2", "fe80::1"], "10.0.0.9": ["10.0.0.9"]}
    asked = []

    def addresses_of(name):
        asked.append(name)
        return known.get(name, [name])

    monkeypatch.setattr(addresses_filter, "addresses_of", addresses_of)
    return asked


IP = "1: lo    inet 127.0.0.1/8 scope host lo\n2: eth1    inet 10.5.0.3/24 brd 10.5.0.255\n2: eth1    inet6 fe80::5/64 scope link\n"


@pytest.mark.parametrize(
    "host, told, expected",
    [
        ("m1", {"named": ["10.0.0.1", ""]}, ["10.0.0.1"]),
        ("m1", {"named": ["10.0.0.1:2377", "10.9.0.1"]}, ["10.0.0.1", "10.9.0.1"]),
        ("m1", {"named": ["[fd00::1]:2377"]}, ["fd00::1"]),
        ("w3", {"named": ["eth1"], "report": "@@ addresses\n" + IP}, ["10.5.0.3"]),
        ("w3", {"named": ["eth1"], "connection": "10.0.0.9"}, ["10.0.0.9"]),
        ("m2", {"connection": "m2.example.com"}, ["10.0.0.2"]),
        ("m2", {"member": {"node_addr": "10.0.0.2"}}, ["10.0.0.2"]),
        ("m2", {"nodes": [{"hostname": "m2", "addr": "10.0.0.22"}]}, ["10.0.0.22"]),
        ("w3.example.com", {"nodes": [{"hostname": "w3", "addr": "10.0.0.3"}]}, ["10.0.0.3"]),
        ("m2", {}, []),
        ("m2", {"member": {"node_addr": None}}, []),
    ],
)
def test_the_address_is_the_first_of_what_is_said_resolved_or_known_to_the_swarm(resolver, host, told, expected):
    found = addresses_filter.firewall_addresses(
        [host],
        named={host: told.get("named", [])},
        connections={host: told.get("connection", "")},
        reports={host: told.get("report", "")},
        members={host: told.get("member")},
        nodes=told.get("nodes"),
    )
    assert found == {"addresses": {host: expected}, "unknown": [] if expected else [host]}


def test_no_name_is_resolved_where_an_address_is_said(resolver):
    addresses_filter.firewall_addresses(["m1"], {"m1": ["10.0.0.1"]}, {"m1": "m1.example.com"})
    assert resolver == []


# What verify tries


def test_managers_must_be_reached_on_one_port_more_and_no_engines_api():
    targets = TargetsModule().filters()["firewall_targets"](ADDRESSES, ["m2", "w3"], MANAGERS)
    assert [("%(host)s %(address)s:%(port)d" % target, target["wanted"]) for target in targets] == [
        ("m2 10.0.0.2:2377", True),
        ("m2 10.0.0.2:7946", True),
        ("m2 10.0.0.2:2375", False),
        ("m2 10.0.0.2:2376", False),
        ("w3 10.0.0.3:7946", True),
        ("w3 10.0.0.3:2375", False),
        ("w3 10.0.0.3:2376", False),
    ]


def test_a_connection_must_come_about_where_the_host_tells_that_somebody_listens():
    reports = {"m2": "@@ listeners\n00000000:0949\n0200000A:1F0A\n00000000:0947\n@@ ssh\n22\n", "w3": ""}
    targets = TargetsModule().filters()["firewall_targets"](ADDRESSES, ["m2", "w3"], MANAGERS, reports)
    assert [(target["host"], target["port"]) for target in targets if target["listens"]] == [("m2", 2377), ("m2", 7946)]
