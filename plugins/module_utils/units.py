# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of this host's systemd, through systemctl."""

from __future__ import annotations

import os
import subprocess

from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError

DIRECTORY = "/etc/systemd/system"
WANTS = "multi-user.target.wants"
ANSWER_LIMIT = 120


def show(unit, properties):
    return systemctl("show", "--property", ",".join(properties), unit)


def start(unit):
    systemctl("start", unit)


def stop(unit, limit):
    systemctl("stop", unit, limit=limit)


def stop_soon(unit):
    """Without waiting until it has ended."""
    systemctl("stop", "--no-block", unit)


def enable(unit):
    systemctl("enable", unit)


def disable(unit):
    systemctl("disable", unit)


def reload():
    systemctl("daemon-reload")


def path_of(unit):
    return os.path.join(DIRECTORY, unit)


def enabled():
    """The names of units that are started at boot."""
    try:
        return sorted(os.listdir(os.path.join(DIRECTORY, WANTS)))
    except OSError:
        return []


def systemctl(*words, limit=ANSWER_LIMIT):
    command = " ".join(("systemctl",) + words)
    try:
        done = subprocess.run(
            ["systemctl", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit, check=False,
        )
    except FileNotFoundError as exc:
        raise QuorateError("There is no systemctl on this host, and members are kept running only with systemd.") from exc
    except subprocess.TimeoutExpired as exc:
        raise QuorateError(
            "'%s' has not ended within %d s. See 'systemctl status %s' on this host, and run again." % (command, limit, words[-1])
        ) from exc
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise QuorateError("'%s' failed: %s. See 'systemctl status %s' on this host." % (command, said.rstrip("."), words[-1]))
    return done.stdout.decode("utf-8", "replace")
