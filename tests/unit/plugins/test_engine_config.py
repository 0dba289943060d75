# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's configuration file: merged, refused or written whole, and when a restart is due."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import daemon_config
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.modules import engine_config


@pytest.mark.parametrize(
    "current, wanted, expected",
    [
        ({}, {"mtu": 1400}, {"mtu": 1400}),
        ({"mtu": 1500, "debug": True}, {"mtu": 1400}, {"mtu": 1400, "debug": True}),
        (
            {"log-opts": {"max-file": "3", "max-size": "9m"}},
            {"log-opts": {"max-size": "50m"}},
            {"log-opts": {"max-file": "3", "max-size": "50m"}},
        ),
        ({"registry-mirrors": ["http://a"]}, {"registry-mirrors": ["http://b"]}, {"registry-mirrors": ["http://b"]}),
        ({"builder": {"gc": {"enabled": True}}}, {"builder": {"gc": {"policy": []}}}, {"builder": {"gc": {"enabled": True, "policy": []}}}),
        ({"some-new-key": [1, {"a": None}]}, {"other-new-key": 1.5}, {"some-new-key": [1, {"a": None}], "other-new-key": 1.5}),
    ],
)
def test_what_is_named_is_merged_and_all_else_kept(current, wanted, expected):
    [step] = daemon_config.plan(current, wanted, "/f").steps
    assert step.settings == expected
    assert daemon_config.plan(expected, wanted, "/f").steps == ()


def test_only_what_differs_is_told():
    plan = daemon_config.plan({"mtu": 1500, "debug": True}, {"mtu": 1400, "dns": ["192.0.2.1"]}, "/f")
    assert (plan.before, plan.after) == ({"mtu": 1500}, {"mtu": 1400, "dns": ["192.0.2.1"]})
    assert plan.steps[0].sentence() == "set dns, mtu"


@pytest.mark.parametrize("text", ["[1, 2", "[1, 2]", "a: b", '"text"', "null"])
def test_a_file_that_is_no_json_object_is_refused(text):
    with pytest.raises(Refusal, match="/f holds no JSON object"):
        daemon_config.parse(text, "/f")


@pytest.mark.parametrize(
    "current, wanted, sentence",
    [
        ({}, {"live-restore": True}, "cannot be in a swarm"),
        ({"live-restore": True}, {"mtu": 1400}, "cannot be in a swarm"),
        ({}, {"log-opts": {"max-file": 3}}, 'log-opts for /f is {"max-file": 3}, and the engine takes a mapping of names to texts'),
        ({}, {"mtu": "1400"}, 'mtu for /f is "1400", and the engine takes a whole number'),
        ({}, {"mtu": True}, "takes a whole number"),
        ({}, {"registry-mirrors": "http://a"}, "takes a list of texts"),
        ({}, {"insecure-registries": [1]}, "takes a list of texts"),
        ({}, {"debug": "yes"}, "takes true or false"),
        ({}, {"data-root": ["/x"]}, "takes a text"),
        ({}, {"features": []}, "takes a mapping"),
        ({}, {"default-address-pools": [{"base": "10.0.0.0/8"}]}, "each with a base and a size"),
    ],
)
def test_what_no_engine_in_a_swarm_can_have(current, wanted, sentence):
    with pytest.raises(Refusal) as refusal:
        daemon_config.plan(current, wanted, "/f")
    assert sentence in str(refusal.value)


def test_live_restore_can_be_switched_off():
    assert daemon_config.plan({"live-restore": True}, {"live-restore": False}, "/f").steps


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host without an engine's program and without systemd; its engine runs once its pid file is there."""
    monkeypatch.setattr(engine_config.shutil, "which", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return {"path": str(tmp_path / "docker" / "daemon.json"), "pid_file": str(tmp_path / "docker.pid"), "service": "docker"}


def run(host, config, check_mode=False):
    return engine_config.execute(dict(host, config=config), check_mode)


def start_engine(host, at):
    with open(host["pid_file"], "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    os.utime(host["pid_file"], (at, at))


def content(host):
    with open(host["path"], encoding="utf-8") as file:
        return json.load(file)


def test_a_host_without_a_file(host):
    assert run(host, {"mtu": 1400}, check_mode=True).changed and not os.path.exists(os.path.dirname(host["path"]))
    outcome = run(host, {"mtu": 1400})
    assert (outcome.changed, content(host)) == (True, {"mtu": 1400})
    assert outcome.facts == {"config": {"mtu": 1400}, "restart_pending": False, "enabled": False}
    assert os.stat(host["path"]).st_mode & 0o777 == 0o644
    assert not run(host, {"mtu": 1400}).changed
    assert os.listdir(os.path.dirname(host["path"])) == ["daemon.json"]


def test_nothing_asked_of_a_host_without_a_file_makes_none(host):
    assert not run(host, {}).changed
    assert not os.path.exists(host["path"])


def test_the_earlier_file_is_kept(host):
    run(host, {"mtu": 1400})
    outcome = run(host, {"mtu": 1300})
    with open(outcome.facts["backup_file"], encoding="utf-8") as file:
        assert json.load(file) == {"mtu": 1400}


def test_check_mode_writes_nothing_and_tells_the_same(host):
    run(host, {"mtu": 1400})
    foretold = run(host, {"mtu": 1300}, check_mode=True)
    assert content(host) == {"mtu": 1400} and len(os.listdir(os.path.dirname(host["path"]))) == 1
    done = run(host, {"mtu": 1300})
    assert (foretold.changed, foretold.before, foretold.after, foretold.actions) == (True, done.before, done.after, done.actions)


def test_a_restart_is_due_until_the_engine_was_started_after_the_file_was_written(host):
    start_engine(host, at=1000)
    assert run(host, {"mtu": 1400}, check_mode=True).facts["restart_pending"]
    assert run(host, {"mtu": 1400}).facts["restart_pending"]
    again = run(host, {"mtu": 1400})
    assert (again.changed, again.facts["restart_pending"]) == (False, True), "a run that was interrupted before the restart is made good"
    start_engine(host, at=os.stat(host["path"]).st_mtime + 1)
    assert not run(host, {"mtu": 1400}).facts["restart_pending"]


@pytest.mark.parametrize("pid", ["", "no number", str(2**22 + 1)])
def test_an_engine_that_does_not_run_needs_no_restart(host, pid):
    start_engine(host, at=1000)
    with open(host["pid_file"], "w", encoding="ascii") as file:
        file.write(pid)
    assert not run(host, {"mtu": 1400}).facts["restart_pending"]


@pytest.mark.parametrize(
    "said, expected", [("enabled", True), ("disabled", False), ("enabled-runtime", False), ("masked", False), ("", False)]
)
def test_whether_the_engine_starts_at_boot(host, tmp_path, said, expected):
    program = tmp_path / "systemctl"
    program.write_text('#!/bin/sh\n[ "$*" = "is-enabled docker" ] && echo "%s"\n' % said, encoding="utf-8")
    program.chmod(0o755)
    for check_mode in (True, False):
        assert run(host, {"mtu": 1400}, check_mode).facts["enabled"] is expected


PROGRAM = """#!/bin/sh
[ "$1" = --validate ] && grep -q no-such-setting "$3" || exit 0
echo "%s $3: these directives match no option: no-such-setting."
exit 1
"""


@pytest.mark.parametrize("said, refused", [("unable to configure the daemon with file", True), ("unknown flag: --validate", False)])
def test_the_engines_own_program_has_a_say_where_it_can(host, tmp_path, monkeypatch, said, refused):
    program = tmp_path / "dockerd"
    program.write_text(PROGRAM % said, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(engine_config.shutil, "which", lambda name: str(program))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert run(host, {"mtu": 1400}).changed
    if refused:
        for check_mode in (True, False):
            with pytest.raises(Refusal, match="with file %s: these directives match no option: no-such-setting. Nothing" % host["path"]):
                run(host, {"no-such-setting": 1}, check_mode)
        assert content(host) == {"mtu": 1400}
    else:
        assert run(host, {"no-such-setting": 1}).changed
