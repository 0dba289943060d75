# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that have the tasks that are wanted of them, or not yet."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import convergence
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.modules import service_convergence
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm


def service(name="web", mode="Replicated", replicas=2):
    return {"ID": "id-" + name, "Spec": {"Name": name, "Mode": {mode: {"Replicas": replicas} if mode == "Replicated" else {}}}}


def task(task_id, state="running", desired="running", node_id="A", of="web"):
    return {"ID": task_id, "ServiceID": "id-" + of, "NodeID": node_id, "DesiredState": desired, "Status": {"State": state}}


def node(node_id, state="ready"):
    return {"ID": node_id, "Status": {"State": state}}


NODES = [node("A"), node("B"), node("C", "down")]
TWO = [task("1"), task("2", node_id="B")]

# Decisions


@pytest.mark.parametrize(
    "services, tasks, past, expected",
    [
        ([], [], [], {}),
        ([service()], [], [], {"web": ("replicated", 2, 0, False)}),
        ([service()], TWO, [], {"web": ("replicated", 2, 2, True)}),
        ([service()], [*TWO, task("3")], [], {"web": ("replicated", 2, 3, True)}),
        ([service()], [TWO[0], task("2", "starting")], [], {"web": ("replicated", 2, 1, False)}),
        ([service()], [TWO[0], task("2", desired="shutdown")], [], {"web": ("replicated", 2, 1, False)}),
        ([service()], [TWO[0], task("2", node_id="C")], [], {"web": ("replicated", 2, 1, False)}),
        ([service()], [TWO[0], task("2", "pending", node_id=None)], [], {"web": ("replicated", 2, 1, False)}),
        ([service()], TWO, ["2", "9"], {"web": ("replicated", 2, 1, False)}),
        ([service()], [TWO[0], task("2", of="other")], [], {"web": ("replicated", 2, 1, False)}),
        ([service(replicas=0)], [], [], {"web": ("replicated", 0, 0, True)}),
        ([service(mode="Global")], TWO, [], {"web": ("global", 2, 2, True)}),
        ([service(mode="Global")], [TWO[0], task("2", "preparing")], [], {"web": ("global", 2, 1, False)}),
        ([service(mode="Global")], TWO, ["1"], {"web": ("global", 2, 1, False)}),
        ([service(mode="Global")], [], [], {"web": ("global", 0, 0, True)}),
        ([service(mode="ReplicatedJob")], [], [], {"web": ("replicated-job", None, 0, True)}),
        ([service(mode="GlobalJob")], [], [], {"web": ("global-job", None, 0, True)}),
        (
            [service(), service("db", replicas=1)],
            [*TWO, task("3", of="db")],
            [],
            {"db": ("replicated", 1, 1, True), "web": ("replicated", 2, 2, True)},
        ),
    ],
)
def test_what_is_wanted_and_what_runs(services, tasks, past, expected):
    found = convergence.states(services, tasks, NODES, past_tasks=past)
    assert {state["name"]: tuple(state[key] for key in ("mode", "wanted", "running", "converged")) for state in found} == expected


def test_services_by_name_and_the_tasks_that_run():
    found = convergence.states([service(), service("db")], TWO, NODES, names=["web", "gone"])
    assert [(state["name"], state["mode"], state["converged"]) for state in found] == [("gone", None, False), ("web", "replicated", True)]
    assert found[1]["tasks"] == [{"id": "1", "node_id": "A"}, {"id": "2", "node_id": "B"}]


def test_what_is_missing_in_words():
    found = convergence.states([service(), service("db", replicas=0)], TWO[:1], NODES, names=["web", "db", "gone"])
    assert convergence.missing(found) == "there is no service gone; web has 1 of 2 tasks running"
    assert not convergence.all_converged(found) and convergence.all_converged(found[:1])


# The module


@pytest.fixture
def manager(world):
    host = Host(world, "m1", "10.0.0.1").become(Swarm(world), "manager")
    host.raw["services"] = [service()]
    host.raw["tasks"] = [task("1"), task("0", "shutdown", "shutdown")]
    return host


def run(host, wait_timeout=60, services=(), past_tasks=(), check_mode=False):
    params = {"services": list(services), "wait_timeout": wait_timeout, "past_tasks": list(past_tasks)}
    return service_convergence.execute(Engine(host), params, check_mode)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_look_fails_for_no_task(manager, clock, check_mode):
    outcome = run(manager, wait_timeout=0, check_mode=check_mode)
    [state] = outcome.facts["services"]
    assert (outcome.changed, state["converged"], state["running"], clock.now) == (False, False, 1, 0)


def test_a_service_is_waited_for(manager, clock):
    clock.events.append((20, lambda: manager.raw["tasks"].append(task("2"))))
    assert run(manager).facts["services"][0]["converged"] and 20 <= clock.now < 25


def test_a_service_that_does_not_come_is_named(manager, clock):
    with pytest.raises(QuorateError, match="Waited 60 s .*: web has 1 of 2 tasks running. See why with 'docker service ps") as error:
        run(manager)
    assert error.value.facts["services"][0]["running"] == 1 and clock.now == 60


def test_a_swarm_without_services_has_all(manager):
    manager.raw["services"] = []
    assert run(manager).facts == {"services": []}


def test_past_tasks_do_not_count(manager, clock):
    manager.raw["tasks"].append(task("2"))
    clock.events.append((5, lambda: manager.raw["tasks"].append(task("3"))))
    assert [entry["id"] for entry in run(manager, past_tasks=["2"]).facts["services"][0]["tasks"]] == ["1", "3"]


def test_an_election_is_waited_for(manager):
    manager.raw["tasks"].append(task("2"))
    manager.swarm.electing = 3
    assert run(manager).facts["services"][0]["converged"]


def test_managers_that_find_no_leader_are_told(manager, clock):
    manager.swarm.electing = 1000
    with pytest.raises(EngineError, match="does not have a leader"):
        run(manager)


def test_a_host_that_is_no_manager_is_refused(world, manager):
    with pytest.raises(Refusal, match="cannot tell which services run"):
        run(Host(world, "w4", "10.0.0.4").become(manager.swarm))
