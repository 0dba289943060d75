# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ingress_ports
short_description: Tell the TCP ports on which every host of a Docker Swarm must answer
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Finds the TCP ports that services publish through the ingress network. Ports of services without a running task are left out, as nobody
    could answer there, and so are ports that are published on single hosts (mode C(host)).
  - Runs on the controller and executes nothing.
options:
  _input:
    description: The C(services) that M(quorate.swarm.swarm_info) returned.
    type: list
    elements: dict
    required: true
  tasks:
    description: The C(tasks) that M(quorate.swarm.swarm_info) returned.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Ask all published ports of a host
  quorate.swarm.tcp_answers:
    addresses: [10.10.10.88]
    ports: "{{ result.services | quorate.swarm.ingress_ports(result.tasks) | map(attribute='port') }}"
"""

RETURN = r"""
_value:
  description: For each port a dictionary of its C(service), the C(port) on the hosts, and the C(target_port) in the containers.
  type: list
  elements: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import ingress


def ingress_ports(services, tasks):
    return ingress.published(services, tasks)


class FilterModule:
    def filters(self):
        return {"ingress_ports": ingress_ports}
