# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_targets
short_description: List what a host of a Docker Swarm must reach on the others, and what it must not
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Runs on the controller and executes nothing.
options:
  _input:
    description: The addresses of each host, as P(quorate.swarm.firewall_addresses#filter) returned them.
    type: dict
    required: true
  hosts:
    description: Names of the other hosts.
    type: list
    elements: str
    required: true
  managers:
    description: Names of the hosts that are managers.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: See what node1 must reach
  ansible.builtin.debug:
    msg: "{{ {'node2': ['10.10.10.76']} | quorate.swarm.firewall_targets(['node2'], ['node2']) }}"
"""

RETURN = r"""
_value:
  description: Dictionaries of C(host), C(address), C(port), and C(wanted), whether it must be reached.
  type: list
  elements: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils.firewall_openings import targets


class FilterModule:
    def filters(self):
        return {"firewall_targets": targets}
