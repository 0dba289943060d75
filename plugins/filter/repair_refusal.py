# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: repair_refusal
short_description: Say why engines are not to be restarted to mend the gossip of a Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Where fewer than half of the hosts are in touch with each other, rather the network between the hosts is at fault than the engines
    of all the others. The same is said where a swarm has come apart into halves of equal size, since no half is the rest then.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: The C(outsiders) that P(quorate.swarm.gossip_gaps#filter) found.
    type: list
    elements: str
    required: true
  asked:
    description: The hosts among which they were found.
    type: list
    elements: str
    required: true
  hosts:
    description: All hosts of the inventory that should be in the swarm.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: See that it is not the network
  ansible.builtin.assert:
    that: refusal | length == 0
    fail_msg: "{{ refusal }}"
  vars:
    refusal: "{{ ['node3'] | quorate.swarm.repair_refusal(['node1', 'node2', 'node3'], groups['all']) }}"
"""

RETURN = r"""
_value:
  description: A sentence that says what was found, or an empty text.
  type: str
"""

from ansible_collections.quorate.swarm.plugins.module_utils import gossip


def repair_refusal(outsiders, asked, hosts):
    return gossip.repair_refusal(outsiders, asked, hosts)


class FilterModule:
    def filters(self):
        return {"repair_refusal": repair_refusal}
