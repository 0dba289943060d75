# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: preflight_calls
short_description: Decide which hosts call each other on which ports before there is a Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Makes the options of M(quorate.swarm.host_preflight) for hosts that run it side by side.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: Names of the hosts in the play.
    type: list
    elements: str
    required: true
  managers:
    description: Names of the hosts that shall be managers.
    type: list
    elements: str
    required: true
  ansible_hosts:
    description: The address or name under which Ansible reaches each host, by its name; used where a host advertises none.
    type: dict
    required: true
  advertise_addrs:
    description: >-
      The address that each host is to advertise, by its name. A network interface, whose address is not known here, is not called.
    type: dict
  data_path_addrs:
    description: The address for the traffic of containers, by the host's name.
    type: dict
  networks:
    description: What M(quorate.swarm.overlay_networks) would be given as its option C(networks).
    type: list
    elements: dict
  data_path_port:
    description: UDP port of the traffic of containers.
    type: int
    default: 4789
  forks:
    description: How many hosts can run side by side. Where that is fewer than there are, no host calls another.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Look at the hosts
  quorate.swarm.host_preflight:
    name: "{{ inventory_hostname }}"
    listen: "{{ planned[inventory_hostname].listen }}"
    calls: "{{ planned[inventory_hostname].calls }}"
    callers: "{{ planned[inventory_hostname].callers }}"
  vars:
    planned: "{{ ansible_play_hosts | quorate.swarm.preflight_calls(groups.swarm_managers, addresses, forks=ansible_forks) }}"
"""

RETURN = r"""
_value:
  description:
    - By host the options C(listen), C(calls), C(callers), C(sized_port), C(packet_size) and C(kernel_modules) of
      M(quorate.swarm.host_preflight).
  type: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import preflight_calls as decisions
from ansible_collections.quorate.swarm.plugins.module_utils.preflight_kernel import modules_wanted


def preflight_calls(
    hosts, managers, ansible_hosts, advertise_addrs=None, data_path_addrs=None, networks=(), data_path_port=4789, forks=5
):
    addresses = {
        host: {
            "reached": ansible_hosts.get(host) or host,
            "advertised": (advertise_addrs or {}).get(host),
            "data": (data_path_addrs or {}).get(host),
        }
        for host in hosts
    }
    planned = decisions.plan(list(hosts), list(managers), addresses, list(networks), int(data_path_port), int(forks))
    return {host: dict(options, kernel_modules=modules_wanted(networks)) for host, options in planned.items()}


class FilterModule:
    def filters(self):
        return {"preflight_calls": preflight_calls}
