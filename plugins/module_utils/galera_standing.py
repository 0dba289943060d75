# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a Galera cluster stands, from what its members and their disks say. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import galera_disk as disk
from ansible_collections.quorate.swarm.plugins.module_utils.galera_state import is_primary, is_synced
from ansible_collections.quorate.swarm.plugins.module_utils.rollout import PRESENT, Standing


def judge(members, looks, live):
    """C(members) have C(name), C(state), C(cluster), its name, C(version), that of their image, and whether each is the C(writer), to whom
    clients write.

    The looks have as evidence what galera_disk reads.
    """
    states = {host: seen["state"] for host, seen in live.items() if seen and seen.get("state")}
    primary = {host: state for host, state in states.items() if is_primary(state)}
    disks = {host: disk.read(look.get("evidence") or {}) for host, look in looks.items()}
    wanted = [host for host in members if members[host]["state"] == PRESENT]
    known = [host for host in members if host in disks and disks[host].uuid]
    # Where nobody serves, a member whose container is gone is one all the same, if it has the data.
    holding = [host for host in wanted if host in known and not primary]
    made = [host for host in wanted if looks.get(host, {}).get("exists") or host in holding]
    begun = _begun(members, disks, known) if not primary else []
    empty = [host for host in made if host not in known and not primary]
    filled = [host for host in wanted if host in disks and disks[host].is_filled and not disks[host].is_state]
    formed = bool(primary or known) and not begun
    serving = [host for host in members if host in primary]
    return Standing(
        formed=formed,
        leader=next((host for host in serving if members[host].get("writer")), None),
        voters=[
            host for host in members if looks.get(host, {}).get("exists") and (host in serving or host in made) and host not in empty
        ],
        serving=serving,
        # Without data; they must not be asked for any before others have a majority.
        joining=empty,
        holding=holding,
        # One at a time, since each takes its data from one that serves.
        away=[host for host in made if primary and host not in primary],
        # To end one would take from its disk what the others could do without a command by.
        held=not primary and len(made) > 1,
        ailing=_ailing(members, primary),
        settling=True,
        # Data that are there and in no cluster become the cluster's.
        seeds=begun or filled or wanted[:1],
        refusals=_clusters(disks, known, primary)
        + _components(members, primary)
        + _strange_data(disks, filled, bool(formed or begun))
        + _lost(members, disks, wanted, known, primary, formed)
        + _newer(members, disks, wanted)
        + _renamed(members, primary),
        warnings=_warnings(members, wanted, primary),
    )


def _begun(members, disks, known):
    """Whose member has formed the cluster and was alone in it ever since: its own configuration says so, and no other disk."""
    alone = len(known) == 1 and members[known[0]]["state"] == PRESENT and disks[known[0]].addresses == ()
    return known if alone else []


def _ailing(members, primary):
    if not primary:
        return "no member is in a primary component"
    behind = ["%s (%s)" % (members[host]["name"], primary[host]["local_state_comment"]) for host in primary if not is_synced(primary[host])]
    return "%s %s not synced" % (", ".join(behind), "are" if len(behind) > 1 else "is") if behind else ""


def _clusters(disks, known, primary):
    """To join with the data of another cluster is to lose them: they would be replaced without a question."""
    serving = sorted({state["cluster_uuid"] for state in primary.values() if state["cluster_uuid"]})
    if len(serving) == 1:
        return [
            "On %s the data directory is one of the cluster %s, and the members that serve are in %s: to join would destroy it. Move it "
            "away, or put the right one back" % (host, disks[host].uuid, serving[0])
            for host in known
            if disks[host].uuid != serving[0] and host not in primary
        ]
    of = {}
    for host in known:
        of.setdefault(disks[host].uuid, []).append(host)
    for host, state in primary.items():
        if state["cluster_uuid"] and host not in of.setdefault(state["cluster_uuid"], []):
            of[state["cluster_uuid"]].append(host)
    if len(of) < 2:
        return []
    return [
        "The data are of %d clusters: %s. Move away, with all that is in their data directories, those that do not belong here"
        % (len(of), "; ".join("of %s on %s" % (uuid, ", ".join(hosts)) for uuid, hosts in of.items()))
    ]


def _components(members, primary):
    """Two that each say to have the majority, as after one was told so by force while the other was only out of sight."""
    hosts = list(primary)
    for at, one in enumerate(hosts):
        for other in hosts[at + 1 :]:
            names = members[one]["name"], members[other]["name"]
            if (
                primary[one]["cluster_uuid"] == primary[other]["cluster_uuid"]
                and names[1] not in primary[one]["members"]
                and names[0] not in primary[other]["members"]
            ):
                return [
                    "%s and %s are in two primary components of the same cluster (%s; %s), and each takes writes that the other does not "
                    "know. Decide whose data shall stay, stop the members of the other component, and move their data away"
                    % (*names, ", ".join(primary[one]["members"]), ", ".join(primary[other]["members"]))
                ]
    return []


def _strange_data(disks, filled, is_there):
    if not is_there:
        if len(filled) < 2:
            return []
        return [
            "%s have databases that are in no cluster, and one alone can become the cluster's: the others would be replaced by it. Move "
            "away all data directories but that one" % ", ".join(filled)
        ]
    return [
        "On %s lies a database that was in no cluster, and to join would destroy it. Move the data directory away" % host
        for host in filled
        if not disks[host].is_partial
    ]


def _lost(members, disks, wanted, known, primary, formed):
    if primary:
        return []
    if formed and wanted and not set(known) & set(wanted) and set(wanted) <= set(disks):
        return [
            "%s alone %s data of a cluster, and %s to be absent: the others would wait for it for ever. Let it be present, or move its "
            "data away to form another cluster" % (", ".join(known), "have" if len(known) > 1 else "has", "are" if len(known) > 1 else "is")
        ]
    were = [host for host in wanted if host in disks and disks[host].addresses]
    if formed or not were:
        return []
    return [
        "By the configuration on %s %s in a cluster, and none of the hosts has data of it. Put the data back, as by mounting what is to be "
        "mounted. To form another cluster in their place, remove config/galera.cnf below the member's directory on %s"
        % (", ".join(were), " and ".join(members[host]["name"] for host in were) + (" were" if len(were) > 1 else " was"), ", ".join(were))
    ]


def _newer(members, disks, wanted):
    found = []
    for host in wanted:
        image = disk.number(members[host].get("version"))
        if image and host in disks and disks[host].version > image:
            written = ".".join(map(str, disks[host].version))
            found.append(
                "On %s the data directory was written by version %s, and the image has %s. No server reads data of a newer version. Use "
                "an image of %s or later, or move the data away" % (host, written, members[host]["version"], written)
            )
    return found


def _renamed(members, primary):
    """A member with another name is let in by nobody."""
    names = sorted({state["cluster_name"] for state in primary.values() if state["cluster_name"]})
    wanted = next(iter(members.values())).get("cluster")
    if not wanted or not names or names == [wanted] or len(members) == 1:
        return []
    return [
        "The cluster's name is %s, and shall be %s: of members that are replaced one after the other, none would be let in again. Say %s "
        "as before" % (", ".join(names), wanted, ", ".join(names))
    ]


def _warnings(members, wanted, primary):
    found = []
    if len(wanted) == 2:
        found.append("Of 2 members none may fail: the one that is left has no majority, and serves nobody. Take three")
    elif wanted and len(wanted) % 2 == 0:
        found.append("%d members bear the loss of no more at once than %d would. Take an odd number" % (len(wanted), len(wanted) - 1))
    ours = {said["name"] for said in members.values()}
    strangers = sorted({name for state in primary.values() for name in state["members"]} - ours)
    if strangers:
        found.append(
            "%s %s in the cluster, and in no group of the inventory" % (", ".join(strangers), "are" if len(strangers) > 1 else "is")
        )
    return found
