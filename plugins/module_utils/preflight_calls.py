# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host listens on what and calls whom before there is a swarm, and who calls whom again. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.membership import host_of, is_address

ORDERS = "2377/tcp"
GOSSIP = ("7946/tcp", "7946/udp")
ESP = "esp"
LOOPBACK = ("127.", "localhost")
DEFAULT_MTU = 1500


def plan(hosts, managers, addresses, networks, data_path_port, forks):
    """The options of host_preflight for each host.

    C(addresses) has for each host the C(advertised) one, that for C(data), and the C(reached) one, under which Ansible finds it.
    Where hosts cannot run side by side, none waits for another.
    """
    ports = {host: ports_of(host in managers, *chosen(addresses[host]), data_path_port, networks) for host in hosts}
    side_by_side = len(hosts) <= forks
    return {
        host: {
            "listen": list(ports_of(host in managers, "here", "here", data_path_port, networks)),
            "calls": {peer: ports[peer] for peer in hosts if peer != host and ports[peer]} if side_by_side else {},
            "callers": [peer for peer in hosts if peer != host and ports[host]] if side_by_side else [],
            "sized_port": data_label(data_path_port),
            "packet_size": largest_packet(networks),
        }
        for host in hosts
    }


def again(looks, planned):
    """Members did not take part at first. Where there are others, the members call these; nobody else calls anybody."""
    members = [host for host, look in looks.items() if look["member"]]
    others = [host for host, look in looks.items() if look["member"] is False and look["met"]]
    if not members or not others:
        return {}
    calls = {other: planned[members[0]]["calls"][other] for other in others if other in planned[members[0]]["calls"]}
    if not calls:
        return {}
    chosen = {host: dict(planned[host], listen=[], calls=calls, callers=[]) for host in members}
    chosen.update({host: dict(planned[host], calls={}, callers=members) for host in calls})
    return chosen


def chosen(address):
    """The addresses for orders and for data, empty where none is known: of an interface only the name, or the way from a host to itself."""
    advertised = host_of(address.get("advertised") or "")
    data = host_of(address.get("data") or "")
    orders = advertised or address["reached"]
    if (advertised and not is_address(advertised)) or orders.startswith(LOOPBACK):
        orders = ""
    if data:
        return orders, data if is_address(data) else ""
    return orders, orders


def ports_of(is_manager, orders, data, data_path_port, networks):
    """By port the address on which the host is called. Only IPv4 is tried."""
    labels = ([ORDERS] if is_manager else []) + list(GOSSIP)
    wanted = [(label, orders) for label in labels] + [(label, data) for label in data_labels(data_path_port, networks)]
    return {label: address for label, address in wanted if address and ":" not in address}


def data_label(data_path_port):
    return "%d/udp" % (data_path_port or 4789)


def data_labels(data_path_port, networks):
    encrypted = any(network.get("encrypted") for network in present(networks))
    return [data_label(data_path_port)] + ([ESP] if encrypted else [])


def largest_packet(networks):
    return max(packet_sizes(networks).values())


def packet_sizes(networks):
    """The largest packet between the hosts, by network. An overlay's mtu is just that: the engine takes the room for its headers,
    VXLAN's and ESP's, off what containers get."""
    sizes = {"ingress": DEFAULT_MTU}
    for network in present(networks):
        if network.get("ingress"):
            sizes.pop("ingress", None)
        sizes[network["name"]] = int(network.get("mtu") or DEFAULT_MTU)
    return sizes


def present(networks):
    return [network for network in networks if network.get("state") != "absent"]
