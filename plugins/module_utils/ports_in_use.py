# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports somebody listens on, seen without taking one: an engine that starts just now must find its own free."""

from __future__ import annotations

import ipaddress
import struct

LISTENS = "0A"


def ports_in_use(tables="/proc/net"):
    return {"%d/%s" % (port, protocol) for _address, port, protocol in sockets_in_use(tables)}


def sockets_in_use(tables="/proc/net"):
    """(address, port, protocol) of all that listens."""
    found = set()
    for protocol in ("tcp", "udp"):
        for family in ("", "6"):
            try:
                with open("%s/%s%s" % (tables, protocol, family), encoding="ascii") as table:
                    found |= {(address, port, protocol) for address, port in listeners(table.read(), protocol)}
            except OSError:
                continue
    return found


def listeners(table, protocol):
    """Read one of the kernel's tables; its ports are hexadecimal, and so are its addresses, in words of the host's byte order."""
    for line in table.splitlines()[1:]:
        _slot, local, _remote, state = line.split()[:4]
        if protocol == "udp" or state == LISTENS:
            address, _colon, port = local.rpartition(":")
            yield _address(address), int(port, 16)


def _address(text):
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(struct.pack("=%dI" % len(words), *words))
    # of IPv4 in the notation of IPv6 Python's versions make different texts
    return str(getattr(address, "ipv4_mapped", None) or address)
