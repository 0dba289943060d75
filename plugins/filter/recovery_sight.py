# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: recovery_sight
short_description: Find hosts that a recovered Docker Swarm does not have back
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Tells which hosts a manager holds for not ready, and which of the others are no peers of the ingress network that it sees.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: The C(nodes) that M(quorate.swarm.swarm_info) returned on the manager.
    type: list
    elements: dict
    required: true
  networks:
    description: The C(networks) that it returned.
    type: list
    elements: dict
    required: true
  ids:
    description: The node ID of each host that should be there.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: See that every host is back
  ansible.builtin.assert:
    that: (found.unready + found.outside) | length == 0
  vars:
    found: "{{ result.nodes | quorate.swarm.recovery_sight(result.networks, {'node1': '3b4mbhoz6dwqrvz9b6ynkz8lc'}) }}"
"""

RETURN = r"""
_value:
  description:
    - C(unready), the hosts whose nodes are not ready or not there, C(outside), those that are ready and no peers of the ingress network,
      and C(compared), whether there is such a network.
  type: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import recovery


def recovery_sight(nodes, networks, ids):
    return recovery.sight(nodes, networks, ids)


class FilterModule:
    def filters(self):
        return {"recovery_sight": recovery_sight}
