# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that runs in the probes, with a name service and a network made of two lines of shell."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "roles" / "overlay" / "files" / "reach.sh"
LOOPBACK_MAC = "00:00:00:00:00:00"
LOOPBACK_MTU = int(pathlib.Path("/sys/class/net/lo/mtu").read_text(encoding="ascii"))
FULL = LOOPBACK_MTU - 28


@pytest.fixture
def reach(tmp_path):
    def run(resolves_to, largest_payload, *targets, limit=0):
        stubs = {
            "nslookup": "echo Server: 127.0.0.11; echo Name: $2; echo Address: %s" % resolves_to,
            "ping": '[ "$6" -le %d ]' % largest_payload,
            "sleep": "exit 0",
        }
        for name, line in stubs.items():
            (tmp_path / name).write_text("#!/bin/sh\n%s\n" % line, encoding="ascii")
            (tmp_path / name).chmod(0o755)
        return subprocess.run(
            ["sh", "-c", SCRIPT.read_text(encoding="ascii"), "reach.sh", str(limit), "demo", LOOPBACK_MAC, *targets],
            env=dict(os.environ, PATH="%s:%s" % (tmp_path, os.environ["PATH"])),
            capture_output=True, text=True, timeout=30, check=False,
        )

    return run


def test_all_hosts_that_answer_are_reached(reach):
    done = reach("10.0.1.5", FULL, "node2,probe-node2,10.0.1.5", "node3,probe-node3,10.0.1.5")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_nothing_to_reach_is_no_failure(reach):
    assert reach("10.0.1.5", FULL).returncode == 0


@pytest.mark.parametrize(
    "resolves_to, largest_payload, sentence",
    [
        ("10.0.1.6", FULL, "node2 on demo: the name probe-node2 does not resolve to 10.0.1.5. Restart the engine there"),
        ("10.0.1.55", FULL, "does not resolve"),
        ("110.0.1.5", FULL, "does not resolve"),
        ("10.0.1.5", FULL - 1, "node2 on demo: packets of %d bytes do not cross, though small ones do. Give the" % LOOPBACK_MTU),
        ("10.0.1.5", -1, "node2 on demo: no packet crosses. Open 4789/udp"),
    ],
)
def test_what_is_wrong_with_a_host_is_a_sentence(reach, resolves_to, largest_payload, sentence):
    done = reach(resolves_to, largest_payload, "node2,probe-node2,10.0.1.5")
    assert done.returncode == 1
    assert sentence in done.stdout
