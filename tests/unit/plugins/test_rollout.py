# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to the members of a cluster, whatever the system."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.rollout import Standing, plan

MEMBERS = {"node%d" % number: {"name": "m%d" % number, "state": "present"} for number in (1, 2, 3)}


def look(exists=True, running=True, restart_needed=False, differs=(), refusals=()):
    return {
        "exists": exists,
        "running": running,
        "restart_needed": restart_needed,
        "differs": list(differs) or ["the file"] * restart_needed,
        "refusals": list(refusals),
    }


AS_WANTED = look()
DIFFERS = look(restart_needed=True)
PASSING = look(differs=["a line"])
DOWN = look(running=False)
MISSING = look(exists=False, running=False)
WHOLE = {"formed": True, "leader": "node1", "voters": list(MEMBERS), "serving": list(MEMBERS)}


def decide(looks, standing, members=None, waited=True):
    members = members or MEMBERS
    return plan(members, dict(zip(members, looks, strict=True)), Standing(**standing), waited)


@pytest.mark.parametrize(
    "looks, standing, sentences",
    [
        ([AS_WANTED] * 3, WHOLE, ["nothing is to be done"]),
        ([MISSING] * 3, {}, ["form the cluster of m1, m2, m3, side by side"]),
        # A run that was killed while the cluster was being formed.
        ([AS_WANTED, MISSING, DIFFERS], {}, ["form the cluster of m2, m3, side by side"]),
        # One forms it alone, and the others are added to it, also after a run that was killed meanwhile.
        ([MISSING] * 3, {"seeds": ["node1"]}, ["form the cluster with m1 alone", "add m2, then m3"]),
        ([DIFFERS, MISSING, DOWN], {"seeds": ["node1"]}, ["form the cluster with m1 alone", "add m2, then m3"]),
        (
            [PASSING, MISSING, MISSING],
            {"seeds": ["node1"], "settling": True, "ailing": "m1 does not serve"},
            ["wait until the cluster is whole, since m1 does not serve", "add m2, then m3"],
        ),
        # Nor is one of those that run already told that it has formed, or given files as though it had.
        ([PASSING] * 3, {}, ["wait until the cluster is whole, since it has not formed yet"]),
        ([PASSING] * 3, {"ailing": "no member knows a master"}, ["wait until the cluster is whole, since no member knows a master"]),
        ([DIFFERS] * 3, WHOLE, ["replace m2, then m3; leader m1 last"]),
        ([DIFFERS, AS_WANTED, AS_WANTED], WHOLE, ["replace leader m1 last"]),
        ([PASSING, AS_WANTED, AS_WANTED], WHOLE, ["write what needs no restart on node1"]),
        # Members that take their data from others come back one after the other, and before any that serves is away, too.
        (
            [DIFFERS, DOWN, DOWN],
            dict(WHOLE, serving=["node1"], away=["node2", "node3"]),
            ["bring back m2, then m3", "replace leader m1 last"],
        ),
        ([AS_WANTED, DIFFERS, MISSING], dict(WHOLE, serving=["node1"], away=["node2"]), ["bring back m2", "add m3"]),
        (
            [AS_WANTED, AS_WANTED, DOWN],
            dict(WHOLE, serving=["node1", "node2"], away=["node3"], settling=True, ailing="m2 is busy"),
            ["wait until the cluster is whole, since m2 is busy", "bring back m3"],
        ),
        # What serves nobody and would know less after its end is left to itself.
        (
            [DIFFERS] * 3,
            {"formed": True, "held": True, "settling": True, "ailing": "nobody serves"},
            ["wait until the cluster is whole, since nobody serves"],
        ),
        # What is down is started though nothing else may be touched.
        (
            [AS_WANTED, DOWN, DIFFERS],
            {"formed": True, "leader": "node1", "voters": list(MEMBERS), "serving": ["node1", "node3"], "ailing": "m2 is away"},
            ["start m2, side by side", "replace m3"],
        ),
        (
            [AS_WANTED, AS_WANTED, DIFFERS],
            {"formed": True, "leader": "node1", "voters": list(MEMBERS), "serving": ["node1", "node3"], "ailing": "m2 does not serve"},
            ["replace m3", "blocked, since m2 does not serve"],
        ),
        # What does not serve cannot be made worse.
        (
            [AS_WANTED, DIFFERS, AS_WANTED],
            {"formed": True, "leader": "node1", "voters": list(MEMBERS), "serving": ["node1", "node3"], "ailing": "m2 does not serve"},
            ["replace m2 at once, since it serves nobody"],
        ),
        # Of a change that has broken one, the next one mends that one first and goes on with the others once all serve.
        (
            [DIFFERS] * 3,
            {"formed": True, "leader": "node1", "voters": list(MEMBERS), "serving": ["node1", "node3"], "ailing": "m2 does not serve"},
            ["replace m2 at once, since it serves nobody", "replace m3; leader m1 last"],
        ),
        # A member that still starts, as after a run that was killed.
        (
            [AS_WANTED, AS_WANTED, DIFFERS],
            dict(WHOLE, serving=["node1", "node3"], ailing="m2 does not serve", settling=True),
            ["wait until the cluster is whole, since m2 does not serve", "replace m3"],
        ),
        ([AS_WANTED] * 3, dict(WHOLE, ailing="a shard is on the move", settling=True), ["nothing is to be done"]),
        # That nobody serves is not as wanted, though no member differs.
        (
            [AS_WANTED] * 3,
            dict(WHOLE, serving=[], ailing="m1, m2, m3 do not serve", settling=True),
            ["wait until the cluster is whole, since m1, m2, m3 do not serve"],
        ),
        ([AS_WANTED, AS_WANTED, MISSING], dict(WHOLE, voters=["node1", "node2"], serving=["node1", "node2"]), ["add m3"]),
        # A run was killed between the start of a new member and its vote.
        ([AS_WANTED, AS_WANTED, AS_WANTED], dict(WHOLE, voters=["node1", "node2"], joining=["node3"]), ["add m3"]),
        ([AS_WANTED, DOWN, DOWN], dict(WHOLE, voters=["node1", "node2"], joining=["node3"]), ["start m2, side by side", "add m3"]),
        ([AS_WANTED, AS_WANTED, DIFFERS], dict(WHOLE, voters=["node1", "node2"], joining=["node3"]), ["add m3"]),
        # Containers that are gone, of members that the cluster may need to serve at all.
        ([MISSING] * 3, dict(WHOLE, serving=[], holding=list(MEMBERS)), ["start m1, m2, m3, side by side"]),
        (
            [MISSING, MISSING, AS_WANTED],
            dict(WHOLE, serving=[], holding=list(MEMBERS), ailing="m1, m2 do not serve", settling=True),
            ["start m1, m2, side by side"],
        ),
        ([MISSING, AS_WANTED, MISSING], dict(WHOLE, holding=["node1"]), ["start m1, side by side", "add m3"]),
        # Of what it held the cluster knows nothing any more.
        ([AS_WANTED, AS_WANTED, MISSING], dict(WHOLE, holding=["node3"], joining=["node3"]), ["add m3"]),
        # What an earlier run has left undone is what ails the cluster.
        (
            [DIFFERS, AS_WANTED, AS_WANTED],
            dict(WHOLE, leftovers=["after_change"], ailing="the cluster is yellow"),
            ["finish what an earlier run has left undone", "replace leader m1 last"],
        ),
    ],
)
def test_the_plan_is_told(looks, standing, sentences):
    assert decide(looks, standing)["sentences"] == sentences


ELECTING = dict(WHOLE, leader=None, serving=[], ailing="m1, m2, m3 do not serve", settling=True)


@pytest.mark.parametrize(
    "looks, standing, sentences",
    [
        ([DIFFERS] * 3, ELECTING, ["wait for m1, m2, m3 to serve, and replace at once who does not"]),
        (
            [DOWN, AS_WANTED, DIFFERS],
            dict(ELECTING, serving=["node2"]),
            ["start m1, side by side", "wait for m3 to serve, and replace at once who does not"],
        ),
        ([AS_WANTED] * 3, ELECTING, ["wait until the cluster is whole, since m1, m2, m3 do not serve"]),
    ],
)
def test_members_that_run_get_time_to_serve_before_they_are_replaced_at_once(looks, standing, sentences):
    """They may be electing a leader."""
    assert decide(looks, standing, waited=False)["sentences"] == sentences


@pytest.mark.parametrize("serving", [["node1"], []])
def test_who_is_cut_off_serves_nobody_whatever_it_says_and_no_time_mends_that(serving):
    """A master without its network, in a cluster of itself; the others would wait for it."""
    cut_off = dict(DIFFERS, cut_off=True)
    decided = decide([cut_off, DOWN, cut_off], dict(WHOLE, serving=serving, ailing="m2, m3 are away"), waited=False)
    assert decided["sentences"] == ["start m2, side by side", "replace m1, m3 at once, since they serve nobody"]
    assert (decided["patient"], decided["serving"]) == (False, [])
    assert decide([cut_off, AS_WANTED, DIFFERS], dict(WHOLE, serving=serving), waited=False)["patient"] is True
    # Nor is there anything that such a one could still do by itself.
    assert decide([cut_off, AS_WANTED, DIFFERS], dict(WHOLE, serving=[], held=True))["mend"] == ["node1"]


@pytest.mark.parametrize(
    "looks, waited, patient",
    [([DIFFERS] * 3, False, True), ([DIFFERS] * 3, True, False), ([AS_WANTED] * 3, False, False)],
)
def test_they_get_it_once(looks, waited, patient):
    assert decide(looks, ELECTING, waited=waited)["patient"] == patient


def test_members_without_a_vote_are_replaced_before_those_with_one():
    assert decide([DIFFERS] * 3, dict(WHOLE, voters=["node1", "node2"]))["replace"] == ["node3", "node2", "node1"]


def test_a_member_that_is_to_go_is_removed_last():
    members = dict(MEMBERS, node3={"name": "m3", "state": "absent"})
    assert decide([AS_WANTED, DIFFERS, AS_WANTED], WHOLE, members)["sentences"] == ["replace m2", "remove m3"]
    assert decide([AS_WANTED, AS_WANTED, MISSING], WHOLE, members)["sentences"] == ["nothing is to be done"]


class TestMembersThatLeave:
    MEMBERS = dict(MEMBERS, node1={"name": "m1", "state": "absent"}, node2={"name": "m2", "state": "absent"})

    def test_the_leader_leaves_last(self):
        assert decide([AS_WANTED] * 3, WHOLE, self.MEMBERS)["remove"] == ["node2", "node1"]

    def test_only_what_is_excluded_for_them_waits_until_they_have_left(self):
        decided = decide([AS_WANTED] * 3, dict(WHOLE, leftovers=["after_change", "left"]), self.MEMBERS)
        assert decided["finish"] == ["after_change"]
        assert decide([MISSING, MISSING, AS_WANTED], dict(WHOLE, leftovers=["left"]), self.MEMBERS)["finish"] == ["left"]

    def test_what_the_host_of_one_lacks_is_nobody_s_concern(self):
        looks = [look(exists=False, running=False, refusals=["the port 9200 is taken by nginx."]), MISSING, AS_WANTED]
        assert decide(looks, WHOLE, self.MEMBERS)["sentences"] == ["nothing is to be done"]

    @pytest.mark.parametrize("left", [AS_WANTED, dict(MISSING, remains=["/srv/m1/data is there"])])
    def test_data_that_another_one_has_are_not_deleted_with_them(self, left):
        looks = [dict(left, removal_refusals=["/srv/m1/data is to be deleted."]), MISSING, AS_WANTED]
        with pytest.raises(Refusal, match="On node1 /srv/m1/data is to be deleted. Nothing was changed"):
            decide(looks, WHOLE, self.MEMBERS)
        assert decide([dict(MISSING, removal_refusals=["/srv/m1/data is"]), MISSING, AS_WANTED], WHOLE, self.MEMBERS)["remove"] == []

    def test_a_removal_that_was_killed_is_finished(self):
        looks = [dict(MISSING, remains=["/srv/m1/conf/secrets/key is there"]), MISSING, AS_WANTED]
        assert decide(looks, WHOLE, self.MEMBERS)["sentences"] == ["remove m1"]

    def test_the_last_ones_do_not(self):
        members = dict(self.MEMBERS, node3={"name": "m3", "state": "absent"})
        with pytest.raises(Refusal, match="No member would be left to take what m2, m3 have"):
            decide([MISSING, AS_WANTED, AS_WANTED], WHOLE, members)
        assert decide([MISSING] * 3, {}, members)["sentences"] == ["nothing is to be done"]


@pytest.mark.parametrize("unseen, looks, resume", [(True, DOWN, True), (False, DOWN, False), (True, AS_WANTED, False)])
def test_what_was_left_undone_is_asked_for_once_somebody_can_tell(unseen, looks, resume):
    assert decide([looks, AS_WANTED, AS_WANTED], dict(WHOLE, unseen=unseen))["resume"] is resume


class TestHostsThatCannotBeAsked:
    LOOKS = dict(zip(["node1", "node2"], [AS_WANTED, AS_WANTED], strict=True))

    def test_none_is_formed(self):
        with pytest.raises(Refusal, match="node3 could not be looked at, and the others know of no cluster"):
            plan(MEMBERS, {"node1": MISSING, "node2": MISSING}, Standing())

    def test_a_cluster_that_serves_is_left_alone(self):
        decided = plan(MEMBERS, self.LOOKS, Standing(**WHOLE))
        assert decided["sentences"] == ["nothing is to be done"]
        assert decided["warnings"] == ["node3 could not be looked at"]

    def test_members_that_serve_are_not_touched(self):
        decided = plan(MEMBERS, dict(self.LOOKS, node2=DIFFERS), Standing(**WHOLE))
        assert decided["blocked"] == "node3 could not be looked at"

    @pytest.mark.parametrize(
        "counted, sentences",
        [(list(MEMBERS), ["add m4", "take m3 out of the cluster, whose hosts are gone"]), (["node1", "node2"], ["add m4"])],
    )
    def test_one_that_is_gone_for_good_is_replaced(self, counted, sentences):
        members = dict(MEMBERS, node3={"name": "m3", "state": "absent"}, node4={"name": "m4", "state": "present"})
        standing = dict(WHOLE, voters=["node1", "node2"], serving=["node1", "node2"], counted=counted)
        decided = plan(members, dict(self.LOOKS, node4=MISSING), Standing(**standing))
        assert decided["sentences"] == sentences
        assert decided["blocked"] == ""


class TestMembersThatKnowNothingOfEachOther:
    ALONE = {"formed": True, "independent": True, "serving": ["node1"]}

    @pytest.mark.parametrize(
        "looks, sentences",
        [
            ([MISSING] * 3, ["start m1, m2, m3, side by side"]),
            ([DIFFERS, MISSING, DOWN], ["start m2, m3, side by side", "replace m1"]),
            ([DIFFERS, DIFFERS, AS_WANTED], ["replace m2 at once, since it serves nobody", "replace m1"]),
        ],
    )
    def test_none_is_taken_in_by_the_others(self, looks, sentences):
        assert decide(looks, self.ALONE)["sentences"] == sentences

    def test_a_host_that_cannot_be_asked_keeps_none_from_anything(self):
        decided = plan(MEMBERS, {"node1": DIFFERS}, Standing(**self.ALONE))
        assert (decided["sentences"], decided["blocked"]) == (["replace m1"], "")
        assert decided["warnings"] == ["node2, node3 could not be looked at"]

    def test_the_last_one_may_go_and_a_removal_that_was_killed_is_finished(self):
        members = {"node1": {"name": "m1", "state": "absent"}, "node2": {"name": "m2", "state": "absent"}}
        looks = [AS_WANTED, dict(MISSING, remains=["/srv/m2/secrets/key is there"])]
        assert decide(looks, self.ALONE, members)["sentences"] == ["remove m2, then m1"]


@pytest.mark.parametrize(
    "members, looks, refusals, sentence",
    [
        (dict(MEMBERS, node2={"name": "m1", "state": "present"}), [MISSING] * 3, [], "m1 is the name of the members of node1 and node2"),
        (MEMBERS, [look(refusals=["the port 9200 is taken by nginx."])] + [MISSING] * 2, [], "On node1 the port 9200 is taken by nginx"),
        (MEMBERS, [MISSING] * 3, ["The members are in two clusters"], "The members are in two clusters"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_changed(members, looks, refusals, sentence):
    with pytest.raises(Refusal) as refused:
        decide(looks, {"refusals": refusals}, members)
    assert str(refused.value) == sentence + ". Nothing was changed."
