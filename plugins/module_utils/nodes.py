# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, availability and labels of all nodes of a swarm: which steps lead to what was asked for. No I/O."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field

from ansible_collections.quorate.swarm.plugins.module_utils import quorum
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

LABEL_KEY = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$")
MANAGER = "manager"
WORKER = "worker"
DOWN = "down"


@dataclass(frozen=True)
class Step:
    """One update or removal; C(settings) holds only the keys of the node's spec that change."""

    action: str
    node_id: str
    name: str
    settings: dict = field(default_factory=dict)

    def sentence(self):
        if self.action == "remove":
            return "remove the node %s (%s), which is down" % (self.name, self.node_id)
        parts = []
        if "Role" in self.settings:
            parts.append("promote to manager" if self.settings["Role"] == MANAGER else "demote to worker")
        if "Availability" in self.settings:
            parts.append("set availability %s" % self.settings["Availability"])
        if "Labels" in self.settings:
            parts.append("set labels %s" % self.settings["Labels"])
        return "%s: %s" % (self.name, ", ".join(parts))


@dataclass(frozen=True)
class Plan:
    steps: tuple = ()
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    warnings: tuple = ()


def plan(nodes, desired, labels_state="merge", remove_stale=False):
    """Steps from the engine's node list to the C(desired) nodes, promotions before demotions, removals last."""
    refuse_invalid(desired)
    wanted = [(wish, find(nodes, wish)) for wish in desired]
    _refuse_shared_nodes(wanted)
    updates, removals, before, after = [], [], {}, {}
    for wish, node in wanted:
        if wish["state"] == "absent":
            removals += _removal(wish, node)
            continue
        settings = changed_settings(node["Spec"], wish, labels_state)
        if settings.get("Role") == MANAGER and is_down(node):
            raise Refusal(
                "The node %s (%s) is down and cannot become a manager. Bring its host back, or leave it out."
                % (wish["name"], node["ID"])
            )
        if settings:
            updates.append(Step("update", node["ID"], wish["name"], settings))
            before[wish["name"]] = {key.lower(): node["Spec"].get(key) for key in settings}
            after[wish["name"]] = {key.lower(): value for key, value in settings.items()}
    stale, warnings = _stale_twins(nodes, wanted) if remove_stale else ([], [])
    removals += stale
    for step in removals:
        before["%s (%s)" % (step.name, step.node_id)] = {"status": DOWN}
    updates.sort(key=lambda step: {MANAGER: 0, None: 1, WORKER: 2}[step.settings.get("Role")])
    removals = _demoted_first(nodes, removals)
    _refuse_quorum_loss(nodes, updates + removals)
    return Plan(tuple(updates + removals), before, after, tuple(warnings))


def refuse_invalid(desired):
    """Refuse what no swarm could be asked for, before anything is looked at."""
    seen = set()
    for wish in desired:
        if wish["name"] in seen:
            raise Refusal("The node %s is listed twice; list it once." % wish["name"])
        seen.add(wish["name"])
        for key in wish["labels"] or {}:
            if not LABEL_KEY.match(key):
                raise Refusal(
                    "The label %r of node %s is invalid: a key begins and ends with a letter or digit and has only letters, "
                    "digits, '.', '_', '-' and '/' between." % (key, wish["name"])
                )
        for key, value in (wish["labels"] or {}).items():
            if isinstance(value, (dict, list)):
                raise Refusal("The label %s of node %s has no plain text as its value." % (key, wish["name"]))


def find(nodes, wish):
    """The node that is meant: by its ID, else by its hostname, of which it must be the only node that is not down."""
    if wish["node_id"]:
        found = [node for node in nodes if node["ID"] == wish["node_id"]]
    else:
        named = [node for node in nodes if quorum.hostname(node) == wish["name"]]
        found = [node for node in named if not is_down(node)] or named
        if wish["state"] == "absent" and len(named) > 1:
            found = [node for node in named if is_down(node)] or named
    if len(found) > 1:
        raise Refusal(
            "The name %s fits %d nodes of the swarm: %s. Say which one with node_id."
            % (wish["name"], len(found), ", ".join(sorted(node["ID"] for node in found)))
        )
    if not found and wish["state"] == "present":
        raise Refusal(
            "The node %s%s is not in this swarm, whose nodes are %s. Let it join with quorate.swarm.swarm first."
            % (
                wish["name"],
                " (%s)" % wish["node_id"] if wish["node_id"] else "",
                ", ".join(sorted("%s (%s)" % (quorum.hostname(node), node["ID"]) for node in nodes)),
            )
        )
    return found[0] if found else None


def changed_settings(spec, wish, labels_state):
    """The keys of a node's spec that differ from the wish; what the wish leaves out is not looked at."""
    settings = {}
    if wish["role"] and spec["Role"] != wish["role"]:
        settings["Role"] = wish["role"]
    if wish["availability"] and spec["Availability"] != wish["availability"]:
        settings["Availability"] = wish["availability"]
    current = spec.get("Labels") or {}
    labels = dict(current) if labels_state == "merge" else {}
    if wish["labels"] is None:
        labels = dict(current)
    else:
        labels.update({key: label_value(value) for key, value in wish["labels"].items()})
    for key in wish["labels_to_remove"] or ():
        labels.pop(key, None)
    if labels != current:
        settings["Labels"] = labels
    return settings


def label_value(value):
    """Labels are text; YAML's booleans and nulls become what a person would have typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def apply_to(spec, settings):
    """A whole spec with the changed keys in it, as the engine's update call wants it."""
    return dict(copy.deepcopy(spec), **settings)


def is_down(node):
    return node["Status"]["State"] == DOWN


def is_effective(node, settings):
    """Whether a node has really become what its spec says: a manager takes part in the raft, a worker no longer does."""
    if "Role" not in settings:
        return True
    if settings["Role"] == MANAGER:
        return quorum.is_reachable(node)
    return not node.get("ManagerStatus")


def summary(node):
    status = node.get("ManagerStatus") or {}
    return {
        "node_id": node["ID"],
        "hostname": quorum.hostname(node),
        "role": node["Spec"]["Role"],
        "availability": node["Spec"]["Availability"],
        "labels": node["Spec"].get("Labels") or {},
        "state": node["Status"]["State"],
        "addr": node["Status"].get("Addr"),
        "engine_version": node["Description"]["Engine"].get("EngineVersion"),
        "leader": bool(status.get("Leader")),
        "reachability": status.get("Reachability"),
        "manager_addr": status.get("Addr"),
    }


def _refuse_shared_nodes(wanted):
    taken = {}
    for wish, node in wanted:
        if node is None:
            continue
        if node["ID"] in taken:
            raise Refusal(
                "%s and %s are the same node, %s. List it once, or give each its node_id."
                % (taken[node["ID"]], wish["name"], node["ID"])
            )
        taken[node["ID"]] = wish["name"]


def _removal(wish, node):
    if node is None:
        return []
    if not is_down(node):
        raise Refusal(
            "The node %s (%s) is %s, and only a node that is down is removed. Let its host leave the swarm first "
            "(quorate.swarm.swarm with state=absent)." % (wish["name"], node["ID"], node["Status"]["State"])
        )
    return [Step("remove", node["ID"], wish["name"])]


def undecided_twins(nodes, desired):
    """Entries that a host left behind when it joined anew and that the managers still hold for alive."""
    wanted = [(wish, find(nodes, wish)) for wish in desired]
    return [
        twin
        for node, twin in _twins(nodes, wanted)
        if not is_down(twin) and twin["Status"].get("Addr") == node["Status"].get("Addr")
    ]


def _twins(nodes, wanted):
    """Pairs of a wanted node that is up, and another entry with its hostname that nobody wants."""
    own = {node["ID"] for wish, node in wanted if node}
    for wish, node in wanted:
        if node is None or wish["state"] == "absent" or is_down(node):
            continue
        for twin in nodes:
            if twin["ID"] not in own and quorum.hostname(twin) == quorum.hostname(node):
                yield node, twin


def _stale_twins(nodes, wanted):
    removals, warnings = [], []
    for node, twin in _twins(nodes, wanted):
        if is_down(twin):
            removals.append(Step("remove", twin["ID"], quorum.hostname(twin)))
        else:
            warnings.append(
                "Two nodes that are not down have the hostname %s: %s and %s. The second was left alone; give each host a "
                "hostname of its own." % (quorum.hostname(node), node["ID"], twin["ID"])
            )
    return removals, warnings


def _demoted_first(nodes, removals):
    """A manager that is down is demoted before it is removed; the engine insists on it."""
    manager_ids = {node["ID"] for node in quorum.managers(nodes)}
    steps = []
    for step in removals:
        if step.node_id in manager_ids:
            steps.append(Step("update", step.node_id, step.name, {"Role": WORKER}))
        steps.append(step)
    return steps


def _refuse_quorum_loss(nodes, steps):
    promoted = {step.node_id for step in steps if step.settings.get("Role") == MANAGER}
    demoted = [step.node_id for step in steps if step.settings.get("Role") == WORKER]
    if not demoted:
        return
    expected = []
    for node in nodes:
        if node["ID"] in promoted:
            node = dict(node, ManagerStatus={"Reachability": "unreachable" if is_down(node) else "reachable"})
        expected.append(node)
    names = sorted(step.name for step in steps if step.node_id in demoted)
    quorum.refuse_loss(expected, demoted, "if %s stopped being managers" % ", ".join(names))
