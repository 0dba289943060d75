# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_addresses
short_description: Find the addresses from which hosts speak to each other
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - For each host what it advertises and sends data from; else the addresses of the name or address under which Ansible reaches it, as the
    controller resolves it; else what the swarm knows.
  - Runs on the controller and asks nothing but its resolver.
options:
  _input:
    description: Names of the hosts.
    type: list
    elements: str
    required: true
  named:
    description: Addresses and network interfaces that a host is to use, by its name; empty ones count for nothing.
    type: dict
    required: true
  connections:
    description: Where Ansible reaches a host, by its name; the host's name where that is empty.
    type: dict
    required: true
  reports:
    description: What the role's report tells of a host, by its name; of it the addresses of network interfaces are taken.
    type: dict
  nodes:
    description: The C(nodes) that M(quorate.swarm.swarm_info) returned, of which C(hostname) is compared with the host's name.
    type: list
    elements: dict
  members:
    description: RV(quorate.swarm.swarm_info#module:swarm) by the name of the host that returned it.
    type: dict
"""

EXAMPLES = r"""
- name: See who the peers are
  ansible.builtin.debug:
    msg: "{{ ['node1', 'node2'] | quorate.swarm.firewall_addresses({'node1': ['10.10.10.88']}, {'node2': '10.10.10.76'}) }}"
"""

RETURN = r"""
_value:
  description: C(addresses), a list for each host, and C(unknown), the hosts for which there is none.
  type: dict
"""

import functools

from ansible_collections.quorate.swarm.plugins.module_utils import firewall_openings, firewall_report
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import addresses_of


def firewall_addresses(hosts, named, connections, reports=None, nodes=None, members=None):
    known = {node["hostname"]: node["addr"] for node in nodes or []}
    found = {}
    for host in hosts:
        parts = firewall_report.sections((reports or {}).get(host) or "")
        found[host] = firewall_openings.addresses(
            list(named.get(host) or []),
            firewall_report.interfaces(parts.get("addresses", "")),
            ((members or {}).get(host) or {}).get("node_addr") or known.get(host) or known.get(host.partition(".")[0]),
            functools.partial(addresses_of, connections.get(host) or host),
        )
    return {"addresses": found, "unknown": [host for host in hosts if not found[host]]}


class FilterModule:
    def filters(self):
        return {"firewall_addresses": firewall_addresses}
