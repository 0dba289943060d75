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
ORGANIZATION = b"\x55\x04\x0a"
ROUTES = "/proc/net/route"
ROUTE_REJECTS = 0x200


def cluster_id_on_disk(engine_root):
    """The ClusterID of the certificate below the engine's data directory, None where none can be read."""
    try:
        with open(os.path.join(engine_root, CERTIFICATE), encoding="ascii") as certificate:
            return organization(certificate.read())
    except (OSError, ValueError, IndexError):
        return None


def organization(pem):
    """The organization (O) of the subject of the first certificate in a PEM text, None if there is none.

    The issuer's must not be taken for it: a swarm can have a CA of its owner.
    """
    end = "-----END CERTIFICATE-----"
    [certificate] = _elements(ssl.PEM_cert_to_DER_cert(pem[: pem.index(end) + len(end)]))
    fields = _elements(_elements(certificate)[0])
    # version, serial number, signature, issuer, validity, subject
    for relative_name in _elements(fields[5]):
        for attribute in _elements(relative_name):
            kind, value = _elements(attribute)
            if kind == ORGANIZATION:
                return value.decode("utf-8")
    return None


def _elements(der):
    """The contents of the elements that follow each other in a DER text."""
    contents = []
    while der:
        length, start = der[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[2:start], "big")
        contents.append(der[start : start + length])
        der = der[start + length :]
    return contents


def addresses_of(host):
    """The IP addresses of a host's name, or the name itself where nothing knows it."""
    try:
        return sorted({found[4][0] for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})
    except OSError:
        return [host]


def host_name(address):
    """The name that this host's resolver has for an address, None where it has none."""
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return None


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
