# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host itself tells where its engine does not: its ClusterID on disk, its addresses, its routes.

Only managers report a ClusterID over the API. Every member's certificate carries it as the organization of its subject.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl

CERTIFICATE = os.path.join("swarm", "certificates", "swarm-node.crt")
ORGANIZATION = b"\x06\x03\x55\x04\x0a"
ROUTES = "/proc/net/route"
ROUTE_REJECTS = 0x200


def cluster_id_on_disk(engine_root):
    """The ClusterID of the certificate below the engine's data directory, None where none can be read."""
    try:
        with open(os.path.join(engine_root, CERTIFICATE), encoding="ascii") as certificate:
            return organization(certificate.read())
    except (OSError, ValueError):
        return None


def organization(pem):
    """The organization (O) in the first certificate of a PEM text, None if there is none."""
    end = "-----END CERTIFICATE-----"
    der = ssl.PEM_cert_to_DER_cert(pem[: pem.index(end) + len(end)])
    at = der.find(ORGANIZATION)
    if at < 0:
        return None
    length = at + len(ORGANIZATION) + 1
    return der[length + 1 : length + 1 + der[length]].decode("utf-8")


def owns_address(address):
    """Whether an IP address, or the name of a network interface, is this host's own."""
    try:
        socket.if_nametoindex(address)
        return True
    except OSError:
        pass
    try:
        candidates = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return any(_can_bind(family, sockaddr) for family, _type, _proto, _name, sockaddr in candidates)


def _can_bind(family, sockaddr):
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(sockaddr)
        except OSError:
            return False
    return True


def local_routes():
    """The IPv4 subnets that this host reaches, as (description, network)."""
    try:
        with open(ROUTES, encoding="ascii") as table:
            return routes(table.read())
    except OSError:
        return []


def routes(table):
    """Read the kernel's table; its addresses are hexadecimal, lowest byte first. The default route says nothing."""
    found = []
    for line in table.splitlines()[1:]:
        interface, destination, _gateway, flags, _references, _use, _metric, mask = line.split()[:8]
        prefix_length = bin(int(mask, 16)).count("1")
        if prefix_length and not int(flags, 16) & ROUTE_REJECTS:
            address = ipaddress.IPv4Address(bytes.fromhex(destination)[::-1])
            found.append(
                ("this host's interface %s" % interface, ipaddress.IPv4Network((address, prefix_length), strict=False))
            )
    return found
