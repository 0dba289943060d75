# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a ZooKeeper ensemble stands, from what its members and their disks say. No I/O."""

from __future__ import annotations

import re

from ansible_collections.quorate.swarm.plugins.module_utils.quorum import majority
from ansible_collections.quorate.swarm.plugins.module_utils.rollout import PRESENT, Standing
from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_config import PARTICIPANT, PORTS, member, membership

LEADER = "leader"
SERVING = (LEADER, "follower", "observer", "standalone")


def judge(members, looks, live):
    """C(members) have C(name), C(state), C(id), the C(server) as the ensemble shall know it, and whether the C(superuser) is known, who
    alone gives and takes votes.

    The looks have as evidence what lies in C(myid) and C(epoch), and in the last C(membership) that the server wrote.
    """
    states = {host: seen["state"] for host, seen in live.items() if seen and seen.get("state")}
    modes = {host: state["mode"] for host, state in states.items()}
    serving = [host for host in members if modes.get(host) in SERVING]
    wanted = [host for host in members if members[host]["state"] == PRESENT]
    filled = [host for host in looks if _epoch(looks[host]) > 0]
    leaders = [host for host in serving if modes[host] == LEADER]
    ensemble = _ensemble([states[host] for host in leaders + serving])
    holding = [host for host in wanted if host in filled and (not ensemble or _votes(ensemble, members[host]))]
    # A member whose container is gone is one all the same, if it has the data.
    made = [host for host in wanted if looks.get(host, {}).get("exists") or host in holding]
    # Without a vote; or without what it knew, so that its vote could bring back an older state while nobody else serves.
    joining = [
        host for host in made if (ensemble and not _votes(ensemble, members[host])) or (host not in serving and host not in filled)
    ]
    formed = bool(serving or filled)
    counted = [host for host in members if str(members[host].get("id")) in ensemble]
    return Standing(
        formed=formed,
        leader=leaders[0] if leaders else None,
        voters=[host for host in made if host not in joining],
        serving=serving,
        joining=joining,
        counted=counted,
        holding=holding,
        ailing=_ailing(members, [host for host in made if host not in joining], serving, leaders),
        # A server that runs looks for its ensemble, and an ensemble for its leader.
        settling=True,
        refusals=_identities(members)
        + _data(members, looks, wanted, filled, serving, leaders, states)
        + _places(members, looks, made, [states[host] for host in leaders + serving])
        + (_votes_without_superuser(members, looks, ensemble) if formed else []),
        warnings=_warnings(wanted) + _strangers(members, ensemble),
    )


def _ensemble(states):
    """Ids to roles as the first knows them that tells it; empty where nobody does."""
    return {str(known["id"]): known["role"] for known in _told(states)}


def _told(states):
    for state in states:
        if state.get("members") and state.get("votes") is not False:
            return state["members"]
    return []


def _votes(ensemble, said):
    return ensemble.get(str(said.get("id"))) == PARTICIPANT


def _votes_without_superuser(members, looks, ensemble):
    if not ensemble or all(said.get("superuser", True) for said in members.values()):
        return []
    changing = [
        said["name"]
        for host, said in members.items()
        if (said["state"] == PRESENT and host in looks and not _votes(ensemble, said))
        or (said["state"] != PRESENT and str(said.get("id")) in ensemble)
    ]
    if not changing:
        return []
    return [
        "%s %s to be given or taken a vote, and only the superuser may do that. Set zookeeper_superuser_password; it reaches members that "
        "do not know it yet one after the other, in a run of its own before this one"
        % (", ".join(changing), "are" if len(changing) > 1 else "is")
    ]


def _strangers(members, ensemble):
    known = {str(said.get("id")) for said in members.values()}
    return [
        "server.%s is in the ensemble, and in no group of the inventory; it counts wherever a majority is needed. Bring its host back with "
        "zookeeper_state=absent, or take it out with the module quorate.swarm.zookeeper_ensemble" % number
        for number in sorted(set(ensemble) - known, key=int)
    ]


def _epoch(look):
    """Each leader that was elected begins another epoch, so a member of an ensemble that never formed has none, or 0."""
    text = ((look.get("evidence") or {}).get("epoch") or "").strip()
    return int(text) if text.isdigit() else 0


def _ailing(members, made, serving, leaders):
    away = [members[host]["name"] for host in made if host not in serving]
    if away:
        return "%s %s not serve" % (", ".join(away), "do" if len(away) > 1 else "does")
    if len(serving) > 1 and len(leaders) != 1:
        return "%s of the members %s the leader" % (len(leaders) or "none", "are" if len(leaders) > 1 else "is")
    return ""


def _identities(members):
    by_id = {}
    for said in members.values():
        if said.get("id") is not None:
            by_id.setdefault(said["id"], []).append(said["name"])
    return [
        "The id %s is that of %s. Each member needs its own, which it keeps for its life" % (number, " and ".join(names))
        for number, names in sorted(by_id.items())
        if len(names) > 1
    ]


def _places(members, looks, made, states):
    """Servers take addresses and ports from the membership alone, which they write themselves from their first start on.

    What those that serve say counts; where nobody does, as when all are asked at another port, the disk of each.
    """
    served = {known["id"]: member("%s=%s" % (known["id"], known["spec"])) for known in _told(states) if known.get("spec")}
    found = []
    for host in made:
        said, wanted = members[host], member(members[host].get("server") or "")
        written = (looks.get(host, {}).get("evidence") or {}).get("membership")
        known = served or (membership(written).members if isinstance(written, str) else {})
        is_now = known.get(wanted.id) if wanted else None
        if said["state"] != PRESENT or not is_now or "|" in is_now.servers:
            continue
        if _ports(is_now) != _ports(wanted, is_now):
            found.append(
                "The ensemble knows %s with the ports %s (peers, elections, clients), and the inventory says %s. Put them back, or stop "
                "all members, correct the file that dynamicConfigFile in zoo.cfg names on each host, and run again"
                % (said["name"], ", ".join(_ports(is_now)), ", ".join(_ports(wanted, is_now)))
            )
        elif _is_elsewhere(is_now, wanted, said["name"]):
            found.append(
                "The ensemble knows %s as %s, and by name, model and address of the inventory it would be %s. Put that back, or let the "
                "member leave with zookeeper_state=absent and join again"
                % (said["name"], _address(is_now), _address(wanted))
            )
    return found


def _ports(server, beside=None):
    """C(beside) may not tell the port for clients, where it is in another file."""
    parts = PORTS.fullmatch(server.servers)
    tells = server.client and (beside is None or beside.client)
    return [parts.group("peer"), parts.group("election")] + ([server.client.rpartition(":")[2]] if tells else [])


def _address(server):
    return PORTS.fullmatch(server.servers).group("host")


def _is_elsewhere(known, wanted, name):
    """A server may tell the name that a resolver has for an address of the inventory."""
    if _is_ip(_address(wanted)) and not _is_ip(_address(known)):
        return _address(known) in (name, "zknode%d" % known.id)
    return _address(known) != _address(wanted)


def _is_ip(address):
    return bool(re.fullmatch(r"[0-9.]+|\[.*\]", address))


def _data(members, looks, wanted, filled, serving, leaders, states):
    found = []
    for host in wanted:
        told = ((looks.get(host, {}).get("evidence") or {}).get("myid") or "").strip()
        if told and members[host].get("id") is not None and told != str(members[host]["id"]):
            found.append(
                "On %s the data directory is that of the member with id %s, and the inventory says %s. Put the id back, or move the "
                "data away"
                % (host, told, members[host]["id"])
            )
    # Whoever has written an epoch did so after a majority had promised it, so an ensemble that serves has no earlier one.
    ours = max([_epoch(looks[host]) for host in serving if host in looks] + [state.get("epoch") or 0 for state in states.values()] + [0])
    for host in wanted:
        if leaders and host not in serving and _epoch(looks.get(host, {})) > ours:
            found.append(
                "On %s the data directory has seen epoch %d, and the ensemble that serves is in epoch %d: it is the data of another one. "
                "Move it away; the member takes the data of its own ensemble from the leader"
                % (host, _epoch(looks[host]), ours)
            )
    bare = [host for host in wanted if host in looks and host not in filled]
    if filled and not serving and len(bare) >= majority(len(wanted)):
        found.append(
            "%s %s lost what a majority of %d members knew: started so, an older or empty ensemble would win over the data of %s. Bring "
            "the data directories back, or move those that are left away to begin anew"
            % (", ".join(bare), "have" if len(bare) > 1 else "has", len(wanted), ", ".join(host for host in filled))
        )
    return found


def _warnings(wanted):
    if len(wanted) % 2 == 0 and wanted:
        return [
            "%d members bear the loss of no more than %d would, and are one more that can fail. Take an odd number"
            % (len(wanted), len(wanted) - 1)
        ]
    return []
