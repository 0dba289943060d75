# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an Elasticsearch cluster stands, from what its members and their disks say. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import elasticsearch_disk as disk
from ansible_collections.quorate.swarm.plugins.module_utils.elasticsearch_state import is_mixed
from ansible_collections.quorate.swarm.plugins.module_utils.rollout import PRESENT, Standing

# The tasks of the role elasticsearch that take back what a mark stands for.
LEFTOVERS = {"change": "after_change", "leaving": "left"}
# Of those that are named in one sentence.
INDEXES = 5
STATUSES = ("red", "yellow", "green")


def judge(members, looks, live):
    """C(members) have C(name), C(cluster), its name, C(state), C(roles), C(settled_status) and C(version), that of their image.

    The looks have as evidence what lies in the C(state) on disk, or the C(state7) of an earlier version, and in the C(log).
    """
    hosts = {said["name"]: host for host, said in members.items()}
    masters = [host for host, said in members.items() if "master" in said.get("roles", ()) and said["state"] == PRESENT]
    states = {host: seen["state"] for host, seen in live.items() if seen and seen.get("state")}
    told = {host: state for host, state in states.items() if state["cluster_uuid"]}
    leading = [state for state in told.values() if state["master"]]
    view = leading[0] if leading else None
    serving = [hosts[node["name"]] for node in view["nodes"] if node["name"] in hosts] if view else []
    disks = {host: _disk(look.get("evidence") or {}) for host, look in looks.items()}
    filled = [host for host in looks if disks[host].has_joined]
    wanted = [host for host, said in members.items() if said["state"] == PRESENT]
    # A member whose container is gone is one all the same, if it has the data.
    made = [host for host in wanted if looks.get(host, {}).get("exists") or host in filled]
    ailing, settling = _ailing(members, looks, made, view, serving)
    return Standing(
        formed=bool(told or filled),
        leader=hosts.get(view["master"]) if view else None,
        voters=[host for host in masters if host in made],
        serving=serving,
        holding=wanted if _lacks_members(members, looks, view, serving) else made,
        unseen=view is None,
        leftovers=[LEFTOVERS[mark] for mark in LEFTOVERS if view and mark in view["marks"]],
        ailing=ailing,
        settling=settling,
        refusals=_refusals(members, looks, told, filled, masters)
        + _renamed(members, told)
        + _foreign(members, looks, told, disks)
        + _none_left(members, looks)
        + _no_room(members, view, serving),
        warnings=_warnings(members, masters, view, hosts),
    )


def _disk(evidence):
    """Version 7 has it in another place, in which 8 leaves nothing."""
    return next((found for found in (disk.read(evidence.get(key)) for key in ("state", "state7")) if found.version), disk.Disk())


def _none_left(members, looks):
    """A role that nobody has any more, though somebody has it and is to go."""
    found = []
    for role, words in (("master", "that can be master"), ("data", "with data")):
        having = [host for host, said in members.items() if role in said.get("roles", ())]
        going = [members[host]["name"] for host in having if looks.get(host, {}).get("exists")]
        left = [host for host in members if members[host]["state"] == PRESENT]
        if going and left and not set(having) & set(left):
            found.append("Without %s no member %s would be left. Add another one first" % (", ".join(going), words))
    return found


def _no_room(members, view, serving):
    """Members whose shards would have nowhere to go: no two copies of one are on the same member."""
    going = [host for host in serving if members[host]["state"] != PRESENT and "data" in members[host].get("roles", ())]
    if not going:
        return []
    ours = {said["name"] for said in members.values()}
    others = [node for node in view["nodes"] if node["name"] not in ours and any(role.startswith("data") for role in node.get("roles", ()))]
    staying = len(others) + len([said for said in members.values() if said["state"] == PRESENT and "data" in said.get("roles", ())])
    crowded = {name: wanted for name, wanted in (view.get("replicas") or {}).items() if wanted >= staying}
    if not staying or not crowded:
        return []
    named = sorted(crowded)[:INDEXES] + ["%d more" % (len(crowded) - INDEXES)] * (len(crowded) > INDEXES)
    return [
        "Without %s %d %s with data would be left, and %s %s more copies than that, of which no two have a place on the same one. Lower "
        "number_of_replicas of %s to %d first, or add members with data"
        % (
            ", ".join(members[host]["name"] for host in going),
            staying,
            "members" if staying > 1 else "member",
            ", ".join(named),
            "want" if len(crowded) > 1 else "wants",
            "each" if len(crowded) > 1 else named[0],
            staying - 1,
        )
    ]


def _settled(members, view, serving):
    """What counts as whole. No replica has a place where there is one node with data."""
    wanted = next(iter(members.values())).get("settled_status", "green")
    if is_mixed(view):
        return "yellow"
    strangers = len(view["nodes"]) - len(serving)
    return "yellow" if strangers + len([host for host in serving if "data" in members[host].get("roles", ())]) < 2 else wanted


def _lacks_members(members, looks, view, serving):
    """Whether shards without a place may be what ails it: then a member that is new is what it needs, and no strain on it."""
    return view is not None and _is_poor(members, view, serving) and not _settings_of_others(members, looks, view)


def _is_poor(members, view, serving):
    return STATUSES.index(view["status"]) < STATUSES.index(_settled(members, view, serving))


def _ailing(members, looks, made, view, serving):
    """In words, and whether it may pass by itself: members that start and shards that move need nobody."""
    if view is None:
        return "no member knows a master", True
    away = [members[host]["name"] for host in made if host not in serving]
    if away:
        return "%s %s not in the cluster" % (", ".join(away), "are" if len(away) > 1 else "is"), True
    others = _settings_of_others(members, looks, view)
    if others:
        return others, False
    moving = sum(view["shards"][kind] for kind in ("relocating", "initializing", "delayed"))
    if _is_poor(members, view, serving):
        wanted = _settled(members, view, serving)
        words = "the cluster is %s and not %s, with %d shards unassigned" % (view["status"], wanted, view["shards"]["unassigned"])
        return words, moving > 0
    return ("%d shards are on the move" % moving, True) if moving else ("", False)


def _settings_of_others(members, looks, view):
    """What somebody has set for a purpose of their own, and a change would take back with what is its own."""
    found = dict(view["allocation"]["persistent"], **view["allocation"]["transient"])
    enabled = found.get("cluster.routing.allocation.enable", "all")
    if enabled != "all" and "change" not in view["marks"]:
        return "somebody has set cluster.routing.allocation.enable to %s, and a change would set it back. Set it to null first" % enabled
    leaving = [host for host in members if members[host]["state"] != PRESENT and looks.get(host, {}).get("exists")]
    if not leaving or "leaving" in view["marks"]:
        return ""
    excluded = found.get("cluster.routing.allocation.exclude._name")
    if excluded:
        return "somebody has excluded %s from holding shards, and a removal would end that. Set %s to null first" % (
            excluded,
            "cluster.routing.allocation.exclude._name",
        )
    if view["voting_exclusions"]:
        return "somebody has excluded %s from voting, and a removal would end that. End it first" % ", ".join(view["voting_exclusions"])
    return ""


def _refusals(members, looks, told, filled, masters):
    found = []
    clusters = sorted({seen["cluster_uuid"] for seen in told.values()})
    if len(clusters) > 1:
        of = {uuid: [members[host]["name"] for host in told if told[host]["cluster_uuid"] == uuid] for uuid in clusters}
        found.append(
            "The members are in %d clusters: %s. One of them has to be moved away by hand, data and all"
            % (len(clusters), "; ".join("%s of %s" % (uuid, ", ".join(names)) for uuid, names in of.items()))
        )
    if filled and masters and not told and not set(filled) & set(masters) and set(masters) <= set(looks):
        found.append(
            "%s %s data of a cluster, and no member that can be master has any: a cluster formed anew would not take that data. Bring the "
            "data of a master back to %s, or move the data away"
            % (", ".join(members[host]["name"] for host in filled), "have" if len(filled) > 1 else "has", ", ".join(masters))
        )
    return found


def _renamed(members, told):
    """A node with another name is let in by nobody. One that is alone, or starts with all others, just has the new one."""
    names = sorted({state["cluster_name"] for state in told.values()})
    wanted = next(iter(members.values())).get("cluster")
    uuids = {state["cluster_uuid"] for state in told.values()}
    if not wanted or len(uuids) != 1 or names == [wanted] or len(members) == 1:
        return []
    return [
        "The cluster's name is %s, and shall be %s: of members that are replaced one after the other, none would be let in again. Say %s "
        "as before; for another name all members are stopped first, and the next run starts them together" % (names[0], wanted, names[0])
    ]


def _foreign(members, looks, told, disks):
    """Data that the server would refuse, or refuse to join with, after its start."""
    found = []
    for host, said in members.items():
        version = disk.number_of(said.get("version") or "")
        if version and disks.get(host) and disks[host].version > version:
            found.append(
                "On %s the data directory was written by version %s, and the image has %s. Elasticsearch reads no data of a newer "
                "version. Use an image of %s or later, or move the data away"
                % (host, disk.name_of(disks[host].version), said["version"], disk.name_of(disks[host].version))
            )
    live = sorted({state["cluster_uuid"] for state in told.values()})
    logged = {host: disk.cluster_in((looks[host].get("evidence") or {}).get("log")) for host in looks if disks[host].has_joined}
    logged = {host: uuid for host, uuid in logged.items() if uuid and host not in told}
    if live:
        found += [
            "On %s the data directory is one of the cluster %s, and the others are in %s. Move it away, or put the right one back"
            % (host, uuid, ", ".join(live))
            for host, uuid in logged.items()
            if uuid not in live
        ]
    elif len(set(logged.values())) > 1:
        found.append(
            "The data directories are of %d clusters: %s. Move away those that do not belong here"
            % (len(set(logged.values())), ", ".join("on %s that of %s" % pair for pair in logged.items()))
        )
    return found


def _warnings(members, masters, view, hosts):
    found = []
    if len(masters) == 1 and len(members) > 1:
        found.append(
            "%s is the only member that can be master: while it is away, the cluster takes no write. Take three"
            % members[masters[0]]["name"]
        )
    if len(masters) > 1 and len(masters) % 2 == 0:
        found.append(
            "%d members can be master, and that many bear the loss of no more than %d would. Take an odd number"
            % (len(masters), len(masters) - 1)
        )
    strangers = [node["name"] for node in view["nodes"] if node["name"] not in hosts] if view else []
    if strangers:
        found.append(
            "%s %s in the cluster, and in no group of the inventory" % (", ".join(strangers), "are" if len(strangers) > 1 else "is")
        )
    return found
