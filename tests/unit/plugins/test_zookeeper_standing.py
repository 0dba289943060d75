# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an ensemble stands, and what is done to it for that, from what its servers and their disks say."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.member_rollout import member_rollout

MEMBERS = {"node%d" % number: {"name": "zoo%d" % number, "state": "present", "id": number} for number in (1, 2, 3)}


def look(exists=True, running=True, differs=False, myid=None, epoch=None):
    return {
        "exists": exists,
        "running": running,
        "restart_needed": differs,
        "differs": ["zoo.cfg differs"] * differs,
        "refusals": [],
        "evidence": {"myid": myid, "epoch": epoch},
    }


def says(mode, *voters):
    """C(voters) are the ids of those with a vote, as far as the server tells it."""
    return {"state": {"mode": mode, "members": [{"id": number, "role": "participant"} for number in voters]}} if mode else {"state": None}


def decide(looks, modes, members=None):
    members = members or MEMBERS
    hosts = list(members)
    return member_rollout(
        members,
        "zookeeper",
        dict(zip(hosts, looks, strict=True)),
        dict(zip(hosts, [mode if isinstance(mode, dict) else says(mode) for mode in modes], strict=True)),
    )


BARE = look(exists=False, running=False)
GONE = look(exists=False, running=False, epoch="4")


@pytest.mark.parametrize(
    "looks, modes, sentences",
    [
        ([BARE] * 3, [None] * 3, ["form the cluster of zoo1, zoo2, zoo3, side by side"]),
        # Killed after the first servers had started: they have an id, and have been in no ensemble.
        (
            [look(myid="1\n", epoch="0"), look(exists=False, running=False, myid="2\n"), BARE],
            [None] * 3,
            ["form the cluster of zoo2, zoo3, side by side"],
        ),
        ([look(epoch="4")] * 3, ["follower", "leader", "follower"], ["nothing is to be done"]),
        ([look(epoch="4", differs=True)] * 3, ["follower", "leader", "follower"], ["replace zoo1, then zoo3; leader zoo2 last"]),
        # All hosts were off: what lies on the disks says that there is an ensemble.
        ([look(running=False, epoch="4")] * 3, [None] * 3, ["start zoo1, zoo2, zoo3, side by side"]),
        ([look(epoch="4")] * 2 + [BARE], ["follower", "leader", None], ["add zoo3"]),
        # The containers are gone, the data are there: without them nobody may serve.
        ([GONE] * 3, [None] * 3, ["start zoo1, zoo2, zoo3, side by side"]),
        ([GONE, GONE, look(epoch="4")], [None] * 3, ["start zoo1, zoo2, side by side"]),
        ([GONE, look(epoch="4"), look(epoch="4")], [None, says("leader", 1, 2, 3), "follower"], ["start zoo1, side by side"]),
        ([GONE, look(epoch="4"), BARE], [None] * 3, ["start zoo1, side by side", "add zoo3"]),
        # It left, and its data stayed: the ensemble counts it no more.
        ([look(epoch="4")] * 2 + [GONE], ["follower", says("leader", 1, 2), None], ["add zoo3"]),
        # Killed between the start of a new server and its vote: it may call itself observer or follower, or be down.
        ([look(epoch="4")] * 3, ["follower", says("leader", 1, 2), "observer"], ["add zoo3"]),
        ([look(epoch="4")] * 3, ["follower", says("leader", 1, 2), "follower"], ["add zoo3"]),
        ([look(epoch="4")] * 2 + [look(running=False, epoch="4")], ["follower", says("leader", 1, 2), None], ["add zoo3"]),
        ([look(epoch="4")] * 3, ["follower", says("leader", 1, 2, 3), "follower"], ["nothing is to be done"]),
        # All were off, and one has lost its data: with its vote one that lags behind could lead, and what was acknowledged would go.
        (
            [look(running=False, epoch="4"), look(running=False, epoch="4"), look(running=False)],
            [None] * 3,
            ["start zoo1, zoo2, side by side", "add zoo3"],
        ),
        (
            [look(epoch="4"), look(epoch="4", differs=True), look(epoch="4")],
            ["leader", "follower", None],
            ["wait until the cluster is whole, since zoo3 does not serve", "replace zoo2"],
        ),
        (
            [look(epoch="4", differs=True)] * 3,
            ["follower"] * 3,
            ["wait until the cluster is whole, since none of the members is the leader", "replace zoo1, then zoo2, then zoo3"],
        ),
    ],
)
def test_what_is_done(looks, modes, sentences):
    assert decide(looks, modes)["sentences"] == sentences


def test_reordering_a_group_changes_nothing():
    turned = {host: MEMBERS[host] for host in reversed(MEMBERS)}
    looks = [look(epoch="4", myid="%d\n" % number) for number in (3, 2, 1)]
    assert decide(looks, ["follower", "leader", "follower"], turned)["sentences"] == ["nothing is to be done"]


@pytest.mark.parametrize(
    "looks, modes, members, refusal",
    [
        (
            [BARE] * 3,
            [None] * 3,
            dict(MEMBERS, node3={"name": "zoo3", "state": "present", "id": 2}),
            "The id 2 is that of zoo2 and zoo3. Each member needs its own, which it keeps for its life. Nothing was changed.",
        ),
        (
            [BARE, look(exists=False, running=False, myid="7\n", epoch="4"), BARE],
            [None] * 3,
            MEMBERS,
            "On node2 the data directory is that of the member with id 7, and the inventory says 2.",
        ),
        (
            [look(epoch="4"), look(epoch="4"), look(exists=False, running=False, myid="3\n", epoch="9")],
            ["follower", "leader", None],
            MEMBERS,
            "On node3 the data directory has seen epoch 9, and the ensemble that serves is in epoch 4: it is the data of another one.",
        ),
        (
            [look(running=False, epoch="4"), BARE, BARE],
            [None] * 3,
            MEMBERS,
            "node2, node3 have lost what a majority of 3 members knew",
        ),
    ],
)
def test_what_is_refused(looks, modes, members, refusal):
    assert refusal in decide(looks, modes, members)["refusal"]


def places(name="zoo%d", peer=2888, client=2181):
    return {
        host: dict(said, server="server.%d=%s:%d:3888:participant;%d" % (said["id"], name.replace("%d", str(said["id"])), peer, client))
        for host, said in MEMBERS.items()
    }


def tells(known, mode="leader"):
    specs = {said["id"]: said["server"].partition("=")[2].replace(";", ";0.0.0.0:") for said in known.values()}
    return {"state": {"mode": mode, "members": [{"id": number, "role": "participant", "spec": spec} for number, spec in specs.items()]}}


def written(known):
    lines = "\n".join(said["server"] for said in known.values()) + "\n"
    return [dict(look(epoch="4"), evidence={"epoch": "4", "membership": lines}) for _host in MEMBERS]


PORTS = "The ensemble knows zoo1 with the ports %s (peers, elections, clients), and the inventory says %s. Put them back, or stop"
PLACE = "The ensemble knows zoo1 as %s, and by name, model and address of the inventory it would be %s. Put that back"


@pytest.mark.parametrize(
    "known, wanted, refusal",
    [
        (places(), places(), None),
        (places(), places(client=2182), PORTS % ("2888, 3888, 2181", "2888, 3888, 2182")),
        (places(), places(peer=2889), PORTS % ("2888, 3888, 2181", "2889, 3888, 2181")),
        # From a network of containers to that of the hosts.
        (places(), places("10.0.0.%d"), PLACE % ("zoo1", "10.0.0.1")),
        (places("10.0.0.%d"), places("10.0.1.%d"), PLACE % ("10.0.0.1", "10.0.1.1")),
        (places("10.0.0.%d"), places("10.0.0.%d"), None),
        # What a resolver knows of the address.
        (places("host%d.example"), places("10.0.0.%d"), None),
    ],
)
def test_addresses_and_ports_that_the_servers_would_not_take_are_refused(known, wanted, refusal):
    seen = [
        # All are asked at another port, and may be started.
        decide(written(known), [None] * 3, wanted),
        decide([dict(one, running=False) for one in written(known)], [None] * 3, wanted),
        # What serves knows better than a file of an earlier life.
        decide(written(places("old%d", 1, 1)), [tells(known, "follower"), tells(known), tells(known, "follower")], wanted),
    ]
    for decided in seen:
        assert (decided["refusal"] or "").startswith(refusal or "") and bool(decided["refusal"]) == bool(refusal), decided
    # Who joins has no place yet, and who leaves goes from the one it has.
    assert not decide([BARE] * 3, [None] * 3, wanted)["refusal"]


def test_who_leaves_goes_from_where_it_was():
    wanted = places()
    wanted["node3"] = dict(wanted["node3"], state="absent", server="server.3=elsewhere:2888:3888:participant;2181")
    assert decide(written(places()), [tells(places(), mode) for mode in ("follower", "leader", "follower")], wanted)["remove"] == ["node3"]


def test_a_membership_without_ports_for_clients_is_compared_without_them():
    lines = "".join("server.%d=zoo%d:2888:3888:participant\n" % (number, number) for number in (1, 2, 3))
    looks = [dict(look(epoch="4"), evidence={"epoch": "4", "membership": lines})] * 3
    assert not decide(looks, [None] * 3, places())["refusal"]
    assert (PORTS % ("2888, 3888", "2889, 3888")) in decide(looks, [None] * 3, places(peer=2889))["refusal"]


@pytest.mark.parametrize(
    "looks, modes",
    [
        # It was away while others led.
        ([look(epoch="5"), look(epoch="5"), look(running=False, epoch="4")], ["follower", "leader", None]),
        ([look(epoch="5"), look(epoch="5"), look(running=False, epoch="5")], ["follower", "leader", None]),
        # A leader was elected after the disks had been looked at, and says so.
        (
            [look(epoch="4"), look(epoch="4"), look(running=False, epoch="5")],
            ["follower", {"state": {"mode": "leader", "members": [], "epoch": 5}}, None],
        ),
        # Nobody serves whom it could belong to, or not.
        ([look(running=False, epoch="4"), look(running=False, epoch="4"), look(running=False, epoch="9")], [None] * 3),
    ],
)
def test_data_that_may_be_the_ensembles_own_is_not_refused(looks, modes):
    assert not decide(looks, modes)["refusal"]


def test_a_server_whose_host_is_gone_loses_its_vote_to_another_one():
    members = dict(MEMBERS, node3=dict(MEMBERS["node3"], state="absent"), node4={"name": "zoo4", "state": "present", "id": 4})
    looks = {"node1": look(epoch="4"), "node2": look(epoch="4"), "node4": BARE}
    live = {"node1": says("follower", 1, 2, 3), "node2": says("leader", 1, 2, 3), "node4": {}}
    decided = member_rollout(members, "zookeeper", looks, live)
    assert decided["sentences"] == ["add zoo4", "take zoo3 out of the cluster, whose hosts are gone"]
    assert not decided["blocked"]


@pytest.mark.parametrize(
    "state, looks, refused",
    [
        ("present", [look(epoch="4")] * 2 + [BARE], "zoo3 is to be given or taken a vote"),
        ("absent", [look(epoch="4")] * 3, "zoo3 is to be given or taken a vote"),
        ("absent", [look(epoch="4")] * 2 + [BARE], ""),
    ],
)
def test_votes_are_not_promised_without_the_superuser(state, looks, refused):
    members = {host: dict(said, superuser=False) for host, said in MEMBERS.items()}
    members["node3"]["state"] = state
    voters = (1, 2, 3) if state == "absent" and refused else (1, 2)
    modes = ["follower", says("leader", *voters), "follower" if looks[2]["running"] else None]
    assert (decide(looks, modes, members)["refusal"] or "").startswith(refused)
    assert bool(decide(looks, modes, members)["refusal"]) == bool(refused)
    known = {host: dict(said, superuser=True) for host, said in members.items()}
    assert not decide(looks, modes, known)["refusal"]


def test_members_are_formed_and_changed_without_the_superuser():
    members = {host: dict(said, superuser=False) for host, said in MEMBERS.items()}
    assert decide([BARE] * 3, [None] * 3, members)["way"] == "form"
    decided = decide([look(epoch="4", differs=True)] * 3, ["follower", says("leader", 1, 2, 3), "follower"], members)
    assert decided["replace"] == ["node1", "node3", "node2"]


def test_a_server_that_no_group_has_is_told():
    warnings = decide([look(epoch="4")] * 3, ["follower", says("leader", 1, 2, 3, 9), "follower"])["warnings"]
    assert ["server.9 is in the ensemble, and in no group of the inventory" in warning for warning in warnings] == [True]


def test_an_even_number_of_members_is_warned_of():
    two = {host: MEMBERS[host] for host in ("node1", "node2")}
    assert decide([look(epoch="4")] * 2, ["leader", "follower"], two)["warnings"] == [
        "2 members bear the loss of no more than 1 would, and are one more that can fail. Take an odd number"
    ]
