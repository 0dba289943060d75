# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module swarm_nodes on swarms in memory."""

from __future__ import annotations

import json

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import swarm_nodes
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host, disturb
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import Killed

UNSAID = dict.fromkeys(("node_id", "role", "availability", "labels", "labels_to_remove"))


def form(world, managers=3, workers=1):
    """A swarm of the hosts m1, m2, ... and w1, w2, ...; the engine of m1 is asked."""
    swarm = Swarm(world)
    hosts = [Host(world, "m%d" % n, "10.0.0.%d" % n).become(swarm, "manager", {"kept": "1"}) for n in range(1, managers + 1)]
    hosts += [Host(world, "w%d" % n, "10.0.1.%d" % n).become(swarm, "worker", {"kept": "1"}) for n in range(1, workers + 1)]
    return swarm, {host.hostname: host for host in hosts}


def run(host, *wishes, check_mode=False, **options):
    params = {"labels_state": "merge", "remove_stale": False, "inherit_from_stale": False}
    params.update({"wait_timeout": 60, "drain_timeout": 300, "restore_on_failure": False}, **options)
    params["nodes"] = [dict(UNSAID, **dict({"state": "present"}, **wish)) for wish in wishes]
    return swarm_nodes.execute(Engine(host), params, check_mode)


def roles(outcome):
    return {node["hostname"]: node["role"] for node in outcome.facts["nodes"]}


SWAP = [{"name": "w1", "role": "manager", "labels": {"disk": "ssd"}}, {"name": "m3", "role": "worker", "availability": "drain"}]


def test_the_whole_cluster_in_one_task(world):
    swarm, hosts = form(world)
    outcome = run(hosts["m1"], *SWAP)
    assert outcome.actions == [
        "w1: promote to manager, set labels {'kept': '1', 'disk': 'ssd'}",
        "m3: demote to worker, set availability drain",
    ]
    assert outcome.changed
    assert roles(outcome) == {"m1": "manager", "m2": "manager", "m3": "worker", "w1": "manager"}
    assert [node["hostname"] for node in outcome.facts["nodes"] if node["reachability"] == "reachable"] == ["m1", "m2", "w1"]
    assert outcome.before["w1"] == {"role": "worker", "labels": {"kept": "1"}}
    assert outcome.after["w1"] == {"role": "manager", "labels": {"kept": "1", "disk": "ssd"}}


def test_a_second_run_changes_nothing(world):
    swarm, hosts = form(world)
    run(hosts["m1"], *SWAP)
    written = list(world.journal)
    outcome = run(hosts["m1"], *SWAP)
    assert (outcome.changed, outcome.actions, outcome.before, outcome.after) == (False, [], {}, {})
    assert world.journal == written


def test_check_mode_changes_nothing_and_tells_the_same(world):
    swarm, hosts = form(world)
    before = swarm.nodes()
    foretold = run(hosts["m1"], *SWAP, check_mode=True)
    assert (world.journal, swarm.nodes()) == ([], before)
    done = run(hosts["m1"], *SWAP)
    assert (foretold.changed, foretold.actions, foretold.before, foretold.after) == (done.changed, done.actions, done.before, done.after)


def test_only_what_was_said_is_written(world):
    swarm, hosts = form(world)
    run(hosts["m1"], {"name": "w1", "availability": "drain"})
    spec = swarm.node(hosts["w1"].node_id)["Spec"]
    assert spec == {"Role": "worker", "Availability": "drain", "Labels": {"kept": "1"}, "Name": "kept"}


def test_a_change_by_somebody_else_in_between_is_kept(world):
    swarm, hosts = form(world)
    swarm.interfering = 2
    run(hosts["m1"], {"name": "w1", "availability": "drain"})
    assert swarm.node(hosts["w1"].node_id)["Spec"]["Availability"] == "drain"


def test_roles_are_effective_when_the_task_ends(world):
    swarm, hosts = form(world)
    swarm.looks_until_effective = 9
    run(hosts["m1"], {"name": "w1", "role": "manager"}, {"name": "m3", "role": "worker"})
    assert [entry["Description"]["Hostname"] for entry in swarm.raft()] == ["m1", "m2", "w1"]


def test_a_role_that_does_not_become_effective_ends_the_wait(world, clock):
    swarm, hosts = form(world)
    swarm.looks_until_effective = 10**6
    with pytest.raises(TimeLimitExceeded) as failure:
        run(hosts["m1"], {"name": "w1", "role": "manager"})
    assert "Waited 60 s until the new role of node w1 was effective; seen last: {" in str(failure.value)
    assert 60 <= clock.now < 63


def test_a_manager_can_demote_itself(world):
    swarm, hosts = form(world)
    wishes = [{"name": "m1", "role": "worker", "labels": {"a": "b"}}, {"name": "m2", "availability": "drain"}]
    outcome = run(hosts["m1"], *wishes)
    assert outcome.actions == ["m2: set availability drain", "m1: demote to worker, set labels {'kept': '1', 'a': 'b'}"]
    assert [entry["Description"]["Hostname"] for entry in swarm.raft()] == ["m2", "m3"]
    assert roles(outcome) == {"m1": "worker", "m2": "manager", "m3": "manager", "w1": "worker"}
    own = outcome.facts["nodes"][0]
    assert (own["hostname"], own["role"], own["reachability"], own["labels"]) == ("m1", "worker", None, {"kept": "1", "a": "b"})
    assert not run(hosts["m2"], *wishes).changed


def test_a_manager_can_change_what_else_is_its_own(world):
    swarm, hosts = form(world)
    assert run(hosts["m1"], {"name": "m1", "labels": {"a": "b"}}).facts["nodes"][0]["labels"] == {"kept": "1", "a": "b"}


def test_an_election_is_waited_for(world):
    swarm, hosts = form(world)
    swarm.electing = 3
    assert run(hosts["m1"], {"name": "w1", "role": "manager"}).changed


def test_a_lost_quorum_ends_the_wait_for_a_leader(world):
    swarm, hosts = form(world)
    swarm.lose(hosts["m2"].node_id), swarm.lose(hosts["m3"].node_id)
    with pytest.raises(TimeLimitExceeded, match="seen last: the managers have no leader"):
        run(hosts["m1"], {"name": "w1", "role": "manager"})


def test_a_missing_node_is_absent(world):
    swarm, hosts = form(world)
    assert not run(hosts["m1"], {"name": "w9", "state": "absent"}).changed


@pytest.mark.parametrize("name", ["m3", "w1"])
def test_a_node_that_is_down_is_removed(world, name):
    swarm, hosts = form(world)
    swarm.lose(hosts[name].node_id)
    outcome = run(hosts["m1"], {"name": name, "state": "absent"})
    assert outcome.changed
    assert outcome.actions[-1] == "remove the node %s (%s), which is down" % (name, hosts[name].node_id)
    assert hosts[name].node_id not in swarm.entries
    assert not run(hosts["m1"], {"name": name, "state": "absent"}).changed


def test_a_node_that_somebody_else_removes_at_the_same_time(world):
    swarm, hosts = form(world)
    swarm.lose(hosts["w1"].node_id)
    disturb(hosts["m1"], "remove_node", lambda: swarm.entries.pop(hosts["w1"].node_id))
    assert run(hosts["m1"], {"name": "w1", "state": "absent"}).changed


def test_a_node_that_comes_back_before_it_is_removed(world):
    swarm, hosts = form(world)
    swarm.lose(hosts["w1"].node_id)
    disturb(hosts["m1"], "remove_node", lambda: swarm.entries[hosts["w1"].node_id]["Status"].update(State="ready"))
    with pytest.raises(EngineError, match="The engine refused: node .* is not down"):
        run(hosts["m1"], {"name": "w1", "state": "absent"})


NO_LEADER = (500, "rpc error: code = Unknown desc = The swarm does not have a leader")
STILL_IN_RAFT = (400, "node w1 is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal")


@pytest.mark.parametrize("call, answer", [("remove_node", NO_LEADER), ("remove_node", STILL_IN_RAFT), ("nodes", NO_LEADER)])
def test_a_removal_is_tried_until_the_managers_agree(world, call, answer):
    swarm, hosts = form(world)
    swarm.lose(hosts["w1"].node_id)
    before = [lambda: None] if call == "nodes" else []
    disturb(hosts["m1"], call, *before, *[lambda: refuse(*answer)] * 3)
    run(hosts["m1"], {"name": "w1", "state": "absent"})
    assert hosts["w1"].node_id not in swarm.entries


def test_a_removal_that_the_managers_never_agree_to_ends_the_wait(world):
    swarm, hosts = form(world)
    swarm.lose(hosts["w1"].node_id)
    disturb(hosts["m1"], "remove_node", *[lambda: refuse(*STILL_IN_RAFT)] * 1000)
    with pytest.raises(TimeLimitExceeded, match="the entry node.* of w1 was gone; seen last: {.*'hostname': 'w1'"):
        run(hosts["m1"], {"name": "w1", "state": "absent"})


def test_an_election_after_a_promotion_is_waited_for(world):
    swarm, hosts = form(world)
    swarm.looks_until_effective = 4
    disturb(hosts["m1"], "nodes", lambda: None, lambda: refuse(*NO_LEADER))
    assert roles(run(hosts["m1"], {"name": "w1", "role": "manager"}))["w1"] == "manager"


def test_a_refusal_to_list_the_nodes_is_told_at_once(world, clock):
    swarm, hosts = form(world)
    disturb(hosts["m1"], "nodes", lambda: refuse(400, "client version is too new"))
    with pytest.raises(EngineError, match="client version is too new"):
        run(hosts["m1"], {"name": "w1"})
    assert clock.now == 0


def rebuild(world, swarm, hosts, name):
    """The host comes back with an empty disk and has joined anew; what the managers know of its old node stays for a while."""
    old = hosts[name]
    swarm.lose(old.node_id)
    hosts[name] = Host(world, name, old.addr).become(swarm, "manager" if name[0] == "m" else "worker")
    return old.node_id


@pytest.mark.parametrize("name", ["m2", "w1"])
def test_what_a_rebuilt_host_left_behind_goes(world, name):
    swarm, hosts = form(world)
    old = rebuild(world, swarm, hosts, name)
    outcome = run(hosts["m1"], {"name": name, "node_id": hosts[name].node_id}, remove_stale=True)
    assert old not in swarm.entries and hosts[name].node_id in swarm.entries
    assert outcome.before == {"%s (%s)" % (name, old): {"status": "down"}}
    assert not run(hosts["m1"], {"name": name, "node_id": hosts[name].node_id}, remove_stale=True).changed


def test_an_entry_that_is_held_for_alive_is_waited_for(world, clock):
    swarm, hosts = form(world)
    old = rebuild(world, swarm, hosts, "w1")
    swarm.entries[old]["Status"]["State"] = "ready"
    clock.events.append((15, lambda: swarm.lose(old)))
    run(hosts["m1"], {"name": "w1", "node_id": hosts["w1"].node_id}, remove_stale=True)
    assert old not in swarm.entries


def test_an_entry_that_stays_alive_ends_the_wait(world):
    swarm, hosts = form(world)
    old = rebuild(world, swarm, hosts, "w1")
    swarm.entries[old]["Status"]["State"] = "ready"
    with pytest.raises(TimeLimitExceeded, match="left behind were down; seen last: {'node_id': '%s'" % old):
        run(hosts["m1"], {"name": "w1", "node_id": hosts["w1"].node_id}, remove_stale=True)


def test_an_entry_under_which_no_host_ever_reports_goes(world, clock):
    swarm, hosts = form(world)
    orphan = swarm.add("", "", state="unknown")
    assert not run(hosts["m1"], {"name": "m1"}).changed
    assert clock.now < 1, "nobody asked for it"
    foretold = run(hosts["m1"], {"name": "m1"}, remove_stale=True, check_mode=True)
    assert orphan in swarm.entries
    done = run(hosts["m1"], {"name": "m1"}, remove_stale=True)
    assert orphan not in swarm.entries
    assert done.actions == ["remove the entry %s, under which no host has reported" % orphan]
    assert done.before == {orphan: {"status": "unknown"}}
    assert (foretold.actions, foretold.before, foretold.after) == (done.actions, done.before, done.after)
    assert not run(hosts["m1"], {"name": "m1"}, remove_stale=True).changed


def test_a_host_that_is_just_joining_may_report(world, clock):
    swarm, hosts = form(world)
    joining = swarm.add("", "", state="unknown")
    clock.events.append((20, lambda: swarm.entries[joining]["Description"].update(Hostname="w9")))
    assert not run(hosts["m1"], {"name": "m1"}, remove_stale=True).changed
    assert clock.now < 25, "it waits no longer than it must"
    assert joining in swarm.entries


# A process that is killed

REBUILD_AND_SWAP = [
    {"name": "m2"},
    {"name": "w1", "role": "manager"},
    {"name": "m3", "role": "worker", "labels": {"disk": "ssd"}},
    {"name": "w2", "state": "absent"},
    {"name": "m1", "role": "worker"},
]


def difficult(world):
    """A stale manager, a promotion, two demotions, of which one is the asked manager's own, and a removal."""
    swarm, hosts = form(world, managers=3, workers=2)
    rebuild(world, swarm, hosts, "m2")
    swarm.lose(hosts["w2"].node_id)
    wishes = [dict(wish, node_id=hosts[wish["name"]].node_id) for wish in REBUILD_AND_SWAP]
    return swarm, hosts, wishes


def end_state(swarm):
    return {(node["Description"]["Hostname"], json.dumps(node["Spec"]), "ManagerStatus" in node) for node in swarm.nodes()}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(6))
def test_a_run_that_was_killed_ends_the_same_when_it_is_run_again(world, number, moment):
    swarm, hosts, wishes = difficult(world)
    world.kill = (number, moment)
    with pytest.raises(Killed):
        run(hosts["m1"], *wishes, remove_stale=True)
    world.kill = None
    manager = next(host for host in hosts.values() if host.controls() and host.hostname != "m3")
    run(manager, *wishes, remove_stale=True)
    assert {(name, "manager" in spec, votes) for name, spec, votes in end_state(swarm)} == {
        ("m1", False, False),
        ("m2", True, True),
        ("m3", False, False),
        ("w1", True, True),
    }
    assert not run(hosts["m2"], *wishes, remove_stale=True).changed


def test_the_killed_runs_cover_all_writes(world):
    swarm, hosts, wishes = difficult(world)
    run(hosts["m1"], *wishes, remove_stale=True)
    assert len(world.journal) == 6


# Where it cannot work


def test_a_worker_names_its_managers(world, names):
    names["10.0.0.1"] = "m1.example"
    swarm, hosts = form(world, managers=2)
    with pytest.raises(Refusal) as refusal:
        run(hosts["w1"], {"name": "w1", "labels": {"a": "b"}})
    managers = "m1.example at 10.0.0.1:2377, node %s at 10.0.0.2:2377" % hosts["m2"].node_id
    assert "only a manager can. Run it on one of its managers: %s." % managers in str(refusal.value)
    assert [manager["addr"] for manager in refusal.value.facts["managers"]] == ["10.0.0.1:2377", "10.0.0.2:2377"]


def test_a_host_in_no_swarm(world):
    with pytest.raises(Refusal, match="it is in no swarm. Form one with quorate.swarm.swarm"):
        run(Host(world, "m1", "10.0.0.1"), {"name": "m1"})


def test_a_refusal_changes_nothing(world):
    swarm, hosts = form(world, managers=1)
    with pytest.raises(Refusal, match="lose its quorum"):
        run(hosts["m1"], {"name": "w1", "availability": "drain"}, {"name": "m1", "role": "worker"})
    with pytest.raises(Refusal, match="is invalid"):
        run(hosts["m1"], {"name": "w1", "availability": "drain"}, {"name": "m1", "labels": {"": ""}})
    assert world.journal == []


# Drains


def task(host, task_id="t1", state="running", **other):
    return dict({"ID": task_id, "ServiceID": "s1", "NodeID": host.node_id, "DesiredState": "shutdown", "Status": {"State": state}}, **other)


def attachment(host):
    return task(host, "t9", ServiceID="", Spec={"NetworkAttachmentSpec": {"ContainerID": "0f3c5d6e7f8091a2"}})


@pytest.fixture
def busy(world):
    """A swarm whose worker runs two tasks of a service, and a container that is none."""
    _swarm, hosts = form(world)
    raw = hosts["m1"].raw
    raw["services"] = [{"ID": "s1", "Spec": {"Name": "web"}}]
    raw["tasks"] = [task(hosts["w1"]), task(hosts["w1"], "t2", "starting"), task(hosts["m2"], "t3"), attachment(hosts["w1"])]
    return hosts


def availability(hosts, name):
    return hosts["m1"].swarm.entries[hosts[name].node_id]["Spec"]["Availability"]


def test_a_drain_ends_once_no_task_of_a_service_is_left(busy, clock):
    raw = busy["m1"].raw
    clock.events.append((3, lambda: raw["tasks"].pop(0)))
    clock.events.append((7, lambda: raw["tasks"][0]["Status"].update(State="shutdown")))
    outcome = run(busy["m1"], {"name": "w1", "availability": "drain"})
    assert outcome.changed and clock.now >= 7
    assert outcome.facts["remaining_tasks"] == []
    assert outcome.facts["standalone_containers"] == ["container 0f3c5d6e7f80 on w1"]
    assert outcome.warnings == ["A drain does not stop standalone containers: container 0f3c5d6e7f80 on w1."]
    again = run(busy["m1"], {"name": "w1", "availability": "drain"})
    assert (again.changed, again.warnings) == (False, [])


def test_a_drain_that_a_killed_run_has_begun_is_waited_for(busy, clock):
    busy["m1"].swarm.entries[busy["w1"].node_id]["Spec"]["Availability"] = "drain"
    clock.events.append((5, busy["m1"].raw["tasks"].clear))
    outcome = run(busy["m1"], {"name": "w1", "availability": "drain"})
    assert not outcome.changed and clock.now >= 5


@pytest.mark.parametrize(
    "restore, kept, sentence",
    [(False, "drain", "w1 stay drained; restore_on_failure"), (True, "pause", "w1 have the availability again that they had")],
)
def test_what_is_left_at_the_end_of_the_wait_is_named(busy, restore, kept, sentence):
    busy["m1"].swarm.entries[busy["w1"].node_id]["Spec"]["Availability"] = "pause"
    with pytest.raises(TimeLimitExceeded) as failure:
        run(busy["m1"], {"name": "w1", "availability": "drain"}, drain_timeout=20, restore_on_failure=restore)
    assert "Waited 20 s until no task of a service was left on w1" in str(failure.value)
    assert "task t1 of service web on w1 (running), task t2 of service web on w1 (starting)" in str(failure.value)
    assert "A drain does not stop standalone containers: container 0f3c5d6e7f80 on w1." in str(failure.value)
    assert sentence in str(failure.value)
    assert availability(busy, "w1") == kept


def test_a_host_that_goes_down_while_it_is_drained_is_named(busy, clock):
    clock.events.append((5, lambda: busy["m1"].swarm.lose(busy["w1"].node_id)))
    with pytest.raises(TimeLimitExceeded) as failure:
        run(busy["m1"], {"name": "w1", "availability": "drain"}, {"name": "m2", "availability": "drain"}, drain_timeout=20)
    assert "task t1 of service web on w1 (running)" in str(failure.value)
    assert "Meanwhile w1 went down: its tasks are told as the managers last heard of them." in str(failure.value)
    assert "w1, m2 stay drained" in str(failure.value)


def test_a_drain_without_a_limit_is_not_waited_for(busy, clock):
    outcome = run(busy["m1"], {"name": "w1", "availability": "drain"}, drain_timeout=0)
    assert (clock.now, len(outcome.facts["remaining_tasks"])) == (0, 2)


def test_a_drain_in_check_mode_tells_what_is_there_and_waits_for_nothing(busy, clock):
    outcome = run(busy["m1"], {"name": "w1", "availability": "drain"}, check_mode=True)
    assert (outcome.changed, clock.now, len(outcome.facts["remaining_tasks"])) == (True, 0, 2)
    assert availability(busy, "w1") == "active"


def test_a_host_that_is_down_is_not_waited_for(busy, clock):
    busy["m1"].swarm.lose(busy["w1"].node_id)
    assert run(busy["m1"], {"name": "w1", "availability": "drain"}).changed
    assert clock.now == 0


def test_the_manager_that_is_asked_is_emptied_before_it_becomes_a_worker(busy, clock):
    raw = busy["m1"].raw
    raw["tasks"] = [task(busy["m1"])]
    drained_first = []
    clock.events.append((5, lambda: (drained_first.append(availability(busy, "m1")), raw["tasks"].clear())))
    outcome = run(busy["m1"], {"name": "m1", "role": "worker", "availability": "drain"})
    assert roles(outcome)["m1"] == "worker" and clock.now >= 5
    assert drained_first == ["drain"], "only a drain makes it empty"
    assert outcome.actions == ["m1: set availability drain", "m1: demote to worker"]


def promotion_fails(hosts):
    hosts["m1"].swarm.looks_until_effective = 10**6


def removal_fails(hosts):
    disturb(hosts["m1"], "remove_node", lambda: refuse(400, "the engine has something against it"))


@pytest.mark.parametrize("fail", [promotion_fails, removal_fails])
@pytest.mark.parametrize(
    "restore, kept, sentence", [(False, "drain", "w1 stay drained"), (True, "pause", "w1 have the availability again that they had.")]
)
def test_a_later_step_that_fails_is_no_drain_that_is_left_behind(world, fail, restore, kept, sentence):
    swarm, hosts = form(world, managers=3, workers=3)
    swarm.entries[hosts["w1"].node_id]["Spec"]["Availability"] = "pause"
    swarm.lose(hosts["w3"].node_id)
    fail(hosts)
    wishes = [{"name": "w1", "availability": "drain"}, {"name": "w2", "role": "manager"}, {"name": "w3", "state": "absent"}]
    with pytest.raises((TimeLimitExceeded, EngineError)) as failure:
        run(hosts["m1"], *wishes, restore_on_failure=restore)
    assert sentence in str(failure.value)
    assert availability(hosts, "w1") == kept


def test_a_drain_that_has_not_begun_is_not_told(world):
    swarm, hosts = form(world, workers=2)
    promotion_fails(hosts)
    with pytest.raises(TimeLimitExceeded, match="This task has drained no node."):
        run(hosts["m1"], {"name": "w2", "role": "manager"}, {"name": "w1", "availability": "drain"}, restore_on_failure=True)


def test_managers_that_cannot_give_an_availability_back_say_so(world):
    swarm, hosts = form(world, workers=2)
    promotion_fails(hosts)
    disturb(hosts["m1"], "update_node", lambda: None, lambda: None, lambda: refuse(*NO_LEADER))
    with pytest.raises(TimeLimitExceeded, match="w1 could not be given the availability that they had: .* Set it by hand, or run again."):
        run(hosts["m1"], {"name": "w1", "availability": "drain"}, {"name": "w2", "role": "manager"}, restore_on_failure=True)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_was_set_by_hand_on_an_old_entry_is_kept_however_often_the_run_is_killed(world, number, moment):
    swarm, hosts = form(world)
    old = swarm.add("w1", "10.0.1.1", state="down", labels={"hand": "made", "kept": "old"})
    swarm.entries[old]["Spec"]["Availability"] = "pause"
    wish = {"name": "w1", "node_id": hosts["w1"].node_id, "labels": {"lab": True}}
    world.kill = (number, moment)
    for _run in range(2):
        try:
            run(hosts["m1"], wish, remove_stale=True, inherit_from_stale=True)
        except Killed:
            world.kill = None
    spec = swarm.entries[hosts["w1"].node_id]["Spec"]
    assert (spec["Labels"], spec["Availability"]) == ({"kept": "1", "hand": "made", "lab": "true"}, "pause")
    assert old not in swarm.entries
