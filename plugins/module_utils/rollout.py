# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to the members of a stateful cluster, and in which order. No I/O.

What a system's own protocol and data say comes as a Standing; what the hosts say of containers and files as module
cluster_member returns it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.quorum import majority

PRESENT = "present"
FORM = "form"
KEEP = "keep"
LEFT = "left"


@dataclass
class Standing:
    """How a cluster stands, in the terms that all systems share. Lists are of hosts.

    C(leftovers) are the steps of the system's role that a run which ended too early has left to do; where C(unseen), nobody could tell
    them. C(joining) are members that are there and not in the cluster yet, or have lost what they knew; C(counted) all that have a place
    in it, whether or not they are there. C(holding) are members whose container may be gone: they come in by their start alone, most of all
    those that hold the cluster's data. C(settling) says that what ails it may pass by itself. C(seeds) form the cluster alone, and the
    others are added to it; without them all that are wanted form it. C(independent) members know nothing of each other.

    C(away) are members that have a place in a cluster which serves, and are to be brought back one after the other before any that serves
    is touched; others that are down are started side by side. Where members that run and serve nobody are C(held), they are not
    replaced, since what they could still do by themselves, they could not after their end.
    """

    formed: bool = False
    leader: str | None = None
    voters: list[str] = field(default_factory=list)
    serving: list[str] = field(default_factory=list)
    ailing: str = ""
    settling: bool = False
    leftovers: list[str] = field(default_factory=list)
    unseen: bool = False
    joining: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    held: bool = False
    counted: list[str] = field(default_factory=list)
    holding: list[str] = field(default_factory=list)
    seeds: list[str] | None = None
    independent: bool = False
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def plan(members, looks, standing, waited=False):
    """Decide with all members in view.

    C(members) maps a host to its member's C(name) and wanted C(state), in the order of the group; C(looks) maps it to what
    cluster_member saw there. C(waited) says that members which run had time to serve. Raises Refusal where nothing may be done.
    """
    refuse(members, looks, standing)
    # Whatever such a member says of itself, no other one reaches it; nor will that pass.
    cut_off = [host for host in members if looks.get(host, {}).get("cut_off")]
    serving = [host for host in standing.serving if host not in cut_off]
    standing = replace(standing, serving=serving)
    silent = [host for host in members if host not in looks]
    wanted = [host for host in members if members[host]["state"] == PRESENT and host not in silent]
    clears = standing.independent or wanted
    # A removal that was killed may have left files, with secrets among them.
    leaving = [
        host
        for host in members
        if members[host]["state"] != PRESENT and host not in silent and (looks[host]["exists"] or (clears and looks[host].get("remains")))
    ]
    running = [host for host in wanted if looks[host]["running"]]
    differing = [host for host in running if looks[host]["restart_needed"]]
    decided = {
        # Whose host is gone for good can be taken out all the same; that is said by its state.
        "forget": [host for host in silent if members[host]["state"] != PRESENT and host in standing.counted],
        "remove": order(leaving, standing),
        # What is excluded while a member leaves stays so until it has left.
        "finish": [step for step in standing.leftovers if not (leaving and step == LEFT)],
        "leader": standing.leader,
        "serving": list(standing.serving),
        "warnings": list(standing.warnings) + ["%s could not be looked at" % ", ".join(silent)] * bool(silent),
    }
    if standing.formed:
        decided.update(_kept(looks, standing, wanted, running, differing, cut_off))
    else:
        decided.update(_formed(standing, wanted, running, differing))
    decided["resume"] = standing.formed and standing.unseen and bool(decided["start"] + decided["mend"])
    # They may be electing a leader, or have just been started, and a majority may need them.
    decided["patient"] = not (set(decided["mend"]) <= set(cut_off) or waited)
    awaited = [] if standing.independent else [host for host in silent if members[host]["state"] == PRESENT]
    decided["blocked"] = blocked(decided, standing, awaited)
    decided["wait"] = _wait(decided, standing, running)
    if decided["wait"] == decided["blocked"]:
        decided["blocked"] = ""
    decided["sentences"] = sentences(decided, members)
    return decided


def _formed(standing, wanted, running, differing):
    """Nothing serves yet that a change side by side could interrupt. What is there for the forming alone stays until it is done."""
    forming = [host for host in wanted if standing.seeds is None or host in standing.seeds]
    return {
        "way": FORM,
        "form": forming,
        "start": [host for host in forming if host not in running or host in differing],
        "rejoin": [],
        "join": [host for host in wanted if host not in forming],
        "mend": [],
        "replace": [],
        "write": [],
    }


def _kept(looks, standing, wanted, running, differing, cut_off):
    # What has the data is no newcomer: an addition waits for a cluster that serves, and perhaps nobody serves but with these data.
    missing = [host for host in wanted if host in standing.joining or not (looks[host]["exists"] or host in standing.holding)]
    # There is nobody who would have to take them in.
    joining = [] if standing.independent else missing
    away = [host for host in wanted if host in standing.away and host not in joining]
    changing = [host for host in differing if host not in joining + away]
    return {
        "way": KEEP,
        "form": [],
        "start": [host for host in wanted if host not in running and host not in joining + away],
        "rejoin": away,
        "join": joining,
        # What does not serve, though it had time to, cannot be made worse, and the change may be what mends it.
        "mend": [host for host in changing if host not in standing.serving and (host in cut_off or not standing.held)],
        "replace": order([host for host in changing if host in standing.serving], standing),
        "write": [host for host in running if looks[host]["differs"] and host not in differing and host not in joining + away],
    }


def _wait(decided, standing, running):
    """Why the cluster has to become whole by itself first; empty where it need not."""
    if decided["way"] == FORM:
        return "" if decided["start"] or not decided["form"] else standing.ailing or "it has not formed yet"
    if not standing.settling:
        return ""
    # Whatever is to be done: a run that ends well would say of a cluster that serves nobody that it is as wanted.
    if not standing.serving and running and not decided["start"] + decided["mend"]:
        return standing.ailing
    return decided["blocked"] if decided["blocked"] == standing.ailing else ""


def refuse(members, looks, standing):
    names = {}
    for host in members:
        names.setdefault(members[host]["name"], []).append(host)
    twice = ["%s is the name of the members of %s" % (name, " and ".join(hosts)) for name, hosts in names.items() if len(hosts) > 1]
    silent = [host for host in members if host not in looks]
    found = list(twice)
    if silent and not standing.formed:
        # Unreachable is not absent: the data of a cluster may lie there.
        found.append(
            "%s could not be looked at, and the others know of no cluster. It takes all members to say that there is none"
            % ", ".join(silent)
        )
    for host in members:
        # What a host lacks for a member concerns none that is to go.
        look = looks.get(host, {})
        if members[host]["state"] == PRESENT:
            in_the_way = look.get("refusals", ())
        else:
            in_the_way = look.get("removal_refusals", ()) if look.get("exists") or look.get("remains") else ()
        found += ["On %s %s" % (host, sentence.rstrip(".")) for sentence in in_the_way]
    last = [said["name"] for host, said in members.items() if looks.get(host, {}).get("exists")]
    if last and not standing.independent and not any(said["state"] == PRESENT for said in members.values()):
        found.append(
            "No member would be left to take what %s %s. Keep one; a whole cluster is ended with state=absent of the module "
            "quorate.swarm.cluster_member on each host" % (", ".join(last), "have" if len(last) > 1 else "has")
        )
    found += [sentence.rstrip(".") for sentence in standing.refusals]
    if found:
        raise Refusal("%s. Nothing was changed." % ". ".join(found))


def order(hosts, standing):
    """Those without a vote first, the leader last. Of those that leave, what serves nobody comes before all."""
    return sorted(hosts, key=lambda host: (host in standing.serving, host in standing.voters, host == standing.leader))


def blocked(decided, standing, silent=()):
    """Why members that serve may not be touched now; empty if they may.

    What is down may always be started, and what was left undone may be what ails the cluster. Both are waited for before all else.
    """
    touched = decided["rejoin"] + decided["join"] + decided["forget"] + decided["remove"] + decided["replace"]
    if not touched or not standing.formed or decided["start"] or decided["mend"] or decided["finish"]:
        return ""
    if silent:
        return "%s could not be looked at" % ", ".join(silent)
    if standing.ailing:
        return standing.ailing
    pausing = [host for host in decided["replace"] + decided["remove"] if host in standing.voters]
    serving = [host for host in standing.voters if host in standing.serving + decided["rejoin"]]
    if pausing and len(standing.voters) > 2 and len(serving) - 1 < majority(len(standing.voters)):
        return "of %d members with a vote %d serve, and %d are needed while one is away" % (
            len(standing.voters),
            len(serving),
            majority(len(standing.voters)),
        )
    return ""


def sentences(decided, members):
    def named(hosts, glue=", "):
        return glue.join(members[host]["name"] for host in hosts)

    told = []
    if decided["finish"]:
        told.append("finish what an earlier run has left undone")
    if decided["start"]:
        told.append(_begun(decided) % named(decided["start"]))
    if decided["mend"]:
        told.append(_mended(decided) % named(decided["mend"]))
    if decided["wait"]:
        told.append("wait until the cluster is whole, since %s" % decided["wait"])
    if decided["rejoin"]:
        told.append("bring back %s" % named(decided["rejoin"], ", then "))
    if decided["replace"]:
        others = [host for host in decided["replace"] if host != decided["leader"]]
        leader = [host for host in decided["replace"] if host == decided["leader"]]
        told.append("replace %s" % "; ".join([named(others, ", then ")] * bool(others) + ["leader %s last" % named(leader)] * bool(leader)))
    if decided["join"]:
        told.append("add %s" % named(decided["join"], ", then "))
    if decided["forget"]:
        told.append("take %s out of the cluster, whose hosts are gone" % named(decided["forget"], ", then "))
    if decided["remove"]:
        told.append("remove %s" % named(decided["remove"], ", then "))
    if decided["write"]:
        told.append("write what needs no restart on %s" % ", ".join(decided["write"]))
    if decided["blocked"]:
        told.append("blocked, since %s" % decided["blocked"])
    return told or ["nothing is to be done"]


def _begun(decided):
    if decided["way"] == KEEP:
        return "start %s, side by side"
    return "form the cluster with %s alone" if decided["join"] else "form the cluster of %s, side by side"


def _mended(decided):
    if decided["patient"]:
        return "wait for %s to serve, and replace at once who does not"
    return "replace %s at once, since it serves nobody" if len(decided["mend"]) == 1 else "replace %s at once, since they serve nobody"
