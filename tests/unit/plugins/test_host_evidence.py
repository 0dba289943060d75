# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preflight reads from a host's disk and kernel."""

from __future__ import annotations

import json

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import evidence, kernel_features, ports_in_use

TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 10.10.10.0/24 2 0 2
        |-- 10.10.10.0
           /24 link UNICAST
        |-- 10.10.10.88
           /32 host LOCAL
        |-- 10.10.10.255
           /32 link BROADCAST
Local:
        |-- 10.10.10.88
           /32 host LOCAL
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
"""
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue
   0: 00000000:1F0A 00000000:0000 0A 00000000:00000000
   1: 0100007F:0949 0100007F:D431 01 00000000:00000000
"""
UDP6 = """\
  sl  local_address                         remote_address                        st
   1: 00000000000000000000000000000000:12B5 00000000000000000000000000000000:0000 07
"""


def test_own_addresses():
    assert evidence.local_addresses(TRIE) == ["10.10.10.88", "127.0.0.1"]
    assert evidence.local_addresses("") == []


@pytest.mark.parametrize("text, told", [("a" * 32 + "\n", True), ("", False), ("uninitialized\n", False)])
def test_the_machine_id_is_told_as_a_digest(tmp_path, monkeypatch, text, told):
    (tmp_path / "machine-id").write_text(text)
    monkeypatch.setattr(evidence, "MACHINE_ID", str(tmp_path / "machine-id"))
    found = evidence.machine_id()
    assert (found is not None) is told and "a" * 32 != found


def test_the_engine_id_of_newer_and_older_engines(tmp_path, monkeypatch):
    key = tmp_path / "key.json"
    monkeypatch.setattr(evidence, "ENGINE_KEY", str(key))
    assert evidence.engine_id(str(tmp_path)) is None
    key.write_text(json.dumps({"crv": "P-256", "d": "secret", "kid": "ABCD:EFGH"}))
    assert evidence.engine_id(str(tmp_path)) == "ABCD:EFGH"
    (tmp_path / "engine-id").write_text("0b1c\n")
    assert evidence.engine_id(str(tmp_path)) == "0b1c"


@pytest.mark.parametrize(
    "text, root",
    [(None, "/var/lib/docker"), ('{"data-root": "/srv/docker"}', "/srv/docker"), ("[]", "/var/lib/docker"), ("{", "/var/lib/docker")],
)
def test_the_engines_data_directory(tmp_path, text, root):
    if text is not None:
        (tmp_path / "daemon.json").write_text(text)
    assert evidence.engine_root(str(tmp_path / "daemon.json")) == root


def test_the_state_of_a_membership_on_the_disk(tmp_path, monkeypatch):
    assert evidence.has_swarm_state(str(tmp_path)) is False
    (tmp_path / "swarm" / "worker").mkdir(parents=True)
    assert evidence.has_swarm_state(str(tmp_path)) is False, "an engine that left may keep directories"
    (tmp_path / "swarm" / "docker-state.json").touch()
    assert evidence.has_swarm_state(str(tmp_path)) is True

    def refuse(path):
        raise PermissionError

    monkeypatch.setattr(evidence.os, "listdir", refuse)
    assert evidence.has_swarm_state(str(tmp_path)) is None


def test_ports_that_somebody_listens_on(tmp_path):
    (tmp_path / "tcp").write_text(TCP)
    (tmp_path / "udp6").write_text(UDP6)
    assert ports_in_use.ports_in_use(str(tmp_path)) == {"7946/tcp", "4789/udp"}


def test_addresses_at_which_somebody_listens(tmp_path):
    (tmp_path / "tcp").write_text("header\n 0: 0100007F:0CEA 00000000:0000 0A\n 1: 0100007F:0CEB 00000000:0000 01\n")
    (tmp_path / "tcp6").write_text("header\n 0: 0000000000000000FFFF0000580A0A0A:1F90 %s:0000 0A\n" % ("0" * 32))
    assert ports_in_use.sockets_in_use(str(tmp_path)) == {("127.0.0.1", 3306, "tcp"), ("10.10.10.88", 8080, "tcp")}


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_features.shutil, "which", lambda name, path=None: None)
    directory = tmp_path / "modules" / "6.1"
    directory.mkdir(parents=True)
    (tmp_path / "loaded" / "esp4").mkdir(parents=True)
    (directory / "modules.builtin").write_text("kernel/drivers/net/vxlan/vxlan.ko\n")
    (directory / "modules.dep").write_text("kernel/net/netfilter/ipvs/ip_vs.ko.xz: kernel/lib/libcrc32c.ko.xz\nkernel/net/xt-some.ko:\n")

    def has(name, release="6.1"):
        return kernel_features.has_module(name, release, str(tmp_path / "modules"), str(tmp_path / "loaded"))

    return has


@pytest.mark.parametrize(
    "name, release, expected",
    [
        ("esp4", "6.1", True),
        ("vxlan", "6.1", True),
        ("ip_vs", "6.1", True),
        ("xt_some", "6.1", True),
        ("libcrc32c", "6.1", False),
        ("sctp", "6.1", False),
        ("vxlan", "6.2", None),
        ("esp4", "6.2", True),
    ],
)
def test_kernel_modules_loaded_built_in_or_loadable(kernel, name, release, expected):
    assert kernel(name, release) is expected


@pytest.mark.parametrize(
    "line, expected", [("install /bin/false", False), ("install /usr/bin/true --quiet", False), ("insmod /lib/x.ko", True)]
)
def test_a_module_that_is_disabled_by_configuration(kernel, tmp_path, monkeypatch, line, expected):
    program = tmp_path / "modprobe"
    program.write_text("#!/bin/sh\necho '%s'\n" % line)
    program.chmod(0o755)
    monkeypatch.setattr(kernel_features.shutil, "which", lambda name, path=None: str(program))
    assert kernel("ip_vs") is expected
