# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnets of overlay networks that clash with routes of the hosts. No I/O.

The swarm hands subnets out without a look at any host's routes. Containers on such a network cannot reach the real one.
"""

from __future__ import annotations

import ipaddress
import itertools
import re

from ansible_collections.quorate.swarm.plugins.module_utils.finding import Finding, names
from ansible_collections.quorate.swarm.plugins.module_utils.subnets import parse

DEFAULT_POOLS = ("10.0.0.0/8",)
DEFAULT_SIZE = 24
# The default pool has room for 65536 networks, and hosts somewhere in it are no worry to a swarm that will never make so many.
FORESEEABLE_NETWORKS = 256
OF_THE_ENGINE = re.compile(r"docker\d+|docker_gwbridge|br-[0-9a-f]{12}|veth.*|lo")


def findings(looks, networks, pools=(), size=DEFAULT_SIZE, formed=False):
    """The first subnets of the pool, in the order in which they are handed out, will surely be used; the others may be later."""
    clashes = {}
    for owner, subnet, advice in subnets_in_use(networks, pools, size, formed):
        for host, route, interface in foreign_routes(looks):
            if subnet.overlaps(route):
                claims, hosts = clashes.setdefault((route, interface, advice), ({}, {}))
                claims["%s of %s" % (subnet, owner)] = hosts[host] = None
    for (route, interface, advice), (claims, hosts) in clashes.items():
        subject = ("The subnet %s overlaps" if len(claims) == 1 else "The subnets %s overlap") % names(claims)
        yield Finding(
            "%s the route to %s by %s of %s: containers on such a network could not reach what lies there. %s."
            % (subject, route, interface, names(hosts), advice),
            not formed,
        )
    # A pool is fixed once there is a swarm, and then perhaps another one than was asked for.
    if not formed:
        yield from of_later_subnets(looks, list(pools) or DEFAULT_POOLS, size or DEFAULT_SIZE, {clash[:2] for clash in clashes})


def foreign_routes(looks):
    """The routes that are not the engine's own: (host, subnet, interface)."""
    for host, look in looks.items():
        for route in look["routes"]:
            if not OF_THE_ENGINE.fullmatch(route["interface"]):
                yield host, ipaddress.ip_network(route["subnet"]), route["interface"]


def of_later_subnets(looks, pools, size, told):
    """One sentence a pool, for the routes of which nothing was C(told) yet into what it will give out in a foreseeable time."""
    before = 0
    for pool in pools:
        try:
            whole = ipaddress.IPv4Network(pool)
        except ValueError:
            continue
        found = {}
        for host, route, interface in foreign_routes(looks):
            number = before + subnets_between(whole.network_address, max(route.network_address, whole.network_address), size)
            if (route, interface) not in told and route.overlaps(whole) and number < FORESEEABLE_NETWORKS:
                found.setdefault((route, interface), (number, []))[1].append(host)
        if found:
            yield Finding(
                "The address pool %s of the swarm overlaps %s. The swarm looks at no routes: after some %d networks a new one gets such a "
                "subnet, and its containers cannot reach what lies there. The pool is fixed when the swarm is created: set "
                "swarm_default_addr_pool to addresses that nobody uses."
                % (
                    whole,
                    names(
                        "the route to %s by %s of %s" % (route, interface, names(hosts))
                        for (route, interface), (_number, hosts) in found.items()
                    ),
                    min(number for number, _hosts in found.values()),
                )
            )
        before += subnets_between(whole.network_address, whole.broadcast_address + 1, size)


def subnets_between(start, end, size):
    return (int(end) - int(start)) >> (32 - size)


def subnets_in_use(networks, pools=(), size=DEFAULT_SIZE, formed=False):
    present = [network for network in networks if network.get("state") != "absent"]
    named = [
        (network_name(network), parse(network["name"], entry))
        for network in present
        for entry in network.get("subnets") or ()
    ]
    without = [network_name(network) for network in present if not network.get("subnets") and not network.get("ingress")]
    if not any(network.get("ingress") and network.get("subnets") for network in present):
        without.insert(0, "the ingress network")
    for owner, subnet in named:
        yield owner, subnet, "Choose another subnet in overlay_networks"
    # In a swarm that is there, the networks got theirs long ago, in an order that nobody knows here.
    handed_out = zip(without[:1] if formed else without, first_subnets(pools, size, [subnet for _owner, subnet in named]))
    advice = (
        "The pool of a swarm is fixed when it is created; give the network a subnet of its own in overlay_networks"
        if formed
        else "They come from the swarm's address pool, which is fixed when the swarm is created: set swarm_default_addr_pool to addresses "
        "that nobody uses"
    )
    for owner, subnet in handed_out:
        yield owner, subnet, advice


def first_subnets(pools, size, named):
    every = itertools.chain.from_iterable(subnets_of(pool, size) for pool in list(pools) or DEFAULT_POOLS)
    return (subnet for subnet in every if not any(subnet.overlaps(other) for other in named))


def subnets_of(pool, size):
    """A pool that cannot be divided so is for the engine to refuse."""
    try:
        return ipaddress.IPv4Network(pool).subnets(new_prefix=size or DEFAULT_SIZE)
    except ValueError:
        return iter(())


def network_name(network):
    return "the overlay %s" % network["name"]
