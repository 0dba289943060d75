# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of a cluster as services of the swarm, one each: what is in the way, and the steps in their order. No I/O.

A service is stopped before its template is changed, so that the container that ends and the one that begins are never mixed up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.quorate.swarm.plugins.module_utils import nodes as swarm_nodes
from ansible_collections.quorate.swarm.plugins.module_utils import quorum, service_spec
from ansible_collections.quorate.swarm.plugins.module_utils.container_spec import MEMBER_LABEL
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan

STARTED, STOPPED, ABSENT, SEEN = "started", "stopped", "absent", "seen"
RUNNING, FAILED = "running", ("failed", "rejected")
ENDED = ("complete", "shutdown", "failed", "rejected", "remove", "orphaned")


@dataclass(frozen=True)
class Wanted:
    """One member: its service, and the node with its data, which has C(value) as its C(label)."""

    name: str
    label: str
    value: str
    node_id: str | None = None
    spec: dict | None = None


@dataclass(frozen=True)
class View:
    """What the managers tell. C(network_names) are names of networks by ID."""

    services: tuple = ()
    tasks: tuple = ()
    nodes: tuple = ()
    network_names: dict = field(default_factory=dict)

    def service(self, name):
        return next((service for service in self.services if service["Spec"]["Name"] == name), None)

    def tasks_of(self, name):
        service = self.service(name)
        return [task for task in self.tasks if service and task.get("ServiceID") == service["ID"]]


@dataclass(frozen=True)
class Step:
    """C(kind) is the name of an effect in plugins/modules/member_services.py."""

    kind: str
    wanted: Wanted

    def sentence(self):
        if self.kind == "label":
            return "give the node %s the label %s=%s" % (self.wanted.node_id, self.wanted.label, self.wanted.value)
        return "%s the service %s" % (self.kind, self.wanted.name)


def constraint(label, value):
    return "node.labels.%s == %s" % (label, value)


def refuse_twice(wanted):
    names = [one.name for one in wanted]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Refusal("%s is the name of more than one service." % ", ".join(twice))


# Tasks


def is_running(view, name):
    return running_task(view, name) is not None


def running_task(view, name):
    """The task that runs and shall run, on a node that is not down."""
    down = {node["ID"] for node in view.nodes if swarm_nodes.is_down(node)}
    for task in view.tasks_of(name):
        if task.get("DesiredState") == RUNNING and task["Status"]["State"] == RUNNING and task.get("NodeID") not in down:
            return task
    return None


def unended(view, name):
    """Tasks whose containers may be there still. Of those on a node that is down nobody would ever hear."""
    down = {node["ID"] for node in view.nodes if swarm_nodes.is_down(node)}
    return [task for task in view.tasks_of(name) if task["Status"]["State"] not in ENDED and task.get("NodeID") not in down]


def replicas(service):
    return ((service["Spec"].get("Mode") or {}).get("Replicated") or {}).get("Replicas") or 0


def why_not(tasks):
    """In words what the latest of the tasks says."""
    if not tasks:
        return "the managers have made no task for it"
    latest = max(tasks, key=lambda task: task.get("CreatedAt") or "")
    said = latest["Status"].get("Err") or latest["Status"].get("Message") or "nothing more is told"
    return "its latest task is %s: %s" % (latest["Status"]["State"], said.rstrip("."))


# What is in the way


def refusals(view, wanted, all_wanted):
    """Sentences on what keeps one member from being as it is wanted; placement is looked at whatever differs, since data is at stake."""
    return [sentence for sentence in [_foreign(view, wanted)] + (_placement(view, wanted, all_wanted) if wanted.spec else []) if sentence]


def _foreign(view, wanted):
    service = view.service(wanted.name)
    if service is None or (service["Spec"].get("Labels") or {}).get(MEMBER_LABEL) == wanted.name:
        return ""
    return (
        "There is a service %s that no run of this module has made: it lacks the label %s=%s. Remove it, or give the member another name."
        % (wanted.name, MEMBER_LABEL, wanted.name)
    )


def _placement(view, wanted, all_wanted):
    pair = "%s=%s" % (wanted.label, wanted.value)
    own = next((node for node in view.nodes if node["ID"] == wanted.node_id), None)
    if own is None:
        why = "is the node %s, which is not in this swarm" % wanted.node_id if wanted.node_id else "is in no swarm"
        return ["%s cannot be a service, since its host %s. Let the host join the swarm first." % (wanted.name, why)]
    found = []
    shared = [other.name for other in all_wanted if other.name != wanted.name and other.node_id == wanted.node_id]
    if shared:
        found.append("%s and %s are on one host, and a service that has its network can be there once." % (wanted.name, ", ".join(shared)))
    has = label_of(own, wanted.label)
    if has not in (None, wanted.value):
        found.append(
            "The node %s has the label %s=%s, and the member %s needs %s there. What else is placed by that label would move, so take "
            "another label, or remove it by hand ('docker node update --label-rm %s %s')."
            % (quorum.hostname(own), wanted.label, has, wanted.name, pair, wanted.label, quorum.hostname(own))
        )
    others = [node for node in view.nodes if node["ID"] != wanted.node_id and label_of(node, wanted.label) == wanted.value]
    for node in others:
        found.append(
            "The node %s has the label %s, too, so that %s could be moved there, away from its data. Remove it there by hand "
            "('docker node update --label-rm %s %s')." % (quorum.hostname(node), pair, wanted.name, wanted.label, node["ID"])
        )
    return found


def label_of(node, label):
    return (node["Spec"].get("Labels") or {}).get(label)


# The steps


def decide(view, wanted, state):
    """The plan for one member."""
    if state in (STOPPED, ABSENT):
        return _decide_end(view, wanted, state)
    steps, before, after = [], {}, {}
    if wanted.spec is None:
        return Plan()
    own = next((node for node in view.nodes if node["ID"] == wanted.node_id), None)
    if own is not None and label_of(own, wanted.label) != wanted.value:
        steps.append(Step("label", wanted))
        before["label %s" % wanted.label], after["label %s" % wanted.label] = label_of(own, wanted.label), wanted.value
    service, found = view.service(wanted.name), differs(view, wanted)
    if service is None:
        steps.append(Step("create", wanted))
        before["service"], after["service"] = None, wanted.spec["TaskTemplate"]["ContainerSpec"]["Image"]
    elif found:
        # also one that was told to end and has not yet, or two would be at the same data
        is_ending = not replicas(service) and unended(view, wanted.name)
        if is_ending or replicas(service) and any(service_spec.needs_restart(difference) for difference in found):
            steps.append(Step("stop", wanted))
        steps.append(Step("update", wanted))
        for difference in found:
            before[difference.what], after[difference.what] = difference.before(), difference.after()
    return Plan(tuple(steps), before, after)


def differs(view, wanted):
    service = view.service(wanted.name)
    if service is None or wanted.spec is None:
        return []
    return list(service_spec.differences(service["Spec"], wanted.spec, view.network_names))


def _decide_end(view, wanted, state):
    service = view.service(wanted.name)
    if service is None:
        return Plan()
    steps, before, after = [], {}, {}
    if replicas(service) or unended(view, wanted.name):
        steps.append(Step("stop", wanted))
        before["replicas"], after["replicas"] = replicas(service), 0
    if state == ABSENT:
        steps.append(Step("remove", wanted))
        before["service"], after["service"] = "there", None
    return Plan(tuple(steps), before, after)


# What is told


def summary(view, wanted, in_the_way=()):
    service, found = view.service(wanted.name), differs(view, wanted)
    task = running_task(view, wanted.name)
    told = ["service: %s" % difference.sentence() for difference in found]
    plan = decide(view, wanted, SEEN)
    told += ["the label %s of its node is not %s" % (wanted.label, wanted.value)] * any(step.kind == "label" for step in plan.steps)
    if service is None:
        told.append("the service is missing")
    return {
        "name": wanted.name,
        "exists": service is not None,
        "running": task is not None,
        "replicas": replicas(service) if service else None,
        "node_id": task.get("NodeID") if task else None,
        "differs": told,
        "restart_needed": service is None or task is None or any(service_spec.needs_restart(difference) for difference in found),
        "refusals": list(in_the_way),
    }
