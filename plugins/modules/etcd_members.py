#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_members
short_description: Members of an etcd cluster, changed while it runs
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Takes members out of a cluster, adds others, and lets learners vote, one at a time, and waits until each change is committed.
  - Members that are not named are not touched.
  - Refuses what would leave the cluster without a majority of members that serve, what those who serve could not decide on, and the
    removal of the last member.
  - A member is added before it is started, and taken out before it is stopped. One that has lost its data is taken out and added anew.
  - etcd itself takes nobody in while a member cannot be reached, nor in the seconds after one has come back; within O(wait_timeout) that is
    tried again.
  - Runs once, through any member that serves; where one leaves, take another one. Made for etcd 3.4 to 3.6.
options:
  present:
    description: Who shall be a member.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the member, as its configuration has it.
        type: str
        required: true
      peer_urls:
        description: URLs at which the other members reach it, such as V(http://etcd4:2380). They are for its life.
        type: list
        elements: str
        required: true
      votes:
        description:
          - Whether it shall vote. A learner is given a vote once it is in step with the leader, which is waited for; so it has to run.
          - With V(false) a new member is added as a learner, which counts for no majority. One that votes already keeps its vote.
        type: bool
        default: true
  absent:
    description: Names, IDs or peer URLs of members that shall be none, in the order in which they leave. Needs O(serving).
    type: list
    elements: str
    default: []
  serving:
    description:
      - Names of the members that serve. M(quorate.swarm.etcd_health) tells it of each one.
      - If it is given, the majority is counted with it for O(present), too.
    type: list
    elements: str
  wait_timeout:
    description: Seconds until the member must answer, and until each change must be committed.
    type: int
    default: 60
extends_documentation_fragment:
  - quorate.swarm.member
  - quorate.swarm.etcd
  - quorate.swarm.http
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.etcd_health
"""

EXAMPLES = r"""
- name: See who is in the cluster
  quorate.swarm.etcd_members:
    container: etcd1
  register: result

- name: Give a fourth member its place before it is started
  quorate.swarm.etcd_members:
    container: etcd1
    present:
      - {name: etcd4, peer_urls: ["http://etcd4:2380"], votes: false}
  register: placed
# placed.initial_cluster is what it is started with, beside initial-cluster-state existing.

- name: Let it vote once it runs
  quorate.swarm.etcd_members:
    container: etcd1
    present:
      - {name: etcd4, peer_urls: ["http://etcd4:2380"]}

- name: Take out a member that is lost
  quorate.swarm.etcd_members:
    container: etcd1
    absent: [etcd3]
    serving: [etcd1, etcd2, etcd4]
"""

RETURN = r"""
members:
  description: The members after the task; in check mode as they are. One that has not started yet has no name.
  returned: success
  type: list
  elements: dict
  sample:
    - id: f419153bec73b88b
      name: etcd1
      peer_urls: ["http://etcd1:2380"]
      client_urls: ["http://etcd1:2379"]
      learner: false
initial_cluster:
  description: The members after the task, as the setting initial-cluster of one that starts now must have them.
  returned: success
  type: str
  sample: etcd1=http://etcd1:2380,etcd4=http://etcd4:2380
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["remove etcd3", "add etcd4 at http://etcd4:2380, as a learner"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import etcd_api, etcd_state
from ansible_collections.quorate.swarm.plugins.module_utils import etcd_membership as membership
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.member_http import TOGETHER, http_arguments
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import MODULE_OPTIONS
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until


def execute(reach, params, check_mode):
    wanted = membership.wanted(params)
    call = etcd_api.caller(reach, params)
    current = patiently(call, read, params, lambda members: True, "the member told the members of its cluster")
    plan = membership.plan(current, wanted)
    if not check_mode:
        for step in plan.steps:
            current = change(call, step, wanted, params)
    return Outcome.of(plan, members=current, initial_cluster=membership.initial_cluster(current, wanted.present))


def read(member):
    members = etcd_state.told(member.members())
    if not members:
        raise NoAnswer("it is a learner, or not in the cluster yet")
    return members


def change(call, step, wanted, params):
    """The members with what the step changes in them. An answer that was lost is no loss: it is read again whether the change was made."""

    def send(member):
        current = read(member)
        if step.is_done(current):
            return current
        membership.refuse_loss(current, step, wanted.serving)
        SEND[step.kind](member, step, current)
        return read(member)

    return patiently(call, send, params, step.is_done, "the cluster had taken the change (%s)" % step.sentence())


def add(member, step, _current):
    member.ask("cluster/member/add", {"peerURLs": list(step.joins.peer_urls), "isLearner": not step.joins.votes})


def promote(member, step, current):
    member.ask("cluster/member/promote", {"ID": id_of(step.joins.place_in(current))})


def remove(member, step, _current):
    member.ask("cluster/member/remove", {"ID": id_of(step.leaves)})


def id_of(member):
    return str(int(member["id"], 16))


SEND = {membership.ADD: add, membership.PROMOTE: promote, membership.REMOVE: remove}


def patiently(call, talk, params, is_met, goal):
    """What C(talk(member)) returns, again until it is as it shall be."""

    def observe():
        try:
            with call() as member:
                return talk(member), "it was not kept"
        except NoAnswer as exc:
            if exc.denied:
                raise Refusal("%s. Give those of one that may change the cluster." % str(exc).rstrip(".")) from exc
            return None, str(exc).rstrip(".")

    seen, _error = wait_until(
        observe, lambda now: now[0] is not None and is_met(now[0]), params["wait_timeout"], goal, describe=lambda now: now[1]
    )
    return seen


ARGUMENTS = dict(
    http_arguments(etcd_api.PORT),
    present={
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "peer_urls": {"type": "list", "elements": "str", "required": True},
            "votes": {"type": "bool", "default": True},
        },
    },
    absent={"type": "list", "elements": "str", "default": []},
    serving={"type": "list", "elements": "str"},
    wait_timeout={"type": "int", "default": 60},
)


def main():
    run_reconnecting_module(execute, ARGUMENTS, required_together=TOGETHER, **MODULE_OPTIONS)


if __name__ == "__main__":
    main()
