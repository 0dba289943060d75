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
        description:
          - V(active) takes tasks, V(pause) keeps those it has, V(drain) gives them away; the task waits until they are gone.
          - Standalone containers stay in all cases.
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
    description:
      - Remove entries that are down and have the hostname of a listed node that is up, left behind when its host joined anew.
      - Remove also entries that are not listed and under which no host reports for 30 seconds. The managers keep such an entry, without
        a hostname, of a host that could not use the certificate they gave it, for example because the clocks differed.
    type: bool
    default: false
  inherit_from_stale:
    description:
      - Give a listed node the labels of the entries that O(remove_stale=true) removes, unless it has labels of the same keys, and their
        availability, unless O(nodes[].availability) says another.
      - With O(labels_state=replace) only the availability is taken over.
    type: bool
    default: false
  drain_timeout:
    description:
      - Seconds until no task of a service is left on the nodes with O(nodes[].availability=drain). With 0 the task does not wait.
      - A task ends within its service's stop grace period.
    type: int
    default: 300
  restore_on_failure:
    description: Give nodes that were drained by this task back the availability that they had, if it fails, because tasks are left after
      O(drain_timeout) or for any other reason.
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

- name: Take a node out of service, but leave it in if it is not empty after ten minutes
  quorate.swarm.swarm_nodes:
    nodes:
      - {name: node4, availability: drain}
    drain_timeout: 600
    restore_on_failure: true

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
remaining_tasks:
  description: Tasks of services that are left on nodes with O(nodes[].availability=drain); in check mode as they are.
  returned: success
  type: list
  elements: str
  sample: []
standalone_containers:
  description: >-
    Containers of no service on those nodes, as far as the managers know of them because they are on an overlay network. A drain
    does not stop them.
  returned: success
  type: list
  elements: str
  sample: ["container 0f3c5d6e7f80 on node4"]
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["node4: set labels {'disk': 'ssd'}"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import drains, nodes
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import host_name
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.membership import membership_of, require_manager
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import look_until, wait_until

STILL_MEMBER_OF_RAFT = "must be demoted"
# A host reports seconds after the managers made its entry.
REPORT_LIMIT = 30


def execute(engine, params, check_mode):
    nodes.refuse_invalid(params["nodes"])
    own = membership_of(engine.info())
    require_manager(own, "change the swarm's nodes", host_name)
    seen = settled(engine, params)
    orphans = orphaned(engine, seen, params["nodes"]) if params["remove_stale"] else []
    plan = nodes.plan(
        seen, params["nodes"], params["labels_state"], params["remove_stale"], own.node_id, params["inherit_from_stale"], orphans
    )
    drained = drains.drained(seen, params["nodes"])
    if check_mode:
        tasks, containers = left_on(engine, drained)
    else:
        begun = []
        try:
            take(engine, [step for step in plan.steps if not nodes.demotes(step, own.node_id)], params["wait_timeout"], begun)
            tasks, containers = await_empty(engine, drained, params["drain_timeout"])
            seen = step_down(engine, plan.steps, own.node_id, params["wait_timeout"]) or (engine.nodes() if plan.steps else seen)
        except QuorateError as exc:
            if drained:
                exc.args = (" ".join([str(exc), after_failure(engine, drains.begins(begun), plan.before, params["restore_on_failure"])]),)
            raise
    outcome = Outcome.of(plan, nodes=[nodes.summary(node) for node in seen], remaining_tasks=tasks, standalone_containers=containers)
    if containers and drains.begins(plan.steps):
        outcome.warnings.append(drains.unstopped(containers))
    return outcome


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


def orphaned(engine, seen, wishes):
    """Of the entries under which no host has reported, those that stay so."""
    waiting = {node["ID"] for node in nodes.unreported(seen, wishes)}

    def left():
        now = listed(engine)
        return None if now is None else [node for node in nodes.unreported(now, wishes) if node["ID"] in waiting]

    return (look_until(left, lambda found: found == [], REPORT_LIMIT) or []) if waiting else []


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


def take(engine, steps, limit, begun):
    """Take the steps in their order; C(begun) becomes those of them that may have had an effect, also where one fails."""
    for step in steps:
        begun.append(step)
        STEPS[step.action](engine, step, limit)


def left_on(engine, drained):
    """Tasks and standalone containers on drained nodes; nothing is asked where none is."""
    if not drained:
        return [], []
    tasks = drains.remaining_tasks(engine.tasks(), engine.services(), drained)
    return tasks, drains.standalone_containers(engine.attachments(), drained)


def seen_on(engine, drained):
    try:
        return left_on(engine, drained)
    except EngineError as exc:
        if exc.may_pass:
            return ["nothing is known: %s" % exc], []
        raise


def await_empty(engine, drained, limit):
    if not limit:
        return left_on(engine, drained)
    containers = []

    def look():
        left = seen_on(engine, drained)
        containers[:] = left[1] or containers
        return left

    try:
        return wait_until(
            look,
            lambda left: not left[0],
            limit,
            "no task of a service was left on %s" % ", ".join(sorted(drained.values())),
            describe=lambda left: ", ".join(left[0]),
        )
    except TimeLimitExceeded as exc:
        sentences = [str(exc), drains.unstopped(containers), drains.lost(listed(engine) or [], drained)]
        raise TimeLimitExceeded(" ".join(filter(None, sentences))) from exc


def after_failure(engine, steps, before, restore):
    """What becomes of the nodes that this task drained with C(steps), in a sentence."""
    names = ", ".join(step.name for step in steps)
    if not steps:
        return "This task has drained no node."
    if not restore:
        return "%s stay drained; restore_on_failure would have given them back." % names
    try:
        for step in steps:
            earlier = before[step.name]["availability"]
            engine.node_update(step.node_id, lambda spec, earlier=earlier: nodes.apply_to(spec, {"Availability": earlier}))
    except EngineError as exc:
        return "%s could not be given the availability that they had: %s Set it by hand, or run again." % (names, exc)
    return "%s have the availability again that they had." % names


def step_down(engine, steps, own_id, limit):
    """Demote the manager that is asked, and return the nodes as they must be then: it can no longer list them."""
    step = next((step for step in steps if nodes.demotes(step, own_id)), None)
    if step is None:
        return None
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
    "inherit_from_stale": {"type": "bool", "default": False},
    "drain_timeout": {"type": "int", "default": 300},
    "restore_on_failure": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 120},
}


def main():
    run_module(execute, ARGUMENTS)


if __name__ == "__main__":
    main()
