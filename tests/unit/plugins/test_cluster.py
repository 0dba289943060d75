# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision over the whole inventory, and the filter that brings it to a play."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.membership_plan import FilterModule
from ansible_collections.quorate.swarm.plugins.module_utils import cluster
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

MANAGERS, WORKERS = ["m1", "m2", "m3"], ["w4"]
EVERYBODY = MANAGERS + WORKERS


def told(host, state="inactive", node_id=None, cluster_id=None, managers=(), error=None, role=None, nodes=None):
    """What swarm_info returns for a host."""
    return {
        "swarm": {
            "state": state,
            "role": role if role or state == "inactive" else "worker",
            "node_id": node_id,
            "node_addr": None,
            "cluster_id": cluster_id,
            "managers": [{"addr": address(name), "node_id": name.upper()} for name in managers],
            "error": error,
        },
        "engine": {"id": "engine-%s" % host, "hostname": host},
        "quorum": nodes is not None,
        "nodes": nodes,
    }


def address(name):
    return "10.0.0.%s:2377" % name[-1]


def entry(name, role="worker", reachability="reachable", node_id=None, leader=False):
    """One of the nodes that a manager tells."""
    is_manager = role == "manager"
    return {
        "node_id": node_id or name.upper(),
        "hostname": name,
        "role": role,
        "state": "ready",
        "reachability": reachability if is_manager else None,
        "leader": is_manager and leader,
        "manager_addr": address(name) if is_manager else None,
    }


def manager(host, nodes, cluster_id="ONE", **options):
    return told(host, "active", host.upper(), cluster_id, ["m1"], role="manager", nodes=nodes, **options)


def lone_manager(host, cluster_id="ONE"):
    """A manager whose swarm has no quorum."""
    return told(host, "active", host.upper(), cluster_id, ["m1"], role="manager")


def worker(host, cluster_id="ONE", **options):
    return told(host, **dict({"state": "active", "node_id": host.upper(), "cluster_id": cluster_id, "managers": ["m1"]}, **options))


FORMED = [entry(name, "manager") for name in MANAGERS] + [entry("w4")]


def formed(**other):
    """The states of a whole swarm, with C(other) instead for some hosts; None is a host that did not answer."""
    states = {name: manager(name, FORMED) for name in MANAGERS}
    states["w4"] = worker("w4")
    states.update(other)
    return {host: state for host, state in states.items() if state}


def bare(*without):
    return {host: told(host) for host in EVERYBODY if host not in without}


def plan(states, managers=MANAGERS, workers=WORKERS, acting=None, **options):
    acting = [host for host in managers + workers if host in states] if acting is None else acting
    return cluster.plan(states, managers, workers, acting, **options)


def steps(decided):
    return " ".join("%s:%s" % item for item in decided["steps"].items())


def test_the_first_manager_creates_a_swarm_and_the_others_join():
    decided = plan(bare())
    assert steps(decided) == "m1:init m2:join m3:join w4:join"
    assert (decided["formed"], decided["cluster_id"], decided["manager"], decided["remote_addrs"]) == (False, None, "m1", [])
    assert decided["roles"] == {"m1": "manager", "m2": "manager", "m3": "manager", "w4": "worker"}
    assert decided["sentences"] == [
        "m1 creates the swarm as its first manager",
        "m2 joins as manager",
        "m3 joins as manager",
        "w4 joins as worker",
    ]


def test_a_formed_swarm_is_kept():
    decided = plan(formed())
    assert steps(decided) == "m1:keep m2:keep m3:keep w4:keep"
    assert (decided["formed"], decided["cluster_id"], decided["manager"]) == (True, "ONE", "m1")
    assert decided["remote_addrs"] == ["10.0.0.1:2377", "10.0.0.2:2377", "10.0.0.3:2377"]
    assert (decided["sentences"], decided["warnings"], decided["unknown"]) == ([], [], [])


PLANTED = [entry("w4", "manager")]


@pytest.mark.parametrize(
    "states, expected, by",
    [
        pytest.param(formed(m1=told("m1")), "m1:join m2:keep m3:keep w4:keep", "m2", id="a rebuilt first manager joins"),
        pytest.param(formed(m1=None), "m1:keep m2:keep m3:keep w4:keep", "m2", id="any manager that answers serves"),
        pytest.param(formed(m1=lone_manager("m1")), "m1:keep m2:keep m3:keep w4:keep", "m2", id="a manager that is cut off does not"),
        pytest.param(
            dict(bare(), w4=manager("w4", PLANTED)), "m1:join m2:join m3:join w4:keep", "w4", id="its only manager is to be a worker"
        ),
        pytest.param(
            formed(w4=worker("w4", node_id="FORGOTTEN")), "m1:keep m2:keep m3:keep w4:rejoin", "m1", id="a removed node joins again"
        ),
        pytest.param(
            formed(w4=told("w4", "error", cluster_id="ONE", error="expired")), "m1:keep m2:keep m3:keep w4:rejoin", "m1", id="error"
        ),
        pytest.param(
            formed(w4=told("w4", "error", error="no certificate")), "m1:keep m2:keep m3:keep w4:rejoin", "m1", id="error without a trace"
        ),
        pytest.param(
            formed(w4=worker("w4", node_id="FORGOTTEN", managers=["x9"])),
            "m1:keep m2:keep m3:keep w4:rejoin",
            "m1",
            id="the ClusterID counts, also where all managers have changed",
        ),
        pytest.param(formed(w4=worker("w4", state="pending")), "m1:keep m2:keep m3:keep w4:await", "m1", id="a member that starts"),
        pytest.param(
            formed(w4=told("w4", "pending", managers=["x9"])), "m1:keep m2:keep m3:keep w4:rejoin", "m1", id="a join that nobody answered"
        ),
        pytest.param(
            formed(w4=worker("w4", cluster_id=None)), "m1:keep m2:keep m3:keep w4:keep", "m1", id="an unreadable ClusterID, a known node"
        ),
        pytest.param(
            formed(w4=worker("w4", cluster_id=None, node_id="FORGOTTEN")),
            "m1:keep m2:keep m3:keep w4:rejoin",
            "m1",
            id="an unreadable ClusterID, a removed node, known managers",
        ),
        pytest.param(
            formed(w4=worker("w4", cluster_id=None, state="pending")),
            "m1:keep m2:keep m3:keep w4:await",
            "m1",
            id="an unreadable ClusterID of a member that starts",
        ),
    ],
)
def test_a_live_swarm_is_adopted(states, expected, by):
    decided = plan(states)
    assert (steps(decided), decided["manager"], decided["formed"]) == (expected, by, True)


@pytest.mark.parametrize("state", ["pending", "error"])
def test_a_join_that_came_to_nothing_does_not_hinder_a_first_init(state):
    assert steps(plan(dict(bare(), m2=told("m2", state)))) == "m1:init m2:rejoin m3:join w4:join"


def test_only_reachable_managers_are_joined():
    nodes = [entry("m1", "manager"), entry("m2", "manager"), entry("m3", "manager", "unreachable")]
    states = dict(bare(), m1=manager("m1", nodes), m2=manager("m2", nodes), m3=None)
    decided = plan({host: state for host, state in states.items() if state})
    assert decided["remote_addrs"] == ["10.0.0.1:2377", "10.0.0.2:2377"]
    assert decided["unknown"] == ["m3"]


@pytest.mark.parametrize(
    "states, sentence",
    [
        (formed(w4=told("w4", "error", cluster_id="ONE", error="expired")), "because its membership is in error: expired"),
        (formed(w4=worker("w4", node_id="X")), "because the swarm no longer knows its node X"),
        (formed(w4=told("w4", "pending")), "because an earlier attempt to join had not come to its end"),
        (dict(bare(), w4=told("w4", "pending")), "because an earlier attempt to join had not come to its end"),
    ],
)
def test_reasons_are_told(states, sentence):
    assert plan(states)["sentences"][-1] == "w4 gives up its membership and joins again as worker, %s" % sentence


def test_a_member_that_starts_is_told():
    assert plan(formed(w4=worker("w4", state="pending")))["sentences"] == ["w4 is waited for, because its membership has begun"]


def test_only_hosts_of_this_run_act_on_a_first_init():
    assert steps(plan(bare(), acting=["m1", "w4"])) == "m1:init m2:keep m3:keep w4:join"


STRANGERS = [entry("m1", "manager"), entry("x8", "manager"), entry("x9", "manager")]


@pytest.mark.parametrize(
    "states, options, sentences",
    [
        pytest.param(
            formed(w4=manager("w4", PLANTED, "TWO")),
            {},
            ["in 2 swarms: ONE with m1, m2, m3; TWO with w4", "never moved silently"],
            id="two swarms",
        ),
        pytest.param(
            formed(w4=worker("w4", "TWO", state="error")), {}, ["in 2 swarms", "TWO with w4"], id="two swarms, one of them in error"
        ),
        pytest.param(
            dict(bare(), m1=manager("m1", STRANGERS)),
            {},
            ["m1 is in swarm ONE, most of whose managers are not in this inventory: x8, x9", "swarm_cluster_id=ONE"],
            id="somebody else's swarm, through its manager",
        ),
        pytest.param(
            dict(bare("m3"), m1=manager("m1", STRANGERS)), {}, ["m1 is in swarm ONE, most of whose"], id="somebody else's, one host missing"
        ),
        pytest.param(
            dict(bare(), w4=worker("w4", managers=[])), {}, ["no host that answered is a manager of it (its managers: unknown)"], id="lost"
        ),
        pytest.param(
            dict(bare(), w4=worker("w4", managers=["x8", "x9"])),
            {},
            ["w4 is in swarm ONE", "no host that answered is a manager of it (its managers: 10.0.0.8:2377, 10.0.0.9:2377)"],
            id="somebody else's swarm, through its worker",
        ),
        pytest.param(
            formed(w4=worker("w4", None, node_id="X7", managers=["x8", "x9"])),
            {},
            ["w4 is in a swarm whose ClusterID cannot be read there, with the managers 10.0.0.8:2377, 10.0.0.9:2377"],
            id="somebody else's worker, whose ClusterID cannot be read",
        ),
        pytest.param(
            dict(bare(), w4=worker("w4", None, managers=["x8"])),
            {},
            ["w4 is in a swarm whose ClusterID cannot be read there"],
            id="no init while somebody's worker is among the hosts",
        ),
        pytest.param(
            dict(bare(), m1=worker("m1", None, state="pending", managers=["x8"])),
            {},
            ["m1 is in a swarm whose ClusterID cannot be read there"],
            id="no init on a starting member of somebody's swarm",
        ),
        pytest.param(
            bare("m2", "w4"),
            {},
            ["m2's, w4's state is unknown", "a first init could make a second swarm"],
            id="unreachable hosts stop a first init",
        ),
        pytest.param(bare(), {"acting": ["w4"]}, ["first manager, m1, is outside of this run"], id="--limit on a first init"),
        pytest.param(bare(), {"cluster_id": "ONE"}, ["No host is in a swarm, but swarm_cluster_id says ONE"], id="a named swarm is gone"),
        pytest.param(
            formed(), {"cluster_id": "TWO"}, ["m1, m2, m3, w4 are in swarm ONE, but swarm_cluster_id says TWO"], id="another swarm is named"
        ),
        pytest.param(
            {"m1": lone_manager("m1"), "w4": worker("w4")},
            {},
            ["m1, w4 are in swarm ONE", "m1 is a manager of it without quorum, and m2, m3 did not answer", "a majority is needed"],
            id="no quorum",
        ),
        pytest.param(
            dict(formed(), m1=lone_manager("m1"), m2=told("m2"), m3=told("m3")),
            {},
            ["m1 is a manager of it without quorum. Bring"],
            id="no quorum: two of three managers were rebuilt",
        ),
        pytest.param(
            formed(m2=told("m2", "locked", cluster_id="ONE")),
            {},
            ["m2 is locked", "swarm_unlock_key_file, or unlock it by hand"],
            id="locked",
        ),
        pytest.param(bare(), {"managers": [], "workers": EVERYBODY}, ["group of managers is empty"], id="no manager"),
        pytest.param(bare(), {"workers": ["w4", "m3"]}, ["m3 is in the group of managers and in the group of workers"], id="both roles"),
        pytest.param(bare(), {"acting": ["m1", "other"]}, ["other is in this play, but neither in"], id="a host of neither group"),
        pytest.param(
            bare(),
            {"advertise_addrs": {"m1": "10.0.0.1", "m2": "10.0.0.1:2377", "m3": ""}},
            ["m1, m2 are to advertise the same address, 10.0.0.1"],
            id="duplicate addresses",
        ),
        pytest.param(
            dict(bare(), m2=dict(told("m2"), engine={"id": "engine-m1", "hostname": "m1"})),
            {},
            ["m1, m2 have the same engine ID, engine-m1", "a host is a copy of another"],
            id="one host under two names, or a copy",
        ),
        pytest.param(
            dict(bare(), m3=dict(told("m3"), foreign_addresses=["10.9.9.9"])),
            {},
            ["10.9.9.9 is no address and no network interface of m3", "nothing was changed"],
            id="an address that is another host's, before there is a swarm",
        ),
        pytest.param(
            formed(w4=dict(told("w4"), foreign_addresses=["eth7", "10.9.9.9"])),
            {},
            ["eth7, 10.9.9.9 are no address and no network interface of w4"],
            id="addresses that are another host's, of a host that joins",
        ),
        pytest.param(formed(w4=worker("w4", node_id="M1")), {}, ["m1, w4 have the same node ID, M1"], id="a copy of a member"),
    ],
)
def test_refusals(states, options, sentences):
    with pytest.raises(Refusal) as refusal:
        plan(states, **options)
    for sentence in sentences:
        assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    "names",
    [
        {"m1": "10.0.0.1", "m2": "10.0.0.2:2377"},
        {"m1": "eth0", "m2": "eth0"},
        {"m1": "eth0.100", "m2": "eth0.100"},
        {"m1": "", "m2": "", "m3": None, "w4": None},
    ],
)
def test_addresses_of_their_own_and_interfaces_of_the_same_name(names):
    plan(bare(), advertise_addrs=names)


def test_hosts_without_an_engine_are_not_copies_of_each_other():
    states = bare()
    for state in states.values():
        state["engine"] = {"id": None, "hostname": None}
    plan(states)


def test_a_named_swarm_may_have_managers_elsewhere():
    states = dict(bare(), m1=manager("m1", STRANGERS))
    assert steps(plan(states, cluster_id="ONE")) == "m1:keep m2:join m3:join w4:join"


@pytest.mark.parametrize("known_by", ["inventory name", "hostname", "node ID"])
def test_managers_count_as_known_by(known_by):
    """Two of three managers are ours; of the second only one thing is known."""
    second = {"inventory name": entry("m2", "manager", node_id="?"), "hostname": entry("b", "manager", node_id="?")}
    nodes = [entry("m1", "manager"), second.get(known_by, entry("?", "manager", node_id="M2")), entry("x9", "manager")]
    states = dict(bare(), m1=manager("m1", nodes), m2=lone_manager("m2"))
    states["m2"]["engine"]["hostname"] = "b"
    assert plan(states)["manager"] == "m1"


@pytest.mark.parametrize(
    "acting, expected",
    [
        (["m1"], "m1:join m2:keep m3:keep w4:keep"),
        (["w4"], "m1:keep m2:keep m3:keep w4:join"),
        ([], "m1:keep m2:keep m3:keep w4:keep"),
    ],
)
def test_only_hosts_of_this_run_act_on_a_live_swarm(acting, expected):
    decided = plan(formed(m1=told("m1"), w4=told("w4")), acting=acting)
    assert (steps(decided), decided["manager"]) == (expected, "m2")


@pytest.mark.parametrize("missing, names", [(["m1"], "m1's"), (["m1", "w4"], "m1's, w4's")])
def test_a_run_against_a_live_swarm_goes_on_without_hosts_that_do_not_answer(missing, names):
    decided = plan(formed(**dict.fromkeys(missing)))
    assert decided["unknown"] == missing
    assert decided["warnings"][0].startswith("%s state is unknown" % names)


@pytest.mark.parametrize(
    "number, warning",
    [
        (1, None),
        (2, "Two managers are not high availability: the swarm stands still as soon as either is lost. Use 1 or 3."),
        (3, None),
        (4, "4 managers tolerate the loss of 1, no more than 3 would, and one more can fail. Use an odd number."),
        (6, "6 managers tolerate the loss of 2, no more than 5 would, and one more can fail. Use an odd number."),
    ],
)
def test_an_even_number_of_managers_is_warned_of(number, warning):
    managers = ["m%d" % n for n in range(1, number + 1)]
    decided = plan({host: told(host) for host in managers}, managers, [])
    assert decided["warnings"] == ([] if warning is None else [warning])


def test_labels_that_no_node_can_have_are_refused_before_there_is_a_swarm():
    with pytest.raises(Refusal, match="The label 'not valid' of node w4 is invalid"):
        cluster.plan(bare(), MANAGERS, WORKERS, EVERYBODY, labels={"m1": {"disk": "ssd"}, "w4": {"not valid": "x"}})
    assert cluster.plan(bare(), MANAGERS, WORKERS, EVERYBODY, labels={"m1": {"disk": "ssd"}}) == plan(bare())


def test_a_member_keeps_the_address_with_which_it_joined():
    decided = plan(formed(w4=dict(worker("w4"), foreign_addresses=["10.9.9.9"])))
    assert steps(decided) == steps(plan(formed()))
    assert decided["warnings"][0].startswith("10.9.9.9 is no address and no network interface of w4. It is a member already")


# After a recovery


RECOVERED = [entry("m1", "manager", leader=True), entry("w4"), entry("m2"), entry("m3")]
BEFORE = [entry("m1", "manager", "unreachable"), entry("m2", "manager", leader=True), entry("m3", "manager"), entry("w4")]


def test_a_manager_without_which_the_swarm_went_on_joins_again():
    states = formed(m1=manager("m1", RECOVERED), m2=lone_manager("m2"), m3=None)
    assert steps(plan(states)) == "m1:keep m2:rejoin m3:keep w4:keep"
    assert "because the swarm went on without it and no longer counts it among its managers" in plan(states)["sentences"][0]


@pytest.mark.parametrize("order", [MANAGERS, MANAGERS[::-1]])
def test_managers_from_before_a_recovery_with_a_quorum_of_their_own(order):
    states = {"m1": manager("m1", RECOVERED), "m2": manager("m2", BEFORE), "m3": manager("m3", BEFORE), "w4": worker("w4")}
    with pytest.raises(Refusal) as refusal:
        plan({host: states[host] for host in order + ["w4"]}, managers=order)
    assert "Swarm ONE exists twice: m1 went on with it after a recovery, and %s are back from before it" % ", ".join(
        host for host in order if host != "m1"
    ) in str(refusal.value)


def test_two_quorums_of_which_nobody_can_tell_the_right_one():
    apart = [entry("m2", "manager", leader=True), entry("m3", "manager")]
    with pytest.raises(Refusal, match="exists twice, each with a quorum of its own: with m1 and with m2, m3. Decide"):
        plan({"m1": manager("m1", RECOVERED), "m2": manager("m2", apart), "m3": manager("m3", apart)})


def test_an_election_between_two_looks_makes_no_second_swarm():
    earlier = [entry("m1", "manager", leader=True), entry("m2", "manager"), entry("m3", "manager"), entry("w4")]
    later = [entry("m1", "manager"), entry("m2", "manager", leader=True), entry("m3", "manager"), entry("w4")]
    assert steps(plan(formed(m1=manager("m1", earlier), m2=manager("m2", later)))) == "m1:keep m2:keep m3:keep w4:keep"


# Managers that are locked, and whose unlocking is only foretold


def locked(*names):
    return {name: told(name, "locked", cluster_id="ONE") for name in names}


def test_what_can_be_foretold_beside_a_manager_that_would_be_unlocked():
    decided = plan(formed(w4=told("w4"), **locked("m2")), unlocking=["m2"])
    assert (steps(decided), decided["formed"], decided["manager"]) == ("m1:keep m2:keep m3:keep w4:join", True, "m1")
    assert decided["warnings"] == [
        "m2 is locked and would be unlocked, if the key is the right one; what would change on its node cannot be foretold and is left out."
    ]


def test_nothing_can_be_foretold_before_the_managers_would_be_unlocked():
    decided = plan(formed(**locked("m1", "m2", "m3")), unlocking=["m1", "m2", "m3"])
    assert (steps(decided), decided["formed"]) == ("m1:keep m2:keep m3:keep w4:keep", False)
    assert (decided["cluster_id"], decided["manager"]) == ("ONE", "m1")
    assert decided["warnings"] == [
        "m1, m2, m3 are locked and would be unlocked, if the key is the right one; "
        "what would change then cannot be foretold and is left out."
    ]


def test_a_locked_manager_for_which_there_is_no_key_is_refused_beside_one_that_would_be_unlocked():
    with pytest.raises(Refusal, match="^m3 is locked"):
        plan(formed(**locked("m2", "m3")), unlocking=["m2"])


# What is fixed for the life of a swarm

FIXED = {"default_addr_pool": ["10.0.0.0/8"], "subnet_size": 24, "data_path_port": 4790}


def adopted():
    return formed(m1=dict(manager("m1", FORMED), cluster=FIXED))


@pytest.mark.parametrize(
    "said, words",
    [
        (None, []),
        ({"default_addr_pool": [], "subnet_size": None, "data_path_port": None}, []),
        ({"default_addr_pool": ["10.0.0.0/8"], "subnet_size": "24", "data_path_port": "4790"}, []),
        ({"data_path_port": 4789}, ["The data_path_port of this swarm is 4790, 4789 was asked for."]),
        ({"subnet_size": 26, "default_addr_pool": ["10.9.0.0/16"]}, ["default_addr_pool of this swarm is 10.0.0.0/8", "subnet_size"]),
    ],
)
def test_what_was_said_and_is_fixed_otherwise_is_a_warning(said, words):
    decided = FilterModule().filters()["membership_plan"](adopted(), managers=MANAGERS, workers=WORKERS, acting=EVERYBODY, fixed=said)
    assert [word in warning for word, warning in zip(words, decided["warnings"], strict=True)] == [True] * len(words)


def test_a_swarm_that_is_only_planned_differs_from_nothing():
    assert plan(bare(), fixed={"data_path_port": 4790})["warnings"] == []


# The filter


def test_the_filter_returns_the_plan():
    membership_plan = FilterModule().filters()["membership_plan"]
    decided = membership_plan(bare(), managers=MANAGERS, workers=WORKERS, acting=EVERYBODY, cluster_id="", advertise_addrs={})
    assert decided == dict(plan(bare()), refusal=None)


def test_the_filter_returns_a_refusal_as_a_sentence():
    membership_plan = FilterModule().filters()["membership_plan"]
    assert list(membership_plan({}, managers=[], workers=[], acting=[])) == ["refusal"]
