# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module swarm_settings on swarms in memory."""

from __future__ import annotations

import dataclasses
import json

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.engine import UPDATE_ATTEMPTS, Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.swarm_spec import PATHS
from ansible_collections.quorate.swarm.plugins.modules import swarm_settings
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host, disturb
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.settings import NEW_SWARM, pem
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import Killed

OWN_ROOT, OWN_KEY = pem("a root of one's own"), pem("its key", "PRIVATE KEY")
OWN_CA = {"rotate_ca": True, "signing_ca_cert": OWN_ROOT, "signing_ca_key": OWN_KEY}
LOG_DRIVER = {"name": "json-file", "options": {"max-file": 3}}


@pytest.fixture
def hosts(world):
    """A swarm of m1, m2, m3 and w1; the engine of m1 is asked."""
    swarm = Swarm(world)
    hosts = [Host(world, "m%d" % n, "10.0.0.%d" % n).become(swarm, "manager") for n in (1, 2, 3)]
    hosts.append(Host(world, "w1", "10.0.1.1").become(swarm))
    return {host.hostname: host for host in hosts}


@pytest.fixture
def manager(hosts):
    return hosts["m1"]


@pytest.fixture
def known(manager):
    """What the managers know of the swarm as a whole."""
    return manager.swarm.settings


def run(host, check_mode=False, **options):
    unsaid = dict.fromkeys(list(PATHS) + ["labels_to_remove", "subnet_size", "data_path_port", "signing_ca_cert", "signing_ca_key"])
    switches = dict.fromkeys(("rotate_worker_token", "rotate_manager_token", "rotate_unlock_key", "rotate_ca", "unlock_key"), False)
    params = dict(unsaid, labels_state="merge", default_addr_pool=[], wait_timeout=60, **switches)
    return swarm_settings.execute(Engine(host), dict(params, **options), check_mode)


SETTINGS = {
    "dispatcher_heartbeat_period": "10s",
    "snapshot_interval": 500,
    "keep_old_snapshots": 2,
    "log_entries_for_slow_followers": 0,
    "election_tick": 20,
    "heartbeat_tick": 2,
    "task_history_retention_limit": 2,
    "node_cert_expiry": "720h",
    "external_cas": [{"url": "https://ca:8888", "protocol": "cfssl", "ca_cert": None, "options": None}],
    "autolock": True,
    "labels": {"site": "north"},
}


def test_all_settings_in_one_task(world, manager, known):
    outcome = run(manager, **SETTINGS)
    assert outcome.changed
    assert set(outcome.before) == set(outcome.after) == set(SETTINGS)
    assert outcome.after["node_cert_expiry"] == outcome.facts["settings"]["node_cert_expiry"] == "720h"
    assert known.spec["Raft"] == {
        "SnapshotInterval": 500,
        "KeepOldSnapshots": 2,
        "LogEntriesForSlowFollowers": 0,
        "ElectionTick": 20,
        "HeartbeatTick": 2,
    }
    assert known.spec["Dispatcher"] == {"HeartbeatPeriod": 10 * 10**9}
    assert known.spec["EncryptionConfig"] == {"AutoLockManagers": True}
    assert world.journal == ["update the swarm"]


def test_a_second_run_changes_nothing(world, manager):
    first = run(manager, **SETTINGS)
    written = list(world.journal)
    outcome = run(manager, **SETTINGS)
    assert (outcome.changed, outcome.actions, outcome.before, outcome.after) == (False, [], {}, {})
    assert (world.journal, outcome.facts) == (written, first.facts)


EVERYTHING = dict(SETTINGS, rotate_worker_token=True, rotate_manager_token=True, rotate_unlock_key=True, rotate_ca=True)


def test_check_mode_changes_nothing_and_tells_the_same(world, manager, known):
    before = (known.told(), dict(manager.swarm.tokens), known.unlock_key)
    foretold = run(manager, check_mode=True, **EVERYTHING)
    assert (world.journal, (known.told(), dict(manager.swarm.tokens), known.unlock_key)) == ([], before)
    done = run(manager, **EVERYTHING)
    assert (foretold.changed, foretold.actions, foretold.before, foretold.after) == (True, done.actions, done.before, done.after)


def test_a_run_without_wishes_tells_the_settings(world, manager):
    outcome = run(manager)
    assert (outcome.changed, world.journal) == (False, [])
    assert outcome.facts["settings"] == {
        "dispatcher_heartbeat_period": "5s",
        "snapshot_interval": 10000,
        "keep_old_snapshots": 0,
        "log_entries_for_slow_followers": 500,
        "election_tick": 10,
        "heartbeat_tick": 1,
        "task_history_retention_limit": 5,
        "node_cert_expiry": "2160h",
        "external_cas": [],
        "autolock": False,
        "log_driver": None,
        "labels": {},
        "default_addr_pool": ["10.0.0.0/8"],
        "subnet_size": 24,
        "data_path_port": 4789,
        "root_rotation_in_progress": False,
    }


def test_only_what_was_said_is_written(manager, known):
    known.spec["Labels"] = {"kept": "1"}
    known.spec["Dispatcher"]["HeartbeatPeriod"] = 7 * 10**9
    run(manager, task_history_retention_limit=2)
    assert known.spec == dict(
        NEW_SWARM,
        Labels={"kept": "1"},
        Dispatcher={"HeartbeatPeriod": 7 * 10**9},
        Orchestration={"TaskHistoryRetentionLimit": 2},
    )


def test_a_change_by_somebody_else_in_between_is_kept(manager, known):
    known.interfering = [
        lambda: known.spec["Labels"].update(theirs="1"),
        lambda: known.spec["Raft"].update(KeepOldSnapshots=9),
    ]
    run(manager, labels={"ours": "1"}, snapshot_interval=500)
    assert known.spec["Labels"] == {"theirs": "1", "ours": "1"}
    assert (known.spec["Raft"]["KeepOldSnapshots"], known.spec["Raft"]["SnapshotInterval"]) == (9, 500)


def test_somebody_who_never_stops_writing_is_given_way(world, manager, known):
    known.interfering = [lambda: None] * UPDATE_ATTEMPTS
    with pytest.raises(EngineError, match="update out of sequence"):
        run(manager, snapshot_interval=500)
    assert world.journal == []


def test_a_difference_that_is_for_life_is_a_warning_only(world, manager):
    outcome = run(manager, subnet_size=26, default_addr_pool=["10.1.0.0/16"])
    assert (outcome.changed, world.journal, len(outcome.warnings)) == (False, [], 2)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_run_that_was_killed_ends_the_same_when_it_is_run_again(world, manager, known, number, moment):
    known.keeps_log_driver = True
    options = dict(SETTINGS, log_driver=LOG_DRIVER, **OWN_CA)
    world.kill = (number, moment)
    with pytest.raises(Killed):
        run(manager, **options)
    world.kill = None
    run(manager, **options)
    written = len(world.journal)
    assert (known.root, known.next_root) == (OWN_ROOT, None)
    assert not run(manager, **options).changed
    assert len(world.journal) == written


# The log driver


def test_an_engine_that_passes_over_the_log_driver_is_found_out_before_anything_else_changes(manager, known):
    with pytest.raises(QuorateError, match="took the log_driver, but has not kept it. Nothing else was changed."):
        run(manager, log_driver=LOG_DRIVER, snapshot_interval=500, rotate_worker_token=True)
    assert known.spec == NEW_SWARM
    assert run(manager, check_mode=True, log_driver=LOG_DRIVER).warnings


def test_an_engine_that_keeps_the_log_driver(manager, known):
    known.keeps_log_driver = True
    outcome = run(manager, log_driver=LOG_DRIVER, snapshot_interval=500)
    assert outcome.facts["settings"]["log_driver"] == {"name": "json-file", "options": {"max-file": "3"}}
    assert known.spec["Raft"]["SnapshotInterval"] == 500
    assert not run(manager, log_driver=LOG_DRIVER, snapshot_interval=500).changed


# Tokens and keys


@pytest.mark.parametrize("role", ["worker", "manager"])
def test_a_rotated_token_is_another_one_each_time(manager, role):
    tokens = [dict(manager.swarm.tokens)]
    for _run in range(2):
        outcome = run(manager, **{"rotate_%s_token" % role: True})
        assert outcome.changed
        assert outcome.actions == ["rotate the join token of %ss" % role]
        tokens.append(dict(manager.swarm.tokens))
    assert len({entry[role.capitalize()] for entry in tokens}) == 3
    other = "Manager" if role == "worker" else "Worker"
    assert len({entry[other] for entry in tokens}) == 1


def test_a_rotation_that_somebody_else_comes_before_takes_place_once(manager, known):
    before = manager.swarm.tokens["Worker"]
    known.interfering = [lambda: None, lambda: None]
    run(manager, rotate_worker_token=True)
    assert manager.swarm.tokens["Worker"] == "%s-1" % before


def test_autolock_is_a_setting_with_a_key(manager, known):
    assert "unlock_key" not in run(manager, autolock=True).facts
    key = known.unlock_key
    assert key
    assert not run(manager, autolock=True).changed
    assert known.unlock_key == key
    run(manager, rotate_unlock_key=True)
    assert known.unlock_key not in (None, key)
    assert run(manager, autolock=False).changed
    assert known.unlock_key is None


def test_the_unlock_key_is_told_only_when_asked_for_by_name(manager, known):
    assert run(manager, unlock_key=True).facts["unlock_key"] is None
    assert run(manager, autolock=True, unlock_key=True, check_mode=True).facts["unlock_key"] is None
    outcome = run(manager, autolock=True, unlock_key=True)
    assert outcome.facts["unlock_key"] == known.unlock_key and known.unlock_key.startswith("SWMKEY-1-")
    assert run(manager, unlock_key=True, check_mode=True).facts["unlock_key"] == known.unlock_key
    assert run(manager, rotate_unlock_key=True, unlock_key=True, check_mode=True).facts["unlock_key"] is None
    assert run(manager, rotate_unlock_key=True, unlock_key=True).facts["unlock_key"] == known.unlock_key


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_unlock_key_is_not_rotated_while_a_manager_would_need_the_one_before(world, hosts, manager, known, check_mode):
    run(manager, autolock=True)
    key, written = known.unlock_key, list(world.journal)
    manager.swarm.lose(hosts["m3"].node_id)
    with pytest.raises(Refusal) as refusal:
        run(manager, rotate_unlock_key=True, snapshot_interval=500, check_mode=check_mode)
    assert "The manager m3 cannot be reached by the others, and would need the unlock key of before" in str(refusal.value)
    assert "nothing was changed" in str(refusal.value) and "state=absent" in str(refusal.value)
    assert (known.unlock_key, world.journal) == (key, written)
    manager.swarm.entries[hosts["m3"].node_id]["ManagerStatus"]["Reachability"] = "reachable"
    assert run(manager, rotate_unlock_key=True, check_mode=check_mode).changed


def test_a_manager_that_has_just_been_unlocked_is_given_a_moment(hosts, manager, clock):
    run(manager, autolock=True)
    manager.swarm.lose(hosts["m3"].node_id)
    back = manager.swarm.entries[hosts["m3"].node_id]["ManagerStatus"]
    clock.events.append((3, lambda: back.update(Reachability="reachable")))
    assert run(manager, rotate_unlock_key=True).changed
    assert clock.now < 6


def test_a_worker_that_is_down_needs_no_unlock_key(hosts, manager):
    run(manager, autolock=True)
    manager.swarm.lose(hosts["w1"].node_id)
    assert run(manager, rotate_unlock_key=True).changed


def test_managers_that_need_the_key_after_autolock_is_off_are_named(hosts, manager):
    run(manager, autolock=True)
    manager.swarm.lose(hosts["m3"].node_id)
    assert "need the present one to come back: m3. Keep it" in run(manager, autolock=False).warnings[0]
    assert run(manager, autolock=False).warnings == []


def test_no_secret_is_in_any_result(manager, known):
    external = {"url": "https://ca:8888", "protocol": "cfssl", "ca_cert": OWN_ROOT, "options": {"auth": "hush"}}
    options = dict(EVERYTHING, external_cas=[external], **OWN_CA)
    for outcome in (run(manager, check_mode=True, **options), run(manager, **options), run(manager, **options)):
        told = json.dumps(dataclasses.asdict(outcome))
        assert not [secret for secret in ("SWMTKN", "SWMKEY", "BEGIN", "hush") if secret in told]


# The root CA


@pytest.mark.parametrize("options", [{"rotate_ca": True}, OWN_CA])
def test_a_new_root_ca_is_everywhere_when_the_task_ends(manager, known, options):
    root, tokens = known.root, dict(manager.swarm.tokens)
    known.looks_until_rotated = 9
    outcome = run(manager, **options)
    assert outcome.actions == ["rotate the root CA", "wait until every node has a certificate of the new root CA"]
    assert (outcome.before, outcome.after) == ({"ca": "in use"}, {"ca": "rotated"})
    assert (known.next_root, outcome.facts["settings"]["root_rotation_in_progress"]) == (None, False)
    assert known.root != root and (known.root == OWN_ROOT) == ("signing_ca_cert" in options)
    assert not set(manager.swarm.tokens.values()) & set(tokens.values())


def test_the_own_root_ca_is_rotated_to_once_and_another_one_each_time(manager, known):
    assert run(manager, **OWN_CA).changed
    assert not run(manager, **OWN_CA).changed
    for _run in range(2):
        root = known.root
        assert run(manager, rotate_ca=True).changed
        assert known.root != root


def test_an_external_ca_signs_with_the_new_root(manager, known):
    external = {"url": "https://ca:8888", "protocol": "cfssl", "ca_cert": OWN_ROOT, "options": None}
    run(manager, rotate_ca=True, signing_ca_cert=OWN_ROOT, external_cas=[external])
    assert known.root == OWN_ROOT


def test_a_node_that_is_down_holds_the_rotation_up_and_is_named(hosts, manager, known, clock):
    manager.swarm.lose(hosts["w1"].node_id)
    with pytest.raises(TimeLimitExceeded) as failure:
        run(manager, rotate_ca=True)
    assert "Waited 60 s until every node had a certificate of the new root CA" in str(failure.value)
    assert "seen last: still without one w1 (down); the rotation goes on by itself." in str(failure.value)
    assert 60 <= clock.now < 63


def test_a_node_that_will_hold_the_rotation_up_is_named_beforehand(hosts, manager):
    manager.swarm.lose(hosts["w1"].node_id)
    [warning] = run(manager, rotate_ca=True, check_mode=True).warnings
    assert "state=absent): w1. The swarm works meanwhile." in warning


def test_a_node_that_comes_back_lets_the_rotation_end(hosts, manager, known, clock):
    manager.swarm.lose(hosts["w1"].node_id)
    clock.events.append((20, lambda: manager.swarm.entries[hosts["w1"].node_id]["Status"].update(State="ready")))
    run(manager, rotate_ca=True)
    assert known.next_root is None and clock.now >= 20


def test_a_certificate_that_the_engine_refuses_changes_nothing_at_all(manager, known):
    disturb(manager, "update_swarm", lambda: refuse(400, "CA certificate expires too soon"))
    with pytest.raises(EngineError, match="CA certificate expires too soon"):
        run(manager, snapshot_interval=500, **OWN_CA)
    assert known.spec == NEW_SWARM


# Managers without a leader

NO_LEADER = (500, "rpc error: code = Unknown desc = The swarm does not have a leader")


def test_an_election_is_waited_for(manager, known):
    manager.swarm.electing = 3
    assert run(manager, snapshot_interval=500).changed


def test_an_election_before_the_nodes_are_listed_is_waited_for(manager, known):
    run(manager, autolock=True)
    disturb(manager, "nodes", *[lambda: refuse(*NO_LEADER)] * 3)
    assert run(manager, rotate_unlock_key=True).changed


def test_an_election_after_the_write_is_waited_for(manager, known):
    disturb(manager, "inspect_swarm", lambda: None, lambda: None, *[lambda: refuse(*NO_LEADER)] * 3)
    assert run(manager, snapshot_interval=500).facts["settings"]["snapshot_interval"] == 500


def test_an_election_during_the_rotation_is_waited_for(manager, known):
    disturb(manager, "inspect_swarm", lambda: None, lambda: None, lambda: None, *[lambda: refuse(*NO_LEADER)] * 3)
    run(manager, rotate_ca=True)
    assert known.next_root is None


def test_a_leader_that_is_lost_during_the_rotation_ends_the_wait(hosts, manager, clock):
    manager.swarm.settings.looks_until_rotated = 10**6
    clock.events.append((10, lambda: (manager.swarm.lose(hosts["m2"].node_id), manager.swarm.lose(hosts["m3"].node_id))))
    with pytest.raises(TimeLimitExceeded, match="seen last: the managers have no leader"):
        run(manager, rotate_ca=True)


def test_a_lost_quorum_ends_the_wait_for_a_leader(hosts, manager):
    manager.swarm.lose(hosts["m2"].node_id), manager.swarm.lose(hosts["m3"].node_id)
    with pytest.raises(TimeLimitExceeded, match="Waited 60 s until the managers had a leader; seen last: none"):
        run(manager, snapshot_interval=500)


def test_a_refusal_to_tell_the_settings_is_told_at_once(manager, clock):
    disturb(manager, "inspect_swarm", lambda: refuse(400, "client version is too new"))
    with pytest.raises(EngineError, match="client version is too new"):
        run(manager, snapshot_interval=500)
    assert clock.now == 0


# Where it cannot work


def test_a_worker_names_its_managers(hosts, names):
    names["10.0.0.1"] = "m1.example"
    with pytest.raises(Refusal, match="cannot change the swarm's settings: it is a worker .* m1.example at 10.0.0.1:2377"):
        run(hosts["w1"], snapshot_interval=500)


def test_a_locked_manager_is_told_how_to_be_unlocked(manager):
    manager.lock("SWMKEY-1-x")
    with pytest.raises(Refusal, match=r"cannot change the swarm's settings: its manager is locked .*state=unlocked and unlock_key"):
        run(manager, snapshot_interval=500)


def test_what_is_invalid_is_refused_before_anything_is_read(world, manager):
    manager.info = lambda: refuse(500, "nothing may be asked")
    with pytest.raises(Refusal, match="is no duration"):
        run(manager, dispatcher_heartbeat_period="5", snapshot_interval=500)


def test_a_refusal_changes_nothing(world, manager):
    with pytest.raises(Refusal, match="The election_tick, 10, must be greater than the heartbeat_tick, 10"):
        run(manager, snapshot_interval=500, rotate_worker_token=True, heartbeat_tick=10)
    with pytest.raises(Refusal, match="There is no unlock key to rotate"):
        run(manager, snapshot_interval=500, rotate_unlock_key=True)
    assert world.journal == []
