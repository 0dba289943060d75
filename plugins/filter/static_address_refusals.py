# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: static_address_refusals
short_description: Say which addresses containers cannot be given in a network
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Refuses addresses outside of the network's subnets, its gateway, and those in the range that the engine gives away itself, which
    another container may have by the time.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: Addresses of IPv4, by the name of whoever is to have them.
    type: dict
    required: true
  pools:
    description:
      - What is said of the network, each with C(subnet), and with C(gateway), C(ip_range) or C(iprange), and C(aux_addresses) where there
        are any, as in C(ipam_config) of community.docker.docker_network. Empty where nothing is known.
    type: list
    elements: dict
    required: true
  network:
    description: Name of the network.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See that the addresses can be had
  ansible.builtin.assert:
    that: refusals | length == 0
    fail_msg: "{{ refusals | join('. ') }}"
  vars:
    refusals: "{{ {'zoo1': '172.19.128.1'} | quorate.swarm.static_address_refusals([{'subnet': '172.19.0.0/16'}], 'demo') }}"
"""

RETURN = r"""
_value:
  description: Sentences that say what was found, without their full stops.
  type: list
  elements: str
"""

from ansible_collections.quorate.swarm.plugins.module_utils import static_addresses


def static_address_refusals(addresses, pools, network):
    return static_addresses.refusals(addresses, pools, network)


class FilterModule:
    def filters(self):
        return {"static_address_refusals": static_address_refusals}
