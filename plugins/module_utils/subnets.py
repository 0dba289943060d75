# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnets of networks: whether they are well formed, and whether two claim the same addresses. No I/O."""

from __future__ import annotations

import ipaddress

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

NO_IPV6 = (
    "IPv6 packets do not cross between the hosts of an overlay (moby#47125), so only IPv4 subnets are accepted. Give an IPv4 "
    "subnet, or none to get one from the swarm's address pool."
)


def parse(network, entry):
    """The IPv4 network of one entry (subnet, gateway, ip_range) of the subnets of the network named C(network)."""
    subnet = _subnet(network, "subnet", entry["subnet"])
    if entry.get("gateway"):
        gateway = _address(network, entry["gateway"])
        if gateway not in subnet:
            raise Refusal(
                "The gateway %s of network %s lies outside of its subnet %s. Choose one inside." % (gateway, network, subnet)
            )
        if subnet.prefixlen < 31 and gateway in (subnet.network_address, subnet.broadcast_address):
            raise Refusal(
                "The gateway %s of network %s is the first or last address of its subnet %s, which no host can have. Choose one "
                "in between." % (gateway, network, subnet)
            )
    if entry.get("ip_range"):
        ip_range = _subnet(network, "ip_range", entry["ip_range"])
        if not ip_range.subnet_of(subnet):
            raise Refusal(
                "The ip_range %s of network %s lies outside of its subnet %s. Choose one inside." % (ip_range, network, subnet)
            )
    return subnet


def normalized(entry):
    """An entry in the spelling of the engine, without what is not said; it must have been parsed before."""
    texts = {"subnet": str(ipaddress.ip_network(entry["subnet"]))}
    if entry.get("gateway"):
        texts["gateway"] = str(ipaddress.ip_address(entry["gateway"]))
    if entry.get("ip_range"):
        texts["ip_range"] = str(ipaddress.ip_network(entry["ip_range"]))
    return texts


def refuse_clashes(wanted, taken=()):
    """Refuse if a wanted subnet overlaps another wanted or a taken one; both are lists of (owner, IPv4 network)."""
    for position, (owner, subnet) in enumerate(wanted):
        for other_owner, other in list(wanted[:position]) + list(taken):
            if subnet.overlaps(other):
                raise Refusal(
                    "The subnet %s of %s overlaps %s of %s; nothing was changed. Choose another subnet."
                    % (subnet, owner, other, other_owner)
                )


def are_automatic(entries, pools, prefix_length):
    """Whether a network's subnets look like what the swarm hands out by itself, so that a new network would get the like."""
    if len(entries) > 1 or any(chosen_options(entry) for entry in entries):
        return False
    return all(
        subnet.version == 4
        and subnet.prefixlen == prefix_length
        and any(subnet.subnet_of(ipaddress.ip_network(pool)) for pool in pools)
        for subnet in (ipaddress.ip_network(entry["subnet"]) for entry in entries)
    )


def chosen_options(entry):
    """Which of gateway and ip_range somebody must have chosen: the engine by itself takes the first address, and no range."""
    first = str(ipaddress.ip_network(entry["subnet"]).network_address + 1)
    chosen = [] if entry.get("gateway", first) == first else ["gateway"]
    return chosen + [option for option in ("ip_range",) if entry.get(option)]


def _subnet(network, option, text):
    try:
        return ipaddress.IPv4Network(text)
    except ValueError as exc:
        problem = exc
    try:
        loose = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Refusal(
            "The %s %r of network %s is no subnet: %s. Write it as address/prefix length, such as 10.20.0.0/24."
            % (option, text, network, problem)
        ) from None
    if loose.version == 6:
        raise Refusal("The %s %s of network %s is IPv6. %s" % (option, text, network, NO_IPV6))
    raise Refusal(
        "The %s %s of network %s has bits set to the right of its prefix. Write %s if that is meant."
        % (option, text, network, loose)
    )


def _address(network, text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Refusal(
            "The gateway %r of network %s is no address. Write it without a prefix length, such as 10.20.0.1." % (text, network)
        ) from None
    if address.version == 6:
        raise Refusal("The gateway %s of network %s is IPv6. %s" % (text, network, NO_IPV6))
    return address
