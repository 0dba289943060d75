# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: galera_recovery_plan
short_description: Decide how a Galera cluster is recovered of which no member serves any more
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Looks at what all members have, and decides what comes next on the way to a cluster that serves, and with whom it is begun.
  - It is asked again after each step, with what the hosts have then, so that a recovery that was interrupted is recognised.
  - Runs on the controller and executes nothing.
  - A refusal is returned as a sentence, not raised, so that a play can fail with just that sentence.
options:
  _input:
    description: For each host of the cluster, in the order of its group, its member's C(name) and wanted C(state), V(present) or V(absent).
    type: dict
    required: true
  looks:
    description: For each host that could be asked, RV(quorate.swarm.galera_recovery#module:evidence).
    type: dict
    required: true
  live:
    description: For each host that could be asked, what M(quorate.swarm.galera_health) returned.
    type: dict
    required: true
  failed:
    description: For each host that answers and could not be looked at, why.
    type: dict
  gone:
    description: Names of the hosts that the operator says are gone for good.
    type: list
    elements: str
  source:
    description: Name of the host to begin with, whatever the others have.
    type: str
  waited:
    description: Whether members that may find each other by themselves had time to.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Decide
  ansible.builtin.set_fact:
    plan: "{{ members | quorate.swarm.galera_recovery_plan(looks, live, gone=['node3']) }}"
"""

RETURN = r"""
_value:
  description:
    - With a refusal only C(refusal), a sentence.
    - Otherwise C(action), what comes next; V(nothing), V(join) (a component serves, and others join it), V(wait) (members may find each
      other), V(settle) (the hosts in C(stop), of which C(kill) would not hear of an end, are stopped, and the positions in C(read) read),
      V(promote) (C(source) is told that it is the primary component) or V(bootstrap) (C(source) forms the cluster alone).
    - Also the hosts to C(start), those that C(join), all that are C(acting), those that are C(absent), C(warnings) and C(sentences).
  type: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.galera_recovery import plan


def galera_recovery_plan(members, looks, live, failed=None, gone=(), source=None, waited=False):
    try:
        return dict(plan(members, looks, live, gone, source, waited, failed), refusal=None)
    except Refusal as exc:
        return {"refusal": str(exc)}


class FilterModule:
    def filters(self):
        return {"galera_recovery_plan": galera_recovery_plan}
