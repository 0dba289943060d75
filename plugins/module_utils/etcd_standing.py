# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an etcd cluster stands, from what its members and their disks say. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import etcd_disk as disk
from ansible_collections.quorate.swarm.plugins.module_utils.quorum import majority
from ansible_collections.quorate.swarm.plugins.module_utils.rollout import PRESENT, Standing


def judge(members, looks, live):
    """C(members) have C(name), C(state), the C(peer_url) at which others reach them, the C(token) of their cluster, and the C(version) of
    their image.

    The looks have as evidence what module_utils/etcd_disk.py reads.
    """
    states = {host: seen["state"] for host, seen in live.items() if seen and seen.get("state")}
    disks = {host: disk.read(look.get("evidence")) for host, look in looks.items()}
    wanted = [host for host in members if members[host]["state"] == PRESENT]
    serving = [host for host in members if host in states and states[host]["healthy"] and states[host]["has_vote"] is not False]
    leaders = [host for host in serving if states[host]["is_leader"]]
    known = _known([states[host] for host in leaders + serving])
    filled = [host for host in looks if disks[host].is_filled]
    holding = [host for host in wanted if host in filled and (not known or _votes(known, members[host]))]
    # A member whose container is gone is one all the same, if it has the data.
    made = [host for host in wanted if looks.get(host, {}).get("exists") or host in holding]
    # Without a vote; or without a log, and then never under the ID of before, as which it has voted for what it does not know any more.
    joining = [host for host in made if (known and not _votes(known, members[host])) or (host not in serving and host not in filled)]
    staying = [host for host in made if host not in joining]
    formed = bool(states) or any(disks[host].has_formed for host in filled)
    return Standing(
        formed=formed,
        leader=leaders[0] if leaders else None,
        voters=staying,
        serving=serving,
        joining=joining,
        holding=holding,
        counted=[host for host in members if _place(known, members[host])],
        ailing=_ailing(members, staying, serving),
        # A member that runs looks for the others, and a cluster for its leader.
        settling=True,
        refusals=_clusters(members, states, disks, wanted)
        + _begun_otherwise(members, disks, wanted, formed)
        + _taken_out(members, states, disks, wanted, known)
        + _lost(members, looks, wanted, filled, serving, formed)
        + _places(members, states, disks, made, known)
        + _versions(members, states, disks, wanted),
        warnings=_warnings(members, wanted, known) + _errors(members, states),
    )


def _known(states):
    """The members as the first tells them that tells any; empty where nobody does."""
    return next((state["members"] for state in states if state["members"]), [])


def _place(known, said):
    return next((one for one in known if one["name"] == said["name"] or said.get("peer_url") in one["peer_urls"]), None)


def _votes(known, said):
    place = _place(known, said)
    return place is not None and not place["learner"] and place["name"] is not None


def _ailing(members, staying, serving):
    away = [members[host]["name"] for host in staying if host not in serving]
    return "%s %s not serve" % (", ".join(away), "do" if len(away) > 1 else "does") if away else ""


def _clusters(members, states, disks, wanted):
    """Data of one cluster beside those of another."""
    live = sorted({state["cluster_id"] for state in states.values()})
    if len(live) > 1:
        of = {one: [members[host]["name"] for host in states if states[host]["cluster_id"] == one] for one in live}
        return [
            "The members are in %d clusters: %s. One of them has to be moved away by hand, data and all"
            % (len(live), "; ".join("%s of %s" % (one, ", ".join(names)) for one, names in of.items()))
        ]
    lying = {host: disks[host].cluster_id for host in wanted if host in disks and host not in states and disks[host].cluster_id}
    if live:
        return [
            "On %s the data directory is one of the cluster %s, and the others are in %s. Move it away, or put the right one back"
            % (host, found, live[0])
            for host, found in lying.items()
            if found != live[0]
        ]
    if len(set(lying.values())) > 1:
        return [
            "The data directories are of %d clusters: %s. Move away those that do not belong here"
            % (len(set(lying.values())), ", ".join("on %s that of %s" % pair for pair in lying.items()))
        ]
    return []


def _begun_otherwise(members, disks, wanted, formed):
    """Until the first election a member waits for just those with which it has begun."""
    begun = {host: disks[host].cluster_id for host in wanted if host in disks and disks[host].cluster_id}
    if formed or not begun or not all(members[host].get("peer_url") for host in wanted):
        return []
    meant = disk.cluster_id([[members[host]["peer_url"]] for host in wanted], members[wanted[0]].get("token") or "")
    others = [host for host, found in begun.items() if found != meant]
    if not others:
        return []
    return [
        "On %s a cluster was begun with other members than those of now, or with another token, and never came about. Say the members as "
        "they were, or remove what lies in the data directory, in which there is no user's data yet" % ", ".join(others)
    ]


def _taken_out(members, states, disks, wanted, known):
    ids = {one["id"] for one in known}
    return [
        "On %s the data directory is that of a member that was taken out of the cluster, and etcd lets none come back with such data. Move "
        "it away; %s takes the data of the cluster from the leader" % (host, members[host]["name"])
        for host in wanted
        if ids and host in disks and host not in states and disks[host].member_id and disks[host].member_id not in ids
        # data of another cluster is told of already
        and disks[host].cluster_id in {state["cluster_id"] for state in states.values()}
    ]


def _lost(members, looks, wanted, filled, serving, formed):
    bare = [host for host in wanted if host in looks and host not in filled]
    if not formed or serving or len(bare) < majority(len(wanted)):
        return []
    return [
        "%s %s no data, and with the others no majority of %d members can be had: nobody could take them in again. Bring the data "
        "directories back; hosts that are new come into the group once the others serve"
        % (", ".join(bare), "have" if len(bare) > 1 else "has", len(wanted))
    ]


def _places(members, states, disks, made, known):
    """The URL by which others reach a member is for its life; it is known by the ID that its disk tells."""
    found = []
    for host in made:
        own = states[host]["id"] if host in states else disks[host].member_id if host in disks else None
        place = next((one for one in known if one["id"] == own), None)
        url = members[host].get("peer_url")
        if place and url and url not in place["peer_urls"]:
            found.append(
                "The cluster knows %s at %s, and by name and etcd_peer_scheme of the inventory it would be %s. Put that back, or let the "
                "member leave with etcd_state=absent, move its data away, and let it join again"
                % (place["name"] or members[host]["name"], ", ".join(place["peer_urls"]), url)
            )
    return found


def _versions(members, states, disks, wanted):
    """A cluster takes in nobody of an earlier version than its own, and a member goes on by one minor version at a time."""
    live = max([disk.version_of(state["cluster_version"]) for state in states.values()] + [()])
    found = []
    for host in wanted:
        image = disk.version_of(members[host].get("version"))
        lying = max(live, disks[host].version) if host in disks else live
        if not image or not lying:
            continue
        if image < lying:
            found.append(
                "On %s the data are of version %s, and the image has %s. etcd reads no data of a newer version. Use an image of %s or "
                "later, or move the data away" % (host, disk.told(lying), disk.told(image), disk.told(lying))
            )
        elif image > (lying[0], lying[1] + 1):
            found.append(
                "On %s the data are of version %s, and the image has %s. etcd goes on by one minor version at a time: take %s first"
                % (host, disk.told(lying), disk.told(image), disk.told((lying[0], lying[1] + 1)))
            )
    return found


def _warnings(members, wanted, known):
    found = []
    if wanted and len(wanted) % 2 == 0:
        found.append(
            "%d members bear the loss of no more than %d would, and are one more that can fail. Take an odd number"
            % (len(wanted), len(wanted) - 1)
        )
    strangers = [one["name"] or one["id"] for one in known if not any(_place([one], said) for said in members.values())]
    if strangers:
        found.append(
            "%s %s in the cluster, and in no group of the inventory; each counts wherever a majority is needed. Bring the host "
            "back with etcd_state=absent, or take it out with the module quorate.swarm.etcd_members"
            % (", ".join(strangers), "are" if len(strangers) > 1 else "is")
        )
    return found


def _errors(members, states):
    return ["%s says: %s" % (members[host]["name"], error) for host, state in states.items() for error in state["errors"]]
