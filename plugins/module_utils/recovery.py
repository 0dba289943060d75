# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do for a swarm whose majority of managers is gone for good: refuse, make it anew, or go on with that. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import cluster, membership, quorum
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

RECOVER = "recover"
RESUME = "resume"
NOTHING = "nothing"
FRESHNESS = ("committed_term", "committed_index", "last_term", "last_index")


def plan(states, managers, workers, lost, addresses, answering=(), recover_from=None):
    """Decide what is to be done.

    C(states) maps a host's name to what swarm_info returned there, with nodes and raft; C(answering) are hosts that could be reached
    though their engines told nothing. C(lost) are the names that the operator gave, C(addresses) tells for each host of the groups
    under which addresses it may be known.
    """
    hosts = list(managers) + list(workers)
    _refuse_names(hosts, lost, recover_from, states)
    _refuse_answering(lost, set(states) | set(answering))
    _refuse_silent(hosts, lost, states, answering)
    cluster.refuse_split(states)
    members = {host: states[host] for host in hosts if host in states and states[host]["swarm"]["state"] != membership.INACTIVE}
    found = _found_cluster(members, lost)
    leading = next((host for host in members if members[host]["quorum"]), None)
    if leading:
        return _with_quorum(states, hosts, managers, lost, addresses, leading, found)
    survivors = [host for host in members if _is_manager(members[host])]
    if not survivors:
        raise Refusal(_nothing_left(found, members, lost))
    _refuse_locked(members, survivors)
    _refuse_majority(states, survivors, lost, addresses, found)
    source = _source(members, survivors, recover_from)
    return _decided(RECOVER, found, source, states, hosts, managers, lost, _rejoining(survivors, source), [source])


def _refuse_names(hosts, lost, recover_from, states):
    known = {membership.host_of(manager["addr"]) for state in states.values() for manager in state["swarm"]["managers"]}
    strangers = [name for name in lost if name not in hosts and name not in known]
    if strangers:
        raise Refusal(
            "%s in swarm_lost_hosts, but neither a host of the inventory's groups (%s) nor the address of a manager that the hosts know; "
            "correct swarm_lost_hosts. Nothing was changed." % (_are(strangers), ", ".join(hosts))
        )
    if not lost:
        raise Refusal(
            "No host was named as lost. Name all that are gone for good, for example with -e '{\"swarm_lost_hosts\": [\"%s\"]}'; nothing "
            "was changed." % (hosts[-1] if hosts else "node2")
        )
    if recover_from and (recover_from not in hosts or recover_from in lost):
        raise Refusal(
            "swarm_recover_from says %s, which is %s; name a manager that is left, or leave it out. Nothing was changed."
            % (recover_from, "named lost as well" if recover_from in lost else "no host of the inventory's groups")
        )


def _refuse_answering(lost, answering):
    alive = [host for host in lost if host in answering]
    if alive:
        raise Refusal(
            "%s answer%s, so what is on the disk there is not lost. Take %s out of swarm_lost_hosts and run again; a host that was "
            "reinstalled joins by itself with quorate.swarm.site afterwards. Nothing was changed."
            % (", ".join(alive), "s" if len(alive) == 1 else "", "it" if len(alive) == 1 else "them")
        )


def _refuse_silent(hosts, lost, states, answering):
    silent = [host for host in hosts if host not in states and host not in lost and host not in answering]
    if silent:
        raise Refusal(
            "%s not answer, and unreachable is not absent: a quorum may go on there. Bring %s back, or, if the disk is gone for good, name "
            "%s in swarm_lost_hosts. Nothing was changed."
            % (_listed(silent, "does", "do"), *(("it", "it") if len(silent) == 1 else ("them", "them")))
        )
    mute = [host for host in hosts if host in answering and host not in states]
    if mute:
        raise Refusal(
            "The engine of %s tells nothing of its swarm, though the host answers. Start it (systemctl start docker), or see why it fails "
            "(journalctl -u docker), and run again; nothing was changed." % ", ".join(mute)
        )


def _found_cluster(members, lost):
    owners = {}
    for host, state in members.items():
        owners.setdefault(state["swarm"]["cluster_id"], []).append(host)
    unknown = owners.pop(None, [])
    if len(owners) > 1:
        raise Refusal(
            "The hosts that are left are in %d swarms: %s. Recover one at a time: let the groups of the inventory name the hosts of one "
            "swarm only; nothing was changed."
            % (len(owners), "; ".join("%s with %s" % (found, ", ".join(names)) for found, names in sorted(owners.items())))
        )
    if not owners:
        raise Refusal(
            "No host that is left (without %s) tells that it is in a swarm%s, so there is nothing of which one could be recovered. If a "
            "copy of /var/lib/docker/swarm of a manager exists, restore it there first; otherwise form a new swarm with "
            "quorate.swarm.site. Nothing was changed."
            % (", ".join(lost), ", or the ClusterID of %s cannot be read" % ", ".join(unknown) if unknown else "")
        )
    return next(iter(owners))


def _is_manager(state):
    """By its engine's word or by what is on its disk: an engine that is locked or in error says nothing of it."""
    return state["swarm"]["role"] == membership.MANAGER or bool(state.get("raft"))


def _with_quorum(states, hosts, managers, lost, addresses, leading, found):
    """A quorum is there: the rest of a recovery that was interrupted, or nothing to recover at all."""
    nodes = states[leading]["nodes"]
    members = {node["node_id"] for node in nodes if node["reachability"]}
    gone = lost_nodes(nodes, lost, addresses, [state["swarm"]["node_id"] for state in states.values()])
    counted = [node["hostname"] or node["node_id"] for node in gone if node["node_id"] in members]
    if counted:
        raise Refusal(
            "Swarm %s has a quorum with %s, so there is nothing to recover. What is gone for good, %s, is removed with "
            "quorate.swarm.swarm_nodes (state=absent), and stale nodes join again with quorate.swarm.site. Nothing was changed."
            % (found, leading, ", ".join(sorted(counted)))
        )
    stale = [host for host in hosts if host in states and _has_to_rejoin(states[host], nodes, members)]
    if not gone and not stale:
        decided = _decided(NOTHING, found, leading, states, hosts, managers, lost, [], [])
        decided["sentences"] = [
            "Swarm %s has a quorum with %s, and nothing is left of a recovery: there is nothing to recover" % (found, leading)
        ]
        return decided
    # Which of the members made the cluster by force nobody tells, and its engine may not have restarted since.
    restarting = [host for host in hosts if host in states and states[host]["swarm"]["node_id"] in members]
    return _decided(RESUME, found, leading, states, hosts, managers, lost, stale, restarting)


def _has_to_rejoin(state, nodes, members):
    swarm = state["swarm"]
    known = {node["node_id"] for node in nodes}
    return swarm["node_id"] not in known or (_is_manager(state) and not state["quorum"] and swarm["node_id"] not in members)


def lost_nodes(nodes, lost, addresses, alive):
    """The nodes of lost hosts, known by their hostnames or addresses, without those whose ID is that of a host that is C(alive)."""
    names = set(lost)
    for host in lost:
        names |= set(addresses.get(host) or ())
    found = []
    for node in nodes:
        own = _addresses(node) | ({node["hostname"]} - {None, ""})
        if own & names and node["node_id"] not in alive:
            found.append(node)
    return found


def sight(nodes, networks, ids):
    """Which hosts the recovered manager holds for not ready, and which of the others it does not find in the gossip.

    C(nodes) and C(networks) are what swarm_info returned there, C(ids) maps each host to its node ID. Every host is on the ingress
    network, so its peers tell; where there is none, nothing is C(compared).
    """
    ready = {node["node_id"]: node for node in nodes or () if node["state"] == "ready"}
    ingress = [network for network in networks or () if network["ingress"]]
    outside = [
        host
        for host, node_id in ids.items()
        if node_id in ready and any(not _addresses(ready[node_id]) & set(network["peers"]) for network in ingress)
    ]
    return {"unready": [host for host, node_id in ids.items() if node_id not in ready], "outside": outside, "compared": bool(ingress)}


def _addresses(node):
    return {node["addr"], membership.host_of(node["manager_addr"] or "")} - {None, ""}


def _nothing_left(found, members, lost):
    return (
        "No manager of swarm %s is left: %s gone, and %s. What only managers had is lost: services, networks, secrets, configs and the CA. "
        "Containers and volumes stay on their hosts. If a copy of /var/lib/docker/swarm of a manager exists, restore it on a host with "
        "that manager's address and run again; otherwise take the rest apart with quorate.swarm.reset and form a new swarm with "
        "quorate.swarm.site. Nothing was changed."
        % (found, _are(lost), "no manager is among %s" % ", ".join(members) if len(members) > 1 else "%s is a worker" % ", ".join(members))
    )


def _refuse_locked(members, survivors):
    locked = [host for host in survivors if members[host]["swarm"]["state"] == membership.LOCKED]
    if locked:
        raise Refusal(
            "%s locked. Unlock first with the swarm's unlock key ('docker swarm unlock' there, or quorate.swarm.swarm with "
            "state=unlocked), and run again; nothing was changed." % _are(locked)
        )
    encrypted = [host for host in survivors if (members[host].get("raft") or {}).get("autolock")]
    if encrypted:
        raise Refusal(
            "The keys of %s are encrypted, since the swarm has autolock, and of such a manager no engine makes a new cluster: it would "
            "drop out of the swarm and be locked (moby#36852). Bring a majority of the managers back from their disks; nothing was changed."
            % ", ".join(encrypted)
        )


def _refuse_majority(states, survivors, lost, addresses, found):
    """The managers that anybody knows, and whether each of them is among the survivors, lost, or somewhere else."""
    known = {manager["node_id"]: manager["addr"] for host in survivors for manager in states[host]["swarm"]["managers"]}
    own = {states[host]["swarm"]["node_id"] for host in survivors} - {None}
    known.update({node_id: known.get(node_id) or "" for node_id in own})
    if len(survivors) >= quorum.majority(len(known)):
        raise Refusal(
            "%s of swarm %s are left, of %d that they know: that is a majority, which elects a leader by itself. Start the engines there, "
            "and see that they reach each other on 2377/tcp; then remove what is lost with quorate.swarm.swarm_nodes (state=absent). "
            "Nothing was changed." % ("%d managers (%s)" % (len(survivors), ", ".join(survivors)), found, len(known))
        )
    gone = set(lost)
    for host, names in addresses.items():
        # a host that answers without being this manager any more has lost what it was
        if host in lost or host in states:
            gone |= set(names or ())
    elsewhere = [addr for node_id, addr in sorted(known.items()) if node_id not in own and membership.host_of(addr) not in gone]
    if elsewhere:
        raise Refusal(
            "The managers know of one at %s which is none of the hosts that answer or are named lost, and unreachable is not absent: it "
            "may have a quorum with others. Add its host to the inventory, or, if it is gone for good, name its address in "
            "swarm_lost_hosts as well. Nothing was changed." % ", ".join(membership.host_of(addr) for addr in elsewhere)
        )


def _source(members, survivors, recover_from):
    """The survivor that has come farthest, of equal ones the first of the inventory."""
    swarms = {host: members[host]["swarm"] for host in survivors}
    able = [host for host, own in swarms.items() if own["role"] == membership.MANAGER and own["state"] != membership.ERROR]
    if recover_from:
        if recover_from not in able:
            raise Refusal(
                "swarm_recover_from says %s, which is no manager whose engine could make the swarm anew%s; those are %s. Nothing "
                "was changed."
                % (recover_from, " (state %s)" % swarms[recover_from]["state"] if recover_from in swarms else "", ", ".join(able) or "none")
            )
        return recover_from
    if not able:
        raise Refusal(
            "No engine of the managers that are left could make the swarm anew: %s. Cure what they say, restart the engines there, and run "
            "again; nothing was changed."
            % "; ".join("%s is in state %s: %s" % (host, own["state"], own["error"]) for host, own in swarms.items())
        )
    unread = [host for host in survivors if (members[host].get("raft") or {}).get("committed_index") is None]
    if unread and len(survivors) > 1:
        raise Refusal(
            "Nobody can tell which manager has come farthest, since the raft log of %s cannot be read (%s). Name the one to go on from "
            "with swarm_recover_from, one of %s; what only another one had would be lost. Nothing was changed."
            % (
                ", ".join(unread),
                "; ".join((members[host].get("raft") or {}).get("error") or "there is none" for host in unread),
                ", ".join(able),
            )
        )
    best = max(survivors, key=lambda host: _freshness(members[host]))
    if best not in able:
        raise Refusal(
            "%s has come farthest, but its engine cannot make the swarm anew (%s). Cure that and restart the engine, or name another one "
            "with swarm_recover_from, one of %s, and lose what only %s had. Nothing was changed."
            % (best, members[best]["swarm"]["error"] or members[best]["swarm"]["state"], ", ".join(able), best)
        )
    return max(able, key=lambda host: _freshness(members[host]))


def _freshness(state):
    return tuple((state.get("raft") or {}).get(key) or 0 for key in FRESHNESS)


def _rejoining(survivors, source):
    return [host for host in survivors if host != source]


def _decided(action, found, source, states, hosts, managers, lost, rejoining, restarting):
    roles = {host: membership.MANAGER if host in managers else membership.WORKER for host in hosts if host in states}
    return {
        "action": action,
        "cluster_id": found,
        "source": source,
        "rejoining": rejoining,
        "restarting": restarting,
        "backup": [host for host in hosts if host in states and states[host].get("raft")],
        "acting": [host for host in hosts if host in states],
        "sentences": _sentences(action, found, source, states, lost, rejoining, restarting, roles),
    }


def _sentences(action, found, source, states, lost, rejoining, restarting, roles):
    sentences = []
    if action == RECOVER:
        raft = states[source].get("raft") or {}
        sentences.append(
            "%s makes swarm %s anew with itself as the only manager%s; services, networks, secrets, configs and labels stay"
            % (source, found, ", from entry %(committed_index)s of term %(committed_term)s" % raft if raft.get("committed_index") else "")
        )
        discarded = (raft.get("last_index") or 0) - (raft.get("committed_index") or 0)
        if discarded > 0:
            sentences.append("%s discards %d later entries that it does not know to be committed" % (source, discarded))
    if action == RESUME:
        sentences.append("Swarm %s has a quorum with %s already; what is left of its recovery is done" % (found, source))
    sentences.append(
        "The engine of %s restarts, since one that has made a swarm anew answers on no published port until then; so do those of hosts "
        "that %s does not find afterwards" % (", then that of ".join(restarting), source)
    )
    for host in rejoining:
        inactive = states[host]["swarm"]["state"] == membership.INACTIVE
        begins = "joins" if inactive else "comes back to it by itself, or gives up its membership and joins again"
        sentences.append("%s %s as %s" % (host, begins, roles[host]))
    sentences.append(
        "What the swarm knows of %s is removed; %s must not come back with the old disks"
        % (", ".join(lost), "it" if len(lost) == 1 else "they")
    )
    return sentences


def _listed(names, singular, plural):
    return "%s %s" % (", ".join(names), singular if len(names) == 1 else plural)


def _are(names):
    return _listed(names, "is", "are")
