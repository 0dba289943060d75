#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: member_services
short_description: Members of a stateful cluster as services of a Docker Swarm, one each
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Holds services of one replica that have the network of their host and stay on the node that has their data, for which the node gets a
    label. Several services are looked at or changed in one task, which runs on any manager.
  - Directories and files that are mounted lie on the node and are held there by M(quorate.swarm.cluster_member) with
    O(quorate.swarm.cluster_member#module:files_only=true).
  - Where what differs needs another container, the service is stopped within its stop grace period first, and started as it is asked for
    once the old container has ended. All services of a task that differ are changed; a change member by member is a task for each.
  - What nobody asked for, such as C(ForceUpdate) or reservations of resources, is left as it is. No port is published, and no other
    label of a node is touched. Nothing is ever moved to another node, and data is not touched.
  - Refused before anything is changed are a service of that name which is no member, hosts that are no nodes of the swarm, two members on
    one node, a node that has the label with another value, and a label with the same value on another node.
options:
  services:
    description: The members.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the service.
        type: str
        required: true
      node_id:
        description: ID of the node with the member's data. Needed for O(state=started).
        type: str
      label:
        description: Label by which the service is placed.
        type: str
        default: node_index
      value:
        description: Value of that label, which no other node may have. Needed for O(state=started).
        type: str
      image:
        description:
          - Image with its tag or digest. The nodes pull it as services do, also where they have one of that tag.
          - Needed for O(state=started).
        type: str
      container:
        description:
          - What its containers are given, as O(quorate.swarm.cluster_member#module:container), but for C(networks), C(ports), C(tmpfs),
            C(shm_size), C(memory_swap) and C(memory_swappiness).
        type: dict
        default: {}
  state:
    description:
      - V(started) makes the services as they are asked for and waits until their tasks run.
      - V(stopped) leaves the services without a task, and waits until their containers have ended.
      - V(absent) stops and removes the services. The labels of nodes stay, since other services may be placed by them.
      - V(seen) only looks. What V(started) would refuse is in RV(services[].refusals), and does not fail the task.
    type: str
    choices: [started, stopped, absent, seen]
    default: started
  wait_timeout:
    description:
      - Seconds until the tasks must run.
      - A service of which three tasks have failed is not waited for any longer. What the managers say of the last one is in the error.
    type: int
    default: 120
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.cluster_member
  - module: quorate.swarm.service_convergence
  - module: community.docker.docker_swarm_service
"""

EXAMPLES = r"""
- name: Hold a member of a ZooKeeper ensemble on the host with its data
  quorate.swarm.member_services:
    services:
      - name: zoo1
        node_id: 3b4mbhoz6dwqrvz9b6ynkz8lc
        value: "1"
        image: zookeeper:3.8
        container:
          mounts:
            - {source: /srv/zookeeper/zoo1/data, target: /data}
          stop_timeout: 60

- name: Stop it, so that its files can be written
  quorate.swarm.member_services:
    state: stopped
    services:
      - name: zoo1
"""

RETURN = r"""
services:
  description: The services after the task, in the order in which they were asked for; in check mode as they are.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the service.
      type: str
      sample: zoo1
    exists:
      description: Whether there is a service of the name.
      type: bool
      sample: true
    running:
      description: Whether a task of it runs, on a node that is not down.
      type: bool
      sample: true
    replicas:
      description: How many tasks it shall have; none where there is no service.
      type: int
      sample: 1
    node_id:
      description: ID of the node on which its task runs.
      type: str
      sample: 3b4mbhoz6dwqrvz9b6ynkz8lc
    differs:
      description: What differs from what is asked for, in sentences.
      type: list
      elements: str
      sample: ["service: memory is 268435456, not 536870912"]
    restart_needed:
      description: Whether its container would be stopped or started for that.
      type: bool
      sample: true
    refusals:
      description: Why it could not be made so, in sentences.
      type: list
      elements: str
      sample: []
actions:
  description: What was done, or would be done in check mode, in order; nothing with O(state=seen).
  returned: success
  type: list
  elements: str
  sample: ["stop the service zoo1", "update the service zoo1"]
"""

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.quorate.swarm.plugins.module_utils import container_spec, member_service, service_spec
from ansible_collections.quorate.swarm.plugins.module_utils import nodes as swarm_nodes
from ansible_collections.quorate.swarm.plugins.module_utils.container_options import CONTAINER
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import host_name
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.membership import membership_of, require_manager
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import look_until, wait_until

# Longer than an end takes beyond the container's own time for it
STOP_MARGIN = 120
# A server that dies of its configuration does so within moments.
SETTLED = 2
ATTEMPTS = 3


def execute(engine, params, check_mode):
    state = params["state"]
    wanted = [wanted_of(option, state) for option in params["services"]]
    member_service.refuse_twice(wanted)
    require_manager(membership_of(engine.info()), "hold services of members", host_name)
    view = look(engine, wanted)
    in_the_way = {one.name: member_service.refusals(view, one, wanted) for one in wanted}
    if state == member_service.SEEN:
        return Outcome(facts={"services": [member_service.summary(view, one, in_the_way[one.name]) for one in wanted]})
    sentences = [sentence for one in wanted for sentence in in_the_way[one.name]]
    if sentences:
        raise Refusal("%s Nothing was changed." % " ".join(sentences), refusals=sentences)
    plans = [member_service.decide(view, one, state) for one in wanted]
    warnings = []
    if not check_mode:
        past = {task["ID"] for one in wanted for task in view.tasks_of(one.name) if task["Status"]["State"] in member_service.ENDED}
        all_running = all(member_service.is_running(view, one.name) for one in wanted)
        starts = any(step.kind in ("create", "update") for plan in plans for step in plan.steps)
        for step in (step for plan in plans for step in plan.steps):
            warnings += STEPS[step.kind](engine, step.wanted) or []
        if state == member_service.STARTED:
            await_running(engine, wanted, past, starts or not all_running, params["wait_timeout"])
        view = look(engine, wanted)
    outcome = Outcome.of(
        Plan(
            tuple(step for plan in plans for step in plan.steps),
            {one.name: plan.before for one, plan in zip(wanted, plans) if plan.before},
            {one.name: plan.after for one, plan in zip(wanted, plans) if plan.after},
        ),
        services=[member_service.summary(view, one) for one in wanted],
    )
    outcome.warnings += warnings
    return outcome


def wanted_of(option, state):
    if state == member_service.STARTED:
        missing = [key for key in ("node_id", "value", "image") if not option[key]]
        if missing:
            raise Refusal("The service %s cannot be started without %s." % (option["name"], ", ".join(missing)))
    return member_service.Wanted(option["name"], option["label"], option["value"] or "", option["node_id"], request(option))


def request(option):
    if not option["image"]:
        return None
    given = ArgumentSpecValidator(CONTAINER).validate(option["container"])
    if given.error_messages:
        raise Refusal("The container of %s is invalid: %s." % (option["name"], "; ".join(given.error_messages).rstrip(".")))
    placed = member_service.constraint(option["label"], option["value"] or "")
    return service_spec.spec_of(option["name"], option["image"], given.validated_parameters, placed)


# What there is


def look(engine, wanted):
    names = {one.name for one in wanted}
    services = tuple(service for service in engine.services() if service["Spec"]["Name"] in names)
    targets = {
        network["Target"]
        for service in services
        for network in (service["Spec"].get("TaskTemplate") or {}).get("Networks") or service["Spec"].get("Networks") or ()
    }
    names_of_networks = {target: named(engine, target) for target in targets}
    return member_service.View(services, tuple(engine.tasks()), tuple(engine.nodes()), names_of_networks)


def named(engine, target):
    """The host's network has an ID in the swarm that no list tells."""
    try:
        return engine.network(target)["Name"]
    except EngineError as exc:
        if exc.is_missing:
            return target
        raise


def look_if_told(engine, wanted):
    """None while the managers have no leader."""
    try:
        return look(engine, wanted)
    except EngineError as exc:
        if exc.may_pass:
            return None
        raise


# The effects


def label(engine, wanted):
    def change(spec):
        return swarm_nodes.apply_to(spec, {"Labels": dict(spec.get("Labels") or {}, **{wanted.label: wanted.value})})

    engine.node_update(wanted.node_id, change)


def create(engine, wanted):
    return ["The managers say of the service %s: %s" % (wanted.name, warning) for warning in engine.service_create(wanted.spec)]


def update(engine, wanted):
    engine.service_update(wanted.name, lambda found: service_spec.over(found, wanted.spec))


def stop(engine, wanted):
    found = look(engine, [wanted]).service(wanted.name)
    container = found["Spec"]["TaskTemplate"].get("ContainerSpec") or {}
    grace = (container.get("StopGracePeriod") or 0) // service_spec.SECOND or container_spec.DEFAULT_STOP
    engine.service_update(wanted.name, lambda spec: service_spec.with_replicas(spec, 0))
    wait_until(
        lambda: look_if_told(engine, [wanted]),
        lambda view: view is not None and not member_service.unended(view, wanted.name),
        grace + STOP_MARGIN,
        "no container of the service %s was left" % wanted.name,
        describe=lambda view: "the managers have no leader"
        if view is None
        else member_service.why_not(member_service.unended(view, wanted.name)),
    )


def remove(engine, wanted):
    engine.service_remove(wanted.name)


STEPS = {"label": label, "create": create, "update": update, "stop": stop, "remove": remove}


def await_running(engine, wanted, past, settles, limit):
    """Until the services' tasks run, and where it C(settles), have run for a moment; C(past) are tasks that had ended before."""

    def observe():
        return look_if_told(engine, wanted)

    def waiting(view):
        return [one for one in wanted if not member_service.is_running(view, one.name)]

    def failed(view, one):
        return [task for task in view.tasks_of(one.name) if task["ID"] not in past and task["Status"]["State"] in member_service.FAILED]

    def is_decided(view):
        return view is not None and (not waiting(view) or any(len(failed(view, one)) >= ATTEMPTS for one in waiting(view)))

    def tasks_of(view):
        return {one.name: (member_service.running_task(view, one.name) or {}).get("ID") for one in wanted}

    view = look_until(observe, is_decided, limit)
    if view is None:
        raise QuorateError("Waited %d s for the services, and the managers have no leader. Bring a majority of them back." % limit)
    if not waiting(view):
        begun = tasks_of(view)
        if settles:
            view = look_until(observe, lambda now: now is not None and tasks_of(now) != begun, SETTLED) or view
        if tasks_of(view) == begun:
            return
    ailing = waiting(view) or wanted
    raise QuorateError(
        "Not every service stays up: %s. See 'docker service ps --no-trunc %s' on a manager; until that is mended the swarm goes on trying."
        % ("; ".join("%s, %s" % (one.name, member_service.why_not(view.tasks_of(one.name))) for one in ailing), ailing[0].name)
    )


# The options

ARGUMENTS = {
    "services": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "node_id": {"type": "str"},
            "label": {"type": "str", "default": "node_index"},
            "value": {"type": "str"},
            "image": {"type": "str"},
            "container": {"type": "dict", "default": {}},
        },
    },
    "state": {"type": "str", "choices": ["started", "stopped", "absent", "seen"], "default": "started"},
    "wait_timeout": {"type": "int", "default": 120},
}


def secrets(params):
    given = [option["container"] for option in params["services"] if isinstance(option["container"].get("env"), dict)]
    return {text for container in given for text in container_spec.secrets(container)}


def main():
    run_module(
        execute,
        ARGUMENTS,
        secrets=secrets,
        # or the host's log would have the options as they were given
        no_log=True,
    )


if __name__ == "__main__":
    main()
