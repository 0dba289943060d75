# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_plan
short_description: Decide what a host's firewall has to let in, and how it is told
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - From the groups of the inventory, the addresses of their hosts and what was declared comes what is to be open; from the host's report
    the firewall that is at work there, and what of it differs.
  - Runs on the controller and executes nothing.
  - A refusal is returned as a sentence, not raised, so that a play can fail with just that sentence.
options:
  _input:
    description: The report of the host, as the role's C(files/report.sh) prints it.
    type: str
    required: true
  host:
    description: Name of the host.
    type: str
    required: true
  managers:
    description: Names of the hosts that are managers.
    type: list
    elements: str
    required: true
  workers:
    description: Names of the hosts that are workers.
    type: list
    elements: str
    required: true
  found:
    description: What P(quorate.swarm.firewall_addresses#filter) returned for all hosts that may be sources.
    type: dict
    required: true
  groups:
    description: The hosts of each group of the inventory.
    type: dict
    required: true
  declared:
    description: By variable what else is to be open, in the form of the variable C(firewall_open) of the role.
    type: dict
  data_path_port:
    description: UDP port of the containers' traffic.
    type: int
    default: 4789
  backend:
    description: The firewall that is to be used; V(auto) takes the one that is at work.
    type: str
    default: auto
  published_from:
    description: Groups, addresses and subnets that alone reach published ports, besides the hosts of the swarm. Empty means everybody.
    type: list
    elements: str
  ssh_ports:
    description: Ports that stay open where everything else is closed. Empty means that of the present connection.
    type: list
    elements: int
  programs:
    description: The files that the role brings, by their names.
    type: dict
"""

EXAMPLES = r"""
- name: Decide
  ansible.builtin.set_fact:
    plan: >-
      {{ report | quorate.swarm.firewall_plan(inventory_hostname, groups.swarm_managers, groups.swarm_workers, found, groups) }}
"""

RETURN = r"""
_value:
  description:
    - With a refusal only C(refusal), a sentence.
    - Otherwise C(backend) (none where nothing filters), C(activates), C(restarts_engine), C(files), C(commands), C(undo), C(sentences),
      C(warnings), and C(differs).
  type: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import firewall, firewall_openings, firewall_report
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal


def firewall_plan(
    report, host, managers, workers, found, groups, declared=None, data_path_port=4789, backend="auto", published_from=(), ssh_ports=(),
    programs=None,
):
    try:
        if found["unknown"]:
            raise Refusal(
                "The address of %s is not known, so the firewall of %s cannot let it in: its name does not resolve, and no swarm "
                "tells it. Set swarm_advertise_addr or ansible_host to its address." % (", ".join(found["unknown"]), host)
            )
        addresses = found["addresses"]
        decided = firewall.plan(
            host,
            firewall_report.parse(report),
            firewall_openings.openings(host, managers, workers, addresses, groups, declared, int(data_path_port)),
            backend,
            firewall_openings.published(published_from, host, managers, workers, groups, addresses),
            ssh_ports,
            programs,
        )
    except Refusal as exc:
        return {"refusal": str(exc)}
    return dict(decided, refusal=None)


class FilterModule:
    def filters(self):
        return {"firewall_plan": firewall_plan}
