# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for roles, availability and labels of all nodes."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import nodes
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal


def node(name, role="worker", state="ready", node_id=None, labels=None, in_raft=None, reachable=None, addr=None, status_addr=None):
    """A node as the engine lists it; its ID is its name in capitals, its address ends with its number."""
    addr = addr or "10.0.0.%s" % name[-1]
    entry = {
        "ID": node_id or name.upper(),
        "Version": {"Index": 10},
        "Spec": {"Role": role, "Availability": "active", "Labels": labels, "Name": "kept"},
        "Description": {"Hostname": name, "Engine": {"EngineVersion": "20.10.24"}},
        "Status": {"State": state, "Addr": status_addr or addr},
    }
    if role == "manager" if in_raft is None else in_raft:
        reachability = "reachable" if (state == "ready" if reachable is None else reachable) else "unreachable"
        entry["ManagerStatus"] = {"Reachability": reachability, "Addr": "%s:2377" % addr}
    return entry


def manager(name, **options):
    return node(name, role="manager", **options)


def wish(name, **options):
    unsaid = dict.fromkeys(("node_id", "role", "availability", "labels", "labels_to_remove"))
    return dict(unsaid, name=name, state="present", **options) if "state" not in options else dict(unsaid, name=name, **options)


def steps(plan):
    return [(step.name, step.settings or step.action) for step in plan.steps]


PROMOTE, DEMOTE = {"Role": "manager"}, {"Role": "worker"}
THREE = [manager("m1"), manager("m2"), manager("m3")]


@pytest.mark.parametrize(
    "cluster, wishes, expected",
    [
        pytest.param(
            THREE + [node("w4")],
            [wish("m1", role="worker"), wish("w4", role="manager")],
            [("w4", PROMOTE), ("m1", DEMOTE)],
            id="promotions come before demotions",
        ),
        pytest.param(
            [manager("m1"), manager("m2"), manager("m3"), manager("m4", state="down"), manager("m5", state="down")],
            [wish("m1", role="worker"), wish("m2", role="worker"), wish("m4", role="worker"), wish("m5", role="worker")],
            [("m4", DEMOTE), ("m5", DEMOTE), ("m2", DEMOTE), ("m1", DEMOTE)],
            id="unreachable managers are demoted first: the others' votes are needed until then",
        ),
        pytest.param(
            [manager("m1"), manager("m2"), manager("m3", state="down"), node("w4")],
            [wish("w4", role="manager"), wish("m3", role="worker")],
            [("m3", DEMOTE), ("w4", PROMOTE)],
            id="an unreachable manager is demoted before a new one makes the majority larger",
        ),
        pytest.param(
            THREE + [node("w4", state="down")],
            [wish("m1", role="worker"), wish("m2", availability="drain"), wish("w4", state="absent")],
            [("m2", {"Availability": "drain"}), ("w4", "remove"), ("m1", DEMOTE)],
            id="the manager that is asked is demoted last, after all that needs a manager",
        ),
        pytest.param(
            THREE,
            [wish("m1", role="manager", availability="active", labels={}), wish("m2", role="manager")],
            [],
            id="what is as wished gives no step",
        ),
        pytest.param(
            [manager("m1"), node("w2")],
            [wish("w2", role="manager", availability="drain", labels={"disk": "ssd"})],
            [("w2", {"Role": "manager", "Availability": "drain", "Labels": {"disk": "ssd"}})],
            id="all settings of a node are one step",
        ),
        pytest.param(
            [manager("m1"), node("w2", state="down")],
            [wish("w2", labels={"disk": "ssd"})],
            [("w2", {"Labels": {"disk": "ssd"}})],
            id="a node that is down can be labelled",
        ),
        pytest.param([manager("m1")], [wish("w9", state="absent")], [], id="a missing node is absent already"),
        pytest.param(
            [manager("m1")], [wish("w9", node_id="W9", state="absent")], [], id="a missing node ID is absent already"
        ),
        pytest.param(
            [manager("m1"), node("w2", state="down")], [wish("w2", state="absent")], [("w2", "remove")], id="a node that is down is removed"
        ),
        pytest.param(
            THREE[:2] + [manager("m3", state="down")],
            [wish("m3", state="absent")],
            [("m3", DEMOTE), ("m3", "remove")],
            id="a manager that is down is demoted before it is removed",
        ),
        pytest.param(
            [manager("m1"), manager("m2", state="down", in_raft=False)],
            [wish("m2", state="absent")],
            [("m2", "remove")],
            id="a manager that never took part in the raft cannot be demoted, and need not be",
        ),
        pytest.param(
            [manager("m1"), node("m2", state="down", in_raft=True, reachable=False), manager("m3")],
            [wish("m2", state="absent")],
            [("m2", DEMOTE), ("m2", "remove")],
            id="a demotion that is not effective yet is waited for before the removal",
        ),
        pytest.param(
            [manager("m1"), node("w2", node_id="OLD", state="down"), node("w2", node_id="NEW")],
            [wish("w2", labels={"a": "b"})],
            [("w2", {"Labels": {"a": "b"}})],
            id="of two nodes with one name the one that is not down is meant",
        ),
    ],
)
def test_steps(cluster, wishes, expected):
    assert steps(nodes.plan(cluster, wishes, own_id="M1")) == expected


@pytest.mark.parametrize(
    "cluster, wishes, sentence",
    [
        pytest.param(
            [manager("m1")],
            [wish("m1", role="worker")],
            "lose its quorum if m1 stopped being managers: 0 managers would remain, 0 of them reachable, 1 are needed. Bring",
            id="the only manager",
        ),
        pytest.param(
            THREE[:2] + [manager("m3", state="down")],
            [wish("m2", role="worker")],
            "2 managers would remain, 1 of them reachable, 2 are needed (unreachable: m3)",
            id="one too many of those that are reachable",
        ),
        pytest.param(
            THREE, [wish(name, role="worker") for name in ("m1", "m2", "m3")], "0 managers would remain", id="all managers"
        ),
        pytest.param(
            THREE[:2] + [manager("m3", reachable=False)],
            [wish("m2", role="worker")],
            "1 of them reachable",
            id="ready to the dispatcher is not reachable to the raft",
        ),
        pytest.param(
            [manager("m1"), manager("m2"), manager("m3", in_raft=False)],
            [wish("m2", role="worker")],
            "1 of them reachable",
            id="a manager that is not in the raft yet has no vote",
        ),
        pytest.param(
            [manager("m1"), node("w2", state="down")],
            [wish("w2", role="manager")],
            "w2 (W2) is down and cannot become a manager",
            id="promotion of a node that is down",
        ),
        pytest.param(
            [manager("m1"), node("w2")],
            [wish("w2", state="absent")],
            "w2 (W2) is ready, and only a node that is down",
            id="removal of a live node",
        ),
        pytest.param(
            [manager("m1"), node("w2"), node("w2", node_id="OLD", state="down")],
            [wish("w2", state="absent")],
            "w2 (W2) is ready",
            id="removal of a live node with an old entry beside it: what is left must not decide what a second run does",
        ),
        pytest.param(
            [manager("m1"), node("w2", node_id="A2"), node("w2", node_id="B2")],
            [wish("w2", labels={})],
            "fits 2 nodes of the swarm: A2, B2. Say which one with node_id",
            id="a name that fits two live nodes",
        ),
        pytest.param(
            [manager("m1"), node("w2", node_id="A2", state="down"), node("w2", node_id="B2", state="down")],
            [wish("w2", state="absent")],
            "fits 2 nodes of the swarm: A2, B2",
            id="a name that fits two nodes that are down",
        ),
        pytest.param(
            [manager("m1")], [wish("w9", role="worker")], "w9 is not in this swarm, whose nodes are m1 (M1)", id="an unknown name"
        ),
        pytest.param([manager("m1")], [wish("m1", node_id="X")], "m1 (X) is not in this swarm", id="an unknown ID"),
        pytest.param(
            [manager("m1"), node("w2")],
            [wish("w2"), wish("second", node_id="W2")],
            "w2 and second are the same node, W2",
            id="one node under two names",
        ),
    ],
)
def test_refusals(cluster, wishes, sentence):
    with pytest.raises(Refusal) as refusal:
        nodes.plan(cluster, wishes, own_id="M1")
    assert sentence in str(refusal.value)


def test_quorum_counts_those_that_the_same_run_promotes():
    cluster = [manager("m1"), node("w2"), node("w3")]
    wishes = [wish("m1", role="worker"), wish("w2", role="manager"), wish("w3", role="manager")]
    assert [name for name, settings in steps(nodes.plan(cluster, wishes, own_id="W2"))] == ["w2", "w3", "m1"]


# Labels

EMPTY_VALUE = {"kept": "1", "empty": ""}


@pytest.mark.parametrize(
    "labels_state, current, options, expected",
    [
        pytest.param("merge", {"kept": "1"}, {"labels": {"new": "2"}}, {"kept": "1", "new": "2"}, id="merge keeps others"),
        pytest.param("merge", {"a": "1"}, {"labels": {"a": "2"}}, {"a": "2"}, id="merge overwrites"),
        pytest.param("merge", {"a": "1"}, {"labels": {}}, None, id="merging nothing"),
        pytest.param("replace", {"gone": "1", "a": "1"}, {"labels": {"a": "1"}}, {"a": "1"}, id="replace removes others"),
        pytest.param("replace", {"gone": "1"}, {"labels": {}}, {}, id="replacing by nothing removes all"),
        pytest.param("replace", {"kept": "1"}, {}, None, id="labels that were not said are not replaced"),
        pytest.param("replace", None, {"labels": {}}, None, id="a node without labels has none to remove"),
        pytest.param("merge", EMPTY_VALUE, {"labels_to_remove": ["empty"]}, {"kept": "1"}, id="a label with an empty value is removed"),
        pytest.param("merge", {"kept": "1"}, {"labels_to_remove": ["missing"]}, None, id="a missing label needs no removal"),
        pytest.param("merge", None, {"labels": {"empty": None}}, {"empty": ""}, id="null is the empty value"),
        pytest.param("merge", {"empty": ""}, {"labels": {"empty": None}}, None, id="null is no change of the empty value"),
        pytest.param("merge", None, {"labels": {"yes": True, "no": False}}, {"yes": "true", "no": "false"}, id="booleans"),
        pytest.param("merge", {"n": "3"}, {"labels": {"n": 3}}, None, id="a number is its text"),
    ],
)
def test_labels(labels_state, current, options, expected):
    plan = nodes.plan([manager("m1"), node("w2", labels=current)], [wish("w2", **options)], labels_state)
    assert steps(plan) == ([] if expected is None else [("w2", {"Labels": expected})])
    assert plan.after == ({} if expected is None else {"w2": {"labels": expected}})
    assert plan.before == ({} if expected is None else {"w2": {"labels": current}})


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"labels": {"": "x"}}, "label '' of node w2 is invalid"),
        ({"labels": {"with space": "x"}}, "label 'with space' of node w2 is invalid"),
        ({"labels": {"-dash": "x"}}, "is invalid"),
        ({"labels": {"dash-": "x"}}, "is invalid"),
        ({"labels": {"newline\n": "x"}}, "is invalid"),
        ({"labels": {"a=b": "x"}}, "is invalid"),
        ({"labels": {"list": ["x"]}}, "label list of node w2 has no plain text"),
        ({"labels": {"dict": {"x": 1}}}, "label dict of node w2 has no plain text"),
        ({"labels": {"a": "x"}, "labels_to_remove": ["a"]}, "label a of node w2 is to be set and to be removed"),
    ],
)
def test_invalid_labels(options, sentence):
    with pytest.raises(Refusal) as refusal:
        nodes.refuse_invalid([wish("w2", **options)])
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("key", ["a", "disk", "com.example/zone", "a_b-c.d", "1"])
def test_valid_labels(key):
    nodes.refuse_invalid([wish("w2", labels={key: "any text, even = or spaces"})])


def test_a_node_that_is_listed_twice():
    with pytest.raises(Refusal, match="w2 is listed twice"):
        nodes.refuse_invalid([wish("w2"), wish("w2")])


# What hosts leave behind that joined anew


OLD_MANAGER = manager("m1", node_id="OLD", state="down")


@pytest.mark.parametrize(
    "cluster, expected",
    [
        pytest.param(
            [manager("m1"), OLD_MANAGER, manager("m2")],
            [("m1", DEMOTE), ("m1", "remove")],
            id="a manager's is demoted and removed",
        ),
        pytest.param([manager("m1"), node("m1", node_id="OLD", state="down")], [("m1", "remove")], id="a worker's is removed"),
        pytest.param(
            [manager("m1", addr="0.0.0.0"), node("m1", node_id="OLD", state="down", addr="10.0.0.1")],
            [("m1", "remove")],
            id="a leader may not know its own address",
        ),
        pytest.param(
            [manager("m1"), node("m1", node_id="OLD", state="down", addr="127.0.0.1")],
            [("m1", "remove")],
            id="the old entry's address is unknown",
        ),
        pytest.param(
            [manager("m1"), manager("m1", node_id="OLD", state="down", status_addr="0.0.0.0")],
            [("m1", DEMOTE), ("m1", "remove")],
            id="the old entry's address is known from the raft",
        ),
        pytest.param([node("m1", state="down"), OLD_MANAGER, manager("m2"), manager("m3")], [], id="the listed node itself is down"),
        pytest.param([manager("m1"), node("x1", state="down")], [], id="a node of another name"),
    ],
)
def test_stale_entries_are_removed(cluster, expected):
    plan = nodes.plan(cluster, [wish("m1", node_id="M1")], remove_stale=True)
    assert (steps(plan), plan.warnings) == (expected, ())
    assert steps(nodes.plan(cluster, [wish("m1", node_id="M1")])) == []


@pytest.mark.parametrize(
    "twin, warning",
    [
        pytest.param(node("m1", node_id="TWIN"), "not down have the hostname m1: M1 and TWIN", id="it is up"),
        pytest.param(
            manager("m1", node_id="TWIN", state="down", addr="10.0.0.9", status_addr="0.0.0.0"),
            "different addresses have the hostname m1: M1 and, down, TWIN",
            id="it is down and was at another address, as the raft knows",
        ),
        pytest.param(
            node("m1", node_id="TWIN", state="down", addr="10.0.0.9"),
            "different addresses have the hostname m1: M1 and, down, TWIN",
            id="it is down and was at another address: a host of its own that is switched off",
        ),
    ],
)
def test_an_entry_that_may_be_another_host_is_left_alone(twin, warning):
    plan = nodes.plan([manager("m1"), twin], [wish("m1", node_id="M1")], remove_stale=True)
    assert steps(plan) == []
    assert len(plan.warnings) == 1 and warning in plan.warnings[0]


def test_nodes_that_have_not_reported_yet_are_nobodys_twins():
    cluster = [manager("m1"), node("x2", node_id="NEW"), node("x2", node_id="DEAD", state="down")]
    for entry in cluster[1:]:
        del entry["Description"]["Hostname"]
    plan = nodes.plan(cluster, [wish("m1"), wish("w2", node_id="NEW")], remove_stale=True)
    assert (steps(plan), plan.warnings) == ([], ())
    assert nodes.summary(cluster[1])["hostname"] == ""


@pytest.mark.parametrize(
    "state, reported, listed, expected",
    [
        ("unknown", False, False, True),
        ("down", False, False, True),
        ("ready", False, False, False),
        ("unknown", True, False, False),
        ("unknown", False, True, False),
    ],
)
def test_an_entry_under_which_no_host_has_reported(state, reported, listed, expected):
    entry = node("w2", state=state)
    if not reported:
        del entry["Description"]["Hostname"]
    cluster, wishes = [manager("m1"), entry], [wish("m1")] + ([wish("w2", node_id="W2")] if listed else [])
    assert nodes.unreported(cluster, wishes) == ([entry] if expected else [])


@pytest.mark.parametrize(
    "state, reported, expected",
    [("ready", True, False), ("ready", False, True), ("unknown", True, True), ("down", False, False)],
)
def test_a_node_that_has_joined_is_waited_for_until_it_reports(state, reported, expected):
    joined = node("w2", node_id="NEW", state=state)
    if not reported:
        del joined["Description"]["Hostname"]
    assert bool(nodes.unsettled([joined], [wish("w2", node_id="NEW")], remove_stale=False)) is expected


def test_a_node_without_address_or_labels():
    joined = node("w2", node_id="NEW")
    del joined["Status"]["Addr"]
    assert nodes.addresses(joined) == set()
    assert nodes.summary(joined) == {
        "node_id": "NEW",
        "hostname": "w2",
        "role": "worker",
        "availability": "active",
        "labels": {},
        "state": "ready",
        "addr": None,
        "engine_version": "20.10.24",
        "leader": False,
        "reachability": None,
        "manager_addr": None,
    }


def test_missing_and_absent_nodes_have_no_twins():
    cluster = [manager("m1"), node("w2"), node("w2", node_id="TWIN")]
    wishes = [wish("gone", state="absent"), wish("w2", node_id="W2", state="absent")]
    assert not nodes.unsettled(cluster, wishes, remove_stale=True)


def test_a_quorum_that_only_the_old_entry_would_cost():
    """Two managers, one of them rebuilt: three entries with two reachable. The old one's demotion is safe, a second is not."""
    cluster = [manager("m1"), manager("m2"), manager("m2", node_id="OLD", state="down")]
    wishes = [wish("m1", node_id="M1"), wish("m2", node_id="M2")]
    assert steps(nodes.plan(cluster, wishes, remove_stale=True)) == [("m2", DEMOTE), ("m2", "remove")]
    wishes[1]["role"] = "worker"
    assert steps(nodes.plan(cluster, wishes, remove_stale=True)) == [("m2", DEMOTE), ("m2", DEMOTE), ("m2", "remove")]


@pytest.mark.parametrize(
    "entry, role, expected",
    [
        pytest.param(manager("m1"), "manager", False, id="a manager"),
        pytest.param(manager("m1", in_raft=False), "manager", True, id="promoted, not in the raft yet"),
        pytest.param(manager("m1", reachable=False), "manager", True, id="promoted, not reachable yet"),
        pytest.param(manager("m1", reachable=False), "worker", False, id="unreachable, and to be demoted"),
        pytest.param(manager("m1", reachable=False), None, False, id="unreachable, and nobody cares"),
        pytest.param(manager("m1", in_raft=False), "worker", True, id="promoted, to be demoted: it must be a member first"),
        pytest.param(manager("m1", state="down"), "manager", False, id="a manager that is down is not waited for"),
        pytest.param(node("m1"), "worker", False, id="a worker"),
        pytest.param(node("m1", in_raft=True), "worker", True, id="demoted, still in the raft"),
        pytest.param(node("m1", in_raft=True), "manager", True, id="demoted, to be promoted: it must be a worker first"),
    ],
)
def test_a_role_that_is_on_its_way_is_waited_for(entry, role, expected):
    assert bool(nodes.unsettled([entry], [wish("m1", role=role)], remove_stale=False)) is expected


@pytest.mark.parametrize(
    "twin, expected",
    [
        pytest.param(node("m1", node_id="OLD"), True, id="at the same address, held for alive"),
        pytest.param(node("m1", node_id="OLD", state="down"), False, id="down"),
        pytest.param(node("m1", node_id="OLD", addr="10.0.0.9"), False, id="alive at another address"),
    ],
)
def test_an_entry_left_behind_is_waited_for_until_it_is_down(twin, expected):
    wishes = [wish("m1", node_id="M1")]
    assert bool(nodes.unsettled([manager("m1"), twin], wishes, remove_stale=True)) is expected
    assert not nodes.unsettled([manager("m1"), twin], wishes, remove_stale=False)


def test_only_what_changes_is_put_into_the_spec():
    spec = {"Role": "worker", "Availability": "pause", "Labels": {"a": "1"}, "Name": "kept", "Unknown": {"to": "us"}}
    written = nodes.apply_to(spec, {"Availability": "active"})
    assert written == dict(spec, Availability="active")
    assert spec["Availability"] == "pause"


HEIRS = [manager("m1"), node("w4", node_id="NEW", labels={"own": "1"}), node("w4", state="down", labels={"own": "0", "hand": "made"})]


@pytest.mark.parametrize(
    "inherit, labels_state, options, expected",
    [
        (False, "merge", {}, []),
        (True, "merge", {}, [("w4", {"Labels": {"own": "1", "hand": "made"}})]),
        (True, "merge", {"labels": {"hand": "said"}}, [("w4", {"Labels": {"own": "1", "hand": "said"}})]),
        (True, "merge", {"labels_to_remove": ["hand"]}, []),
        (True, "replace", {"labels": {"lab": "1"}}, [("w4", {"Labels": {"lab": "1"}})]),
    ],
)
def test_what_stale_entries_leave_to_their_hosts_node(inherit, labels_state, options, expected):
    wishes = [wish("w4", node_id="NEW", **options)]
    planned = nodes.plan(HEIRS, wishes, labels_state, remove_stale=True, inherit=inherit)
    assert steps(planned) == expected + [("w4", "remove")]


def test_the_availability_of_a_stale_entry_is_kept_unless_another_is_said():
    drained = dict(HEIRS[2], Spec=dict(HEIRS[2]["Spec"], Availability="drain", Labels=None))
    for options, expected in (({}, [("w4", {"Availability": "drain"})]), ({"availability": "active"}, [])):
        planned = nodes.plan(HEIRS[:2] + [drained], [wish("w4", node_id="NEW", **options)], remove_stale=True, inherit=True)
        assert steps(planned) == expected + [("w4", "remove")]
