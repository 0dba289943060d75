# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for one host's membership."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.membership import (
    UNFINISHED_JOIN,
    Membership,
    host_of,
    is_address,
    membership_of,
    plan,
    require_manager,
)

PEER = {"addr": "10.0.0.1:2377", "node_id": "M1"}
INACTIVE = Membership("inactive")
MANAGER = Membership("active", "M1", "10.0.0.1", "ONE", True, (PEER,))
WORKER = Membership("active", "W4", "10.0.0.4", "ONE", False, (PEER,))
WORKER_WITHOUT_EVIDENCE = Membership("active", "W4", "10.0.0.4", None, False, (PEER,))
ASKING = Membership("pending", managers=(PEER,))
PENDING = Membership("pending", "W4", "10.0.0.4", "ONE", False, (PEER,))
PENDING_WITHOUT_EVIDENCE = Membership("pending", "W4", "10.0.0.4", None, False, (PEER,))
ERROR = Membership("error", cluster_id="ONE", error="certificate has expired")
LOCKED = Membership("locked", cluster_id="ONE")


def wish(state, **options):
    return dict(
        {
            "state": state,
            "role": "worker",
            "remote_addrs": ["10.0.0.1:2377"] if state == "join" else [],
            "cluster_id": None,
            "advertise_addr": None,
            "rejoin": False,
            "force_new_cluster": False,
            "force": False,
        },
        **options,
    )


def node(name, role="manager", reachable=True):
    entry = {"ID": name.upper(), "Spec": {"Role": role}, "Description": {"Hostname": name}, "Status": {"State": "ready"}}
    if role == "manager":
        entry["ManagerStatus"] = {"Reachability": "reachable" if reachable else "unreachable"}
    return entry


@pytest.mark.parametrize(
    "current, desired, steps",
    [
        pytest.param(INACTIVE, wish("init"), ("init",), id="init on a host in no swarm"),
        pytest.param(MANAGER, wish("init"), (), id="init on a manager"),
        pytest.param(MANAGER, wish("init", cluster_id="ONE"), (), id="init on a manager of the named swarm"),
        pytest.param(PENDING, wish("init"), ("await_active",), id="init on a member that starts"),
        pytest.param(PENDING_WITHOUT_EVIDENCE, wish("init"), ("await_active",), id="init on a member whose disk cannot be read"),
        pytest.param(ASKING, wish("init"), ("abandon", "init"), id="init after a join that nobody answered"),
        pytest.param(INACTIVE, wish("join"), ("join",), id="join"),
        pytest.param(INACTIVE, wish("join", rejoin=True), ("join",), id="join again on a host that has left already"),
        pytest.param(INACTIVE, wish("join", cluster_id="ONE"), ("join",), id="join the named swarm"),
        pytest.param(WORKER, wish("join"), (), id="join on a worker"),
        pytest.param(WORKER, wish("join", cluster_id="ONE"), (), id="join on a worker of the named swarm"),
        pytest.param(WORKER, wish("join", cluster_id="ONE", remote_addrs=[]), (), id="join on a member, without addresses"),
        pytest.param(
            WORKER, wish("join", cluster_id="ONE", remote_addrs=["10.0.0.9"]), (), id="the ClusterID counts, not the addresses"
        ),
        pytest.param(WORKER_WITHOUT_EVIDENCE, wish("join", cluster_id="ONE"), (), id="join on a worker that knows the named managers"),
        pytest.param(MANAGER, wish("join", role="manager"), (), id="join on a manager"),
        pytest.param(WORKER, wish("join", remote_addrs=[]), (), id="join on a member, without anything to compare"),
        pytest.param(
            MANAGER, wish("init", remote_addrs=["10.9.9.9"]), (), id="init on a manager, with addresses that only state=join looks at"
        ),
        pytest.param(WORKER, wish("join", rejoin=True), ("abandon", "join"), id="join again"),
        pytest.param(
            WORKER, wish("join", rejoin=True, remote_addrs=["10.9.9.9"]), ("abandon", "join"), id="join again behind new addresses"
        ),
        pytest.param(PENDING, wish("join"), ("await_active",), id="join on a member that starts"),
        pytest.param(
            Membership("pending", cluster_id="ONE"), wish("join"), ("await_active",), id="join on a member that has barely started"
        ),
        pytest.param(PENDING_WITHOUT_EVIDENCE, wish("join"), ("await_active",), id="join on a member whose disk cannot be read"),
        pytest.param(PENDING, wish("join", rejoin=True), ("abandon", "join"), id="join again instead of starting"),
        pytest.param(ASKING, wish("join"), ("abandon", "join"), id="join after a join that nobody answered"),
        pytest.param(ERROR, wish("join"), ("abandon", "join"), id="join with a membership in error"),
        pytest.param(INACTIVE, wish("absent"), (), id="leave a host in no swarm"),
        pytest.param(INACTIVE, wish("absent", cluster_id="ONE"), (), id="leave on a host that has left the named swarm"),
        pytest.param(WORKER, wish("absent"), ("leave",), id="leave as a worker"),
        pytest.param(PENDING, wish("absent"), ("leave",), id="leave as a member that starts"),
        pytest.param(ERROR, wish("absent"), ("abandon",), id="leave with a membership in error"),
        pytest.param(LOCKED, wish("absent", force=True), ("abandon",), id="leave when locked, by force"),
        pytest.param(LOCKED, wish("unlocked"), ("unlock",), id="unlock when locked"),
        pytest.param(LOCKED, wish("unlocked", cluster_id="ONE"), ("unlock",), id="unlock a manager of the named swarm"),
        pytest.param(Membership("locked"), wish("unlocked", cluster_id="ONE"), ("unlock",), id="unlock, disk unreadable"),
        pytest.param(MANAGER, wish("unlocked"), (), id="unlock an active manager"),
        pytest.param(WORKER, wish("unlocked"), (), id="unlock a worker"),
        pytest.param(INACTIVE, wish("unlocked"), (), id="unlock a host in no swarm"),
        pytest.param(ERROR, wish("unlocked"), (), id="unlock a membership in error"),
        pytest.param(ASKING, wish("unlocked"), (), id="unlock after a join that nobody answered"),
        pytest.param(PENDING, wish("unlocked"), ("await_active",), id="unlock a member that starts, perhaps since it was unlocked"),
        pytest.param(MANAGER, wish("absent", force=True), ("abandon",), id="leave as the last manager, by force"),
    ],
)
def test_steps(current, desired, steps):
    assert plan(current, desired).steps == steps


@pytest.mark.parametrize(
    "current, desired, sentence",
    [
        pytest.param(
            INACTIVE, wish("init", cluster_id="ONE"), "in no swarm, and a new one would not be ONE", id="init of a swarm that exists"
        ),
        pytest.param(ASKING, wish("init", cluster_id="ONE"), "a new one would not be ONE", id="init of a swarm that exists, while joining"),
        pytest.param(WORKER, wish("init"), "is a worker of swarm ONE already", id="init on a worker"),
        pytest.param(WORKER_WITHOUT_EVIDENCE, wish("init"), "is a worker of swarm unknown already", id="init on somebody's worker"),
        pytest.param(
            Membership("error", error="no disk"), wish("init"), "in swarm unknown is in error: no disk", id="init with a join in error"
        ),
        pytest.param(Membership("locked"), wish("join"), "in swarm (unknown), but its manager is locked", id="locked, disk unreadable"),
        pytest.param(ERROR, wish("init"), "swarm ONE is in error: certificate has expired", id="init with a membership in error"),
        pytest.param(MANAGER, wish("init", cluster_id="TWO"), "is in swarm ONE, not in TWO", id="init on a manager of another swarm"),
        pytest.param(INACTIVE, wish("join", remote_addrs=[]), "needs remote_addrs", id="join nobody knows what"),
        pytest.param(WORKER, wish("join", cluster_id="TWO"), "is in swarm ONE, not in TWO", id="join another swarm"),
        pytest.param(
            WORKER, wish("join", cluster_id="TWO", rejoin=True), "is in swarm ONE, not in TWO", id="join another swarm again"
        ),
        pytest.param(
            WORKER,
            wish("join", remote_addrs=["10.9.9.9:2377"]),
            "in swarm ONE with the managers 10.0.0.1, 10.0.0.4, none of which is among the remote_addrs 10.9.9.9",
            id="join another swarm without its ClusterID",
        ),
        pytest.param(
            WORKER_WITHOUT_EVIDENCE,
            wish("join", cluster_id="TWO", remote_addrs=["10.9.9.9:2377"]),
            "in swarm (unknown) with the managers 10.0.0.1",
            id="join another swarm where the own ClusterID cannot be read",
        ),
        pytest.param(ERROR, wish("join", cluster_id="TWO"), "is in swarm ONE, not in TWO", id="join another swarm from an error"),
        pytest.param(LOCKED, wish("join"), "swarm ONE, but its manager is locked", id="join when locked"),
        pytest.param(LOCKED, wish("init"), "Unlock it with 'docker swarm unlock'", id="init when locked"),
        pytest.param(LOCKED, wish("absent"), "Unlock it with 'docker swarm unlock'", id="leave when locked"),
        pytest.param(LOCKED, wish("join"), "or with quorate.swarm.swarm (state=unlocked and unlock_key)", id="how the module unlocks"),
        pytest.param(LOCKED, wish("unlocked", cluster_id="TWO"), "is in swarm ONE, not in TWO", id="unlock another swarm's manager"),
        pytest.param(MANAGER, wish("unlocked", cluster_id="TWO"), "is in swarm ONE, not in TWO", id="unlock in another swarm"),
        pytest.param(WORKER, wish("absent", cluster_id="TWO"), "is in swarm ONE, not in TWO", id="leave another swarm"),
        pytest.param(
            WORKER, wish("absent", cluster_id="TWO", force=True), "is in swarm ONE, not in TWO", id="leave another swarm by force"
        ),
    ],
)
def test_refusals(current, desired, sentence):
    with pytest.raises(Refusal) as refusal:
        plan(current, desired)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    "nodes, expected",
    [
        pytest.param([node("m1"), node("m2")], ("demote", "leave"), id="another manager stays"),
        pytest.param(
            [node("m1"), node("m2"), node("m3", reachable=False)], "1 of them reachable, 2 are needed (unreachable: m3)", id="lost"
        ),
        pytest.param([node("m1"), node("w4", "worker")], "is the last manager of swarm ONE", id="last"),
        pytest.param(None, "swarm ONE has no quorum", id="no quorum"),
    ],
)
def test_a_manager_leaves_only_where_quorum_stays(nodes, expected):
    if isinstance(expected, tuple):
        assert plan(MANAGER, wish("absent"), nodes).steps == expected
    else:
        with pytest.raises(Refusal) as refusal:
            plan(MANAGER, wish("absent"), nodes)
        assert expected in str(refusal.value)


@pytest.mark.parametrize(
    "current, desired, warning",
    [
        (MANAGER, wish("init", advertise_addr="10.0.0.9"), "advertises 10.0.0.1, 10.0.0.9 was asked for"),
        (WORKER, wish("join", advertise_addr="10.0.0.9:2377"), "advertises 10.0.0.4, 10.0.0.9 was asked for"),
        (WORKER, wish("join", advertise_addr="10.0.0.4:2377"), None),
        (WORKER, wish("join", advertise_addr="eth0"), None),
        (Membership("active", "W4", None, "ONE", False, (PEER,)), wish("join", advertise_addr="10.0.0.9"), None),
        (WORKER, wish("join", role="manager"), "is a worker, a manager was asked for; quorate.swarm.swarm_nodes"),
        (MANAGER, wish("join", role="worker"), "is a manager, a worker was asked for"),
        (ASKING, wish("join"), UNFINISHED_JOIN),
        (ASKING, wish("init"), UNFINISHED_JOIN),
        (ERROR, wish("join"), "in error and is given up: certificate has expired"),
    ],
)
def test_warnings(current, desired, warning):
    warnings = plan(current, desired).warnings
    assert warnings == () if warning is None else len(warnings) == 1 and warning in warnings[0]


@pytest.mark.parametrize(
    "current, desired, expected",
    [
        (INACTIVE, wish("init", advertise_addr="10.0.0.4:2377"), {"state": "active", "role": "manager", "node_addr": "10.0.0.4"}),
        (INACTIVE, wish("init", advertise_addr="eth0"), {"state": "active", "role": "manager"}),
        (INACTIVE, wish("join", cluster_id=""), {"state": "active", "role": "worker"}),
        (INACTIVE, wish("join", cluster_id="ONE"), {"state": "active", "role": "worker", "cluster_id": "ONE"}),
        (WORKER, wish("join", rejoin=True, role="manager"), {"state": "active", "role": "manager"}),
        (ERROR, wish("join", cluster_id="ONE"), {"state": "active", "role": "worker", "cluster_id": "ONE"}),
        (WORKER, wish("absent"), {"state": "inactive"}),
        (MANAGER, wish("absent", force=True), {"state": "inactive"}),
    ],
)
def test_what_is_foretold_keeps_nothing_of_what_is_given_up(current, desired, expected):
    unknown = {"role": None, "node_id": None, "node_addr": None, "cluster_id": None, "managers": [], "error": None}
    assert plan(current, desired).after == dict(unknown, **expected)


@pytest.mark.parametrize("desired", [wish("init"), wish("join", role="manager")])
def test_what_stays_is_foretold_as_it_is(desired):
    assert plan(MANAGER, desired).after == MANAGER.summary()


# What the engine says

ACTIVE_INFO = {
    "LocalNodeState": "active",
    "NodeID": "M1",
    "NodeAddr": "10.0.0.1",
    "ControlAvailable": True,
    "Cluster": {"ID": "ONE"},
    "RemoteManagers": [{"Addr": "10.0.0.2:2377", "NodeID": "M2"}, {"Addr": "10.0.0.1:2377", "NodeID": "M1"}],
}


@pytest.mark.parametrize(
    "swarm, on_disk, expected",
    [
        pytest.param(
            ACTIVE_INFO,
            None,
            Membership("active", "M1", "10.0.0.1", "ONE", True, (PEER, {"addr": "10.0.0.2:2377", "node_id": "M2"})),
            id="a manager",
        ),
        pytest.param(dict(ACTIVE_INFO, Cluster={"ID": ""}), "DISK", "DISK", id="a manager without quorum"),
        pytest.param(dict(ACTIVE_INFO, Cluster=None), "DISK", "DISK", id="a worker"),
        pytest.param(ACTIVE_INFO, "OLD", "ONE", id="the engine's word comes before the disk's"),
        pytest.param({"LocalNodeState": "inactive"}, "OLD", INACTIVE, id="a host in no swarm, whatever is on its disk"),
        pytest.param({"LocalNodeState": ""}, None, INACTIVE, id="an engine without a word"),
        pytest.param(None, None, INACTIVE, id="an engine that knows no swarm"),
        pytest.param(
            {"LocalNodeState": "locked", "NodeID": "", "NodeAddr": "", "RemoteManagers": None, "Error": "Swarm is encrypted\n"},
            "ONE",
            Membership("locked", cluster_id="ONE", error="Swarm is encrypted"),
            id="locked",
        ),
    ],
)
def test_reading_the_engines_answer(swarm, on_disk, expected):
    found = membership_of({"Swarm": swarm}, on_disk)
    assert (found.cluster_id if isinstance(expected, str) else found) == expected


def test_only_a_member_has_a_role():
    assert [membership.role for membership in (INACTIVE, MANAGER, WORKER)] == [None, "manager", "worker"]


@pytest.mark.parametrize(
    "membership, sentence",
    [
        (INACTIVE, "cannot count: it is in no swarm"),
        (LOCKED, "cannot count: its manager is locked"),
        (WORKER, "it is a worker of swarm ONE (state active), and only a manager can"),
        (WORKER, "Run it on one of its managers: node M1 at 10.0.0.1:2377."),
        (Membership("active", "W4"), "one of its managers: none is known here."),
        (ASKING, "state pending"),
        (Membership("error", "M1", is_manager=True), "it is a manager of a swarm (state error)"),
    ],
)
def test_what_only_a_manager_can(membership, sentence):
    with pytest.raises(Refusal) as refusal:
        require_manager(membership, "count")
    assert sentence in str(refusal.value)


def test_a_manager_can():
    require_manager(MANAGER, "count")


@pytest.mark.parametrize(
    "addr, host, numeric",
    [
        ("10.0.0.1:2377", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("node1:2377", "node1", False),
        ("eth0", "eth0", False),
        ("eth0.100:4567", "eth0.100", False),
        ("[fd00::1]:2377", "fd00::1", True),
        ("fd00::1", "fd00::1", True),
        ("", "", False),
    ],
)
def test_the_host_of_an_address(addr, host, numeric):
    assert (host_of(addr), is_address(host_of(addr))) == (host, numeric)


@pytest.mark.parametrize(
    "error, node_id, state",
    [("", "M1", "active"), ("certificate has expired", "M1", "error"), ("", "", "error")],
)
def test_an_error_that_the_engine_does_not_tell_is_an_earlier_one(error, node_id, state):
    """After it has restarted its part of the swarm once, an engine tells the state error for good."""
    assert membership_of({"Swarm": {"LocalNodeState": "error", "Error": error, "NodeID": node_id}}).state == state
