# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers of a member say of an Elasticsearch cluster, and what can be waited for. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer

SYSTEM = "Elasticsearch"
NO_MASTER = 503
UNFORMED = "_na_"
ABSENT = "_absent_"
GREEN, YELLOW = "green", "yellow"
ALLOCATION = "cluster.routing.allocation."
# What a run of this collection notes in the cluster while it has changed settings that it will change back.
MARKS = "cluster.metadata.quorate_"
SHARDS = {
    "active": "active_shards",
    "relocating": "relocating_shards",
    "initializing": "initializing_shards",
    "unassigned": "unassigned_shards",
    "delayed": "delayed_unassigned_shards",
}


def state(root, health=None, nodes=None, settings=None, coordination=None):
    """From the answers of one member, in which all but the first are none where it finds no master."""
    if not isinstance(root, dict) or not {"cluster_name", "version"} <= set(root):
        raise NoAnswer("it says what no Elasticsearch does")
    uuid = root.get("cluster_uuid")
    found = {
        "name": root.get("name"),
        "version": root["version"].get("number"),
        "cluster_name": root["cluster_name"],
        "cluster_uuid": None if uuid == UNFORMED else uuid,
        "master": None,
        "nodes": [],
        "voters": [],
        "voting_exclusions": [],
        "status": None,
        "shards": None,
        "pending_tasks": None,
        "allocation": {"persistent": {}, "transient": {}},
        "marks": {},
        "shards_on_node": None,
        "replicas": None,
    }
    if health is None:
        return found
    master, known = coordination.get("master_node"), nodes.get("nodes", {})
    voting = coordination.get("metadata", {}).get("cluster_coordination", {})
    found.update(
        master=_name(master, known) if master else None,
        nodes=sorted((_node(key, node, master) for key, node in known.items()), key=lambda node: node["name"]),
        voters=sorted(_name(key, known) for key in voting.get("last_committed_config", [])),
        voting_exclusions=excluded(voting.get("voting_config_exclusions", [])),
        status=health["status"],
        shards={key: health.get(name, 0) for key, name in SHARDS.items()},
        pending_tasks=health.get("number_of_pending_tasks"),
        allocation={kind: _named(settings.get(kind, {}), ALLOCATION) for kind in ("persistent", "transient")},
        marks={name[len(MARKS):]: value for name, value in _named(settings.get("persistent", {}), MARKS).items()},
    )
    return found


def excluded(entries):
    """Who is excluded from voting, by name; by ID where whoever excluded it knew no name."""
    return sorted(entry["node_id"] if entry["node_name"] == ABSENT else entry["node_name"] for entry in entries)


def node_id(state, name):
    """None where no node of that name is in the cluster."""
    return next((node["id"] for node in state["nodes"] if node["name"] == name), None)


def shards_on(routing, key):
    return len(listed_on(routing, key))


def listed_on(routing, key):
    return routing.get("routing_nodes", {}).get("nodes", {}).get(key, [])


def replicas(metadata):
    """How many each index wants; not of those that take as many as there are nodes for."""
    found = {name: known["settings"]["index"] for name, known in metadata.get("metadata", {}).get("indices", {}).items()}
    return {
        name: int(index.get("number_of_replicas", 0))
        for name, index in sorted(found.items())
        if index.get("auto_expand_replicas", "false") == "false"
    }


def explained(answer):
    """Why a shard goes to none of the other nodes, as the cluster says of each; empty where it could."""
    decisions = answer.get("node_allocation_decisions", [])
    reasons = {
        decision["node_name"]: next((each["explanation"] for each in decision.get("deciders", []) if each["decision"] == "NO"), None)
        for decision in decisions
    }
    told = ["%s: %s" % (name, reason) for name, reason in sorted(reasons.items()) if reason]
    return "; ".join(told) if len(told) == len(decisions) else ""


def conditions(params):
    """What can be waited for: in words, and as a function of the state."""
    members, node, status = params["members"], params["node"], params["status"]
    return {
        "answers": ("the member answered", lambda state: True),
        "formed": ("the member found a master in a cluster that has formed", is_formed),
        "members": ("%s were in the cluster" % _list(members), lambda state: is_formed(state) and not missing(state, members)),
        "green": ("the cluster was green", lambda state: state["status"] == GREEN),
        "yellow": ("the cluster was yellow or green", lambda state: state["status"] in (YELLOW, GREEN)),
        "settled": (
            "the cluster was %s, with all members, and no shard moved"
            % ("yellow or green" if status == YELLOW else "green, or yellow while its nodes have two versions"),
            lambda state: is_formed(state) and not missing(state, members) and _is_settled(state, status),
        ),
        "empty": ("no shard was on %s" % node, lambda state: state["shards_on_node"] == 0),
    }


def is_formed(state):
    return bool(state["master"] and state["cluster_uuid"])


def missing(state, members):
    return sorted(set(members) - {node["name"] for node in state["nodes"]})


def describe(state, params):
    if not is_formed(state):
        return "%s finds no master%s" % (state["name"], "" if state["cluster_uuid"] else ", and knows no cluster that has formed")
    shards = state["shards"]
    parts = [
        "status %s, master %s, nodes %s" % (state["status"], state["master"], _list(node["name"] for node in state["nodes"])),
        "%(relocating)d relocating, %(initializing)d initializing and %(unassigned)d unassigned shards" % shards,
    ]
    gone = missing(state, params["members"])
    if gone:
        parts.append("missing %s" % _list(gone))
    if params["node"]:
        found = state["shards_on_node"]
        parts.append("%s is not in the cluster" % params["node"] if found is None else "%d shards on %s" % (found, params["node"]))
    return ", ".join(parts)


def is_mixed(state):
    """In the middle of an upgrade: what a newer node holds has no replica on an older one, so the cluster stays yellow."""
    return len({node["version"] for node in state["nodes"]}) > 1


def _is_settled(state, status):
    good = (GREEN,) if status == GREEN and not is_mixed(state) else (YELLOW, GREEN)
    return state["status"] in good and not any(state["shards"][kind] for kind in ("relocating", "initializing", "delayed"))


def _name(key, nodes):
    return nodes.get(key, {}).get("name", key)


def _node(key, node, master):
    return {
        "id": key,
        "name": node.get("name", key),
        "ip": node.get("ip"),
        "roles": sorted(node.get("roles", [])),
        "version": node.get("version"),
        "master": key == master,
    }


def _named(settings, beginning):
    return {name: value for name, value in settings.items() if name.startswith(beginning)}


def _list(names):
    return ", ".join(names) or "none"
