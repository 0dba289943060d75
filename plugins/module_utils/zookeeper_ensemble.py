# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The membership of a ZooKeeper ensemble: which changes lead to what was asked for, and which would cost its majority. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.finding import names
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan
from ansible_collections.quorate.swarm.plugins.module_utils.quorum import majority
from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_config import Member, Membership, member

EXAMPLE = "server.4=zoo4:2888:3888:participant;2181"
FOR_GOOD = {
    "NoAuth": "The server lets only its superuser change the ensemble, and does not hold this user for it. Give the user and password of "
    "which its zookeeper.DigestAuthenticationProvider.superDigest was made.",
    "AuthFailed": "The server refuses the user or the password. Give those of which its zookeeper.DigestAuthenticationProvider.superDigest "
    "was made.",
    "ReconfigDisabled": "The server does not let its ensemble be changed. Start all servers with reconfigEnabled=true first.",
    "Unimplemented": "The server stands alone, and only an ensemble can be changed. Start it with standaloneEnabled=false first.",
    "BadArguments": "The server does not take the change: an address or port may belong to another member already. See the server's log.",
}
IN_TIME = {
    "NewConfigNoQuorum": "no majority of the changed ensemble is in step with the leader",
    "ReconfigInProgress": "another change is under way",
    "BadVersion": "somebody else changed the ensemble meanwhile",
}


@dataclass(frozen=True)
class Wanted:
    """C(serving) are the numbers of the servers that serve, none where nobody said it."""

    present: tuple = ()
    absent: tuple = ()
    serving: frozenset | None = None


@dataclass(frozen=True)
class Step:
    """One change: a member that joins, or is there in another way; or the number of one that leaves."""

    joins: Member | None = None
    leaves: int | None = None
    known: bool = False

    @property
    def joining(self):
        return self.joins.line() if self.joins else None

    @property
    def leaving(self):
        return None if self.joins else str(self.leaves)

    def sentence(self):
        if self.joins:
            return "%s %s" % ("change" if self.known else "add", self.joins.line())
        return "remove server.%d" % self.leaves

    def is_done(self, current):
        if self.joins:
            return is_there(current, self.joins)
        return self.leaves not in current.members

    def applied(self, current):
        members = {number: known for number, known in current.members.items() if number != self.leaves}
        if self.joins:
            members[self.joins.id] = self.joins
        return Membership(members, current.version, current.grouped)


def wanted(params):
    """The options of the module, understood."""
    present = []
    for text in params["present"]:
        known = member(text)
        if known is None:
            raise Refusal("%r names no member of an ensemble. Write it like %s." % (text, EXAMPLE))
        present.append(known)
    numbers = [known.id for known in present] + list(params["absent"])
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise Refusal("More than one thing is asked for of %s. Name each server once." % _servers(twice))
    serving = params["serving"]
    if params["absent"] and serving is None:
        raise Refusal("A server can leave only where it is known who serves. Name the servers that serve in serving.")
    return Wanted(tuple(present), tuple(params["absent"]), None if serving is None else frozenset(serving))


def plan(current, desired):
    """Steps from the current Membership to what is Wanted: one server at a time, and who joins first."""
    _refuse_no_ensemble(current, desired)
    steps = [Step(joins=one, known=one.id in current.members) for one in desired.present if not is_there(current, one)]
    steps += [Step(leaves=number) for number in desired.absent if number in current.members]
    after = current
    for step in steps:
        refuse_loss(after, step, desired.serving)
        after = step.applied(after)
    _refuse_too_many(current, after, desired.serving)
    if not steps:
        return Plan()
    return Plan(tuple(steps), {"members": current.specs()}, {"members": after.specs()})


def is_there(current, one):
    known = current.members.get(one.id)
    return known is not None and known.is_like(one)


def refuse_loss(current, step, serving):
    """Refuse a change after which those that serve would be no majority of those that vote."""
    if serving is None:
        return
    voters = step.applied(current).voters
    serve = voters & serving
    if len(serve) >= majority(len(voters)):
        return
    raise Refusal(
        "The ensemble would lose its majority (%s): %d servers would vote, %s of them serve%s, %d are needed. Let more of them serve "
        "first, and say so in serving." % (step.sentence(), len(voters), len(serve) or "none", _named(serve), majority(len(voters)))
    )


def refuse_for_good(error):
    """Refuse where the same request would never be taken; what else a server answers may pass."""
    if error in FOR_GOOD:
        raise Refusal("%s (%s)" % (FOR_GOOD[error], error))


def explained(error):
    return "%s (%s)" % (IN_TIME[error], error) if error in IN_TIME else error


def _refuse_no_ensemble(current, desired):
    if not (desired.present or desired.absent):
        return
    if current.version is None:
        raise Refusal(FOR_GOOD["Unimplemented"])
    if current.grouped:
        raise Refusal("The ensemble has groups of servers with weights, which servers let nobody change one by one. Nothing was changed.")


def _refuse_too_many(before, after, serving):
    """One look at who serves is good for a change that leaves most of them. With two there is no minority that could go."""
    if serving is None:
        return
    gone = (before.voters - after.voters) & serving
    base = (before.voters | after.voters) & serving
    most = max((len(base) - 1) // 2, 1)
    if len(gone) > most:
        raise Refusal(
            "With %s %d of the %d servers that serve would lose their vote, which is no minority. Take away %d at most, see that the "
            "others serve, and run again; nothing was changed." % (_servers(gone), len(gone), len(base), most)
        )


def _servers(numbers):
    return names("server.%d" % number for number in sorted(numbers))


def _named(numbers):
    return " (%s)" % _servers(numbers) if numbers else ""
