# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: recovery_plan
short_description: Decide how a Docker Swarm is recovered whose majority of managers is gone for good
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Looks at the state of all hosts that answer, and decides from which manager the swarm is made anew, and which hosts join again.
  - A recovery that was interrupted is recognised, and one that is not needed.
  - Runs on the controller and executes nothing.
  - A refusal is returned as a sentence, not raised, so that a play can fail with just that sentence.
options:
  _input:
    description:
      - For each host that could be asked, its name and what M(quorate.swarm.swarm_info) returned with C(nodes=true) and C(raft=true).
    type: dict
    required: true
  managers:
    description: Names of the hosts that shall be managers.
    type: list
    elements: str
    required: true
  workers:
    description: Names of the hosts that shall be workers.
    type: list
    elements: str
    required: true
  lost:
    description: Names of the hosts, or addresses of managers, that the operator says are gone for good.
    type: list
    elements: str
    required: true
  addresses:
    description: For each host, a list of the addresses and names under which the swarm may know it.
    type: dict
    required: true
  answering:
    description: Names of the hosts that could be reached, though their engines told nothing.
    type: list
    elements: str
  recover_from:
    description: Name of the manager to go on from, whatever the others have.
    type: str
"""

EXAMPLES = r"""
- name: Decide
  ansible.builtin.set_fact:
    plan: >-
      {{ states | quorate.swarm.recovery_plan(managers=groups.swarm_managers, workers=groups.swarm_workers,
                                              lost=['node2', 'node3'], addresses=addresses) }}
"""

RETURN = r"""
_value:
  description:
    - With a refusal only C(refusal), a sentence.
    - Otherwise C(action) (C(recover), C(resume) or C(nothing)), C(cluster_id), C(source) (the manager to go on from, or one with a
      quorum), C(rejoining) (hosts that join again), C(restarting) (hosts of which one makes the swarm anew, or may have done so, and whose
      engines therefore restart), C(backup) (hosts with a raft log), C(acting) (hosts that answer) and C(sentences).
  type: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.recovery import plan


def recovery_plan(states, managers, workers, lost, addresses, answering=(), recover_from=None):
    try:
        decided = plan(states, managers, workers, lost, addresses, answering, recover_from)
    except Refusal as exc:
        return {"refusal": str(exc)}
    return dict(decided, refusal=None)


class FilterModule:
    def filters(self):
        return {"recovery_plan": recovery_plan}
