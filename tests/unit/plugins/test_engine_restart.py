# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that are restarted: which the swarm cannot do without, and when one is back."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import restarts
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.membership import Membership
from ansible_collections.quorate.swarm.plugins.modules import engine_restart
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm

# Decisions


def node(node_id="A", state="ready", reachability="reachable", role="manager"):
    status = {"ManagerStatus": {"Reachability": reachability}} if reachability else {}
    return dict({"ID": node_id, "Spec": {"Role": role}, "Description": {"Hostname": "h-" + node_id}, "Status": {"State": state}}, **status)


def view(state="active", is_manager=False, nodes=None, error=None, cluster_id="ONE"):
    return restarts.View(Membership(state, node_id="A", cluster_id=cluster_id, is_manager=is_manager, error=error), nodes)


MANAGER = view(is_manager=True, nodes=[node()])
WORKER = view()


@pytest.mark.parametrize(
    "before, now, expected",
    [
        (WORKER, None, "the engine does not answer"),
        (WORKER, WORKER, ""),
        (WORKER, view("pending"), "its node is starting"),
        (None, view("pending", cluster_id=None), ""),
        (WORKER, view("error", error="no such certificate"), "its membership in the swarm is error: no such certificate"),
        (WORKER, view("inactive"), "its membership in the swarm is inactive"),
        (view("error"), view("error"), ""),
        (view("inactive"), view("inactive"), ""),
        (None, view("error"), ""),
        (None, WORKER, ""),
        (MANAGER, MANAGER, ""),
        (None, MANAGER, ""),
        (MANAGER, view("locked"), ""),
        (MANAGER, WORKER, "its manager has not started"),
        (WORKER, view(is_manager=True), "the managers have no leader"),
        (MANAGER, view(is_manager=True, nodes=[node("B")]), "the managers do not know its node"),
        (MANAGER, view(is_manager=True, nodes=[node(state="down")]), "the managers hold its node for down and reachable"),
        (MANAGER, view(is_manager=True, nodes=[node(reachability="unreachable")]), "the managers hold its node for ready and unreachable"),
        (MANAGER, view(is_manager=True, nodes=[node(reachability=None)]), "the managers hold its node for ready and no manager yet"),
    ],
)
def test_what_an_engine_still_lacks(before, now, expected):
    assert restarts.missing(before, now) == expected


def test_a_locked_manager_is_not_back_while_it_is_being_unlocked():
    assert restarts.missing(MANAGER, view("locked"), unlocks=True) == "its manager is locked"
    assert restarts.missing(MANAGER, MANAGER, unlocks=True) == ""


@pytest.mark.parametrize(
    "seen, expected",
    [(None, False), (WORKER, False), (view("locked"), False), (view(is_manager=True), False), (MANAGER, True)],
)
def test_who_can_be_asked_for_the_unlock_key(seen, expected):
    assert restarts.has_key(seen) is expected


@pytest.mark.parametrize(
    "seen",
    [
        None,
        WORKER,
        view("inactive"),
        MANAGER,
        view(is_manager=True),
        view(is_manager=True, nodes=[node(), node("B")]),
        view(is_manager=True, nodes=[node(), node("B"), node("C")]),
        view(is_manager=True, nodes=[node(), node("B"), node("C"), node("D", "down", None, "worker")]),
    ],
)
def test_an_engine_that_can_be_done_without(seen):
    assert restarts.refuse(seen) is None


def test_a_manager_without_which_the_quorum_would_be_lost():
    seen = view(is_manager=True, nodes=[node(), node("B"), node("C", "down", "unreachable")])
    with pytest.raises(Refusal) as refusal:
        restarts.refuse(seen)
    assert str(refusal.value) == (
        "The swarm would lose its quorum while h-A does not answer: of 3 managers 1 would answer, 2 are needed (unreachable: h-C). "
        "Bring the unreachable managers back first. The engine was not restarted."
    )


# The module


class Service:
    """The engine of a host as systemctl restarts it."""

    def __init__(self, host):
        self.host = host
        self.restarts = []
        self.comes_back = lambda: None

    def reach(self):
        if self.host.state == "stopped":
            raise EngineError("No Docker engine answers.")
        return Engine(self.host)

    def restart(self, name):
        self.restarts.append(name)
        self.host.state = "pending" if self.host.swarm else "inactive"
        self.host.looks_until_active = 3
        key = self.host.swarm and self.host.swarm.is_manager(self.host.node_id) and self.host.swarm.settings.unlock_key
        if key:
            self.host.lock(key)
        self.comes_back()


@pytest.fixture
def swarm(world):
    return Swarm(world)


@pytest.fixture
def managers(world, swarm):
    return [Host(world, "m%d" % n, "10.0.0.%d" % n).become(swarm, "manager") for n in (1, 2, 3)]


@pytest.fixture
def serve(monkeypatch):
    def serve(host):
        service = Service(host)
        monkeypatch.setattr(engine_restart, "restart", service.restart)
        return service

    return serve


def run(service, check_mode=False):
    return engine_restart.execute(service.reach, {"service": "docker", "wait_timeout": 60}, check_mode)


def test_a_manager_is_restarted_and_back(serve, managers):
    service = serve(managers[0])
    outcome = run(service)
    assert (outcome.changed, service.restarts, outcome.actions) == (True, ["docker"], ["restart the engine"])
    assert (outcome.facts["swarm"]["state"], outcome.facts["swarm"]["role"]) == ("active", "manager")


def test_check_mode_foretells_and_restarts_nothing(serve, managers):
    service = serve(managers[0])
    outcome = run(service, check_mode=True)
    assert (outcome.changed, outcome.actions, service.restarts) == (True, ["restart the engine"], [])


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_restart_that_would_cost_the_quorum_is_refused(serve, swarm, managers, check_mode):
    swarm.lose(managers[1].node_id)
    service = serve(managers[2])
    with pytest.raises(Refusal, match=r"would lose its quorum while m3 does not answer.*\(unreachable: m2\)"):
        run(service, check_mode)
    assert service.restarts == []


def test_an_election_is_given_time_before_the_majority_is_counted(serve, swarm, managers):
    swarm.lose(managers[1].node_id)
    swarm.electing = 3
    with pytest.raises(Refusal, match="unreachable: m2"):
        run(serve(managers[2]))


def test_a_manager_that_has_just_come_back_is_given_time_to_be_reachable(serve, swarm, managers, clock):
    entry = swarm.entries[managers[1].node_id]
    before = copy.deepcopy(entry)
    swarm.lose(managers[1].node_id)
    clock.events.append((10, lambda: entry.update(before)))
    service = serve(managers[2])
    run(service)
    assert service.restarts == ["docker"]


def test_a_manager_that_is_just_starting_is_given_time_before_the_majority_is_counted(serve, swarm, managers):
    swarm.lose(managers[1].node_id)
    managers[2].state, managers[2].looks_until_active = "pending", 3
    with pytest.raises(Refusal, match="unreachable: m2"):
        run(serve(managers[2]))


def test_a_manager_without_quorum_is_restarted_and_missed_where_none_comes(serve, swarm, managers, clock):
    for host in managers[:2]:
        swarm.lose(host.node_id)
    service = serve(managers[2])
    with pytest.raises(TimeLimitExceeded, match="seen last: the managers have no leader"):
        run(service)
    assert service.restarts == ["docker"] and clock.now == 120


def test_an_engine_that_does_not_answer_is_restarted(serve, managers):
    service = serve(managers[0])
    managers[0].state = "stopped"
    assert run(service).facts["swarm"]["state"] == "active"


def test_check_mode_on_an_engine_that_does_not_answer(serve, managers):
    managers[0].state = "stopped"
    assert run(serve(managers[0]), check_mode=True).facts == {"swarm": None, "members": []}


def test_a_worker(serve, world, swarm, managers):
    worker = Host(world, "w4", "10.0.0.4").become(swarm)
    assert run(serve(worker)).facts["swarm"]["role"] == "worker"


def test_a_host_in_no_swarm(serve, world):
    assert run(serve(Host(world, "h5", "10.0.0.5"))).changed


def test_an_engine_that_stays_away_is_waited_for_until_the_limit(serve, managers, clock):
    service = serve(managers[0])
    service.comes_back = lambda: setattr(managers[0], "state", "stopped")
    with pytest.raises(TimeLimitExceeded, match="Waited 60 s until the restarted engine was back; seen last: the engine does not answer."):
        run(service)
    assert clock.now == 60


def container(name, state="running"):
    return {"Id": name, "State": state, "Labels": {"quorate.member": name}}


@pytest.fixture
def with_members(managers):
    """A host on which one member of a cluster runs and another one does not."""
    other = {"Id": "web", "State": "running", "Labels": None}
    managers[0].raw["containers"] = [container("zoo1"), container("zoo9", "exited"), other]
    return managers[0]


def test_members_of_clusters_that_ran_are_waited_for(serve, with_members, clock):
    service = serve(with_members)
    service.comes_back = lambda: with_members.raw.update(containers=[container("zoo1", "exited")])
    clock.events.append((50, lambda: with_members.raw.update(containers=[container("zoo1")])))
    assert run(service).facts["members"] == ["zoo1"]
    assert clock.now >= 50


def test_a_member_that_does_not_come_back_is_told(serve, with_members):
    service = serve(with_members)
    service.comes_back = lambda: with_members.raw.update(containers=[])
    with pytest.raises(TimeLimitExceeded, match="until the members of clusters on this host ran again; seen last: zoo1 does not run"):
        run(service)


def test_a_manager_that_stays_locked_has_no_network_for_its_members(serve, with_members):
    before = restarts.View(Membership("active"), members=frozenset({"zoo1"}))
    assert restarts.members_missing(before, view("locked")) == ""
    assert restarts.members_missing(before, None) == "the engine does not answer"
    assert restarts.members_missing(None, WORKER) == ""


KEY = "SWMKEY-1-held-in-memory"


@pytest.fixture
def autolock(swarm, managers):
    swarm.settings.unlock_key = KEY


def told(outcome):
    return json.dumps(dataclasses.asdict(outcome))


def test_managers_that_lock_themselves_are_unlocked_one_after_the_other(serve, managers, autolock):
    for host in managers:
        outcome = run(serve(host))
        assert (host.state, outcome.facts["swarm"]["state"], outcome.warnings) == ("active", "active", [])
        assert KEY not in told(outcome)


def test_the_unlock_key_is_not_asked_for_in_check_mode(serve, managers, autolock):
    managers[0].get_unlock_key = None
    assert run(serve(managers[0]), check_mode=True).changed


def test_an_unlocking_that_outlasts_its_call_is_waited_for(serve, managers, autolock):
    def slow():
        unlock(KEY)
        refuse(500, "Timeout was reached before node was unlocked")

    unlock = managers[0].unlock_swarm
    managers[0].unlock_swarm = lambda key: slow()
    outcome = run(serve(managers[0]))
    assert (outcome.facts["swarm"]["state"], outcome.warnings) == ("active", [])


@pytest.mark.parametrize("found", ["another key", "no leader"])
def test_a_manager_that_cannot_be_unlocked_is_back_with_a_warning(serve, swarm, managers, autolock, found):
    service = serve(managers[0])
    if found == "another key":
        service.comes_back = lambda: managers[0].lock("SWMKEY-1-made-anew")
    else:
        for host in managers[1:]:
            swarm.lose(host.node_id)
    outcome = run(service)
    [warning] = outcome.warnings
    assert warning.startswith("The engine answers again, but its manager is locked")
    assert outcome.facts["swarm"]["state"] == "locked" and "SWMKEY" not in told(outcome)


def test_the_unlock_key_is_in_no_error(serve, managers, autolock):
    service = serve(managers[0])
    managers[0].unlock_swarm = lambda key: refuse(500, "no quorum")
    with pytest.raises(TimeLimitExceeded, match="seen last: its manager is locked") as error:
        run(service)
    assert "SWMKEY" not in str(error.value)


# systemctl


@pytest.fixture
def systemctl(tmp_path, monkeypatch):
    """A program of that name with a body of its own."""

    def make(body):
        program = tmp_path / "systemctl"
        program.write_text("#!/bin/sh\n" + body, encoding="utf-8")
        program.chmod(0o755)
        return tmp_path / "told"

    monkeypatch.setenv("PATH", "%s:/bin:/usr/bin" % tmp_path)
    return make


def test_systemctl_is_told_which_unit(systemctl, tmp_path):
    told = systemctl('echo "$@" > "%s/told"\n' % tmp_path)
    engine_restart.restart("docker")
    assert told.read_text(encoding="utf-8") == "restart docker\n"


def test_what_systemctl_says_of_an_engine_that_does_not_start_is_told(systemctl):
    systemctl("echo 'Job for docker.service failed.' >&2\nexit 1\n")
    with pytest.raises(QuorateError, match="did not come back: Job for docker.service failed. Read 'journalctl -u docker'"):
        engine_restart.restart("docker")


def test_an_engine_that_does_not_end_is_not_waited_for_without_limit(systemctl, monkeypatch):
    systemctl("exec sleep 30\n")
    monkeypatch.setattr(engine_restart, "RESTART_LIMIT", 1)
    with pytest.raises(QuorateError, match="was told to restart 1 s ago"):
        engine_restart.restart("docker")


def test_a_host_without_systemd(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(QuorateError, match="no systemctl on this host"):
        engine_restart.restart("docker")
