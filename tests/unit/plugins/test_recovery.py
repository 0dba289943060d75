# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done for a swarm whose majority of managers is gone, and the filters that bring it to a play."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.lost_nodes import FilterModule as LostNodes
from ansible_collections.quorate.swarm.plugins.filter.recovery_plan import FilterModule as RecoveryPlan
from ansible_collections.quorate.swarm.plugins.filter.recovery_sight import FilterModule as RecoverySight
from ansible_collections.quorate.swarm.plugins.module_utils import recovery
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

MANAGERS, WORKERS = ["m1", "m2", "m3", "m4", "m5"], ["w6"]
ADDRESSES = {host: [host, "10.0.0.%s" % host[-1]] for host in MANAGERS + WORKERS}
LOST = ["m3", "m4", "m5"]


def raft(committed_term=2, committed_index=10, last_term=2, last_index=10, autolock=False, error=None):
    return dict(locals())


def told(host, state="active", role="manager", cluster_id="ONE", knows=MANAGERS, log=None, nodes=None, node_id=None, error=None):
    """What swarm_info returns for a host."""
    inactive = state == "inactive"
    return {
        "swarm": {
            "state": state,
            "role": None if inactive else role,
            "node_id": None if inactive else node_id or host.upper(),
            "cluster_id": None if inactive else cluster_id,
            "managers": [] if inactive else [{"addr": "10.0.0.%s:2377" % name[-1], "node_id": name.upper()} for name in knows],
            "error": error,
        },
        "engine": {"id": "engine-%s" % host, "hostname": host},
        "quorum": nodes is not None,
        "nodes": nodes,
        "raft": log if log or role != "manager" or inactive else raft(),
    }


def worker(host="w6", **options):
    return told(host, role="worker", **options)


def entry(name, reachability=None, node_id=None, leader=False, addr=None):
    addr = addr or "10.0.0.%s" % name[-1]
    manager_addr = addr + ":2377" if reachability else None
    return {
        "node_id": node_id or name.upper(),
        "hostname": name,
        "addr": addr,
        "reachability": reachability,
        "manager_addr": manager_addr,
        "leader": leader,
    }


def left(**other):
    """The states of m1, m2 and w6, with C(other) instead for some hosts; None is a host that did not answer."""
    states = {"m1": told("m1"), "m2": told("m2"), "w6": worker()}
    states.update(other)
    return {host: state for host, state in states.items() if state}


def plan(states, lost=LOST, **options):
    return recovery.plan(states, MANAGERS, WORKERS, lost, ADDRESSES, **options)


def test_the_survivors_of_a_lost_majority():
    decided = plan(left())
    assert [decided[key] for key in ("action", "cluster_id", "source", "rejoining")] == ["recover", "ONE", "m1", ["m2"]]
    assert (decided["backup"], decided["acting"]) == (["m1", "m2"], ["m1", "m2", "w6"])
    assert decided["restarting"] == ["m1"]
    assert decided["sentences"] == [
        "m1 makes swarm ONE anew with itself as the only manager, from entry 10 of term 2; services, networks, secrets, configs and labels "
        "stay",
        "The engine of m1 restarts, since one that has made a swarm anew answers on no published port until then; so do those of hosts "
        "that m1 does not find afterwards",
        "m2 comes back to it by itself, or gives up its membership and joins again as manager",
        "What the swarm knows of m3, m4, m5 is removed; they must not come back with the old disks",
    ]


@pytest.mark.parametrize(
    "first, second, expected",
    [
        pytest.param(raft(), raft(), "m1", id="a tie is the first's of the inventory"),
        pytest.param(raft(), raft(committed_index=11, last_index=11), "m2", id="more entries"),
        pytest.param(raft(committed_index=99, last_index=99), raft(committed_term=3, last_term=3), "m2", id="a later term counts for more"),
        pytest.param(raft(), raft(last_index=12), "m2", id="entries that are not known to be committed decide between equals"),
        pytest.param(
            raft(committed_index=11, last_index=11),
            raft(last_index=12),
            "m1",
            id="but they are discarded, so what is known to be committed comes first",
        ),
    ],
)
def test_the_survivor_that_has_come_farthest(first, second, expected):
    decided = plan(left(m1=told("m1", log=first), m2=told("m2", log=second)))
    assert decided["source"] == expected
    assert decided["rejoining"] == [host for host in ("m1", "m2") if host != expected]


def test_what_is_discarded_is_told():
    assert "m1 discards 2 later entries" in plan(left(m1=told("m1", log=raft(last_index=12))))["sentences"][1]


UNREAD = raft(None, None, None, None, error="The raft log cannot be read: a checksum does not fit.")


def test_the_operator_names_the_survivor():
    assert plan(left(m2=told("m2", log=UNREAD)), recover_from="m1")["source"] == "m1"
    assert plan(left(), recover_from="m2")["source"] == "m2"


def test_a_single_survivor_needs_no_position():
    decided = plan(left(m1=None, m2=told("m2", log=UNREAD)), ["m1", *LOST])
    assert (decided["source"], decided["rejoining"]) == ("m2", [])
    assert "from entry None of term None" not in decided["sentences"][0]


def test_a_manager_that_was_reinstalled_is_lost_though_its_host_answers():
    assert plan(left(m3=told("m3", "inactive")), ["m4", "m5"])["source"] == "m1"


def test_a_survivor_whose_engine_is_in_error_joins_again():
    assert plan(left(m2=told("m2", "error", role="worker", log=raft(), error="expired")))["rejoining"] == ["m2"]


def test_a_lost_manager_outside_of_the_inventory_is_named_by_its_address():
    knows = ["m1", "m2", "m4", "m5", "x9"]
    states = left(m1=told("m1", knows=knows), m2=told("m2", knows=knows), m3=worker("m3"))
    assert plan(states, ["m4", "m5", "10.0.0.9"])["source"] == "m1"


HEALTHY = [entry("m1", "reachable", leader=True), entry("m2", "reachable"), entry("m3", "reachable"), entry("m4", "unreachable")]
APART = [entry("m3", "reachable", leader=True), entry("m4", "reachable"), entry("m5", "reachable"), entry("m1", "unreachable")]
ALONE = [entry("m1", "reachable", leader=True)]


@pytest.mark.parametrize(
    "states, lost, options, sentences",
    [
        pytest.param(left(), ["m3", "m4", "m5", "nobody"], {}, ["nobody is in swarm_lost_hosts, but neither"], id="a name of nobody"),
        pytest.param(left(), [], {}, ["No host was named as lost"], id="no name"),
        pytest.param(left(), LOST, {"recover_from": "m9"}, ["swarm_recover_from says m9, which is no host"], id="no host to go on from"),
        pytest.param(left(), LOST, {"recover_from": "m3"}, ["m3, which is named lost as well"], id="a lost host to go on from"),
        pytest.param(left(), LOST, {"recover_from": "w6"}, ["w6, which is no manager"], id="a worker to go on from"),
        pytest.param(left(m3=told("m3")), LOST, {}, ["m3 answers, so what is on the disk there is not lost"], id="a lost host answers"),
        pytest.param(left(), LOST, {"answering": ["m4"]}, ["m4 answers"], id="a lost host answers without its engine"),
        pytest.param(left(), ["m3", "m4"], {}, ["m5 does not answer, and unreachable is not absent"], id="one is neither lost nor there"),
        pytest.param(left(w6=None), LOST, {}, ["w6 does not answer"], id="nor a worker"),
        pytest.param(left(m2=None), LOST, {"answering": ["m2"]}, ["The engine of m2 tells nothing"], id="an engine does not answer"),
        pytest.param(
            left(m3=told("m3")), ["m4", "m5"], {}, ["3 managers (m1, m2, m3) of swarm ONE are left, of 5", "a majority"], id="a majority"
        ),
        pytest.param(left(m2=told("m2", cluster_id="TWO")), LOST, {}, ["are in 2 swarms: ONE with m1, w6; TWO with m2"], id="two swarms"),
        pytest.param(left(m2=told("m2", "locked", role="worker", log=raft(autolock=True))), LOST, {}, ["m2 is locked. U"], id="locked"),
        pytest.param(left(m2=told("m2", log=raft(autolock=True))), LOST, {}, ["keys of m2 are encrypted", "moby#36852"], id="autolock"),
        pytest.param(
            left(m1=None, m2=None), ["m1", "m2", *LOST], {}, ["No manager of swarm ONE is left", "w6 is a worker"], id="a worker only"
        ),
        pytest.param(
            {host: told(host, "inactive") for host in ("m1", "m2", "w6")}, LOST, {}, ["No host that is left (without m3, m4"], id="none"
        ),
        pytest.param(left(m2=told("m2", log=UNREAD)), LOST, {}, ["log of m2 cannot be", "swarm_recover_from, one of m1, m2"], id="unread"),
        pytest.param(
            left(m2=told("m2", "error", role="worker", log=raft(last_index=12), error="expired")),
            LOST,
            {},
            ["m2 has come farthest, but its engine cannot make the swarm anew (expired)"],
            id="the best is in error",
        ),
        pytest.param(
            left(m1=told("m1", "error", error="expired"), m2=None),
            ["m2", *LOST],
            {},
            ["No engine of the managers that are left", "m1 is in state error: expired"],
            id="the only one is in error",
        ),
        pytest.param(
            left(m1=told("m1", knows=["m1", "m2", "m4", "m5", "x9"]), m3=worker("m3")),
            ["m4", "m5"],
            {},
            ["know of one at 10.0.0.9 which is none of the hosts"],
            id="a manager elsewhere",
        ),
        pytest.param(
            left(m1=told("m1", nodes=HEALTHY), m2=told("m2", nodes=HEALTHY), m3=told("m3", nodes=HEALTHY), m5=worker("m5")),
            ["m4"],
            {},
            ["Swarm ONE has a quorum with m1, so there is nothing to recover", "m4, is removed with quorate.swarm.swarm_nodes"],
            id="a quorum",
        ),
        pytest.param(
            left(m1=told("m1", nodes=ALONE), m3=told("m3", nodes=APART), m4=told("m4", nodes=APART)),
            ["m5"],
            {},
            ["Swarm ONE exists twice: m1 went on with it after a recovery, and m3, m4 are back from before it"],
            id="two quorums",
        ),
    ],
)
def test_refusals(states, lost, options, sentences):
    with pytest.raises(Refusal) as refusal:
        plan(states, lost, **options)
    for sentence in sentences:
        assert sentence in str(refusal.value)
    assert "othing was changed" in str(refusal.value)


RECOVERED = [entry("m1", "reachable", leader=True), entry("w6")]
OLD = [entry(name) for name in ("m2", "m3", "m4", "m5")]


@pytest.mark.parametrize(
    "nodes, m2, rejoining",
    [
        pytest.param(RECOVERED + OLD, told("m2"), ["m2"], id="right after the swarm was made anew"),
        pytest.param(RECOVERED + OLD, told("m2", "inactive"), ["m2"], id="between leaving and joining"),
        pytest.param(RECOVERED + OLD, told("m2", "error", role="worker", log=raft()), ["m2"], id="told that it was removed"),
        pytest.param(RECOVERED, told("m2"), ["m2"], id="entries removed by hand"),
        pytest.param(RECOVERED + OLD + [entry("m2", "reachable", "NEW")], told("m2", node_id="NEW"), [], id="only entries are left"),
    ],
)
def test_a_recovery_that_was_interrupted_goes_on(nodes, m2, rejoining):
    states = left(m1=told("m1", nodes=nodes), m2=m2)
    if m2["swarm"]["node_id"] == "NEW":
        states["m2"].update(quorum=True, nodes=nodes)
    decided = plan(states)
    assert [decided[key] for key in ("action", "source", "rejoining")] == ["resume", "m1", rejoining]
    assert decided["sentences"][0] == "Swarm ONE has a quorum with m1 already; what is left of its recovery is done"


BOTH = RECOVERED + [entry("m2", "reachable", "NEW")]


@pytest.mark.parametrize(
    "nodes, m2, restarting",
    [
        pytest.param(RECOVERED + OLD, told("m2"), ["m1"], id="only one can have made the swarm anew"),
        pytest.param(BOTH + OLD, told("m2", nodes=BOTH + OLD, node_id="NEW"), ["m1", "m2"], id="either may have done so"),
        pytest.param(BOTH + OLD, told("m2", node_id="NEW"), ["m1", "m2"], id="also one that does not see the leader at the moment"),
    ],
)
def test_an_interrupted_recovery_does_not_tell_who_made_the_swarm_anew(nodes, m2, restarting):
    decided = plan(left(m1=told("m1", nodes=nodes), m2=m2))
    assert (decided["action"], decided["restarting"]) == ("resume", restarting)
    assert "The engine of %s restarts" % ", then that of ".join(restarting) in decided["sentences"][1]


def test_after_the_recovery_nothing_is_to_be_done():
    nodes = RECOVERED + [entry("m2", "reachable", "NEW")]
    states = left(m1=told("m1", nodes=nodes), m2=told("m2", nodes=nodes, node_id="NEW"))
    decided = plan(states)
    assert (decided["action"], decided["restarting"]) == ("nothing", [])
    assert decided["sentences"] == ["Swarm ONE has a quorum with m1, and nothing is left of a recovery: there is nothing to recover"]


def node(name, state="ready", **options):
    return dict(entry(name, **options), state=state)


def ingress(*peers):
    return {"name": "ingress", "ingress": True, "peers": ["10.0.0.%d" % peer for peer in peers]}


IDS = {"m1": "M1", "m2": "M2", "w6": "W6"}
READY = [node("m1", reachability="reachable"), node("m2", reachability="reachable"), node("w6")]
DEMO = {"name": "demo", "ingress": False, "peers": ["10.0.0.1"]}


@pytest.mark.parametrize(
    "nodes, networks, unready, outside, compared",
    [
        pytest.param(READY, [DEMO, ingress(1, 2, 6)], [], [], True, id="all are back"),
        pytest.param(READY + [node("m3", "down")], [ingress(1, 2, 6)], [], [], True, id="an entry of a lost host"),
        pytest.param(READY, [DEMO, ingress(1, 2)], [], ["w6"], True, id="one is outside"),
        pytest.param(READY, [ingress()], [], ["m1", "m2", "w6"], True, id="no gossip yet"),
        pytest.param(READY[:2] + [node("w6", "down")], [ingress(1, 2)], ["w6"], [], True, id="one is down and no peer"),
        pytest.param(READY[:2] + [node("w6", "unknown")], [ingress(1, 2, 6)], ["w6"], [], True, id="one is unknown and still a peer"),
        pytest.param(READY[:2], [ingress(1, 2)], ["w6"], [], True, id="one is not known at all"),
        pytest.param(
            [dict(READY[0], addr="127.0.0.1"), *READY[1:]], [ingress(1, 2, 6)], [], [], True, id="a leader that is told by its own address"
        ),
        pytest.param(READY, [DEMO], [], [], False, id="no ingress network"),
        pytest.param(None, None, ["m1", "m2", "w6"], [], False, id="nothing was told"),
    ],
)
def test_what_a_recovered_manager_sees(nodes, networks, unready, outside, compared):
    recovery_sight = RecoverySight().filters()["recovery_sight"]
    assert recovery_sight(nodes, networks, IDS) == {"unready": unready, "outside": outside, "compared": compared}


def test_a_host_without_a_node_is_not_ready():
    assert recovery.sight(READY, [ingress(1, 2, 6)], {"m1": "M1", "m2": ""})["unready"] == ["m2"]


@pytest.mark.parametrize(
    "node, expected",
    [
        pytest.param(entry("m3"), True, id="by its hostname"),
        pytest.param(dict(entry("m3"), hostname="other"), True, id="by its address"),
        pytest.param(dict(entry("m3", "unreachable"), hostname="other", addr="127.0.0.1"), True, id="by its address as a manager"),
        pytest.param(entry("m2"), False, id="not that of a host that is left"),
        pytest.param(entry("m3", node_id="ALIVE"), False, id="not that of a host that answers"),
        pytest.param(dict(entry("m3"), hostname="", addr=None), False, id="not one that nothing is known of"),
    ],
)
def test_entries_of_lost_hosts(node, expected):
    lost_nodes = LostNodes().filters()["lost_nodes"]
    wishes = [{"name": "%s (%s)" % (node["hostname"], node["node_id"]), "node_id": node["node_id"], "state": "absent"}]
    assert lost_nodes([node], LOST, ADDRESSES, ["ALIVE"]) == (wishes if expected else [])


def test_the_filter_returns_the_plan_or_a_sentence():
    recovery_plan = RecoveryPlan().filters()["recovery_plan"]
    options = {"managers": MANAGERS, "workers": WORKERS, "addresses": ADDRESSES}
    assert recovery_plan(left(), lost=LOST, **options) == dict(plan(left()), refusal=None)
    assert list(recovery_plan(left(), lost=[], **options)) == ["refusal"]
