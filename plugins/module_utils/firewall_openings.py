# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be open on a host, and to whom: from the inventory's groups, the hosts' addresses and what roles declare. No I/O."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import NamedTuple

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.membership import host_of, is_address

ESP = "esp"
ANY = "any"
# The engine's API: whoever reaches it is root on the host.
NEVER = (2375, 2376)
REQUIRED = {"name", "port", "from"}
FIELDS = REQUIRED | {"protocol"}


class Opening(NamedTuple):
    """One port for one source; C(port) is empty for ESP, C(source) where everybody is meant."""

    protocol: str
    port: str
    source: str = ""

    @property
    def family(self):
        return ipaddress.ip_network(self.source).version if self.source else None


def of_swarm(is_manager, data_path_port):
    """What a member of a swarm needs to be reached on by the others."""
    return [
        *([("tcp", "2377")] if is_manager else []),
        ("tcp", "7946"),
        ("udp", "7946"),
        ("udp", str(data_path_port)),
        (ESP, ""),
    ]


def openings(host, managers, workers, addresses, groups, declared=None, data_path_port=4789):
    """What C(host) has to let in, sorted. C(addresses) has the addresses of every host that may be a source, C(declared) lists by the
    variable in which they are."""
    found = set()
    peers = [peer for peer in list(managers) + list(workers) if peer != host]
    for protocol, port in of_swarm(host in managers, data_path_port):
        found.update(Opening(protocol, port, source) for source in _addresses_of(peers, addresses))
    for variable, entry in _entries(declared or {}):
        port = _port_of(variable, entry)
        allowed = sources(entry["from"], host, groups, addresses)
        found.update(Opening(entry.get("protocol") or "tcp", port, source) for source in allowed)
    return sorted(found)


def published(named, host, managers, workers, groups, addresses):
    """The sources that alone reach published ports, with the swarm's own hosts; none where everybody does."""
    found = [network for name in named for network in sources(name, host, groups, addresses)]
    if not named or "" in found:
        return []
    return sorted({*found, *_addresses_of([*managers, *workers], addresses)})


def sources(named, host, groups, addresses):
    """The networks that C(named) means: a group of the inventory, everybody, or an address or subnet."""
    if named == ANY:
        return [""]
    if named in groups:
        return _addresses_of([member for member in groups[named] if member != host], addresses)
    try:
        return [short(ipaddress.ip_network(named))]
    except ValueError as exc:
        raise Refusal(
            "%r is no group of the inventory, not 'any', and no address or subnet (%s). Correct 'from' in firewall_open or in the variable "
            "*_firewall_open that names it, or firewall_published_from." % (named, exc)
        ) from None


def _addresses_of(hosts, addresses):
    return [address for host in hosts for address in addresses[host]]


def short(network):
    """One address without its prefix length."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _entries(declared):
    """Each entry with its variable; only those of firewall_open itself were looked at when the role began."""
    for variable, entries in declared.items():
        if not isinstance(entries, (list, tuple)):
            raise Refusal(
                "%s is no list. Write a list of openings, each with name, port and from; a variable for anything else must not end in "
                "_firewall_open." % variable
            )
        for entry in entries:
            unknown = sorted(set(entry) - FIELDS) if isinstance(entry, Mapping) else []
            lacking = sorted(REQUIRED - set(entry)) if isinstance(entry, Mapping) else ["name", "port", "from"]
            if unknown or lacking:
                raise Refusal(
                    "The entry %s of %s %s. An opening has name, port and from, and may have protocol (tcp, udp)."
                    % (entry, variable, "lacks %s" % ", ".join(lacking) if lacking else "has %s, which means nothing" % ", ".join(unknown))
                )
            yield variable, entry


def _port_of(variable, entry):
    """The port of an opening, or a range of ports, as text."""
    where = "%s in %s" % (entry["name"], variable)
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", str(entry["port"]))
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= 65535:
        raise Refusal("%s has the port %r; write one between 1 and 65535, or a range such as 8000-8010." % (where, entry["port"]))
    if any(first <= port <= last for port in NEVER):
        raise Refusal(
            "%s asks for port 2375 or 2376, the engine's API, which makes everybody who reaches it root; these ports stay closed. "
            "Reach the engine over SSH." % where
        )
    if (entry.get("protocol") or "tcp") not in ("tcp", "udp"):
        raise Refusal("%s has the protocol %s; tcp and udp are possible." % (where, entry["protocol"]))
    return str(first) if first == last else "%d-%d" % (first, last)


def addresses(named, interfaces=None, node_addr=None, resolve=None):
    """The addresses from which a host speaks to the other members.

    C(named) are what it advertises and sends its data from: addresses, with or without a port, or interfaces. Where they give
    nothing, C(resolve()) tells the addresses of its connection, and after that counts what the swarm knows (C(node_addr)).
    """
    found = []
    for name in filter(None, named):
        name = host_of(name)
        found += [name] if is_address(name) else (interfaces or {}).get(name, [])
    usable = _usable(found)
    if not usable and resolve is not None:
        usable = _usable(resolve())
    return usable or _usable([node_addr] if node_addr else [])


def _usable(texts):
    """Without those that no other host can have for a source."""
    found = []
    for text in texts:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_unspecified) and str(address) not in found:
            found.append(str(address))
    return found


def targets(addresses, hosts, managers, listens=None):
    """What another host must reach on C(hosts), and what it must not; UDP and ESP cannot be tried like that.

    C(listens(host, address, port)) tells whether somebody waits there for connections: only then is one that is refused a sign
    of a firewall, and not of a port that nobody has.
    """
    found = []
    for host in hosts:
        wanted = [port for protocol, port in of_swarm(host in managers, 0) if protocol == "tcp"]
        ports = [(int(port), True) for port in wanted] + [(port, False) for port in NEVER]
        for port, reach in ports:
            target = {"host": host, "address": addresses[host][0], "port": port, "wanted": reach}
            found.append(dict(target, listens=bool(reach and listens and listens(host, target["address"], port))))
    return found
