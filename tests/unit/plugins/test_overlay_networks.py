# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module overlay_networks on swarms in memory."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import overlay_networks
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host, disturb
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import Killed


@pytest.fixture
def manager(world):
    return Host(world, "node1", "10.10.10.88").become(Swarm(world), "manager")


@pytest.fixture
def networks(manager):
    return manager.swarm.networks


@pytest.fixture
def node4(world, manager):
    return Host(world, "node4", "10.10.10.91").become(manager.swarm)


def attached_task(host, desired_state, **attachment):
    """A task on a host that runs with the network demo still."""
    spec = dict(attachment, Networks=[{"Target": host.swarm.networks.named("demo")["Id"]}])
    return {"ID": "t1", "NodeID": host.node_id, "Spec": spec, "DesiredState": desired_state, "Status": {"State": "running"}}


def web(networks):
    """A service with the network demo."""
    return {"ID": "s1", "Spec": {"Name": "web", "TaskTemplate": {"Networks": [{"Target": networks.named("demo")["Id"]}]}}}


def run(host, *wishes, check_mode=False, **options):
    said = ("attachable", "encrypted", "mtu", "subnets", "internal", "ingress", "labels", "driver_options")
    params = dict({"recreate": "never", "wait_timeout": 60}, **options)
    params["networks"] = [dict(dict.fromkeys(said), **dict({"state": "present"}, **wish)) for wish in wishes]
    return overlay_networks.execute(Engine(host), params, check_mode)


DEMO = {"name": "demo", "attachable": True, "encrypted": True}
DATA = {"name": "data", "subnets": [{"subnet": "10.20.0.0/24", "gateway": None, "ip_range": None}]}
NO_DEMO = {"name": "demo", "state": "absent"}


def test_several_networks_are_created_and_complete_in_one_run(manager, networks):
    outcome = run(manager, DEMO, DATA)
    assert outcome.changed
    assert outcome.actions == ["create the network demo", "create the network data"]
    assert [(n["name"], n["encrypted"]) for n in outcome.facts["networks"]] == [("demo", True), ("data", False)]
    assert [entry["Driver"] for entry in networks.entries.values()] == ["overlay", "overlay"]


def test_a_second_run_changes_nothing(world, manager):
    run(manager, DEMO, DATA)
    written = list(world.journal)
    outcome = run(manager, DEMO, DATA, recreate="unused")
    assert (outcome.changed, outcome.actions, outcome.before, outcome.after) == (False, [], {}, {})
    assert world.journal == written


@pytest.mark.parametrize("spelling", ["", "true"])
def test_no_spelling_of_encryption_is_a_difference(manager, networks, spelling):
    run(manager, DEMO)
    networks.named("demo")["Options"]["encrypted"] = spelling
    assert not run(manager, DEMO, recreate="unused").changed


def test_dropped_encryption_is_seen(manager):
    run(manager, DEMO)
    with pytest.raises(Refusal, match="encrypted is true, not false"):
        run(manager, dict(DEMO, encrypted=False))


def test_check_mode_foretells_the_real_run_and_does_nothing(world, manager):
    run(manager, DEMO)
    written = list(world.journal)
    wishes = (dict(DEMO, mtu=1400), DATA)
    foretold = run(manager, *wishes, check_mode=True, recreate="unused")
    assert world.journal == written
    real = run(manager, *wishes, recreate="unused")
    assert (foretold.changed, foretold.actions) == (real.changed, real.actions)
    assert (foretold.before, foretold.after) == (real.before, real.after)
    assert foretold.before == {"demo": {"mtu": None}, "data": {"state": "absent"}}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [pytest.param(1, id="removal"), pytest.param(2, id="creation")])
def test_a_run_that_was_killed_while_making_anew_ends_right_when_run_again(world, manager, number, moment):
    run(manager, DEMO)
    world.kill = (number, moment)
    with pytest.raises(Killed):
        run(manager, dict(DEMO, mtu=1400), recreate="unused")
    world.kill = None
    outcome = run(manager, dict(DEMO, mtu=1400), recreate="unused")
    assert outcome.facts["networks"][0]["mtu"] == 1400
    assert outcome.facts["networks"][0]["attachable"]
    assert not run(manager, dict(DEMO, mtu=1400), recreate="unused").changed


def test_the_killed_runs_cover_all_writes(world, manager):
    run(manager, DEMO)
    run(manager, dict(DEMO, mtu=1400), recreate="unused")
    assert world.journal == ["create the network demo", "remove the network demo", "create the network demo"]


def test_a_network_that_an_earlier_run_had_just_asked_for_is_awaited(manager):
    manager.create_network("demo", driver="overlay", options={"encrypted": ""}, attachable=True)
    assert not run(manager, DEMO).changed


def test_a_network_that_the_managers_do_not_complete_is_removed_again(manager, networks):
    networks.looks_until_allocated = 10**6
    networks.looks_until_gone = 0
    with pytest.raises(TimeLimitExceeded, match="the network demo had its driver and subnet.*was removed again"):
        run(manager, DEMO, wait_timeout=0)
    assert manager.networks() == []


def test_a_network_that_was_never_completed_is_an_error_with_advice_and_can_be_removed(manager, networks):
    networks.looks_until_allocated = 10**6
    manager.create_network("demo", driver="overlay", options={})
    with pytest.raises(TimeLimitExceeded, match="state=absent.*nothing yet for demo"):
        run(manager, DEMO, wait_timeout=0)
    assert run(manager, NO_DEMO).changed
    assert manager.networks() == []


@pytest.mark.parametrize("status_of_missing", [404, 500])
def test_removal_waits_until_the_network_is_really_gone(manager, networks, status_of_missing):
    run(manager, DEMO)
    networks.status_of_missing = status_of_missing
    assert run(manager, NO_DEMO).changed
    assert networks.entries == {}
    assert not run(manager, NO_DEMO).changed


@pytest.mark.parametrize("status_of_missing", [404, 500])
@pytest.mark.parametrize("call", ["inspect_network", "remove_network"])
def test_a_network_that_somebody_else_removes_at_the_same_time(manager, networks, call, status_of_missing):
    run(manager, DEMO)
    networks.status_of_missing = status_of_missing
    disturb(manager, call, networks.entries.clear)
    assert run(manager, NO_DEMO).changed


def test_the_wait_for_a_removal_is_bounded(manager, networks):
    run(manager, DEMO)
    networks.looks_until_gone = 10**6
    with pytest.raises(TimeLimitExceeded, match="the network demo .* was gone; seen last: the swarm is about to remove it"):
        run(manager, NO_DEMO, wait_timeout=0)
    with pytest.raises(TimeLimitExceeded, match="the swarm no longer has it, but this manager's engine holds on to it. Restart"):
        run(manager, NO_DEMO, wait_timeout=0)


@pytest.mark.parametrize("what", ["a task that is ending", "a container"])
def test_removal_waits_until_what_is_ending_has_let_go(world, clock, manager, networks, node4, what):
    def let_go():
        networks.held, manager.raw["tasks"] = {}, []
        world.journal.append("%s lets go" % what)

    run(manager, DEMO)
    if what == "a container":
        networks.held = {"c0ffee": {"Name": "web.1"}}
    else:
        manager.raw["tasks"] = [attached_task(node4, "remove")]
    clock.events.append((clock.now + 3, let_go))
    assert run(manager, NO_DEMO).changed
    assert world.journal == ["create the network demo", "%s lets go" % what, "remove the network demo"]


def test_the_wait_for_tasks_that_are_ending_is_bounded_and_removes_nothing(world, manager, node4):
    run(manager, DEMO)
    manager.raw["tasks"] = [attached_task(node4, "remove")]
    with pytest.raises(TimeLimitExceeded, match="had let go of the network demo; seen last: task t1 on node4"):
        run(manager, NO_DEMO, wait_timeout=0)
    assert world.journal == ["create the network demo"]


def test_a_network_in_use_is_not_touched(world, manager, networks):
    run(manager, DEMO)
    manager.raw["services"] = [web(networks)]
    with pytest.raises(Refusal, match="in use by service web"):
        run(manager, dict(DEMO, mtu=1400), recreate="unused")
    assert world.journal == ["create the network demo"]


def test_a_standalone_container_on_another_host_is_a_user(manager, node4):
    run(manager, DEMO)
    manager.raw["tasks"] = [attached_task(node4, "running", NetworkAttachmentSpec={"ContainerID": "c0ffee000000beef"})]
    with pytest.raises(Refusal, match="in use by container c0ffee000000 on node4"):
        run(manager, NO_DEMO)


def test_the_engines_own_refusal_becomes_a_sentence_with_the_users(manager, networks):
    run(manager, DEMO)
    disturb(manager, "remove_network", lambda: manager.raw["services"].append(web(networks)))
    with pytest.raises(Refusal, match="demo was not removed. The engine refused: .* in use by service web; stop or remove"):
        run(manager, NO_DEMO)


def test_a_worker_is_refused_with_the_managers_names(manager, node4, names):
    names["10.10.10.88"] = "node1"
    with pytest.raises(Refusal, match=r"only a manager can. Run it on one of its managers: node1 at 10\.10\.10\.88:2377") as refusal:
        run(node4, DEMO)
    assert refusal.value.facts["managers"] == [{"addr": "10.10.10.88:2377", "node_id": manager.node_id, "name": "node1"}]


def test_nothing_is_made_if_one_of_several_is_refused(world, manager):
    clashing = {"name": "clash", "subnets": [{"subnet": "10.20.0.0/16"}]}
    with pytest.raises(Refusal, match="overlaps"):
        run(manager, DEMO, DATA, clashing)
    assert world.journal == []
