# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a host tells is understood: who filters, and what would be kept out."""

from __future__ import annotations

import json

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import firewall_report
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_report import Chain, Rule, closes


def iptables_closes(*lines):
    chains = firewall_report.iptables("\n".join(lines))
    return closes(chains["INPUT"], chains)


@pytest.mark.parametrize(
    "lines, expected",
    [
        (["-P INPUT ACCEPT"], False),
        (["-P INPUT DROP"], True),
        (["-P INPUT DROP", "-A INPUT -j ACCEPT"], False),
        (["-P INPUT DROP", "-A INPUT -i eth0 -j ACCEPT"], True),
        (["-P INPUT ACCEPT", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "-A INPUT -j REJECT --reject-with tcp-reset"], True),
        (["-P INPUT ACCEPT", "-A INPUT -p tcp -m tcp --dport 25 -j DROP"], False),
        (["-P INPUT ACCEPT", "-A INPUT -i eth0 -j DROP"], True),
        (["-P INPUT ACCEPT", "-A INPUT ! -i lo -j DROP"], True),
        (["-P INPUT ACCEPT", "-A INPUT -i lo -j DROP"], False),
        (["-P INPUT ACCEPT", '-A INPUT -m comment --comment "the rest" -j DROP'], True),
        # fail2ban
        (["-P INPUT ACCEPT", "-N f2b", "-A INPUT -p tcp -m multiport --dports 22 -j f2b", "-A f2b -s 192.0.2.1/32 -j REJECT"], False),
        (["-P INPUT ACCEPT", "-N rest", "-A INPUT -j rest", "-A rest -s 10.0.0.0/8 -j ACCEPT", "-A rest -j DROP"], True),
        (["-P INPUT ACCEPT", "-N rest", "-A INPUT -i eth0 -j rest", "-A rest -j DROP"], True),
        (["-P INPUT ACCEPT", "-N rest", "-A INPUT -j rest", "-A rest -j RETURN", "-A rest -j DROP"], False),
        (["-P INPUT DROP", "-N all", "-A INPUT -g all", "-A all -j ACCEPT"], False),
        (["-P INPUT ACCEPT", "-A INPUT -j LOG"], False),
        (["-P INPUT ACCEPT", "-N a", "-N b", "-A INPUT -j a", "-A a -j b", "-A b -j a"], False),
    ],
)
def test_whether_iptables_keep_out_what_no_rule_lets_in(lines, expected):
    assert iptables_closes(*lines) is expected


INPUT = {"family": "inet", "table": "filter", "name": "input", "handle": 3, "type": "filter", "hook": "input", "prio": 0}


def nftables(*rules, policy="accept", other=()):
    """A table inet filter as nft 1.0.6 tells it."""
    told = [
        {"metainfo": {"version": "1.0.6"}},
        {"table": {"family": "inet", "name": "filter", "handle": 1}},
        {"set": {"family": "inet", "name": "bad", "table": "filter", "type": "ipv4_addr", "handle": 2}},
        {"chain": dict(INPUT, policy=policy)},
        {"chain": {"family": "inet", "table": "filter", "name": "more", "handle": 4}},
    ]
    for chain, expressions in [("input", rule) for rule in rules] + [("more", rule) for rule in other]:
        told.append({"rule": {"family": "inet", "table": "filter", "chain": chain, "handle": 9, "comment": "mine", "expr": expressions}})
    return firewall_report.nftables(json.dumps({"nftables": told}))


PORT = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}
ETH0 = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}
NOT_LO = {"match": {"op": "!=", "left": {"meta": {"key": "iif"}}, "right": "lo"}}
LO = {"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": "lo"}}
COUNTER = {"counter": {"packets": 0, "bytes": 0}}
STATES = {"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": None}]]}}}
DROP, ACCEPT, REJECT, MORE = {"drop": None}, {"accept": None}, {"reject": {"type": "icmpx"}}, {"jump": {"target": "more"}}


@pytest.mark.parametrize(
    "rules, options, expected",
    [
        ([], {}, False),
        ([], {"policy": "drop"}, True),
        ([[PORT, ACCEPT], [STATES]], {"policy": "drop"}, True),
        ([[ACCEPT]], {"policy": "drop"}, False),
        ([[STATES], [PORT, DROP]], {}, False),
        ([[PORT, ACCEPT], [COUNTER, {"log": {"prefix": "x"}}, REJECT]], {}, True),
        ([[ETH0, DROP]], {}, True),
        ([[NOT_LO, DROP]], {}, True),
        ([[LO, DROP]], {}, False),
        ([[{"limit": {"rate": 1}}, DROP]], {}, False),
        ([[{"xt": {"type": "match", "name": "u32"}}, DROP]], {}, False),
        ([[MORE]], {"other": [[DROP]]}, True),
        ([[MORE]], {"other": [[{"return": None}], [DROP]]}, False),
        ([[MORE]], {"other": [[ETH0, {"return": None}], [DROP]]}, True),
    ],
)
def test_whether_nftables_keep_out_what_no_rule_lets_in(rules, options, expected):
    chains = nftables(*rules, **options)[("inet", "filter")]
    assert closes(chains["input"], chains) is expected


def test_chains_are_told_with_their_comments():
    chains = nftables([PORT, ACCEPT])[("inet", "filter")]
    assert chains["input"] == Chain("input", [Rule("accept", None, "some", "mine")], "input", "accept")
    assert chains["more"] == Chain("more")


def test_a_chain_for_addresses_is_none_that_filters():
    told = {"chain": {"family": "ip", "table": "nat", "name": "in", "type": "nat", "hook": "input", "prio": 100, "policy": "accept"}}
    assert firewall_report.nftables(json.dumps({"nftables": [told]}))[("ip", "nat")]["in"].hook is None


ZONES = """docker (active)
  target: ACCEPT
  interfaces: docker0 docker_gwbridge
  sources:
  rich rules:

public (default, active)
  target: default
  icmp-block-inversion: no
  interfaces: eth0
  sources:
  services: dhcpv6-client ssh
  rich rules:
\trule priority="-23770" port port="80" protocol="tcp" accept
\trule family="ipv4" source address="10.0.0.0/8" accept

work
  target: default
  interfaces:
  sources: 10.1.0.0/16
  rich rules:
"""


def test_zones_of_firewalld():
    zones = firewall_report.zones(ZONES)
    assert {name: (zone["target"], zone["used"]) for name, zone in zones.items()} == {
        "docker": ("ACCEPT", True),
        "public": ("default", True),
        "work": ("default", True),
    }
    assert zones["docker"]["interfaces"] == ["docker0", "docker_gwbridge"]
    assert zones["public"]["rules"] == [
        'rule priority="-23770" port port="80" protocol="tcp" accept',
        'rule family="ipv4" source address="10.0.0.0/8" accept',
    ]


UNITS = """Id=nftables.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
ExecStart={ path=/usr/sbin/nft ; argv[]=/usr/sbin/nft -f /etc/nftables.conf ; ignore_errors=no ; start_time=[n/a] }

Id=ufw.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
"""


def test_a_report_is_taken_apart():
    report = firewall_report.parse(
        "a line of a banner\n@@ programs\nnft\niptables\n@@ units\n%s@@ ssh\n22\n22\n2222\n@@ addresses\n"
        "2: eth0    inet 10.10.10.88/24 brd 10.10.10.255 scope global eth0\\       valid_lft forever\n"
        "@@ ufw status\nStatus: active\n@@ ufw added\nAdded user rules (see 'ufw status' for running firewall):\nufw allow 22/tcp\n"
        "@@ iptables\n-P INPUT DROP\n@@ files\nabc  /etc/quorate/rules.nft\n@@ docker\n{\"lost\": true}\n" % UNITS
    )
    assert report["programs"] == {"nft", "iptables"}
    assert list(report["units"]) == ["nftables.service"]
    assert report["ssh_ports"] == [22, 2222]
    assert report["interfaces"] == {"eth0": ["10.10.10.88"]}
    assert report["ufw"] == {"active": True, "rules": ["allow 22/tcp"]}
    assert report["iptables"][4]["INPUT"].policy == "drop" and report["iptables"][6] == {}
    assert report["files"] == {"/etc/quorate/rules.nft": "abc"}
    assert report["docker"] == {"lost": True}
    assert report["nftables"] == {} and report["firewalld"]["runtime"] == {}


@pytest.mark.parametrize(
    "told, address, port, expected",
    [
        ("00000000:1F0A", "10.0.0.1", 7946, True),
        ("00000000000000000000000000000000:1F0A", "10.0.0.1", 7946, True),
        ("0100000A:1F0A", "10.0.0.1", 7946, True),
        ("0100000A:1F0A", "10.0.0.2", 7946, False),
        ("0100007F:1F0A", "10.0.0.1", 7946, False),
        ("00000000:1F0A", "10.0.0.1", 2377, False),
        ("000000FD000000000000000002000000:0949", "fd00::3", 2377, False),
        ("000000FD000000000000000002000000:0949", "fd00::2", 2377, True),
        ("", "10.0.0.1", 7946, False),
    ],
)
def test_where_somebody_listens(told, address, port, expected):
    assert firewall_report.listens(firewall_report.listeners(told), address, port) is expected
