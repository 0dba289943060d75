# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of an etcd cluster: which changes lead to what was asked for, and which would cost its majority. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan
from ansible_collections.quorate.swarm.plugins.module_utils.quorum import majority

ADD, PROMOTE, REMOVE = "add", "promote", "remove"


@dataclass(frozen=True)
class Wanted:
    """C(present) are those that shall be members, C(absent) names, IDs and peer URLs of those that shall not be. C(serving) are the names
    of the members that serve, none where nobody said it."""

    present: tuple = ()
    absent: tuple = ()
    serving: frozenset | None = None


@dataclass(frozen=True)
class Newcomer:
    name: str
    peer_urls: tuple
    votes: bool = True

    def place_in(self, members):
        """A member that has not started has no name yet, and is known by its URLs."""
        return next((member for member in members if tuple(member["peer_urls"]) == self.peer_urls), None)


@dataclass(frozen=True)
class Step:
    """One change: somebody who joins, or is to vote; or the member that leaves, as the cluster knows it."""

    kind: str
    joins: Newcomer | None = None
    leaves: dict | None = None

    def sentence(self):
        if self.kind == REMOVE:
            return "remove %s" % called(self.leaves)
        if self.kind == PROMOTE:
            return "let %s vote" % self.joins.name
        words = "add %s at %s" % (self.joins.name, ", ".join(self.joins.peer_urls))
        return words if self.joins.votes else words + ", as a learner"

    def is_done(self, members):
        if self.kind == REMOVE:
            return self.leaves["id"] not in [member["id"] for member in members]
        found = self.joins.place_in(members)
        return found is not None and (self.kind == ADD or not found["learner"])

    def applied(self, members):
        if self.kind == REMOVE:
            return [member for member in members if member["id"] != self.leaves["id"]]
        if self.kind == PROMOTE:
            place = self.joins.place_in(members)
            return [dict(member, learner=False) if member is place else member for member in members]
        place = {"id": None, "name": self.joins.name, "peer_urls": list(self.joins.peer_urls), "client_urls": []}
        return [*members, dict(place, learner=not self.joins.votes)]


def wanted(params):
    """The options of the module, understood."""
    present = tuple(
        Newcomer(said["name"], tuple(sorted(url.rstrip("/") for url in said["peer_urls"])), said["votes"]) for said in params["present"]
    )
    names = [one.name for one in present] + [url for one in present for url in one.peer_urls] + list(params["absent"])
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Refusal("More than one thing is asked for of %s. Name each member once." % ", ".join(twice))
    if any(not one.peer_urls for one in present):
        raise Refusal("A member needs the URL at which the others reach it. Give each of present its peer_urls.")
    serving = params["serving"]
    if params["absent"] and serving is None:
        raise Refusal("A member can leave only where it is known who serves. Name the members that serve in serving.")
    return Wanted(present, tuple(params["absent"]), None if serving is None else frozenset(serving))


def plan(members, desired):
    """Steps from the members of now, as etcd_state tells them, to what is Wanted. Who leaves does so first: etcd takes nobody in while one
    of its members cannot be reached."""
    steps, after = [], list(members)
    for name in desired.absent:
        for member in after:
            if name in (member["name"], member["id"], *member["peer_urls"]):
                steps.append(Step(REMOVE, leaves=member))
                after = steps[-1].applied(after)
    for one in desired.present:
        for step in _joining(one, after):
            steps.append(step)
            after = step.applied(after)
    now = list(members)
    for step in steps:
        refuse_loss(now, step, desired.serving)
        now = step.applied(now)
    if not steps:
        return Plan()
    return Plan(tuple(steps), {"members": words(members)}, {"members": words(after)})


def _joining(one, members):
    place = one.place_in(members)
    if place is None:
        same = [member for member in members if member["name"] == one.name]
        if same:
            raise Refusal(
                "%s is a member at %s, and shall be one at %s. Take it out first, or give the URL that it has; nothing was changed."
                % (one.name, ", ".join(same[0]["peer_urls"]), ", ".join(one.peer_urls))
            )
        return [Step(ADD, joins=one)]
    if place["name"] not in (None, one.name):
        raise Refusal(
            "At %s is the member %s, and not %s. Give it the name that it has; nothing was changed."
            % (", ".join(one.peer_urls), place["name"], one.name)
        )
    return [Step(PROMOTE, joins=one)] if one.votes and place["learner"] else []


def refuse_loss(members, step, serving):
    """Refuse a change that those who serve could not decide on, or after which they could decide nothing any more."""
    if step.kind == REMOVE and not step.leaves["learner"] and len(voters(members)) == 1:
        raise Refusal("%s is the only member with a vote. A cluster ends with its last member, so it stays." % called(step.leaves))
    if serving is None:
        return
    # A learner that is to vote is in step with the leader, or etcd does not let it; what is added and votes at once does not run yet.
    joining = {step.joins.name} if step.kind == PROMOTE else set()
    for when, known in (("cannot decide on it", members), ("could decide nothing afterwards", step.applied(members))):
        serve = [member for member in voters(known) if called(member) in serving | joining]
        if len(serve) < majority(len(voters(known))):
            raise Refusal(
                "The cluster %s (%s): of %d members with a vote %s, and %d are needed. Let more of them serve first, and say so in serving."
                % (when, step.sentence(), len(voters(known)), _serve(serve), majority(len(voters(known))))
            )


def _serve(serve):
    if not serve:
        return "none serves"
    return "%d %s (%s)" % (len(serve), "serve" if len(serve) > 1 else "serves", ", ".join(called(member) for member in serve))


def voters(members):
    return [member for member in members if not member["learner"]]


def called(member):
    return member["name"] or "the member at %s" % ", ".join(member["peer_urls"])


def words(members):
    return ["%s%s" % (called(member), " (learner)" if member["learner"] else "") for member in members]


def initial_cluster(members, present):
    """What a member that is among C(present), and starts for the first time, is told of its cluster: all members of now, each URL once."""
    names = {url: one.name for one in present for url in one.peer_urls}
    told = []
    for member in members:
        name = member["name"] or next((names[url] for url in member["peer_urls"] if url in names), member["id"])
        told += ["%s=%s" % (name, url) for url in member["peer_urls"]]
    return ",".join(told)
