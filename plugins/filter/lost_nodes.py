# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: lost_nodes
short_description: Find the entries that lost hosts left behind in a Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Tells which nodes of a swarm are those of hosts that are gone for good, as M(quorate.swarm.swarm_nodes) wants to have them removed.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: The C(nodes) that M(quorate.swarm.swarm_info) returned.
    type: list
    elements: dict
    required: true
  lost:
    description: Names of the hosts, or their addresses.
    type: list
    elements: str
    required: true
  addresses:
    description: For each host, a list of the addresses and names under which the swarm may know it.
    type: dict
    required: true
  alive:
    description: Node IDs of the hosts that answer, which are nobody's lost entries.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Remove what lost hosts left behind
  quorate.swarm.swarm_nodes:
    nodes: "{{ result.nodes | quorate.swarm.lost_nodes(['node2'], {'node2': ['10.10.10.76']}, alive) }}"
"""

RETURN = r"""
_value:
  description: For each entry its C(name), its C(node_id), and C(state), which is V(absent).
  type: list
  elements: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import recovery


def lost_nodes(nodes, lost, addresses, alive):
    found = recovery.lost_nodes(nodes, lost, addresses, alive)
    return [{"name": _name(node), "node_id": node["node_id"], "state": "absent"} for node in found]


def _name(node):
    """A host may have left several entries, and a task lists no name twice."""
    return "%s (%s)" % (node["hostname"], node["node_id"])


class FilterModule:
    def filters(self):
        return {"lost_nodes": lost_nodes}
