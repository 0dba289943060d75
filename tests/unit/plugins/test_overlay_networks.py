# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module against an engine in memory, with the delays and refusals of a real one."""

from __future__ import annotations

import copy
import functools

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import overlay_networks


class Killed(BaseException):
    """The process ends here; nothing in the module may catch it."""


def attached_task(network_id, desired_state, attachment=None):
    return {
        "ID": "t1",
        "NodeID": "n4",
        "Spec": {"NetworkAttachmentSpec": attachment, "Networks": [{"Target": network_id}]},
        "DesiredState": desired_state,
        "Status": {"State": "running"},
    }


class FakeEngine:
    def __init__(self, role="manager"):
        self.role = role
        self.cluster_networks = {}
        self.serving = []
        self.attached = []
        self.ending = 0
        self.holding = 0
        self.killed_before = None
        self.allocates = True
        self.writes = []
        self.looks_until_gone = 2
        self.status_of_missing = 404
        self._leaving = {}

    def info(self):
        managers = [{"NodeID": "n1", "Addr": "10.10.10.88:2377"}]
        swarm = {"LocalNodeState": "active", "ControlAvailable": self.role == "manager", "RemoteManagers": managers}
        return {"Swarm": swarm}

    def swarm(self):
        return {"DefaultAddrPool": ["10.0.0.0/8"], "SubnetSize": 24}

    def networks(self):
        for network_id in list(self._leaving):
            self._leaving[network_id] -= 1
            if self._leaving[network_id] < 0:
                del self._leaving[network_id]
                del self.cluster_networks[network_id]
        listed = copy.deepcopy(list(self.cluster_networks.values()))
        for network in self.cluster_networks.values():
            network["looks"] += 1
            if network["looks"] > 1 and self.allocates:
                network["Driver"] = "overlay"
        return listed

    def network(self, network_id):
        if network_id not in self.cluster_networks:
            raise EngineError("The engine refused: network not found.", status=self.status_of_missing)
        self.holding -= 1
        return {"Containers": {"c0ffee": {"Name": "web.1"}} if self.holding >= 0 else {}}

    def network_create(self, name, **request):
        self._record("create", name)
        assert name not in [network["Name"] for network in self.cluster_networks.values()], "the name is taken"
        network_id = "id%d" % len(self.writes)
        self.cluster_networks[network_id] = {
            "Id": network_id,
            "Name": name,
            "Driver": "",
            "Scope": "swarm",
            "Attachable": request.get("attachable", False),
            "Ingress": request.get("ingress", False),
            "Options": dict(request["options"]),
            "Labels": request.get("labels"),
            "IPAM": {"Config": (request.get("ipam") or {}).get("Config", [{"Subnet": "10.0.1.0/24", "Gateway": "10.0.1.1"}])},
            "looks": 0,
        }
        return network_id

    def network_remove(self, network_id):
        if network_id not in self.cluster_networks or network_id in self._leaving:
            raise EngineError("The engine refused: network not found.", status=self.status_of_missing)
        self._record("remove", network_id)
        if self.serving:
            raise EngineError("The engine refused: network %s is in use by task t1." % network_id, status=400)
        self._leaving[network_id] = self.looks_until_gone

    def services(self):
        return [
            {"ID": name, "Spec": {"Name": name, "TaskTemplate": {"Networks": [{"Target": i} for i in self.cluster_networks]}}}
            for name in self.serving
        ]

    def tasks(self):
        self.ending -= 1
        return [attached_task(i, "remove") for i in self.cluster_networks if self.ending >= 0]

    def attachments(self):
        return [attached_task(i, "running", {"ContainerID": "c0ffee000000beef"}) for i in self.attached]

    def nodes(self):
        return [{"ID": "n4", "Description": {"Hostname": "node4"}, "Status": {"State": "ready"}}]

    def containers(self):
        return []

    def _record(self, action, what):
        if self.killed_before == action:
            raise Killed()
        self.writes.append((action, what))


@pytest.fixture
def engine(monkeypatch):
    without_pauses = functools.partial(overlay_networks.wait_until, pause=lambda seconds: None)
    monkeypatch.setattr(overlay_networks, "wait_until", without_pauses)
    monkeypatch.setattr(overlay_networks, "local_routes", list)
    return FakeEngine()


def run(engine, *wishes, check_mode=False, **params):
    options = ("attachable", "encrypted", "mtu", "subnets", "internal", "ingress", "labels", "driver_options")
    listed = [dict(dict.fromkeys(options), **dict({"state": "present"}, **wish)) for wish in wishes]
    params = dict({"networks": listed, "recreate": "never", "wait_timeout": 5}, **params)
    return overlay_networks.execute(engine, params, check_mode)


DEMO = {"name": "demo", "attachable": True, "encrypted": True}
DATA = {"name": "data", "subnets": [{"subnet": "10.20.0.0/24", "gateway": None, "ip_range": None}]}


def test_several_networks_are_created_and_complete_in_one_run(engine):
    outcome = run(engine, DEMO, DATA)
    assert outcome.changed
    assert outcome.actions == ["create the network demo", "create the network data"]
    assert [(n["name"], n["encrypted"]) for n in outcome.facts["networks"]] == [("demo", True), ("data", False)]
    assert all(network["Driver"] == "overlay" for network in engine.networks())


def test_a_second_run_changes_nothing(engine):
    run(engine, DEMO, DATA)
    writes = list(engine.writes)
    outcome = run(engine, DEMO, DATA, recreate="unused")
    assert (outcome.changed, outcome.actions, outcome.before, outcome.after) == (False, [], {}, {})
    assert engine.writes == writes


@pytest.mark.parametrize("spelling", ["", "true"])
def test_no_spelling_of_encryption_is_a_difference(engine, spelling):
    run(engine, DEMO)
    next(iter(engine.cluster_networks.values()))["Options"]["encrypted"] = spelling
    assert not run(engine, DEMO, recreate="unused").changed


def test_dropped_encryption_is_seen(engine):
    run(engine, DEMO)
    with pytest.raises(Refusal, match="encrypted is true, not false"):
        run(engine, dict(DEMO, encrypted=False))


def test_check_mode_foretells_the_real_run_and_does_nothing(engine):
    run(engine, DEMO)
    writes = list(engine.writes)
    wishes = (dict(DEMO, mtu=1400), DATA)
    foretold = run(engine, *wishes, check_mode=True, recreate="unused")
    assert engine.writes == writes
    real = run(engine, *wishes, recreate="unused")
    assert (foretold.changed, foretold.actions) == (real.changed, real.actions)
    assert (foretold.before, foretold.after) == (real.before, real.after)
    assert foretold.before == {"demo": {"mtu": None}, "data": {"state": "absent"}}


@pytest.mark.parametrize("killed_before", ["remove", "create"])
def test_a_run_that_was_killed_while_making_anew_ends_right_when_run_again(engine, killed_before):
    run(engine, DEMO)
    engine.killed_before = killed_before
    with pytest.raises(Killed):
        run(engine, dict(DEMO, mtu=1400), recreate="unused")
    engine.killed_before = None
    outcome = run(engine, dict(DEMO, mtu=1400), recreate="unused")
    assert outcome.facts["networks"][0]["mtu"] == 1400
    assert outcome.facts["networks"][0]["attachable"]
    assert not run(engine, dict(DEMO, mtu=1400), recreate="unused").changed


def test_a_network_that_an_earlier_run_had_just_asked_for_is_awaited(engine):
    engine.network_create("demo", options={"encrypted": ""}, attachable=True)
    assert not run(engine, DEMO).changed


def test_a_network_that_the_managers_do_not_complete_is_removed_again(engine):
    engine.allocates = False
    engine.looks_until_gone = 0
    with pytest.raises(TimeLimitExceeded, match="the network demo had its driver and subnet.*was removed again"):
        run(engine, DEMO, wait_timeout=0)
    assert engine.networks() == []


def test_a_network_that_was_never_completed_is_an_error_with_advice_and_can_be_removed(engine):
    engine.allocates = False
    engine.network_create("demo", options={})
    with pytest.raises(TimeLimitExceeded, match="state=absent.*nothing yet for demo"):
        run(engine, DEMO, wait_timeout=0)
    assert run(engine, {"name": "demo", "state": "absent"}).changed
    assert engine.networks() == []


@pytest.mark.parametrize("status_of_missing", [404, 500])
def test_removal_waits_until_the_network_is_really_gone(engine, status_of_missing):
    run(engine, DEMO)
    engine.status_of_missing = status_of_missing
    assert run(engine, {"name": "demo", "state": "absent"}).changed
    assert engine.cluster_networks == {}
    assert not run(engine, {"name": "demo", "state": "absent"}).changed


def test_the_wait_for_a_removal_is_bounded(engine):
    run(engine, DEMO)
    engine.looks_until_gone = 10**6
    with pytest.raises(TimeLimitExceeded, match="the network demo .* was gone; seen last: the swarm is about to remove it"):
        run(engine, {"name": "demo", "state": "absent"}, wait_timeout=0)
    with pytest.raises(TimeLimitExceeded, match="the swarm no longer has it, but this manager's engine holds on to it. Restart"):
        run(engine, {"name": "demo", "state": "absent"}, wait_timeout=0)


@pytest.mark.parametrize("what", ["ending", "holding"])
def test_removal_waits_until_what_is_ending_has_let_go(engine, what):
    run(engine, DEMO)
    setattr(engine, what, 3)
    assert run(engine, {"name": "demo", "state": "absent"}).changed
    assert getattr(engine, what) < 0


def test_the_wait_for_tasks_that_are_ending_is_bounded_and_removes_nothing(engine):
    run(engine, DEMO)
    engine.ending = 10**6
    with pytest.raises(TimeLimitExceeded, match="had let go of the network demo; seen last: task t1 on node4"):
        run(engine, {"name": "demo", "state": "absent"}, wait_timeout=0)
    assert "remove" not in [action for action, what in engine.writes]


def test_a_network_in_use_is_not_touched(engine):
    run(engine, DEMO)
    engine.serving = ["web"]
    writes = list(engine.writes)
    with pytest.raises(Refusal, match="in use by service web"):
        run(engine, dict(DEMO, mtu=1400), recreate="unused")
    assert engine.writes == writes


def test_a_standalone_container_on_another_host_is_a_user(engine):
    run(engine, DEMO)
    engine.attached = list(engine.cluster_networks)
    with pytest.raises(Refusal, match="in use by container c0ffee000000 on node4"):
        run(engine, {"name": "demo", "state": "absent"})


def test_the_engines_own_refusal_becomes_a_sentence_with_the_users(engine, monkeypatch):
    run(engine, DEMO)
    looks = []

    def services_that_appear_late():
        looks.append(1)
        return FakeEngine.services(engine) if len(looks) > 1 else []

    engine.serving = ["web"]
    monkeypatch.setattr(engine, "services", services_that_appear_late)
    with pytest.raises(Refusal, match="demo was not removed. The engine refused: .* in use by service web; stop or remove"):
        run(engine, {"name": "demo", "state": "absent"})


def test_a_worker_is_refused_with_the_managers_names(engine, names):
    names["10.10.10.88"] = "node1"
    engine.role = "worker"
    with pytest.raises(Refusal, match=r"only a manager can. Run it on one of its managers: node1 at 10\.10\.10\.88:2377") as refusal:
        run(engine, DEMO)
    assert refusal.value.facts["managers"] == [{"addr": "10.10.10.88:2377", "node_id": "n1", "name": "node1"}]


def test_nothing_is_made_if_one_of_several_is_refused(engine):
    clashing = {"name": "clash", "subnets": [{"subnet": "10.20.0.0/16"}]}
    with pytest.raises(Refusal, match="overlaps"):
        run(engine, DEMO, DATA, clashing)
    assert engine.writes == []
