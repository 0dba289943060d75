# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports somebody listens on, seen without taking one: an engine that starts just now must find its own free."""

from __future__ import annotations

LISTENS = "0A"


def ports_in_use(tables="/proc/net"):
    found = set()
    for protocol in ("tcp", "udp"):
        for family in ("", "6"):
            try:
                with open("%s/%s%s" % (tables, protocol, family), encoding="ascii") as table:
                    found |= {"%d/%s" % (port, protocol) for port in listeners(table.read(), protocol)}
            except OSError:
                continue
    return found


def listeners(table, protocol):
    """Read one of the kernel's tables; its ports are hexadecimal."""
    for line in table.splitlines()[1:]:
        _slot, local, _remote, state = line.split()[:4]
        if protocol == "udp" or state == LISTENS:
            yield int(local.rpartition(":")[2], 16)
