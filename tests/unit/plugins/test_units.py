# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of members, and what systemctl is told and says."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import member_unit, units
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError
from ansible_collections.quorate.swarm.plugins.module_utils.member_unit import Unit


@pytest.mark.parametrize(
    "properties, expected",
    [
        ("LoadState=not-found\nActiveState=inactive\nUnitFileState=\nNRestarts=0\n", Unit()),
        ("ActiveState=active\nUnitFileState=enabled\nNRestarts=3\n", Unit(True, True, 3)),
        ("ActiveState=active\nUnitFileState=enabled\nNRestarts=0\nNeedDaemonReload=yes\n", Unit(True, True, 0, True)),
        ("ActiveState=activating\nUnitFileState=disabled\n", Unit(True, False, 0)),
        ("ActiveState=failed\nUnitFileState=enabled\nNRestarts=\n", Unit(False, True, 0)),
        ("ActiveState=deactivating\nUnitFileState=enabled-runtime\n", Unit()),
    ],
)
def test_what_systemd_says_of_a_unit(properties, expected):
    assert member_unit.unit_of(properties) == expected


def test_names():
    assert member_unit.instance("zoo-1.a") == "quorate-member@zoo-1.a.service"
    assert member_unit.member_of("quorate-member@zoo-1.a.service") == "zoo-1.a"
    assert [member_unit.member_of(name) for name in ("docker.service", "quorate-member.service", "x-quorate-member@a.service")] == [""] * 3


def test_the_template_has_the_program_and_leaves_the_instance_to_systemd():
    text = member_unit.text("/usr/bin/docker")
    assert "ExecStart=/usr/bin/docker start --attach %i\n" in text and "ExecStop=-/usr/bin/docker stop %i\n" in text
    assert "%%" not in text and "%(" not in text


@pytest.fixture
def systemctl(tmp_path, monkeypatch):
    def make(body):
        program = tmp_path / "systemctl"
        program.write_text("#!/bin/sh\n" + body, encoding="utf-8")
        program.chmod(0o755)

    monkeypatch.setenv("PATH", "%s:/bin:/usr/bin" % tmp_path)
    return make


def test_what_systemctl_answers(systemctl):
    systemctl('echo "$@"\necho words >&2\n')
    assert units.show("a.service", ("A", "B")) == "show --property A,B a.service\n"


def test_what_systemctl_refuses(systemctl):
    systemctl("echo 'Unit a.service is masked.' >&2\nexit 1\n")
    with pytest.raises(QuorateError) as error:
        units.start("a.service")
    assert str(error.value) == (
        "'systemctl start a.service' failed: Unit a.service is masked. See 'systemctl status a.service' on this host."
    )


def test_a_stop_is_not_waited_for_without_limit(systemctl):
    systemctl("exec sleep 30\n")
    with pytest.raises(QuorateError, match="'systemctl stop a.service' has not ended within 1 s"):
        units.stop("a.service", 1)


def test_a_host_without_systemd(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(QuorateError, match="no systemctl on this host"):
        units.reload()


def test_units_that_are_started_at_boot(tmp_path, monkeypatch):
    monkeypatch.setattr(units, "DIRECTORY", str(tmp_path))
    assert units.enabled() == []
    (tmp_path / units.WANTS).mkdir()
    (tmp_path / units.WANTS / "a.service").symlink_to("/a")
    assert units.enabled() == ["a.service"]
