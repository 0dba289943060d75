# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls whom on what."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.preflight_calls import FilterModule
from ansible_collections.quorate.swarm.plugins.module_utils import preflight_calls as decisions

planned = FilterModule().filters()["preflight_calls"]
HOSTS = ["m1", "m2", "w3"]
ADDRESSES = {"m1": "10.0.9.1", "m2": "10.0.9.2", "w3": "10.0.9.3"}
ENCRYPTED = [{"name": "demo", "encrypted": True}]


def plan(**options):
    return planned(**dict({"hosts": HOSTS, "managers": ["m1", "m2"], "ansible_hosts": ADDRESSES}, **options))


def test_every_host_calls_every_other_one():
    found = plan()
    assert found["w3"]["calls"]["m1"] == dict.fromkeys(["2377/tcp", "7946/tcp", "7946/udp", "4789/udp"], "10.0.9.1")
    assert found["m1"]["calls"]["w3"] == dict.fromkeys(["7946/tcp", "7946/udp", "4789/udp"], "10.0.9.3")
    assert sorted(found["m1"]["calls"]) == found["m1"]["callers"] == ["m2", "w3"]
    assert found["m1"]["listen"] == ["2377/tcp", "7946/tcp", "7946/udp", "4789/udp"]
    assert found["w3"]["listen"] == ["7946/tcp", "7946/udp", "4789/udp"]
    assert (found["w3"]["sized_port"], found["w3"]["packet_size"]) == ("4789/udp", 1500)
    assert found["w3"]["kernel_modules"] == ["vxlan", "ip_vs"]


def test_esp_only_where_an_overlay_is_encrypted_and_another_data_port():
    found = plan(networks=ENCRYPTED, data_path_port=7777)
    assert found["w3"]["listen"] == ["7946/tcp", "7946/udp", "7777/udp", "esp"]
    assert found["m1"]["calls"]["w3"]["esp"] == "10.0.9.3" and found["m1"]["sized_port"] == "7777/udp"
    assert found["w3"]["kernel_modules"] == ["vxlan", "ip_vs", "esp4"]
    assert "esp" not in plan(networks=[dict(ENCRYPTED[0], state="absent")])["w3"]["listen"]


@pytest.mark.parametrize(
    "options, orders, data",
    [
        ({"advertise_addrs": {"w3": "192.0.2.3"}}, "192.0.2.3", "192.0.2.3"),
        ({"advertise_addrs": {"w3": "192.0.2.3:2377"}}, "192.0.2.3", "192.0.2.3"),
        ({"advertise_addrs": {"w3": "eth1"}}, None, None),
        ({"advertise_addrs": {"w3": "fd00::3"}}, None, None),
        ({"advertise_addrs": {"w3": ""}}, "10.0.9.3", "10.0.9.3"),
        ({"data_path_addrs": {"w3": "192.0.2.9"}}, "10.0.9.3", "192.0.2.9"),
        ({"data_path_addrs": {"w3": "eth1"}}, "10.0.9.3", None),
        ({"advertise_addrs": {"w3": "eth1"}, "data_path_addrs": {"w3": "192.0.2.9"}}, None, "192.0.2.9"),
        ({"ansible_hosts": {"w3": "127.0.0.1"}}, None, None),
        ({"ansible_hosts": {}}, "w3", "w3"),
    ],
)
def test_a_host_is_called_by_the_addresses_that_the_swarm_will_use(options, orders, data):
    calls = plan(**options)["m1"]["calls"].get("w3", {})
    assert (calls.get("7946/tcp"), calls.get("4789/udp")) == (orders, data)


def test_hosts_that_cannot_run_side_by_side_do_not_wait_for_each_other():
    found = plan(forks=2)
    assert all(options["calls"] == {} and options["callers"] == [] for options in found.values())
    assert plan(forks=3)["m1"]["calls"]


@pytest.mark.parametrize(
    "networks, sizes",
    [
        ([], {"ingress": 1500}),
        ([{"name": "demo", "mtu": 1400}], {"ingress": 1500, "demo": 1400}),
        ([{"name": "demo", "mtu": 8950, "encrypted": True}], {"ingress": 1500, "demo": 8950}),
        ([{"name": "in", "ingress": True, "mtu": 1400}, {"name": "demo", "mtu": 1300}], {"in": 1400, "demo": 1300}),
        ([{"name": "old", "state": "absent", "mtu": 9000}], {"ingress": 1500}),
    ],
)
def test_how_large_packets_between_the_hosts_are(networks, sizes):
    assert decisions.packet_sizes(networks) == sizes


def look(member, met=False):
    return {"member": member, "met": met}


@pytest.mark.parametrize(
    "looks, calling",
    [
        ({"m1": look(False, True), "m2": look(False, True), "w3": look(False, True)}, {}),
        ({"m1": look(True), "m2": look(True), "w3": look(True)}, {}),
        ({"m1": look(True), "m2": look(True), "w3": look(False, True)}, {"m1": ["w3"], "m2": ["w3"], "w3": []}),
        ({"m1": look(True), "w3": look(None)}, {}),
        ({"m1": look(True), "m2": look(False, True), "w3": look(False, True)}, {"m1": ["m2", "w3"], "m2": [], "w3": []}),
    ],
)
def test_members_call_the_others_in_a_second_round(looks, calling):
    again = decisions.again(looks, plan())
    assert {host: sorted(options["calls"]) for host, options in again.items()} == calling
    members = [host for host in looks if looks[host]["member"]]
    for host, options in again.items():
        assert options["callers"] == ([] if host in members else members)
        assert bool(options["listen"]) is (host not in members)
