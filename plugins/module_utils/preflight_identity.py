# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that were copied from another one and have its identity still. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.finding import Finding, any_outside, names

IDENTITIES = (
    (
        "machine_id",
        "machine ID",
        "One was copied from another, and what is made from that ID, such as the MAC addresses of network interfaces and leases "
        "of addresses, clashes. On all but one of them: 'rm /etc/machine-id && systemd-machine-id-setup', then reboot",
    ),
    (
        "engine_id",
        "engine ID",
        "One was copied from another. On all but one of them, while it is in no swarm: stop the engine, remove "
        "/var/lib/docker/engine-id and /etc/docker/key.json, start the engine",
    ),
)


def findings(looks):
    for key, what, advice in IDENTITIES:
        owners = {}
        for host, look in looks.items():
            if look[key]:
                owners.setdefault(look[key], []).append(host)
        for hosts in owners.values():
            if len(hosts) > 1:
                yield Finding("%s have the same %s. %s." % (names(hosts), what, advice), any_outside(looks, hosts))
