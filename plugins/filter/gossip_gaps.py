# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: gossip_gaps
short_description: Find hosts that are outside of the gossip of a Docker Swarm's overlay networks
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - A host may be ready in the eyes of the managers and yet have no working overlay. Its own list of a network's peers shows that.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: For each host that was asked, the C(networks) that M(quorate.swarm.swarm_info) returned.
    type: dict
    required: true
  addresses:
    description: The advertised address of each host in use, RV(quorate.swarm.swarm_info#module:swarm), key C(node_addr).
    type: dict
    required: true
  everywhere:
    description: Names of networks of which all hosts in use must be peers.
    type: list
    elements: str
    default: []
  in_part:
    description: Names of networks that some hosts use; those are compared with each other.
    type: list
    elements: str
    default: []
  excused:
    description: Hosts in use that need not be peers of the networks O(everywhere).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: See that all hosts are peers on the overlay demo
  ansible.builtin.assert:
    that: found.gaps | length == 0
    fail_msg: "{{ found.gaps | map(attribute='sentence') | join('. ') }}. Restart the engine of {{ found.outsiders | join(', ') }}."
  vars:
    found: "{{ {'node1': result.networks} | quorate.swarm.gossip_gaps({'node1': '10.10.10.88', 'node2': '10.10.10.76'}, ['demo']) }}"
"""

RETURN = r"""
_value:
  description:
    - C(gaps), for each host and network that lack a peer a dictionary of C(host), C(network), the C(missing) hosts, and the C(sentence)
      that says so.
    - C(outsiders), the hosts that are out of touch with most others, which are those to heal.
  type: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import gossip


def gossip_gaps(views, addresses, everywhere=(), in_part=(), excused=()):
    found = gossip.gaps(views, addresses, everywhere, in_part, excused)
    return {"gaps": found, "outsiders": gossip.outsiders(found)}


class FilterModule:
    def filters(self):
        return {"gossip_gaps": gossip_gaps}
