# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one decision that needs to see the whole inventory: adopt a swarm, create one, or refuse. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import membership, quorum, settings
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.nodes import refuse_invalid as refuse_invalid_nodes

KEEP = "keep"
INIT = "init"
JOIN = "join"
REJOIN = "rejoin"
AWAIT = "await"


def plan(states, managers, workers, acting, cluster_id=None, advertise_addrs=None, labels=None, unlocking=(), fixed=None):
    """Decide each host's step.

    C(states) maps a host's name to what swarm_info returned there, with nodes; a host that could not be asked is missing.
    C(managers) and C(workers) are the inventory's groups in their order. Only C(acting) hosts get a step other than keep.
    C(unlocking) are hosts that are locked, and whose unlocking is only foretold. C(fixed) is what was said of the settings that are
    fixed for a swarm's life.
    """
    hosts = list(managers) + list(workers)
    refuse_invalid(managers, workers, advertise_addrs, labels)
    _refuse_outsiders(hosts, acting)
    _refuse_same_engine(states)
    _refuse_locked(states, unlocking)
    refuse_split(states)
    found = _found_cluster(states, cluster_id)
    if found:
        decided = _adopt(states, hosts, acting, found, cluster_id, unlocking)
    else:
        decided = _create(states, managers, workers, acting, cluster_id)
    decided["roles"] = {host: membership.MANAGER if host in managers else membership.WORKER for host in hosts}
    decided["unknown"] = [host for host in hosts if host not in states]
    _refuse_foreign_addresses(states, decided["steps"])
    decided["warnings"] = _warnings(managers, decided) + _warnings_of_addresses(states, decided["steps"])
    decided["warnings"] += _warnings_of_unlocking(unlocking, decided["formed"])
    if decided["formed"]:
        decided["warnings"] += settings.warnings_of_fixed(states[decided["manager"]].get("cluster") or {}, fixed or {})
    decided["sentences"] = _sentences(decided)
    return decided


def refuse_invalid(managers, workers, advertise_addrs=None, labels=None):
    """Refuse what no swarm could be made of, before any host is looked at."""
    _refuse_invalid_groups(managers, workers)
    _refuse_same_address(advertise_addrs or {})
    refuse_invalid_nodes([{"name": host, "labels": wanted, "labels_to_remove": None} for host, wanted in (labels or {}).items()])


def _refuse_invalid_groups(managers, workers):
    if not managers:
        raise Refusal(
            "The inventory's group of managers is empty, and a swarm needs at least one. Put 1, 3 or 5 hosts in it, or say "
            "with swarm_manager_group which group is meant."
        )
    both = sorted(set(managers) & set(workers))
    if both:
        raise Refusal(
            "%s in the group of managers and in the group of workers; a host has one role. Take it out of one of them."
            % _are(both)
        )


def _refuse_outsiders(hosts, acting):
    outside = [host for host in acting if host not in hosts]
    if outside:
        raise Refusal(
            "%s in this play, but neither in the group of managers nor in the group of workers. Let the play's hosts be those "
            "two groups (swarm_manager_group, swarm_worker_group)." % _are(outside)
        )


def _refuse_same_address(advertise_addrs):
    owners = {}
    for host, addr in advertise_addrs.items():
        if addr:
            owners.setdefault(membership.host_of(addr), []).append(host)
    for addr, names in sorted(owners.items()):
        if len(names) > 1 and membership.is_address(addr):
            raise Refusal(
                "%s to advertise the same address, %s. Each host needs one of its own (swarm_advertise_addr)."
                % (_listed(names, "is", "are"), addr)
            )


def _refuse_foreign_addresses(states, steps):
    """No host begins with an address under which nobody reaches it: the others would have joined by then."""
    for host, addrs in _foreign_addresses(states):
        if steps.get(host, KEEP) != KEEP:
            raise Refusal(
                "%s no address and no network interface of %s, so the other members could not reach it; nothing was changed. "
                "Correct swarm_advertise_addr or swarm_data_path_addr of %s: name one that 'ip address' shows there."
                % (_are(addrs), host, host)
            )


def _warnings_of_addresses(states, steps):
    return [
        "%s no address and no network interface of %s. It is a member already and keeps the address with which it joined; correct "
        "swarm_advertise_addr or swarm_data_path_addr." % (_are(addrs), host)
        for host, addrs in _foreign_addresses(states)
        if steps.get(host, KEEP) == KEEP
    ]


def _foreign_addresses(states):
    return [(host, state["foreign_addresses"]) for host, state in states.items() if state.get("foreign_addresses")]


def _refuse_same_engine(states):
    for what, path in (("engine ID", ("engine", "id")), ("node ID", ("swarm", "node_id"))):
        owners = {}
        for host, state in states.items():
            value = state[path[0]][path[1]]
            if value:
                owners.setdefault(value, []).append(host)
        for value, names in sorted(owners.items()):
            if len(names) > 1:
                raise Refusal(
                    "%s the same %s, %s: one host is listed under two names, or a host is a copy of another. List it once; "
                    "on a copy remove /var/lib/docker/engine-id (or /etc/docker/key.json) and /var/lib/docker/swarm, and "
                    "restart its engine." % (_listed(names, "has", "have"), what, value)
                )


def _refuse_locked(states, unlocking):
    locked = [host for host, state in states.items() if state["swarm"]["state"] == membership.LOCKED and host not in unlocking]
    if locked:
        raise Refusal(
            "%s locked: autolock is on and the engine was restarted. Run again with the swarm's unlock key in "
            "swarm_unlock_key or swarm_unlock_key_file, or unlock it by hand with 'docker swarm unlock' first." % _are(locked)
        )


def refuse_split(states):
    """Refuse two quorums of one ClusterID: managers that came back after the swarm was made anew without them.

    Only the side that was made anew knows of it: it no longer counts the others among its managers, they still count it.
    """
    sides = _sides(states)
    for cluster_id, kept, other in ((one[0], sides[one], sides[two]) for one in sides for two in sides if one != two and one[0] == two[0]):
        if _counts(kept, other):
            continue
        if _counts(other, kept):
            raise Refusal(
                "Swarm %s exists twice: %s went on with it after a recovery, and %s back from before it, with a quorum of the swarm as it "
                "was then. Shut %s down or cut the network there, reset what is on the disk (reinstall it, or quorate.swarm.swarm with "
                "state=absent and force=true there alone), and run again; nothing was changed."
                % (cluster_id, ", ".join(kept), _listed(list(other), "is", "are"), "it" if len(other) == 1 else "them")
            )
        raise Refusal(
            "Swarm %s exists twice, each with a quorum of its own: with %s and with %s. Decide which one stays, let the hosts of the "
            "other leave (quorate.swarm.swarm with state=absent and force=true), and run again; nothing was changed."
            % (cluster_id, ", ".join(kept), ", ".join(other))
        )


def _sides(states):
    """The managers with a quorum, by ClusterID and leader."""
    sides = {}
    for host, state in states.items():
        if state["quorum"] and state.get("nodes"):
            leader = next((node["node_id"] for node in state["nodes"] if node.get("leader")), None)
            sides.setdefault((state["swarm"]["cluster_id"], leader), {})[host] = state
    return sides


def _counts(side, other):
    """Whether managers of one side hold one of the other for a manager of theirs."""
    members = {node_id for state in side.values() for node_id in _members(state["nodes"])}
    return bool(members & {state["swarm"]["node_id"] for state in other.values()})


def _members(nodes):
    return {node["node_id"] for node in nodes if node["reachability"]}


def _found_cluster(states, cluster_id):
    """The ClusterID that the hosts' memberships show, none where no host is a member."""
    owners = {}
    for host, state in states.items():
        swarm = state["swarm"]
        if swarm["cluster_id"]:
            owners.setdefault(swarm["cluster_id"], []).append(host)
    if len(owners) > 1:
        raise Refusal(
            "The hosts are in %d swarms: %s. A host is never moved silently: decide which swarm stays, let the hosts of the "
            "others leave (quorate.swarm.swarm with state=absent), and run again."
            % (len(owners), "; ".join("%s with %s" % (found, ", ".join(names)) for found, names in sorted(owners.items()))),
            cluster_ids=owners,
        )
    found = next(iter(owners), None)
    if found and cluster_id and found != cluster_id:
        raise Refusal(
            "%s in swarm %s, but swarm_cluster_id says %s. Let it leave (quorate.swarm.swarm with state=absent), or correct "
            "swarm_cluster_id." % (_are(owners[found]), found, cluster_id),
            cluster_ids=owners,
        )
    return found


def _adopt(states, hosts, acting, found, cluster_id, unlocking):
    manager = next((host for host in hosts if host in states and states[host]["quorum"]), None)
    if manager is None and unlocking:
        return _unknown_until_unlocked(hosts, found, unlocking)
    if manager is None:
        raise Refusal(_no_manager(states, hosts, found))
    nodes = states[manager]["nodes"]
    _refuse_unreadable(states, nodes)
    if not cluster_id:
        _refuse_foreign(states, hosts, found, nodes)
    steps, reasons = {}, {}
    known = {node["node_id"] for node in nodes}
    for host in hosts:
        steps[host], reasons[host] = _member_step(states[host], known, _members(nodes)) if host in states else (KEEP, None)
        if host not in acting:
            steps[host] = KEEP
    return {
        "cluster_id": found,
        "manager": manager,
        "remote_addrs": sorted(node["manager_addr"] for node in nodes if node["reachability"] == "reachable"),
        "steps": steps,
        "reasons": reasons,
        "formed": True,
    }


def _unknown_until_unlocked(hosts, found, unlocking):
    return {
        "cluster_id": found,
        "manager": unlocking[0],
        "remote_addrs": [],
        "steps": dict.fromkeys(hosts, KEEP),
        "reasons": {},
        "formed": False,
    }


def _member_step(state, known, members):
    swarm = state["swarm"]
    if swarm["state"] == membership.INACTIVE:
        return JOIN, "it is in no swarm"
    if swarm["state"] == membership.ERROR:
        return REJOIN, "its membership is in error: %s" % swarm["error"]
    if swarm["node_id"] and swarm["node_id"] not in known:
        return REJOIN, "the swarm no longer knows its node %s" % swarm["node_id"]
    if swarm["role"] == membership.MANAGER and not state["quorum"] and members and swarm["node_id"] not in members:
        return REJOIN, "the swarm went on without it and no longer counts it among its managers"
    if swarm["state"] == membership.PENDING:
        if swarm["node_id"]:
            return AWAIT, "its membership has begun"
        return REJOIN, "an earlier attempt to join had not come to its end"
    return KEEP, None


def _no_manager(states, hosts, found):
    members = [host for host in hosts if host in states and states[host]["swarm"]["cluster_id"] == found]
    without_quorum = [host for host in members if states[host]["swarm"]["role"] == membership.MANAGER]
    unknown = [host for host in hosts if host not in states]
    parts = []
    if without_quorum:
        parts.append("%s of it without quorum" % _listed(without_quorum, "is a manager", "are managers"))
    else:
        addrs = sorted({manager["addr"] for host in members for manager in states[host]["swarm"]["managers"]})
        parts.append("no host that answered is a manager of it (its managers: %s)" % (", ".join(addrs) or "unknown"))
    if unknown:
        parts.append("%s not answer" % _listed(unknown, "did", "did"))
    return (
        "%s in swarm %s, but no manager of it can be used: %s. Bring its managers back (a majority is needed), add them to the "
        "inventory if they are elsewhere, or let these hosts leave; nothing was changed."
        % (_are(members), found, ", and ".join(parts))
    )


def _refuse_unreadable(states, nodes):
    """A worker does not tell its ClusterID where its disk cannot be read, but which managers it has, and so which swarm is its own."""
    known = {node["node_id"] for node in nodes}
    for host, state in states.items():
        swarm = state["swarm"]
        if swarm["cluster_id"] or not swarm["node_id"]:
            continue
        if not known & ({swarm["node_id"]} | {manager["node_id"] for manager in swarm["managers"]}):
            raise Refusal(
                "%s is in a swarm whose ClusterID cannot be read there, with the managers %s; it is another swarm, or nobody can "
                "tell. Add its managers to the inventory if it is the wanted one, or let %s leave it (quorate.swarm.swarm with "
                "state=absent), and run again; nothing was changed."
                % (host, ", ".join(sorted(manager["addr"] for manager in swarm["managers"])) or "(none)", host)
            )


def _refuse_foreign(states, hosts, found, nodes):
    """A swarm most of whose managers the inventory does not know belongs to somebody else."""
    ids = {state["swarm"]["node_id"] for state in states.values()}
    names = set(hosts) | {state["engine"]["hostname"] for state in states.values()}
    theirs = [node for node in nodes if node["role"] == membership.MANAGER]
    ours = [node for node in theirs if node["node_id"] in ids or node["hostname"] in names]
    if len(ours) >= quorum.majority(len(theirs)):
        return
    strangers = sorted(node["hostname"] for node in theirs if node not in ours)
    members = [host for host in hosts if host in states and states[host]["swarm"]["cluster_id"] == found]
    raise Refusal(
        "%s in swarm %s, most of whose managers are not in this inventory: %s. If it is yours, say so with swarm_cluster_id=%s; "
        "otherwise let the host leave it first." % (_are(members), found, ", ".join(strangers), found),
        cluster_ids={found: members},
    )


def _create(states, managers, workers, acting, cluster_id):
    hosts = list(managers) + list(workers)
    _refuse_unreadable(states, [])
    unknown = [host for host in hosts if host not in states]
    if unknown:
        raise Refusal(
            "No host that answered is in a swarm, but %s state is unknown (unreachable, failed, or outside of --limit or "
            "serial): a first init could make a second swarm. Bring the missing hosts back, take them out of the inventory, or "
            "run once without --limit and serial; nothing was changed." % _possessive(unknown)
        )
    if cluster_id:
        raise Refusal(
            "No host is in a swarm, but swarm_cluster_id says %s. Restore that swarm, or remove swarm_cluster_id to create a "
            "new one." % cluster_id
        )
    first = managers[0]
    if first not in acting:
        raise Refusal(
            "There is no swarm yet, and its first manager, %s, is outside of this run (--limit or serial). Run once without "
            "them; nothing was changed." % first
        )
    steps, reasons = {}, {}
    for host in hosts:
        swarm = states[host]["swarm"]
        unfinished = swarm["state"] != membership.INACTIVE
        steps[host] = KEEP if host not in acting else INIT if host == first else REJOIN if unfinished else JOIN
        reasons[host] = "an earlier attempt to join had not come to its end" if unfinished else "it is in no swarm"
    return {
        "cluster_id": None,
        "manager": first,
        "remote_addrs": [],
        "steps": steps,
        "reasons": reasons,
        "formed": False,
    }


def _warnings(managers, decided):
    warnings = []
    if len(managers) == 2:
        warnings.append(
            "Two managers are not high availability: the swarm stands still as soon as either is lost. Use 1 or 3."
        )
    elif len(managers) % 2 == 0:
        warnings.append(
            "%d managers tolerate the loss of %d, no more than %d would, and one more can fail. Use an odd number."
            % (len(managers), (len(managers) - 1) // 2, len(managers) - 1)
        )
    if decided["unknown"]:
        warnings.append(
            "%s state is unknown (unreachable, failed, or outside of this run); the swarm is kept as the others know it."
            % _possessive(decided["unknown"])
        )
    return warnings


def _warnings_of_unlocking(unlocking, formed):
    if not unlocking:
        return []
    left_out = "what would change on %s" % ("its node" if len(unlocking) == 1 else "their nodes") if formed else "what would change then"
    return [
        "%s locked and would be unlocked, if the key is the right one; %s cannot be foretold and is left out."
        % (_are(unlocking), left_out)
    ]


def _sentences(decided):
    verbs = {
        INIT: "%s creates the swarm as its first manager",
        JOIN: "%s joins as %s",
        REJOIN: "%s gives up its membership and joins again as %s, because %s",
        AWAIT: "%s is waited for, because %s",
    }
    sentences = []
    for host, step in decided["steps"].items():
        if step == INIT:
            sentences.append(verbs[step] % host)
        elif step == JOIN:
            sentences.append(verbs[step] % (host, decided["roles"][host]))
        elif step == REJOIN:
            sentences.append(verbs[step] % (host, decided["roles"][host], decided["reasons"][host]))
        elif step == AWAIT:
            sentences.append(verbs[step] % (host, decided["reasons"][host]))
    return sentences


def _listed(names, singular, plural):
    return "%s %s" % (", ".join(names), singular if len(names) == 1 else plural)


def _are(names):
    return _listed(names, "is", "are")


def _possessive(names):
    return ", ".join("%s's" % name for name in names)
