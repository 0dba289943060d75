# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether containers can have addresses that are chosen for them, by what is said of their network. No I/O."""

from __future__ import annotations

import ipaddress


def refusals(addresses, pools, network):
    """Sentences on C(addresses), by who is to have them.

    Each of C(pools) has a C(subnet), and may have C(gateway), C(ip_range) (C(iprange)) and C(aux_addresses). Without pools the network
    was made by somebody else, and says itself what it cannot have.
    """
    told = []
    known = [_Pool(pool) for pool in pools or () if _network(pool.get("subnet"))]
    for owner, text in addresses.items():
        address = _address(text)
        if address is None:
            told.append("%s of %s is no address of IPv4. Write one such as 172.19.128.1" % (text, owner))
            continue
        pool = next((pool for pool in known if address in pool.subnet), None)
        if known and pool is None:
            subnets = ", ".join(str(pool.subnet) for pool in known)
            told.append("%s of %s lies outside of %s, the subnet of the network %s. Choose one inside" % (text, owner, subnets, network))
        elif pool is not None and pool.taken(address):
            told.append("%s of %s is %s. Choose another one" % (text, owner, pool.taken(address) % network))
    return told


class _Pool:
    def __init__(self, said):
        self.subnet = _network(said.get("subnet"))
        self.range = _network(said.get("ip_range") or said.get("iprange"))
        # The engine takes the first one where nobody says another one.
        self.gateway = _address(said.get("gateway")) or self.subnet.network_address + 1
        self.others = [_address(text) for text in (said.get("aux_addresses") or {}).values()]

    def taken(self, address):
        """What an address is to the network C(%s), so that no container can have it for itself; empty where it can."""
        if address == self.gateway:
            return "the gateway of the network %s"
        if address in (self.subnet.network_address, self.subnet.broadcast_address):
            return "the first or last address of the subnet of the network %s, which nobody can have"
        if address in self.others:
            return "among aux_addresses of the network %s, which the engine keeps apart"
        if self.range and address in self.range:
            return "in {}, the range from which the engine gives away addresses of the network %s".format(self.range)
        return ""


def _network(text):
    try:
        return ipaddress.IPv4Network(str(text or ""), strict=False)
    except ValueError:
        return None


def _address(text):
    try:
        return ipaddress.IPv4Address(str(text or ""))
    except ValueError:
        return None
