# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, availability and labels of all nodes of a swarm: which steps lead to what was asked for. No I/O."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from ansible_collections.quorate.swarm.plugins.module_utils import quorum
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.labels import merged
from ansible_collections.quorate.swarm.plugins.module_utils.labels import refuse_invalid as refuse_invalid_labels
from ansible_collections.quorate.swarm.plugins.module_utils.membership import host_of
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan

MANAGER = "manager"
WORKER = "worker"
READY = "ready"
DOWN = "down"
UNKNOWN = "unknown"
DRAIN = "drain"
NO_ADDRESSES = {"", "0.0.0.0", "127.0.0.1", "::", "::1"}


@dataclass(frozen=True)
class Step:
    """One update or removal; C(settings) holds only the keys of the node's spec that change."""

    action: str
    node_id: str
    name: str
    settings: dict = field(default_factory=dict)

    def sentence(self):
        if self.action == "remove" and not self.name:
            return "remove the entry %s, under which no host has reported" % self.node_id
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


def plan(nodes, desired, labels_state="merge", remove_stale=False, own_id=None, inherit=False, orphans=()):
    """Steps from the engine's node list to the C(desired) nodes, asked for on the manager C(own_id).

    With C(inherit) a node takes over what its host's stale entries had, before they are removed. C(orphans) are removed as well.
    """
    wanted = [(wish, find(nodes, wish)) for wish in desired]
    _refuse_shared_nodes(wanted)
    stale, warnings = _stale_twins(nodes, wanted) if remove_stale else ([], [])
    left = [node for node in nodes if node["ID"] in {step.node_id for step in stale}]
    updates, removals, before, after = [], [], {}, {}
    for wish, node in wanted:
        if wish["state"] == "absent":
            removals += _removal(wish, node)
            continue
        settings = changed_settings(node["Spec"], _with_heritage(wish, node, left, labels_state) if inherit else wish, labels_state)
        if settings.get("Role") == MANAGER and is_down(node):
            raise Refusal(
                "The node %s (%s) is down and cannot become a manager. Bring its host back, or leave it out."
                % (wish["name"], node["ID"])
            )
        if settings:
            updates += [Step("update", node["ID"], wish["name"], part) for part in _parts(settings, node["ID"] == own_id)]
            before[wish["name"]] = {key.lower(): node["Spec"].get(key) for key in settings}
            after[wish["name"]] = {key.lower(): value for key, value in settings.items()}
    removals += stale
    for step in removals:
        before["%s (%s)" % (step.name, step.node_id)] = {"status": DOWN}
    for node in orphans:
        removals.append(Step("remove", node["ID"], ""))
        before[node["ID"]] = {"status": node["Status"]["State"]}
    steps = _in_order(nodes, updates + _demotions_before(nodes, removals) + removals, own_id)
    _refuse_quorum_loss(nodes, steps)
    return Plan(tuple(steps), before, after, tuple(warnings))


def refuse_invalid(desired):
    """Refuse what no swarm could be asked for, before anything is looked at."""
    seen = set()
    for wish in desired:
        if wish["name"] in seen:
            raise Refusal("The node %s is listed twice; list it once." % wish["name"])
        seen.add(wish["name"])
        refuse_invalid_labels(wish, "node %s" % wish["name"])


def find(nodes, wish):
    """The node that is meant: by its ID, else by its hostname, of which it must be the only node that is not down."""
    if wish["node_id"]:
        found = [node for node in nodes if node["ID"] == wish["node_id"]]
    else:
        named = [node for node in nodes if quorum.hostname(node) == wish["name"]]
        found = [node for node in named if not is_down(node)] or named
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
    labels = merged(current, wish, labels_state)
    if labels != current:
        settings["Labels"] = labels
    return settings


def apply_to(spec, settings):
    """A whole spec with the changed keys in it, as the engine's update call wants it."""
    return dict(copy.deepcopy(spec), **settings)


def is_down(node):
    return node["Status"]["State"] == DOWN


def is_effective(node, settings):
    """Whether a node has really become what its new role says: a manager takes part in the raft, a worker no longer does."""
    if settings["Role"] == MANAGER:
        return quorum.is_reachable(node)
    return not node.get("ManagerStatus")


def demotes(step, node_id):
    return step.node_id == node_id and step.settings.get("Role") == WORKER


def after(nodes, step):
    """The node list as it must become once a step is effective."""
    return [
        dict(node, Spec=apply_to(node["Spec"], step.settings), ManagerStatus=None) if demotes(step, node["ID"]) else node
        for node in nodes
    ]


def are_as_wanted(nodes, desired, labels_state, remove_stale):
    """Whether nothing is to be done, to be waited for or to be said."""
    try:
        refuse_invalid(desired)
        wanted = plan(nodes, desired, labels_state, remove_stale)
        # whether a drained node is empty, the list of nodes does not tell
        if any(wish["availability"] == DRAIN for wish in desired):
            return False
        if remove_stale and unreported(nodes, desired):
            return False
        return not (wanted.steps or wanted.warnings or unsettled(nodes, desired, remove_stale))
    except Refusal:
        return False


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


def from_summary(told):
    """A node as the engine lists it, as far as its C(summary) tells."""
    node = {
        "ID": told["node_id"],
        "Spec": {"Role": told["role"], "Availability": told["availability"], "Labels": told["labels"]},
        "Description": {"Hostname": told["hostname"], "Engine": {"EngineVersion": told["engine_version"]}},
        "Status": {"State": told["state"], "Addr": told["addr"]},
    }
    if told["reachability"]:
        node["ManagerStatus"] = {"Leader": told["leader"], "Reachability": told["reachability"], "Addr": told["manager_addr"]}
    return node


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
            "(quorate.swarm.swarm with state=absent); an older entry of the same name is meant with its node_id."
            % (wish["name"], node["ID"], node["Status"]["State"])
        )
    return [Step("remove", node["ID"], wish["name"])]


def unsettled(nodes, desired, remove_stale):
    """Listed nodes on their way to a state or a role, and entries of rejoined hosts that the managers still hold for alive."""
    wanted = [(wish, find(nodes, wish)) for wish in desired]
    found = [node for wish, node in wanted if node and (_is_arriving(node) or _is_between_roles(node, wish))]
    if remove_stale:
        found += [twin for node, twin in _twins(nodes, wanted) if not is_down(twin) and addresses(node) & addresses(twin)]
    return found


def unreported(nodes, desired):
    """Entries that nobody wants and under which no host has reported: it is about to, or could not use its certificate and never will."""
    own = {node["ID"] for node in (find(nodes, wish) for wish in desired) if node}
    return [node for node in nodes if node["ID"] not in own and not quorum.hostname(node) and node["Status"]["State"] != READY]


def _is_arriving(node):
    """Whether a node has joined but not reported yet; it is down where its report does not come."""
    return node["Status"]["State"] == UNKNOWN or not (is_down(node) or quorum.hostname(node))


def _is_between_roles(node, wish):
    """Whether an earlier change is on its way still; a manager that is meant to stop being one need not be reachable."""
    if node["Spec"]["Role"] == WORKER:
        return bool(node.get("ManagerStatus"))
    if is_down(node):
        return False
    return not (quorum.is_reachable(node) if wish["role"] == MANAGER else node.get("ManagerStatus"))


def addresses(node):
    """Where the managers saw a node; a leader may have seen itself at no address of use."""
    seen = {node["Status"].get("Addr") or "", host_of((node.get("ManagerStatus") or {}).get("Addr", ""))}
    return seen - NO_ADDRESSES


def _twins(nodes, wanted):
    """Pairs of a wanted node that is up, and another entry with its hostname that nobody wants."""
    own = {node["ID"] for wish, node in wanted if node}
    for wish, node in wanted:
        if node is None or wish["state"] == "absent" or is_down(node) or not quorum.hostname(node):
            continue
        for twin in nodes:
            if twin["ID"] not in own and quorum.hostname(twin) == quorum.hostname(node):
                yield node, twin


def _stale_twins(nodes, wanted):
    removals, warnings = [], []
    for node, twin in _twins(nodes, wanted):
        names = (quorum.hostname(node), node["ID"], twin["ID"])
        if not is_down(twin):
            warnings.append(
                "Two nodes that are not down have the hostname %s: %s and %s. The second was left alone; give each host a "
                "hostname of its own." % names
            )
        elif addresses(node) and addresses(twin) and not addresses(node) & addresses(twin):
            warnings.append(
                "Two nodes with different addresses have the hostname %s: %s and, down, %s. The second was left alone, since it "
                "may be another host; if its host is gone, remove it by its node_id with state=absent." % names
            )
        else:
            removals.append(Step("remove", twin["ID"], quorum.hostname(twin)))
    return removals, warnings


def _with_heritage(wish, node, stale, labels_state):
    """The wish with what the host's stale entries had, where neither the node nor the wish has something else."""
    labels, availability = {}, wish["availability"]
    for twin in stale:
        if quorum.hostname(twin) == quorum.hostname(node):
            labels.update(twin["Spec"].get("Labels") or {})
            availability = availability or twin["Spec"]["Availability"]
    if labels_state == "replace":
        labels = {}
    labels = {key: value for key, value in labels.items() if key not in (node["Spec"].get("Labels") or {})}
    return dict(wish, labels=dict(labels, **(wish["labels"] or {})) if labels else wish["labels"], availability=availability)


def _parts(settings, own):
    """The manager that is asked must be drained and empty before it becomes a worker: from then on it cannot tell."""
    if own and settings.get("Role") == WORKER and settings.get("Availability") == DRAIN:
        return [{"Availability": DRAIN}, {key: value for key, value in settings.items() if key != "Availability"}]
    return [settings]


def _demotions_before(nodes, removals):
    """The engine removes no member of the raft, and demotes nobody else."""
    members = {node["ID"] for node in nodes if node.get("ManagerStatus")}
    return [Step("update", step.node_id, step.name, {"Role": WORKER}) for step in removals if step.node_id in members]


def _in_order(nodes, steps, own_id):
    """An order in which no step costs more quorum than all of them together.

    Unreachable managers go first: each makes the majority smaller and costs no vote. Promotions come before other demotions.
    The manager that is asked comes last: once it is a worker, its answers end.
    """
    reachable = {node["ID"] for node in nodes if quorum.is_reachable(node)}

    def rank(step):
        if step.action == "remove":
            return 3
        if step.settings.get("Role") == WORKER:
            return 4 if step.node_id == own_id else 2 if step.node_id in reachable else 0
        return 1

    return sorted(steps, key=rank)


def _refuse_quorum_loss(nodes, steps):
    promoted = {step.node_id for step in steps if step.settings.get("Role") == MANAGER}
    demoted = [step.node_id for step in steps if step.settings.get("Role") == WORKER]
    if not demoted:
        return
    expected = []
    for node in nodes:
        if node["ID"] in promoted:
            node = dict(node, ManagerStatus={"Reachability": "reachable"})
        expected.append(node)
    names = sorted(step.name for step in steps if step.node_id in demoted)
    quorum.refuse_loss(expected, demoted, "if %s stopped being managers" % ", ".join(names))
