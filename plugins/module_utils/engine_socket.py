# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question to the host's own engine without the Docker SDK, which a host that is looked at for the first time may not have."""

from __future__ import annotations

import glob
import http.client
import json
import socket

SOCKET = "/var/run/docker.sock"
PROCESSES = "/proc/[0-9]*/comm"
ENGINE = "dockerd"
NO_SWARM = "inactive"
# An engine whose swarm has no majority answers after 20 s.
LIMIT = 30


def engine_runs(processes=PROCESSES):
    """Whether an engine runs on this host. A connection to its socket would not tell: systemd starts the engine for it."""
    for path in glob.glob(processes):
        try:
            with open(path, encoding="utf-8", errors="replace") as name:
                if name.read().strip() == ENGINE:
                    return True
        except OSError:
            continue
    return False


def is_in_swarm(path=SOCKET, limit=LIMIT):
    """Whether the engine says that it is in a swarm, or about to join one; None where it does not tell."""
    try:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(limit)
            wire.connect(path)
            return told_state(wire) not in ("", NO_SWARM)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None


def told_state(wire):
    connection = http.client.HTTPConnection("docker")
    connection.sock = wire
    connection.request("GET", "/info")
    return json.loads(connection.getresponse().read())["Swarm"]["LocalNodeState"]
