# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: membership_plan
short_description: Decide for a whole inventory which hosts create, join or keep a Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Looks at the state of all hosts at once, adopts the live swarm from whichever manager answers, and decides each host's step.
  - Runs on the controller and executes nothing.
  - A refusal is returned as a sentence, not raised, so that a play can fail with just that sentence.
options:
  _input:
    description: For each host that could be asked, its name and what M(quorate.swarm.swarm_info) returned with C(nodes=true).
    type: dict
    required: true
  managers:
    description: Names of the hosts that shall be managers; the first creates the swarm where there is none.
    type: list
    elements: str
    required: true
  workers:
    description: Names of the hosts that shall be workers.
    type: list
    elements: str
    required: true
  acting:
    description: Names of the hosts that may be changed in this run.
    type: list
    elements: str
    required: true
  cluster_id:
    description: ClusterID of the swarm that the hosts must be in.
    type: str
  advertise_addrs:
    description: The address that each host is to advertise, by its name.
    type: dict
  labels:
    description: The labels that each host's node shall have, by its name; refused are those that no node can have.
    type: dict
  unlocking:
    description: Names of the hosts that are locked still, since their unlocking is only foretold. Other locked hosts are refused.
    type: list
    elements: str
  fixed:
    description: What is said of C(default_addr_pool), C(subnet_size) and C(data_path_port). What differs from the swarm is a warning.
    type: dict
"""

EXAMPLES = r"""
- name: Decide
  ansible.builtin.set_fact:
    plan: >-
      {{ states | quorate.swarm.membership_plan(managers=groups.swarm_managers, workers=groups.swarm_workers,
                                                acting=ansible_play_hosts) }}
"""

RETURN = r"""
_value:
  description:
    - With a refusal only C(refusal), a sentence.
    - Otherwise C(steps) (C(keep), C(init), C(join), C(rejoin) or C(await) by host), C(manager) (a host on which cluster-wide tasks can
      run), C(formed) (whether the swarm exists already and can be looked at), C(cluster_id), C(remote_addrs), C(roles), C(unknown),
      C(warnings) and C(sentences).
  type: dict
"""

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.quorate.swarm.plugins.module_utils.cluster import plan
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.swarm_spec import FIXED
from ansible_collections.quorate.swarm.plugins.modules.swarm_settings import ARGUMENTS

FIXED_ARGUMENTS = {option: ARGUMENTS[option] for option in FIXED}


def membership_plan(
    states, managers, workers, acting, cluster_id=None, advertise_addrs=None, labels=None, unlocking=(), fixed=None
):
    said = ArgumentSpecValidator(FIXED_ARGUMENTS).validate(fixed or {})
    if said.error_messages:
        return {"refusal": "What is fixed for the life of a swarm is invalid: %s." % "; ".join(said.error_messages).rstrip(".")}
    try:
        decided = plan(
            states, managers, workers, acting, cluster_id, advertise_addrs, labels, list(unlocking), said.validated_parameters
        )
    except Refusal as exc:
        return {"refusal": str(exc)}
    return dict(decided, refusal=None)


class FilterModule:
    def filters(self):
        return {"membership_plan": membership_plan}
