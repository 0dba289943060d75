# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: nodes_as_wanted
short_description: Whether M(quorate.swarm.swarm_nodes) would find nothing to do
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Compares the nodes that were read already with the wish, so that a run need not ask the managers again where they agree.
  - Runs on the controller and executes nothing.
  - False also where the module would wait, warn or refuse; it says then what there is to say.
options:
  _input:
    description: The C(nodes) that M(quorate.swarm.swarm_info) returned.
    type: list
    elements: dict
    required: true
  nodes:
    description: What M(quorate.swarm.swarm_nodes) would be given as its option C(nodes).
    type: list
    elements: dict
    required: true
  labels_state:
    description: What it would be given as C(labels_state).
    type: str
    default: merge
  remove_stale:
    description: What it would be given as C(remove_stale).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Label the node unless it has the label
  quorate.swarm.swarm_nodes:
    nodes: "{{ wish }}"
  when: result.nodes is not quorate.swarm.nodes_as_wanted(wish)
  vars:
    wish:
      - {name: node1, labels: {disk: ssd}}
"""

RETURN = r"""
_value:
  description: Whether all listed nodes are as wanted.
  type: bool
"""

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.quorate.swarm.plugins.module_utils.nodes import are_as_wanted, from_summary
from ansible_collections.quorate.swarm.plugins.modules.swarm_nodes import ARGUMENTS


def nodes_as_wanted(seen, nodes, labels_state="merge", remove_stale=False):
    given = {"nodes": nodes, "labels_state": labels_state, "remove_stale": remove_stale}
    checked = ArgumentSpecValidator(ARGUMENTS).validate(given)
    if checked.error_messages:
        return False
    wanted = checked.validated_parameters
    return are_as_wanted([from_summary(node) for node in seen], wanted["nodes"], wanted["labels_state"], wanted["remove_stale"])


class TestModule:
    def tests(self):
        return {"nodes_as_wanted": nodes_as_wanted}
