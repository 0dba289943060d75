# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at the hosts brought to light: a sentence, whether it is a reason to change nothing, and whose closed firewall may be it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    sentence: str
    refuses: bool = False
    closed: str | None = None


def names(hosts):
    """node1, node2 and node3."""
    hosts = list(hosts)
    return " and ".join([", ".join(hosts[:-1]), hosts[-1]] if len(hosts) > 1 else hosts)


def any_outside(looks, hosts):
    """Whether one of the hosts is in no swarm yet. What is found about members has not kept them from being members."""
    return any(looks[host]["member"] is False for host in hosts)
