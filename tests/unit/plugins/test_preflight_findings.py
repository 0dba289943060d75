# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of hosts, with all of them in view."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.quorate.swarm.plugins.filter.preflight_calls import preflight_calls
from ansible_collections.quorate.swarm.plugins.filter.preflight_findings import FilterModule

findings = FilterModule().filters()["preflight_findings"]
HOSTS = ["m1", "m2", "w3"]
ADDRESSES = {"m1": "192.0.2.1", "m2": "192.0.2.2", "w3": "192.0.2.3"}
DEMO = [{"name": "demo", "encrypted": True}]
PLANNED = preflight_calls(HOSTS, ["m1", "m2"], ADDRESSES, networks=DEMO)
NOW = 1795291593.0


def look(host, member=False):
    """A host on which all is well, and that took one second after one second on the way."""
    called = {
        peer: {
            label: dict({"address": address, "result": "open", "detail": None}, **({"largest": 1500} if label == "4789/udp" else {}))
            for label, address in ports.items()
        }
        for peer, ports in PLANNED[host]["calls"].items()
    }
    return {
        "member": member,
        "machine_id": "machine of %s" % host,
        "engine_id": None,
        "addresses": ["127.0.0.1", ADDRESSES[host]],
        "routes": [{"interface": "eth0", "subnet": "192.0.2.0/24"}, {"interface": "docker0", "subnet": "172.17.0.0/16"}],
        "kernel": {"vxlan": True, "ip_vs": True, "esp4": True},
        "clock": {"started": NOW + 1, "finished": NOW + 16},
        "controller_clock": {"before": NOW, "after": NOW + 17},
        "met": not member,
        "began": NOW + 1,
        "ended": NOW + 16,
        "listening": [] if member else PLANNED[host]["listen"],
        "taken": ["4789/udp", "7946/tcp", "7946/udp"] if member else [],
        "heard": {},
        "presence": {},
        "calls": {} if member else called,
    }


@pytest.fixture
def looks():
    return {host: look(host) for host in HOSTS}


@pytest.fixture
def members():
    return {host: look(host, member=True) for host in HOSTS}


def judge(looks, **options):
    return findings(looks, **dict({"planned": PLANNED, "networks": DEMO}, **options))


def said(looks, **options):
    found = judge(looks, **options)
    return found["refusals"], found["warnings"]


def silence(looks, caller, peer, *labels, detail=None):
    for label in labels:
        looks[caller]["calls"][peer][label] = {"address": ADDRESSES[peer], "result": "silent", "detail": detail}


def shift(look, seconds):
    look["clock"] = {moment: value + seconds for moment, value in look["clock"].items()}
    look["began"] += seconds
    look["ended"] += seconds


def test_hosts_of_which_a_swarm_can_be_made(looks, members):
    assert judge(looks) == {"refusals": [], "warnings": [], "closed": [], "again": {}}
    assert judge(members) == {"refusals": [], "warnings": [], "closed": [], "again": {}}
    assert judge({"m1": {"skipped": True}}) == {"refusals": [], "warnings": [], "closed": [], "again": {}}


def test_a_host_that_did_not_answer_is_no_finding(looks):
    silence(looks, "m1", "w3", "7946/udp", "7946/tcp", "4789/udp", "esp")
    silence(looks, "m2", "w3", "7946/udp", "7946/tcp", "4789/udp", "esp")
    del looks["w3"]
    assert said(looks, complete=False) == ([], [])


@pytest.mark.parametrize(
    "key, sentence", [("machine_id", "m1 and w3 have the same machine ID."), ("engine_id", "m1 and w3 have the same engine ID.")]
)
def test_hosts_that_were_copied(looks, members, key, sentence):
    for some in (looks, members):
        some["m1"][key] = some["w3"][key] = "the same"
    refusals, warnings = said(looks)
    assert refusals[0].startswith(sentence) and warnings == []
    refusals, warnings = said(members)
    assert warnings[0].startswith(sentence) and refusals == [], "members have been members with it"


@pytest.mark.parametrize(
    "seconds, told, refused",
    [
        (0, None, False),
        (-6, None, False),
        (7.5, "The clock of w3 is at least 5 s ahead of that of m1", False),
        (-60, "The clock of w3 is at least 58 s behind that of m1", False),
        (-63, "The clock of w3 is at least 61 s behind that of m1", True),
        (3600, "The clock of w3 is at least 3598 s ahead of that of m1", True),
    ],
)
def test_clocks(looks, members, seconds, told, refused):
    shift(looks["w3"], seconds)
    refusals, warnings = said(looks)
    assert len(refusals + warnings) == (told is not None)
    if told:
        assert (refusals if refused else warnings)[0].startswith(told)
    shift(members["w3"], seconds)
    assert said(members)[0] == []


def test_the_time_that_ansible_needs_is_no_wrong_clock(looks):
    looks["w3"]["controller_clock"] = {"before": NOW - 100, "after": NOW + 17}
    looks["m2"]["controller_clock"] = {"before": NOW, "after": NOW + 200}
    assert said(looks) == ([], [])


def test_the_clock_that_differs_from_most_is_the_wrong_one(looks):
    shift(looks["m1"], 3600)
    assert said(looks)[0][0].startswith("The clock of m1 is at least 3598 s ahead of that of m2")


def test_a_members_wrong_clock_is_refused_where_another_host_would_join(looks, members):
    """The member may be the manager that signs the newcomer's certificate."""
    shift(members["m1"], 3600)
    assert said(members)[0] == []
    members["w3"] = looks["w3"]
    assert said(members)[0][0].startswith("The clock of m1 is at least")


def test_limits_of_the_clocks(looks):
    shift(looks["w3"], 30)
    assert said(looks, clock_warning=40)[1] == []
    assert len(said(looks, clock_refusal=20)[0]) == 1


@pytest.mark.parametrize(
    "module, refused, sentence",
    [
        ("vxlan", True, "no overlay network works there"),
        ("ip_vs", False, "virtual addresses"),
        ("esp4", True, "encrypted overlay networks carry nothing"),
    ],
)
def test_kernel_modules(looks, module, refused, sentence):
    looks["m2"]["kernel"][module] = False
    looks["w3"]["kernel"][module] = None
    [told] = said(looks)[0 if refused else 1]
    assert told.startswith("The kernel of m2 has no module %s" % module) and sentence in told and "modprobe %s" % module in told


ROUTES = [
    # route, networks, options, the beginning of what is said
    ("10.0.0.0/24", DEMO, {}, "The subnet 10.0.0.0/24 of the ingress network overlaps the route to 10.0.0.0/24 by"),
    ("10.0.1.128/25", DEMO, {}, "The subnet 10.0.1.0/24 of the overlay demo overlaps the route to 10.0.1.128/25"),
    (
        "172.20.0.0/16", DEMO, {"default_addr_pool": ["172.20.0.0/16"]},
        "The subnets 172.20.0.0/24 of the ingress network and 172.20.1.0/24 of the overlay demo overlap",
    ),
    ("172.20.0.64/26", DEMO, {"default_addr_pool": ["172.20.0.0/16"], "subnet_size": 26}, "The subnet 172.20.0.64/26 of the overlay demo"),
    ("10.0.0.0/24", DEMO, {"default_addr_pool": ["172.20.0.0/16"]}, None),
    ("10.20.0.0/16", [{"name": "demo", "subnets": [{"subnet": "10.20.5.0/24"}]}], {}, "The subnet 10.20.5.0/24 of the overlay demo"),
    ("10.0.0.0/24", [{"name": "in", "ingress": True}], {}, "The subnet 10.0.0.0/24 of the ingress network"),
    ("10.0.1.0/24", [{"name": "a", "subnets": [{"subnet": "10.0.0.0/24"}]}, {"name": "b"}], {}, "The subnet 10.0.1.0/24 of the ingress"),
]


@pytest.mark.parametrize("route, networks, options, sentence", ROUTES)
def test_routes(looks, members, route, networks, options, sentence):
    for some in (looks, members):
        some["m2"]["routes"].append({"interface": "eth1", "subnet": route})
    refusals, warnings = said(looks, networks=networks, **options)
    assert warnings == [] and len(refusals) == (sentence is not None)
    if sentence:
        assert refusals[0].startswith(sentence) and "by eth1 of m2" in refusals[0]
    assert said(members, networks=networks, **options)[0] == [], "a swarm that is there has its subnets"
    assert said(looks, networks=networks, complete=False, **options)[0] == [], "there may be one"


LATER_ROUTES = [
    # route, networks, options, the pool, after how many networks
    ("10.0.2.0/24", DEMO, {}, "10.0.0.0/8", 2),
    ("10.0.255.128/25", DEMO, {}, "10.0.0.0/8", 255),
    ("10.0.1.0/24", [{"name": "demo", "subnets": [{"subnet": "10.20.5.0/24"}]}], {}, "10.0.0.0/8", 1),
    ("10.0.5.0/24", [{"name": "demo", "state": "absent", "subnets": [{"subnet": "10.0.5.0/24"}]}], {}, "10.0.0.0/8", 5),
    ("10.0.0.0/24", [{"name": "in", "ingress": True, "subnets": [{"subnet": "10.20.5.0/24"}]}], {}, "10.0.0.0/8", 0),
    ("172.21.0.0/16", DEMO, {"default_addr_pool": ["172.20.0.0/17", "172.21.0.0/16"]}, "172.21.0.0/16", 128),
    ("172.21.0.0/24", DEMO, {"default_addr_pool": ["172.20.0.0/18", "172.21.0.0/16"], "subnet_size": 25}, "172.21.0.0/16", 128),
    ("172.20.128.0/17", DEMO, {"default_addr_pool": ["ten", "172.20.0.0/16"]}, "172.20.0.0/16", 128),
]


@pytest.mark.parametrize("route, networks, options, pool, number", LATER_ROUTES)
def test_routes_into_what_the_pool_gives_out_later_are_told(looks, members, route, networks, options, pool, number):
    for some in (looks, members):
        for host in ("m2", "w3"):
            some[host]["routes"].append({"interface": "eth1", "subnet": route})
    refusals, warnings = said(looks, networks=networks, **options)
    assert refusals == [] and len(warnings) == 1
    assert warnings[0].startswith("The address pool %s of the swarm overlaps the route to %s by eth1 of m2 and w3. " % (pool, route))
    assert "after some %d networks" % number in warnings[0] and "set swarm_default_addr_pool" in warnings[0]
    assert said(members, networks=networks, **options) == ([], []), "the pool of a swarm that is there is fixed"


def test_routes_into_what_no_swarm_ever_comes_to_are_no_worry(looks):
    looks["m1"]["routes"] += [{"interface": "eth1", "subnet": "10.10.10.0/24"}, {"interface": "wg0", "subnet": "10.255.0.0/16"}]
    assert said(looks) == ([], [])


def test_all_routes_into_a_pool_are_told_at_once_and_a_refused_one_only_once(looks):
    looks["m1"]["routes"] += [{"interface": "eth1", "subnet": "10.0.9.0/24"}, {"interface": "wg0", "subnet": "10.0.8.0/24"}]
    looks["m2"]["routes"].append({"interface": "eth1", "subnet": "10.0.0.0/23"})
    refusals, warnings = said(looks)
    assert len(refusals) == 1 and "the route to 10.0.0.0/23 by eth1 of m2" in refusals[0]
    assert len(warnings) == 1 and "after some 8 networks" in warnings[0]
    assert "overlaps the route to 10.0.9.0/24 by eth1 of m1 and the route to 10.0.8.0/24 by wg0 of m1." in warnings[0]


@pytest.mark.parametrize("interface", ["docker0", "docker_gwbridge", "br-0123456789ab", "veth1a2b"])
def test_routes_of_the_engine_are_no_clash(looks, interface):
    looks["m2"]["routes"].append({"interface": interface, "subnet": "10.0.0.0/24"})
    assert said(looks) == ([], [])


def test_in_a_swarm_that_is_there_only_the_ingress_network_is_where_it_is_expected(members):
    members["m2"]["routes"].append({"interface": "eth1", "subnet": "10.0.1.0/24"})
    assert said(members) == ([], [])
    members["m2"]["routes"].append({"interface": "eth1", "subnet": "10.0.0.0/24"})
    assert "The pool of a swarm is fixed when it is created" in said(members)[1][0]


@pytest.mark.parametrize(
    "networks, sentence",
    [
        ([{"name": "demo", "subnets": [{"subnet": "ten"}]}], "is no subnet"),
        ([{"name": "demo", "mtu": "wide"}], "overlay_networks is invalid"),
    ],
)
def test_networks_that_are_invalid_are_refused(looks, networks, sentence):
    assert sentence in said(looks, networks=networks)[0][0]


def test_closed_ports_are_named_with_the_hosts(looks):
    for caller in ("m1", "w3"):
        silence(looks, caller, "m2", "2377/tcp", "7946/tcp", detail="no answer")
        silence(looks, caller, "m2", "4789/udp", "esp")
    refusals, warnings = said(looks)
    assert warnings == [] and len(refusals) == 1
    assert refusals[0].startswith(
        "From m1 and w3 nothing gets through to m2 (192.0.2.2) on 2377/tcp, 4789/udp, 7946/tcp and IP protocol 50 (ESP) (no answer). "
        "Open 2377/tcp, 4789/udp, 7946/tcp and IP protocol 50 (ESP) on m2 for all hosts of the swarm"
    )


def test_closed_ports_of_a_host_whose_firewall_is_opened_next_are_a_warning(looks):
    silence(looks, "m1", "m2", "7946/tcp")
    silence(looks, "m1", "w3", "7946/tcp")
    assert judge(looks)["closed"] == ["m2", "w3"]
    found = judge(looks, opened=["m2"])
    assert found["closed"] == ["w3"] and "through to w3" in found["refusals"][0] and len(found["refusals"]) == 1
    assert found["warnings"] == [
        "From m1 nothing gets through to m2 (192.0.2.2) on 7946/tcp. The firewall of m2 is opened next; whatever filters in between is not."
    ]


def test_a_call_that_was_heard_went_through(looks):
    silence(looks, "m1", "m2", "4789/udp")
    looks["m2"]["heard"] = {"4789/udp": ["m1"]}
    assert said(looks) == ([], [])


def test_nothing_is_said_of_ports_on_which_a_host_did_not_listen(looks):
    silence(looks, "m1", "m2", "4789/udp", "esp", "2377/tcp")
    looks["m2"]["listening"] = ["7946/tcp", "7946/udp"]
    assert said(looks) == ([], [])
    looks["m2"]["taken"] = ["4789/udp"]
    refusals, warnings = said(looks)
    assert refusals == [] and warnings[0].startswith("Something else than a swarm's engine listens on 4789/udp of m2")
    looks["m2"]["taken"] = ["2377/tcp"]
    assert "m2 (192.0.2.2) on 2377/tcp" in said(looks)[0][0], "a connection would have been accepted"


def test_hosts_that_were_not_there_together(looks):
    silence(looks, "m1", "m2", "4789/udp")
    looks["m2"].update(began=NOW + 14, ended=NOW + 29, clock={"started": NOW + 14, "finished": NOW + 29})
    looks["m2"]["controller_clock"] = {"before": NOW + 13, "after": NOW + 30}
    refusals, warnings = said(looks)
    assert refusals == [] and warnings[0].startswith("Whether the ports are open from m1 to m2 was not seen")
    looks["m1"]["presence"] = {"m2": 4.0}
    assert len(said(looks)[0]) == 1, "m1 heard m2 for long enough, so m2 was there"


def test_wrong_clocks_do_not_hide_that_hosts_were_there_together(looks):
    silence(looks, "m1", "m2", "4789/udp")
    shift(looks["m2"], 3600)
    assert any("on 4789/udp" in sentence for sentence in said(looks)[0])


def test_addresses_that_lead_elsewhere_prove_nothing(looks):
    silence(looks, "m1", "m2", "4789/udp")
    looks["m2"]["addresses"] = ["172.16.0.2"]
    refusals, warnings = said(looks)
    assert refusals == [] and "192.0.2.2, under which m1 called it, is no address of its own" in warnings[0]
    looks["m1"]["calls"]["m2"]["4789/udp"] = {"address": "192.0.2.2", "result": "stranger", "detail": "w3"}
    assert "from m1 the address 192.0.2.2 leads to w3" in said(looks)[1][0]
    looks["m1"]["calls"]["m2"]["4789/udp"] = {"address": "m2", "result": "untested", "detail": "the name m2 is not known there"}
    assert "on m1 the name m2 is not known there" in said(looks)[1][0]


@pytest.mark.parametrize(
    "networks, largest, sentence",
    [
        (DEMO, 1400, "The overlay networks ingress and demo send packets of up to 1500: raise the MTU between the hosts, or give each"),
        ([{"name": "demo", "mtu": 1400}], 1400, "The overlay network ingress sends packets of up to 1500: raise the MTU"),
        ([{"name": "in", "ingress": True, "mtu": 1400}, {"name": "demo", "mtu": 1400}], 1400, None),
    ],
)
def test_packets_that_are_too_large(looks, networks, largest, sentence):
    for peer in ("m1", "m2"):
        looks["w3"]["calls"][peer]["4789/udp"]["largest"] = largest
    refusals, warnings = said(looks, networks=networks)
    assert refusals == [] and len(warnings) == (sentence is not None)
    if sentence:
        assert warnings[0].startswith("From w3 to m1 and m2 packets of 1500 bytes do not pass uncut, of %d bytes they do. " % largest)
        assert sentence in warnings[0]


def test_a_host_that_joins_members(members):
    members["w3"] = look("w3")
    members["w3"]["calls"]["m1"]["7946/udp"] = {"address": "192.0.2.1", "result": "untested", "detail": None}
    found = judge(members)
    assert (found["refusals"], found["warnings"], sorted(found["again"])) == ([], [], HOSTS)
    silence(members, "w3", "m1", "7946/tcp", detail="no answer")
    assert "From w3 nothing gets through to m1 (192.0.2.1) on 7946/tcp" in said(members)[0][0]
    members["w3"] = look("w3")
    second = {host: copy.deepcopy(members[host]) for host in HOSTS}
    for member in ("m1", "m2"):
        second[member]["met"] = True
        second[member]["calls"] = {"w3": {"4789/udp": {"address": "192.0.2.3", "result": "silent", "detail": None}}}
    found = judge(members, second=second)
    # A third judgement, once the firewalls were asked, finds the second looks by it.
    assert sorted(found["again"]) == HOSTS and "From m1 and m2 nothing gets through to w3 (192.0.2.3) on 4789/udp" in found["refusals"][0]


def test_without_root_nothing_is_refused_that_needs_it(looks):
    looks["w3"].update(member=None, met=False, calls={}, listening=[])
    silence(looks, "m1", "w3", "7946/udp")
    refusals, warnings = said(looks)
    assert refusals == [] and warnings[0].startswith("Whether w3 is in a swarm cannot be seen without root")


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"forks": 2}, "Give Ansible --forks 3 or more"),
        ({"advertise_addrs": {"w3": "eth1"}}, "Whether the ports of w3 are open was not seen"),
    ],
)
def test_what_could_not_be_tested_is_said_where_it_matters(looks, members, options, sentence):
    planned = preflight_calls(HOSTS, ["m1", "m2"], ADDRESSES, networks=DEMO, **options)
    refusals, warnings = said(looks, planned=planned)
    assert refusals == [] and sentence in warnings[0]
    assert said(members, planned=planned) == ([], [])
