# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pause_refusal
short_description: Say why a Docker Swarm cannot do without a node for a while
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Before an engine is restarted or a host rebooted, tells whether the other managers keep the quorum meanwhile.
  - With one or two managers the quorum is lost in any case, and nothing is refused.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: The C(nodes) that M(quorate.swarm.swarm_info) returned, or none where the host is no manager or has no quorum.
    type: list
    elements: dict
    required: true
  node_id:
    description: ID of the node that will not answer for a while.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See that the swarm can do without this manager
  ansible.builtin.assert:
    that: refusal | length == 0
    fail_msg: "{{ refusal }}"
  vars:
    refusal: "{{ result.nodes | quorate.swarm.pause_refusal(result.swarm.node_id) }}"
"""

RETURN = r"""
_value:
  description: A sentence that says what would be lost, or an empty text.
  type: str
"""

from ansible_collections.quorate.swarm.plugins.module_utils import nodes as swarm_nodes
from ansible_collections.quorate.swarm.plugins.module_utils import quorum
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal


def pause_refusal(nodes, node_id):
    seen = [swarm_nodes.from_summary(node) for node in nodes or ()]
    names = ", ".join(quorum.hostname(node) for node in seen if node["ID"] == node_id)
    try:
        quorum.refuse_pause(seen, [node_id], "while %s does not answer" % names)
    except Refusal as exc:
        return str(exc)
    return ""


class FilterModule:
    def filters(self):
        return {"pause_refusal": pause_refusal}
