# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as Ansible runs them: options in, one JSON result out."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quorate.swarm.plugins.module_utils import frame
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, Refusal
from ansible_collections.quorate.swarm.plugins.modules import swarm, swarm_info, swarm_nodes, swarm_settings
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host, disturb
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.settings import pem
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm


@pytest.fixture
def member(world):
    return Host(world, "m1", "10.0.0.1").become(Swarm(world), "manager")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a module's main against a host, and return its result."""

    def run(module, host, **options):
        monkeypatch.setattr(frame, "connect", lambda params: Engine(host))
        with patch_module_args(options), pytest.raises(SystemExit) as ended:
            module.main()
        result = json.loads(capsys.readouterr().out)
        assert bool(ended.value.code) == result.get("failed", False)
        return result

    return run


def test_a_result(run, member):
    result = run(swarm_nodes, member, nodes=[{"name": "m1", "labels": {"disk": "ssd"}}])
    assert result["changed"] is True
    assert result["actions"] == ["m1: set labels {'disk': 'ssd'}"]
    assert result["diff"] == {"before": {"m1": {"labels": None}}, "after": {"m1": {"labels": {"disk": "ssd"}}}}
    assert result["nodes"][0]["labels"] == {"disk": "ssd"}


def test_check_mode(run, member, world):
    result = run(swarm_nodes, member, nodes=[{"name": "m1", "labels": {"disk": "ssd"}}], _ansible_check_mode=True)
    assert (result["changed"], world.journal) == (True, [])


def test_the_same_state_has_an_empty_diff(run, member):
    result = run(swarm_nodes, member, nodes=[{"name": "m1"}])
    assert (result["changed"], result["actions"], result["diff"]) == (False, [], {"before": {}, "after": {}})


def test_what_changes_nothing_has_no_diff(run, member):
    result = run(swarm_info, member)
    assert (result["changed"], result["actions"], "diff" in result) == (False, [], False)


def test_warnings(run, member, world, monkeypatch):
    warnings = []
    monkeypatch.setattr(frame.AnsibleModule, "warn", lambda self, warning: warnings.append(warning))
    other = Host(world, "m1", "10.0.0.9").become(member.swarm)
    run(swarm_nodes, member, nodes=[{"name": "m1", "node_id": member.node_id}], remove_stale=True)
    assert len(warnings) == 1 and "have the hostname m1: %s and %s" % (member.node_id, other.node_id) in warnings[0]


def test_a_refusal_carries_its_facts(run, member, world):
    worker = Host(world, "w4", "10.0.0.4").become(member.swarm)
    result = run(swarm_nodes, worker, nodes=[{"name": "w4"}])
    assert result["msg"].startswith("This host cannot change the swarm's nodes: it is a worker")
    assert [manager["addr"] for manager in result["managers"]] == ["10.0.0.1:2377"]


@pytest.mark.parametrize("error", [Refusal("No engine.", exception="Traceback"), EngineError("No answer.")])
def test_no_connection(run, member, monkeypatch, error):
    def refuse():
        raise error

    monkeypatch.setattr(member, "info", refuse)
    assert run(swarm_info, member)["msg"] == str(error)


def test_an_unexpected_exception_is_told_as_a_defect(run, member, monkeypatch):
    monkeypatch.setattr(member, "info", lambda: {}["surprise"])
    assert run(swarm_info, member)["msg"].startswith("This is a defect of the module: KeyError('surprise'). Please report it")


@pytest.mark.parametrize(
    "module, options, sentence",
    [
        (swarm_nodes, {"nodes": [{"name": "m1", "role": "boss"}]}, "role must be one of: manager, worker, got: boss found in nodes"),
        (swarm_nodes, {"nodes": [{"name": "m1", "availability": "off"}]}, "one of: active, pause, drain, got: off"),
        (swarm_nodes, {"nodes": [{"role": "worker"}]}, "missing required arguments: name found in nodes"),
        (swarm_nodes, {}, "missing required arguments: nodes"),
        (swarm, {"state": "present"}, "value of state must be one of: init, join, absent, unlocked, got: present"),
        (swarm_settings, {"labels_state": "add"}, "value of labels_state must be one of: merge, replace, got: add"),
        (swarm_settings, {"external_cas": [{"protocol": "cfssl"}]}, "missing required arguments: url found in external_cas"),
        (swarm_settings, {"log_driver": {"options": {}}}, "missing required arguments: name found in log_driver"),
        (swarm, {"state": "join", "role": "boss"}, "value of role must be one of: manager, worker, got: boss"),
    ],
)
def test_options_that_no_module_has(run, member, module, options, sentence):
    assert sentence in run(module, member, **options)["msg"]


# Secrets


@pytest.mark.parametrize("verdict", ["joins", "is refused", "breaks"])
def test_a_join_token_is_in_no_output(run, member, world, monkeypatch, capsys, verdict):
    host = Host(world, "h4", "10.0.0.4")
    if verdict == "breaks":
        monkeypatch.setattr(host, "join_swarm", lambda join_token, **options: {}[join_token])
    token = member.swarm.tokens["Worker"]
    options = {"cluster_id": "other"} if verdict == "is refused" else {}
    if verdict == "is refused":
        host.become(member.swarm)
    result = run(swarm, host, state="join", remote_addrs=["10.0.0.1:2377"], join_token=token, **options)
    assert result.get("failed", False) is (verdict != "joins")
    assert token not in json.dumps(result)


def test_a_secret_is_in_no_output_though_its_lines_are_told_with_other_ends(run, member, world, monkeypatch):
    host = Host(world, "h4", "10.0.0.4")
    monkeypatch.setattr(host, "join_swarm", lambda join_token, **options: refuse(400, "not %r nor\n%s" % (join_token, join_token)))
    result = run(swarm, host, state="join", remote_addrs=["10.0.0.1:2377"], join_token="one line of it\nanother line\n")
    assert result["failed"]
    assert not [line for line in ("one line", "another line") if line in json.dumps(result)]


@pytest.mark.parametrize("verdict", ["unlocks", "is refused", "breaks"])
def test_an_unlock_key_is_in_no_output(run, member, monkeypatch, verdict):
    key = "SWMKEY-1-given"
    member.lock(key if verdict == "unlocks" else "SWMKEY-1-other")
    if verdict == "breaks":
        monkeypatch.setattr(member, "unlock_swarm", lambda key: {}[key])
    result = run(swarm, member, state="unlocked", unlock_key=key)
    assert result.get("failed", False) is (verdict != "unlocks")
    assert key not in json.dumps(result)


@pytest.mark.parametrize("verdict", ["rotates", "is refused", "breaks"])
def test_no_certificate_and_no_key_is_in_any_output(run, member, monkeypatch, verdict):
    cert, key, theirs, hush = pem("a root"), pem("its key", "PRIVATE KEY"), pem("their root"), "the password of the CA"
    if verdict == "is refused":
        disturb(member, "update_swarm", lambda: refuse(400, "could not use %s with %s" % (cert, key)))
    if verdict == "breaks":
        monkeypatch.setattr(member, "update_swarm", lambda version, spec: {}[spec["CAConfig"]["SigningCAKey"]])
    result = run(
        swarm_settings,
        member,
        rotate_ca=True,
        signing_ca_cert=cert,
        signing_ca_key=key,
        external_cas=[{"url": "https://ca", "ca_cert": theirs, "options": {"auth": hush}}],
    )
    assert result.get("failed", False) is (verdict != "rotates")
    assert not [secret for secret in (cert.split()[2], key.split()[3], theirs.split()[2], hush) if secret in json.dumps(result)]


def test_the_unlock_key_is_told_only_when_asked_for_by_name(run, member):
    asking = {"autolock": True, "rotate_unlock_key": True, "rotate_worker_token": True}
    assert not [word for word in ("SWMKEY", "SWMTKN") if word in json.dumps(run(swarm_settings, member, **asking))]
    result = run(swarm_settings, member, unlock_key=True)
    assert result["unlock_key"] == member.swarm.settings.unlock_key
    assert json.dumps(result).count("SWMKEY") == 1


def test_join_tokens_are_told_only_when_asked_for_by_name(run, member):
    everything = dict.fromkeys(("nodes", "services", "tasks", "networks", "containers"), True)
    assert "SWMTKN" not in json.dumps(run(swarm_info, member, **everything))
    result = run(swarm_info, member, join_tokens=True)
    assert result["join_tokens"] == {"worker": member.swarm.tokens["Worker"], "manager": member.swarm.tokens["Manager"]}
    assert json.dumps(result).count("SWMTKN") == 2
