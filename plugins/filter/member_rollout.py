# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: member_rollout
short_description: Decide what is done to the members of a stateful cluster, and in which order
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Looks at all members at once, and decides who is started, added, replaced and removed, with the leader last, and what forbids it.
  - Runs on the controller and executes nothing.
  - A refusal is returned as a sentence, not raised, so that a play can fail with just that sentence.
options:
  _input:
    description:
      - For each host of the cluster, in the order of its group, a dictionary of the member's C(name), its wanted C(state), V(present) or
        V(absent), and what else the system's decision needs, as C(roles) of Elasticsearch.
    type: dict
    required: true
  system:
    description: The system that the members are of.
    type: str
    choices: [elasticsearch, etcd, galera, redis, zookeeper]
    required: true
  looks:
    description: >-
      For each host that could be asked, RV(quorate.swarm.cluster_member#module:member) of a look.
    type: dict
    required: true
  live:
    description: For each host that could be asked, what the system's health module returned.
    type: dict
    required: true
  waited:
    description: Whether members that run had time to serve before O(looks) and O(live).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Decide
  ansible.builtin.set_fact:
    rollout: "{{ members | quorate.swarm.member_rollout('elasticsearch', looks, live) }}"
"""

RETURN = r"""
_value:
  description:
    - With a refusal only C(refusal), a sentence.
    - Otherwise C(way), V(form) or V(keep); the hosts whose members C(form) the cluster; those to C(start) and those to C(mend), which
      serve nobody, both side by side, where C(patient) only those that do not serve after a while either; those to C(rejoin), C(replace),
      C(join), C(forget) and C(remove) one after the other, in this order; the C(finish) of an earlier run, and whether to C(resume) it
      once the cluster can tell; those on which to C(write) what needs no restart; C(leader) and all that are C(serving); C(wait), why it
      is waited before any member that serves is touched, and C(blocked), why they may not; C(warnings) and C(sentences).
  type: dict
"""

from ansible_collections.quorate.swarm.plugins.module_utils import (
    elasticsearch_standing,
    etcd_standing,
    galera_standing,
    redis_standing,
    rollout,
    zookeeper_standing,
)
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

SYSTEMS = {
    "elasticsearch": elasticsearch_standing.judge,
    "etcd": etcd_standing.judge,
    "galera": galera_standing.judge,
    "redis": redis_standing.judge,
    "zookeeper": zookeeper_standing.judge,
}


def member_rollout(members, system, looks, live, waited=False):
    # A host that is not in the play has told nothing of its member.
    members = {host: dict({"name": host, "state": rollout.PRESENT}, **said) for host, said in members.items()}
    try:
        return dict(rollout.plan(members, looks, SYSTEMS[system](members, looks, live), waited), refusal=None)
    except Refusal as exc:
        return {"refusal": str(exc)}


class FilterModule:
    def filters(self):
        return {"member_rollout": member_rollout}
