#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: swarm_nodes
short_description: Roles, availability and labels of all nodes of a Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Brings all listed nodes to the wanted role, availability and labels in one task. Runs on any manager.
  - Promotes before it demotes, one node at a time, and waits until each role is effective, not merely written.
  - Refuses what would cost the swarm its quorum, before anything is changed.
  - Options that are left out are not touched. Nodes that are not listed are not touched.
options:
  nodes:
    description: The nodes that are meant.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the node in messages; its hostname in the swarm, where O(nodes[].node_id) is not given.
        type: str
        required: true
      node_id:
        description: ID of the node. Surer than its name, since a host that joined anew has an old entry of the same name.
        type: str
      state:
        description: V(absent) removes the entry of a node that is down. A node that is not down is refused, a missing one is fine.
        type: str
        choices: [present, absent]
        default: present
      role:
        description: Role that the node shall have.
        type: str
        choices: [manager, worker]
      availability:
        description: V(active) takes tasks, V(pause) keeps those it has, V(drain) gives them away. Standalone containers stay in all cases.
        type: str
        choices: [active, pause, drain]
      labels:
        description: Labels of the node. Values are turned into text.
        type: dict
      labels_to_remove:
        description: Keys of labels that the node shall not have, whatever their value.
        type: list
        elements: str
  labels_state:
    description: V(merge) leaves labels that O(nodes[].labels) does not name alone, V(replace) removes them.
    type: str
    choices: [merge, replace]
    default: merge
  remove_stale:
    description: Remove entries that are down and have the hostname of a listed node that is up, left behind when its host joined anew.
    type: bool
    default: false
  wait_timeout:
    description: Seconds until the role of one node must be effective, or its entry gone.
    type: int
    default: 120
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.swarm
  - module: quorate.swarm.swarm_info
  - module: community.docker.docker_node
"""

EXAMPLES = r"""
- name: Three managers, one worker with a label
  quorate.swarm.swarm_nodes:
    nodes:
      - {name: node1, role: manager}
      - {name: node2, role: manager}
      - {name: node3, role: manager}
      - {name: node4, role: worker, labels: {disk: ssd}}

- name: Take a node out of service
  quorate.swarm.swarm_nodes:
    nodes:
      - name: node4
        availability: drain

- name: Forget a host that is gone for good
  quorate.swarm.swarm_nodes:
    nodes:
      - name: node9
        state: absent
"""

RETURN = r"""
nodes:
  description: All nodes of the swarm after the task; in check mode as they are.
  returned: success
  type: list
  elements: dict
  contains:
    node_id:
      description: ID of the node.
      type: str
      sample: 3b4mbhoz6dwqrvz9b6ynkz8lc
    hostname:
      description: Hostname under which the node joined.
      type: str
      sample: node1
    role:
      description: V(manager) or V(worker).
      type: str
      sample: manager
    availability:
      description: V(active), V(pause) or V(drain).
      type: str
      sample: active
    labels:
      description: Labels of the node.
      type: dict
      sample: {"disk": "ssd"}
    state:
      description: V(ready), V(down), V(disconnected) or V(unknown).
      type: str
      sample: ready
    addr:
      description: Address of the node as the managers see it.
      type: str
      sample: 10.10.10.88
    engine_version:
      description: Version of the node's engine.
      type: str
      sample: 20.10.24
    leader:
      description: Whether the node leads the managers.
      type: bool
      sample: true
    reachability:
      description: V(reachable) or V(unreachable) for managers, none for workers.
      type: str
      sample: reachable
    manager_addr:
      description: Address on which a manager listens for the other members, none for workers.
      type: str
      sample: 10.10.10.88:2377
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["node4: set labels {'disk': 'ssd'}"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import nodes
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import host_name
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.membership import membership_of, require_manager
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until

STILL_MEMBER_OF_RAFT = "must be demoted"


def execute(engine, params, check_mode):
    nodes.refuse_invalid(params["nodes"])
    own = membership_of(engine.info())
    require_manager(own, "change the swarm's nodes", host_name)
    seen = settled(engine, params)
    plan = nodes.plan(seen, params["nodes"], params["labels_state"], params["remove_stale"], own.node_id)
    if plan.steps and not check_mode:
        seen = take(engine, plan.steps, own.node_id, params["wait_timeout"])
    return Outcome.of(plan, nodes=[nodes.summary(node) for node in seen])


def settled(engine, params):
    """The node list, once what an earlier run or a rejoined host has begun has come to its end."""

    def moving(seen):
        return nodes.unsettled(seen, params["nodes"], params["remove_stale"])

    return wait_until(
        lambda: listed(engine),
        lambda seen: seen is not None and not moving(seen),
        params["wait_timeout"],
        "every listed node was what its role says, and entries that rejoined hosts left behind were down",
        describe=lambda seen: described(moving(seen) if seen else None),
    )


def listed(engine):
    """The node list; none while the managers have no leader, as for moments after a leader was demoted or lost."""
    try:
        return engine.nodes()
    except EngineError as exc:
        if exc.may_pass:
            return None
        raise


def described(seen):
    return "the managers have no leader" if seen is None else ", ".join(str(nodes.summary(node)) for node in seen)


def take(engine, steps, own_id, limit):
    """Take the steps in order and return the node list after them."""
    for step in steps:
        if nodes.demotes(step, own_id):
            return step_down(engine, step, limit)
        STEPS[step.action](engine, step, limit)
    return engine.nodes()


def step_down(engine, step, limit):
    """Demote the manager that is asked. It can tell of itself that it is a worker, but no longer list the nodes."""
    foretold = nodes.after(engine.nodes(), step)
    write(engine, step)
    wait_until(
        lambda: membership_of(engine.info()),
        lambda now: not now.is_manager,
        limit,
        "this manager, %s, was a worker" % step.name,
        describe=lambda now: now.role,
    )
    return foretold


def update(engine, step, limit):
    write(engine, step)
    if "Role" in step.settings:
        wait_until(
            lambda: listed(engine),
            lambda seen: seen is not None and all(nodes.is_effective(node, step.settings) for node in only(seen, step)),
            limit,
            "the new role of node %s was effective" % step.name,
            describe=lambda seen: described(seen and only(seen, step)),
        )


def write(engine, step):
    engine.node_update(step.node_id, lambda spec: nodes.apply_to(spec, step.settings))


def only(seen, step):
    return [node for node in seen if node["ID"] == step.node_id]


def remove(engine, step, limit):
    def attempt():
        try:
            engine.node_remove(step.node_id)
        except EngineError as exc:
            if not exc.is_missing and not exc.may_pass and STILL_MEMBER_OF_RAFT not in str(exc):
                raise
        return listed(engine)

    wait_until(
        attempt,
        lambda seen: seen is not None and not only(seen, step),
        limit,
        "the entry %s of %s was gone" % (step.node_id, step.name),
        describe=lambda seen: described(seen and only(seen, step)),
    )


STEPS = {"update": update, "remove": remove}

ARGUMENTS = {
    "nodes": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "node_id": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "role": {"type": "str", "choices": ["manager", "worker"]},
            "availability": {"type": "str", "choices": ["active", "pause", "drain"]},
            "labels": {"type": "dict"},
            "labels_to_remove": {"type": "list", "elements": "str"},
        },
    },
    "labels_state": {"type": "str", "choices": ["merge", "replace"], "default": "merge"},
    "remove_stale": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 120},
}


def main():
    run_module(execute, ARGUMENTS)


if __name__ == "__main__":
    main()
