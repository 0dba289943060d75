# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module swarm on hosts in memory."""

from __future__ import annotations

import dataclasses
import json

import pytest
import requests
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import (
    EngineError,
    QuorateError,
    Refusal,
    TimeLimitExceeded,
)
from ansible_collections.quorate.swarm.plugins.modules import swarm as module
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host, disturb
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import Killed

DEFAULTS = {
    "role": "worker",
    "remote_addrs": [],
    "join_token": None,
    "cluster_id": None,
    "advertise_addr": None,
    "listen_addr": "0.0.0.0:2377",
    "data_path_addr": None,
    "data_path_port": None,
    "default_addr_pool": [],
    "subnet_size": None,
    "force_new_cluster": False,
    "join_tokens": False,
    "unlock_key": None,
    "rejoin": False,
    "force": False,
    "wait_timeout": 60,
}


def run(host, state, check_mode=False, **options):
    return module.execute(Engine(host), dict(DEFAULTS, state=state, **options), check_mode)


@pytest.fixture
def formed(world):
    """A swarm of m1, m2 and m3."""
    swarm = Swarm(world)
    for n in (1, 2, 3):
        Host(world, "m%d" % n, "10.0.0.%d" % n).become(swarm, "manager")
    return swarm


@pytest.fixture
def host(world):
    return Host(world, "h4", "10.0.0.4")


def joining(swarm, role="worker", **options):
    addrs = [entry["ManagerStatus"]["Addr"] for entry in swarm.raft()]
    return dict({"role": role, "remote_addrs": addrs, "join_token": swarm.tokens[role.capitalize()]}, **options)


def hostnames(entries):
    return [entry["Description"]["Hostname"] for entry in entries]


def test_init(world, host):
    outcome = run(host, "init")
    assert (outcome.changed, outcome.actions) == (True, ["create a swarm"])
    assert outcome.before == {"state": "inactive", "role": None, "cluster_id": None, "node_addr": None}
    assert outcome.after == {"state": "active", "role": "manager", "cluster_id": host.swarm.cluster_id, "node_addr": "10.0.0.4"}
    assert outcome.facts["swarm"]["managers"] == [{"addr": "10.0.0.4:2377", "node_id": host.node_id}]


def test_init_ends_when_the_host_is_a_manager(world, host):
    host.looks_until_active = 5
    assert run(host, "init").after["role"] == "manager"


def test_what_a_swarm_has_for_life(world, host):
    run(host, "init", data_path_port=4790, default_addr_pool=["10.1.0.0/16"], subnet_size=26)
    assert host.requests == [
        {"ListenAddr": "0.0.0.0:2377", "DataPathPort": 4790, "DefaultAddrPool": ["10.1.0.0/16"], "SubnetSize": 26},
    ]
    other = Host(world, "h5", "10.0.0.5")
    run(other, "init")
    assert other.requests == [{"ListenAddr": "0.0.0.0:2377"}]


@pytest.mark.parametrize("role", ["worker", "manager"])
def test_join(world, formed, host, role):
    outcome = run(host, "join", **joining(formed, role))
    assert outcome.actions == ["join as %s the swarm behind 10.0.0.1:2377, 10.0.0.2:2377, 10.0.0.3:2377" % role]
    assert (host.swarm, outcome.after["role"], outcome.after["cluster_id"]) == (formed, role, formed.cluster_id)


def test_leaving_as_a_worker(world, formed, host):
    host.become(formed)
    outcome = run(host, "absent")
    assert outcome.actions == ["leave the swarm"]
    assert (host.state, outcome.after) == ("inactive", {"state": "inactive", "role": None, "cluster_id": None, "node_addr": None})


def test_an_engine_that_is_slow_to_leave_is_asked_again(world, formed, host):
    host.become(formed, "manager").slow_to_leave = 2
    assert run(host, "absent", force=True).after["state"] == "inactive"
    assert host.state == "inactive"


def test_a_manager_is_demoted_before_it_leaves(world, formed, host):
    host.become(formed, "manager")
    outcome = run(host, "absent")
    assert outcome.actions == ["demote this manager to worker", "leave the swarm"]
    assert hostnames(formed.raft()) == ["m1", "m2", "m3"]


def in_error(host, swarm):
    host.become(swarm)
    host.state, host.error = "error", "certificate has expired"


def asking(host, swarm):
    host.state = "pending"


def starting(host, swarm):
    host.become(swarm)
    host.state, host.looks_until_active = "pending", 4


KEY = "SWMKEY-1-of-the-swarm"


def locked(host, swarm):
    host.become(swarm, "manager").lock(KEY)


CASES = {
    "init": (None, lambda swarm: {"state": "init"}),
    "join as a worker": (None, lambda swarm: dict(joining(swarm), state="join")),
    "join as a manager": (None, lambda swarm: dict(joining(swarm, "manager"), state="join")),
    "join the named swarm": (None, lambda swarm: dict(joining(swarm, cluster_id=swarm.cluster_id), state="join")),
    "join after an error": (in_error, lambda swarm: dict(joining(swarm), state="join")),
    "join after a join that nobody answered": (asking, lambda swarm: dict(joining(swarm), state="join")),
    "leave as a worker": (lambda host, swarm: host.become(swarm), lambda swarm: {"state": "absent"}),
    "leave as a manager": (lambda host, swarm: host.become(swarm, "manager"), lambda swarm: {"state": "absent"}),
    "leave by force": (lambda host, swarm: host.become(swarm, "manager"), lambda swarm: {"state": "absent", "force": True}),
    "leave after an error": (in_error, lambda swarm: {"state": "absent"}),
    "unlock": (locked, lambda swarm: {"state": "unlocked", "unlock_key": KEY}),
}


@pytest.fixture(params=CASES)
def case(request, formed, host):
    """A host in some state, and the options of a task that changes it."""
    prepare, options = CASES[request.param]
    if prepare:
        prepare(host, formed)
    return options(formed)


def test_a_second_run_changes_nothing(world, host, case):
    assert run(host, **case).changed
    written = list(world.journal)
    outcome = run(host, **case)
    assert (outcome.changed, outcome.actions, outcome.before == outcome.after) == (False, [], True)
    assert world.journal == written


def test_check_mode_changes_nothing_and_tells_the_same(world, host, case):
    before = host.info()
    foretold = run(host, check_mode=True, **case)
    assert (world.journal, host.info()) == ([], before)
    done = run(host, **case)
    assert (foretold.changed, foretold.actions, foretold.before) == (done.changed, done.actions, done.before)
    assert all(foretold.after[key] in (done.after[key], None) for key in ("state", "role", "cluster_id", "node_addr"))
    assert [foretold.after[key] for key in ("state", "role")] == [done.after[key] for key in ("state", "role")]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_run_that_was_killed_ends_the_same_when_it_is_run_again(world, host, case, number, moment):
    world.kill = (number, moment)
    try:
        run(host, **case)
    except Killed:
        world.kill = None
        run(host, **case)
    assert (host.state == "inactive") == (case["state"] == "absent")
    assert not run(host, **case).changed


def test_no_token_is_in_any_result(world, formed, host):
    options = joining(formed, "manager")
    for outcome in (run(host, "join", check_mode=True, **options), run(host, "join", **options), run(host, "join", **options)):
        assert "SWMTKN" not in json.dumps(dataclasses.asdict(outcome))


def test_the_tokens_of_the_new_swarm_are_told_on_request(world, host):
    assert run(host, "init", check_mode=True, join_tokens=True).facts["join_tokens"] is None
    assert "join_tokens" not in run(Host(world, "h5", "10.0.0.5"), "init").facts
    for _run in ("created", "found"):
        told = run(host, "init", join_tokens=True).facts["join_tokens"]
        assert told == {role.lower(): token for role, token in host.swarm.tokens.items()}


@pytest.fixture
def planted(world):
    """Another swarm."""
    swarm = Swarm(world)
    Host(world, "stranger", "10.9.9.9").become(swarm, "manager")
    return swarm


@pytest.mark.parametrize("role", ["worker", "manager"])
def test_a_member_of_another_swarm_is_not_moved(world, formed, planted, host, role):
    host.become(planted, role)
    with pytest.raises(Refusal, match="in swarm %s, not in %s" % (planted.cluster_id, formed.cluster_id)):
        run(host, "join", **joining(formed, cluster_id=formed.cluster_id))
    with pytest.raises(Refusal, match="in swarm %s with the managers" % planted.cluster_id):
        run(host, "join", **joining(formed))
    assert world.journal == []


def test_a_member_of_another_swarm_whose_disk_cannot_be_read_is_not_moved(world, formed, planted, host):
    host.become(planted)
    world.unreadable.add("h4")
    with pytest.raises(Refusal, match="with the managers 10.0.0.4, 10.9.9.9, none of which is among the remote_addrs 10.0.0.1"):
        run(host, "join", **joining(formed, cluster_id=formed.cluster_id))
    assert world.journal == []


def test_names_of_managers_are_compared_by_their_addresses(world, formed, host, monkeypatch):
    monkeypatch.setattr(module, "addresses_of", lambda name: {"first": ["10.0.0.1"]}.get(name, [name]))
    host.become(formed)
    assert not run(host, "join", **joining(formed, remote_addrs=["first:2377"])).changed
    with pytest.raises(Refusal, match="none of which is among the remote_addrs second"):
        run(host, "join", **joining(formed, remote_addrs=["second:2377"]))


def test_addresses_and_a_token_of_another_swarm_than_the_named_one(world, formed, host):
    with pytest.raises(QuorateError) as failure:
        run(host, "join", **joining(formed, cluster_id="wanted"))
    assert "joined swarm %s, but wanted was expected" % formed.cluster_id in str(failure.value)
    with pytest.raises(Refusal, match="not in wanted"):
        run(host, "join", **joining(formed, cluster_id="wanted"))


def test_a_join_without_evidence_of_the_swarm(world, formed, host):
    world.unreadable.add("h4")
    assert run(host, "join", **joining(formed, cluster_id=formed.cluster_id)).facts["swarm"]["cluster_id"] is None


def test_a_demotion_that_the_managers_refuse(world, formed, host):
    host.become(formed, "manager")
    host.update_node = lambda *arguments: refuse(400, "this would result in a loss of quorum")
    with pytest.raises(EngineError, match="loss of quorum"):
        run(host, "absent")


def test_a_wrong_token_is_the_engines_refusal(world, formed, host):
    with pytest.raises(EngineError, match="The engine refused: invalid join token."):
        run(host, "join", **joining(formed, join_token="SWMTKN-1-wrong"))


def test_a_missing_token_is_named(world, formed, host):
    with pytest.raises(Refusal, match="needs the join_token for a worker; nothing was changed"):
        run(host, "join", **joining(formed, join_token=None))
    assert run(host, "join", check_mode=True, **joining(formed, join_token=None)).changed


def test_a_join_is_tried_again_while_managers_elect_a_leader(world, formed, host):
    formed.refusing_joins = 3
    run(host, "join", **joining(formed))
    assert host.swarm is formed


def test_a_join_that_continues_in_the_background_is_waited_for(world, formed, host):
    host.joins_in_background, host.looks_until_active = True, 5
    assert run(host, "join", **joining(formed)).after["state"] == "active"
    assert world.journal == ["h4: join as worker"]


def test_managers_that_never_answer_end_the_wait(world, host, clock):
    with pytest.raises(TimeLimitExceeded) as failure:
        run(host, "join", remote_addrs=["10.0.0.1:2377"], join_token="SWMTKN-1-x")
    assert "Waited 60 s until the engine took the request to join; seen last: inactive." in str(failure.value)
    assert "connection refused" in str(failure.value)
    assert 60 <= clock.now < 63


def test_a_members_start_is_waited_for_and_is_no_change(world, formed, host):
    starting(host, formed)
    outcome = run(host, "join", **joining(formed))
    assert (outcome.changed, outcome.facts["swarm"]["state"]) == (False, "active")
    assert outcome.actions == ["wait until the membership that has begun is active"]


def test_a_start_that_does_not_end_ends_the_wait(world, formed, host):
    starting(host, formed)
    host.looks_until_active = 10**6
    with pytest.raises(TimeLimitExceeded, match="2377/tcp; seen last: pending."):
        run(host, "join", **joining(formed))


def test_a_worker_that_starts_does_not_become_a_manager_by_waiting(world, formed, host):
    starting(host, formed)
    with pytest.raises(TimeLimitExceeded, match="active manager of its swarm; seen last: active, worker"):
        run(host, "init")


def test_a_token_for_workers_makes_no_manager(world, formed, host):
    with pytest.raises(TimeLimitExceeded, match="until this host was an active manager of its swarm; seen last: active, worker"):
        run(host, "join", **joining(formed, "manager", join_token=formed.tokens["Worker"]))


@pytest.mark.parametrize("option", ["advertise_addr", "data_path_addr"])
@pytest.mark.parametrize("state", ["init", "join"])
def test_an_address_that_is_not_the_hosts_own(world, formed, host, state, option):
    with pytest.raises(Refusal, match="The %s 192.0.2.1:2377 is no address and no network interface of this host" % option):
        run(host, state, **dict(joining(formed), **{option: "192.0.2.1:2377"}))
    assert world.journal == []


def test_a_host_leaves_whatever_address_was_meant_for_it(world, formed, host):
    host.become(formed)
    assert run(host, "absent", advertise_addr="192.0.2.1").changed


@pytest.mark.parametrize("addr", ["127.0.0.1", "127.0.0.1:2377", "lo"])
def test_the_hosts_own_addresses_and_interfaces(world, host, addr):
    assert run(host, "init", advertise_addr=addr, data_path_addr=addr).changed


def test_a_manager_without_quorum_does_not_leave_in_order(world, formed, host):
    host.become(formed, "manager")
    for member in formed.raft()[1:3]:
        formed.lose(member["ID"])
    with pytest.raises(Refusal, match="has no quorum, so nobody could take note of it"):
        run(host, "absent")
    assert run(host, "absent", force=True).changed


# Locked managers


def test_a_locked_manager_is_unlocked(world, formed, host):
    locked(host, formed)
    outcome = run(host, "unlocked", unlock_key=KEY, cluster_id=formed.cluster_id)
    assert (outcome.changed, outcome.actions) == (True, ["unlock this manager"])
    assert (outcome.before["state"], outcome.after["state"], outcome.after["role"]) == ("locked", "active", "manager")
    assert outcome.after == {key: outcome.facts["swarm"][key] for key in outcome.after}


def test_an_unlocked_manager_is_active_when_the_task_ends(world, formed, host):
    locked(host, formed)
    host.looks_until_active = 5
    assert run(host, "unlocked", unlock_key=KEY).after["state"] == "active"


def test_an_engine_that_answers_late_is_waited_for(world, formed, host, clock):
    """It answers once the managers have a majority, for which the others must be unlocked, too."""
    locked(host, formed)
    host.looks_until_active = 10**6
    unlock = host.unlock_swarm

    def answer_late(key):
        unlock(key)
        clock.sleep(60)
        raise requests.exceptions.ReadTimeout("Read timed out. (read timeout=60)")

    host.unlock_swarm = answer_late
    clock.events.append((80, lambda: setattr(host, "looks_until_active", 0)))
    assert run(host, "unlocked", unlock_key=KEY, wait_timeout=120).after["state"] == "active"
    assert world.journal == ["h4: unlock"]


def test_an_unlocked_manager_without_a_majority_ends_the_wait(world, formed, host):
    locked(host, formed)
    host.looks_until_active = 10**6
    with pytest.raises(TimeLimitExceeded, match="a majority of the managers must be unlocked and reach each other; seen last: pending"):
        run(host, "unlocked", unlock_key=KEY)


@pytest.mark.parametrize("key", ["SWMKEY-1-of-another", "no key at all"])
def test_a_wrong_unlock_key_is_refused_in_a_sentence_that_does_not_tell_it(world, formed, host, clock, key):
    locked(host, formed)
    with pytest.raises(Refusal) as refusal:
        run(host, "unlocked", unlock_key=key)
    assert str(refusal.value).startswith("This manager stays locked: the engine refused the unlock_key, which must be the one")
    assert str(refusal.value).count(". ") == 0 and key not in str(refusal.value)
    assert (host.state, world.journal, clock.now) == ("locked", [], 0)


def test_a_refusal_that_is_not_about_the_key_is_told_at_once(world, formed, host, clock):
    locked(host, formed)
    host.unlock_swarm = lambda key: refuse(403, "authorization denied by plugin")
    with pytest.raises(EngineError, match="authorization denied by plugin"):
        run(host, "unlocked", unlock_key=KEY)
    assert clock.now == 0


def test_a_manager_that_somebody_else_unlocks_at_the_same_time(world, formed, host):
    locked(host, formed)
    disturb(host, "unlock_swarm", lambda: setattr(host, "state", "active"))
    assert run(host, "unlocked", unlock_key=KEY).after["state"] == "active"


def test_a_missing_unlock_key_is_named(world, formed, host):
    locked(host, formed)
    with pytest.raises(Refusal, match="the swarm's unlock_key is needed; nothing was changed"):
        run(host, "unlocked")
    assert run(host, "unlocked", check_mode=True).changed


@pytest.mark.parametrize("role", ["manager", "worker", None])
def test_what_is_not_locked_stays_as_it_is(world, formed, host, role):
    if role:
        host.become(formed, role)
    assert not run(host, "unlocked", advertise_addr="192.0.2.1").changed
    assert world.journal == []


def test_a_role_is_not_changed_by_joining_again(world, formed, host):
    host.become(formed)
    outcome = run(host, "join", **joining(formed, "manager"))
    assert not outcome.changed
    assert "quorate.swarm.swarm_nodes changes the roles" in outcome.warnings[0]


# A new cluster by force


@pytest.fixture
def survivor(world, formed):
    """m1, whose fellows are gone."""
    for member in formed.raft()[1:]:
        formed.lose(member["ID"])
    host = world.hosts["10.0.0.1:2377"]
    host.start_options = {"AdvertiseAddr": "10.0.0.1:2377", "ListenAddr": "0.0.0.0:2377", "DataPathAddr": "10.7.0.1", "DataPathPort": 4790}
    formed.settings.pool["DataPathPort"] = 4790
    return host


def force(host, formed, **options):
    return run(host, "init", **dict({"force_new_cluster": True, "cluster_id": formed.cluster_id}, **options))


def test_a_survivor_makes_a_new_cluster_with_what_it_had(world, formed, survivor):
    before = dict(formed.entries)
    foretold = force(survivor, formed, check_mode=True)
    assert world.journal == []
    outcome = force(survivor, formed)
    assert outcome.actions == foretold.actions == ["make a new cluster of this manager alone"]
    assert outcome.before["managers"] == ["10.0.0.1:2377", "10.0.0.2:2377", "10.0.0.3:2377"]
    assert outcome.after["managers"] == ["10.0.0.1:2377"]
    assert (foretold.before, foretold.after) == (outcome.before, outcome.after)
    assert survivor.requests == [
        {
            "AdvertiseAddr": "10.0.0.1:2377",
            "ListenAddr": "0.0.0.0:2377",
            "DataPathAddr": "10.7.0.1",
            "DataPathPort": 4790,
            "ForceNewCluster": True,
        }
    ]
    assert (survivor.swarm, formed.entries.keys(), hostnames(formed.raft())) == (formed, before.keys(), ["m1"])


def test_a_new_cluster_is_made_once(world, formed, survivor):
    force(survivor, formed)
    outcome = force(survivor, formed)
    assert (outcome.changed, outcome.before == outcome.after, world.journal) == (False, True, ["m1: force"])


def test_the_swarms_data_path_port_is_kept_where_only_the_raft_knows_it(world, formed, survivor):
    survivor.start_options = dict(survivor.start_options, DataPathPort=0, AdvertiseAddr="")
    force(survivor, formed)
    assert [request["DataPathPort"] for request in survivor.requests] == [4789, 4790]
    assert {request["AdvertiseAddr"] for request in survivor.requests} == {"10.0.0.1:2377"}
    survivor.requests.clear()
    assert not force(survivor, formed).changed


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_killed_run_comes_to_the_same(world, formed, survivor, number, moment):
    survivor.start_options["DataPathPort"] = 0
    world.kill = (number, moment)
    with pytest.raises(Killed):
        force(survivor, formed)
    world.kill = None
    force(survivor, formed)
    assert survivor.start_options["DataPathPort"] == 4790
    assert not force(survivor, formed).changed


def test_an_engine_that_does_not_make_it_in_time_is_asked_again(world, formed, survivor):
    survivor.slow_to_force = 2
    assert force(survivor, formed).changed
    survivor.slow_to_force = 10**6
    for member in (formed.add("m8", "10.0.0.8", "manager"), formed.add("m9", "10.0.0.9", "manager")):
        formed.lose(member)
    with pytest.raises(TimeLimitExceeded, match="leader of the new cluster; seen last: it is not. The engine refused: context deadline"):
        force(survivor, formed)


def test_an_election_is_no_reason_for_a_new_cluster(world, formed):
    formed.electing = 5
    with pytest.raises(Refusal, match="has a quorum, with m2, m3"):
        force(world.hosts["10.0.0.1:2377"], formed)


@pytest.mark.parametrize(
    "prepare, options, sentence",
    [
        pytest.param(None, {"cluster_id": None}, "so force_new_cluster needs cluster_id", id="no name"),
        pytest.param(None, {"cluster_id": "OTHER"}, "not in OTHER", id="another name"),
        pytest.param(None, {"advertise_addr": "127.0.0.1"}, "advertises 10.0.0.1, 127.0.0.1 was asked for", id="another address"),
        pytest.param(lambda host, world: world.encrypted.add("m1"), {}, "has autolock, and no engine", id="autolock"),
        pytest.param(lambda host, world: host.lock(KEY), {}, "is locked since the engine restarted", id="locked"),
        pytest.param(lambda host, world: vars(host).update(state="error", error="expired"), {}, "in error: expired", id="error"),
        pytest.param(lambda host, world: host.swarm.entries[host.node_id].pop("ManagerStatus"), {}, "state active, worker", id="a worker"),
        pytest.param(lambda host, world: host.leave_swarm(force=True), {}, "is no manager of swarm cluster01, so", id="no member"),
    ],
)
def test_where_no_new_cluster_is_made(world, formed, survivor, prepare, options, sentence):
    if prepare:
        prepare(survivor, world)
    with pytest.raises(Refusal, match=sentence):
        force(survivor, formed, **options)
    assert "m1: force" not in world.journal


# Managers that come back by themselves


def test_a_manager_that_has_its_vote_again_is_not_given_up(world, formed):
    host = world.hosts["10.0.0.1:2377"]
    outcome = run(host, "join", **joining(formed, "manager", rejoin=True, cluster_id=formed.cluster_id))
    assert (outcome.changed, outcome.warnings) == (False, [module.KEEPS_VOTE])
    assert world.journal == []


@pytest.mark.parametrize("role", ["manager", "worker"])
def test_a_member_without_a_vote_is_given_up(world, formed, host, role):
    host.become(formed, role)
    if role == "manager":
        formed.entries.pop(host.node_id)
        host.state = "active"
    assert run(host, "join", **joining(formed, role, rejoin=True, cluster_id=formed.cluster_id)).changed
    assert world.journal == ["h4: leave", "h4: join as %s" % role]
