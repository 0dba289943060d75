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
  reports:
    description: What the role's report tells of a host, by its name; of it is taken on which ports somebody listens.
    type: dict
"""

EXAMPLES = r"""
- name: See what node1 must reach
  ansible.builtin.debug:
    msg: "{{ {'node2': ['10.10.10.76']} | quorate.swarm.firewall_targets(['node2'], ['node2']) }}"
"""

RETURN = r"""
_value:
  description: >-
    Dictionaries of C(host), C(address), C(port), C(wanted), whether it must be reached, and C(listens), whether a connection must come
    about because somebody is known to listen there.
  type: list
  elements: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import firewall_openings, firewall_report


def firewall_targets(addresses, hosts, managers, reports=None):
    told = {host: firewall_report.sections(text or "").get("listeners", "") for host, text in (reports or {}).items()}
    listeners = {host: firewall_report.listeners(text) for host, text in told.items()}

    def listens(host, address, port):
        return firewall_report.listens(listeners.get(host, []), address, port)

    return firewall_openings.targets(addresses, hosts, managers, listens)


class FilterModule:
    def filters(self):
        return {"firewall_targets": firewall_targets}
