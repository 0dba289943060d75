# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ingress_gaps
short_description: Find hosts of a Docker Swarm that do not answer on published ports
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Every host of a swarm answers on the published ports of all services, wherever their containers are. This says between which hosts it is
    otherwise, and what is likely to be the cause.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: For each host that asked, the C(answers) that M(quorate.swarm.tcp_answers) returned there.
    type: dict
    required: true
  addresses:
    description: The address of each host that was asked.
    type: dict
    required: true
  ports:
    description: The ports, as P(quorate.swarm.ingress_ports#filter) returns them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: See that node1 was answered by all others
  ansible.builtin.assert:
    that: gaps | length == 0
    fail_msg: "{{ gaps | map(attribute='sentence') | join(' ') }}"
  vars:
    gaps: "{{ {'node1': result.answers} | quorate.swarm.ingress_gaps({'node2': '10.10.10.76'}, ports) }}"
"""

RETURN = r"""
_value:
  description:
    - For each answer that is missing a dictionary of the host C(from) which was asked, the host C(to) which should have answered, the
      C(service), its C(port) and C(target_port), the C(answer) as M(quorate.swarm.tcp_answers) tells it, and the C(sentence) that says so.
  type: list
  elements: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import ingress


def ingress_gaps(answers, addresses, ports):
    return ingress.gaps(answers, addresses, ports)


class FilterModule:
    def filters(self):
        return {"ingress_gaps": ingress_gaps}
