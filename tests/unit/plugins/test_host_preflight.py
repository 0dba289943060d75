# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module and its part on the controller: who takes part, and what is told."""

from __future__ import annotations

import pytest
from ansible.plugins.action import ActionBase
from ansible_collections.quorate.swarm.plugins.action.host_preflight import ActionModule
from ansible_collections.quorate.swarm.plugins.modules import host_preflight

CALLS = {"b": {"7946/udp": "192.0.2.2"}}


@pytest.fixture
def host(monkeypatch):
    """A host in no swarm whose meetings are noted, not held: what others would say is tested in test_rendezvous.py."""
    host = {"in_use": set(), "swarm_state": False, "runs": True, "engine": None, "meetings": []}

    def meet(*arguments):
        host["meetings"].append(arguments)
        return {"began": 1.0, "ended": 2.0, "listening": ["7946/udp"], "taken": [], "heard": {}, "presence": {}, "calls": {}}

    monkeypatch.setattr(host_preflight, "meet", meet)
    monkeypatch.setattr(host_preflight, "ports_in_use", lambda: host["in_use"])
    monkeypatch.setattr(host_preflight.evidence, "has_swarm_state", lambda root: host["swarm_state"])
    monkeypatch.setattr(host_preflight.engine_socket, "is_in_swarm", lambda: host["engine"])
    monkeypatch.setattr(host_preflight.engine_socket, "engine_runs", lambda: host["runs"])
    return host


def run(**options):
    params = {
        "name": "a",
        "listen": ["7946/udp", "2377/tcp"],
        "calls": CALLS,
        "callers": ["b"],
        "members_call": False,
        "sized_port": None,
        "packet_size": 0,
        "timeout": 15,
        "kernel_modules": ["no_such_module"],
        "engine_config_path": "/nonexistent",
    }
    return host_preflight.execute(dict(params, **options), check_mode=True)


def test_a_host_in_no_swarm_listens_and_calls(host):
    outcome = run()
    assert host["meetings"] == [("a", ["7946/udp", "2377/tcp"], CALLS, ["b"], None, 0, 15)]
    assert not outcome.changed and outcome.facts["met"] and outcome.facts["listening"] == ["7946/udp"]
    assert outcome.facts["clock"]["started"] <= outcome.facts["clock"]["finished"]
    assert outcome.facts["kernel"] in ({"no_such_module": False}, {"no_such_module": None})


@pytest.mark.parametrize(
    "in_use, swarm_state, engine",
    [
        ({"7946/tcp", "2377/tcp"}, True, None),
        ({"7946/tcp", "2377/tcp"}, False, True),
        (set(), True, None),
        (set(), None, True),
        ({"7946/tcp"}, None, True),
    ],
)
def test_a_member_never_listens(host, in_use, swarm_state, engine):
    host.update(in_use=in_use, swarm_state=swarm_state, engine=engine)
    facts = run().facts
    assert host["meetings"] == [] and facts["member"] is True and facts["met"] is False
    assert facts["taken"] == sorted(in_use & {"2377/tcp"})
    run(members_call=True)
    assert host["meetings"] == [("a", [], CALLS, [], None, 0, 15)]


@pytest.mark.parametrize("swarm_state, runs, engine", [(False, True, False), (None, True, False), (False, False, None)])
def test_another_program_on_the_port_of_the_gossip_makes_no_member(host, swarm_state, runs, engine):
    host.update(in_use={"7946/tcp"}, swarm_state=swarm_state, runs=runs, engine=engine)
    facts = run(listen=["7946/tcp", "7946/udp"]).facts
    assert facts["member"] is False and facts["met"] is True and facts["taken"] == ["7946/tcp"]


@pytest.mark.parametrize(
    "in_use, swarm_state, runs", [(set(), None, True), (set(), None, False), ({"7946/tcp"}, None, True), ({"7946/tcp"}, False, True)]
)
def test_a_host_that_may_be_a_member_does_not_listen(host, in_use, swarm_state, runs):
    host.update(in_use=in_use, swarm_state=swarm_state, runs=runs)
    facts = run(members_call=True).facts
    assert host["meetings"] == [] and facts["member"] is None


def test_a_host_that_nobody_calls_and_that_calls_nobody(host):
    assert run(calls={}, callers=[]).facts["met"] is False and host["meetings"] == []


def test_an_engine_is_asked_only_where_the_disk_does_not_tell(host, monkeypatch):
    monkeypatch.setattr(host_preflight.engine_socket, "is_in_swarm", lambda: pytest.fail("without a majority it takes long to answer"))
    assert run().facts["member"] is False
    host.update(swarm_state=True, in_use={"7946/tcp"})
    assert run().facts["member"] is True


def test_the_controllers_clock_is_read_before_and_after(monkeypatch):
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})
    monkeypatch.setattr(ActionBase, "_execute_module", lambda self, task_vars=None: {"changed": False, "clock": {}})
    readings = iter([10.0, 12.5])
    monkeypatch.setattr("time.time", lambda: next(readings))
    result = ActionModule.__new__(ActionModule).run(task_vars={})
    assert result == {"changed": False, "clock": {}, "controller_clock": {"before": 10.0, "after": 12.5}}
