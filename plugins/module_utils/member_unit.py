# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd unit of members: one template, an instance for each member. No I/O.

The engine's own restart policy does not bring a container back whose overlay was not there at the first try, as after the power of
all hosts failed; systemd tries until it is.
"""

from __future__ import annotations

from dataclasses import dataclass

TEMPLATE = "quorate-member@.service"
PREFIX, SUFFIX = TEMPLATE.split("@")
PROPERTIES = ("LoadState", "ActiveState", "UnitFileState", "NRestarts", "NeedDaemonReload")
UP = ("active", "activating", "reloading")

# The container's output goes to the engine's log driver, the attached program's would be the same once more.
# A server that ends for SIGTERM may say so with 143.
TEXT = """\
# Written by quorate.swarm.cluster_member. Changes are lost; use 'systemctl edit' instead.
[Unit]
Description=Member %%i of a cluster, a container
After=docker.service network-online.target
Wants=docker.service network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=%(docker)s start --attach %%i
ExecStop=-%(docker)s stop %%i
StandardOutput=null
StandardError=null
SuccessExitStatus=143
Restart=always
RestartSec=5
TimeoutStopSec=1800

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Unit:
    """What systemd says of an instance. C(restarts) counts those since somebody started it; systemd before 235 does not tell it.

    It is outdated where its file was written and systemd has not read it since.
    """

    is_active: bool = False
    is_enabled: bool = False
    restarts: int = 0
    is_outdated: bool = False


def text(docker):
    return TEXT % {"docker": docker}


def instance(name):
    return "%s@%s%s" % (PREFIX, name, SUFFIX)


def member_of(unit_name):
    """The member's name, none where the unit is no instance of the template."""
    if not (unit_name.startswith("%s@" % PREFIX) and unit_name.endswith(SUFFIX)):
        return ""
    return unit_name[len(PREFIX) + 1 : -len(SUFFIX)]


def unit_of(properties):
    """Read what C(systemctl show) answers. While it waits for the next try of a start, a unit is on its way up."""
    known = dict(line.partition("=")[::2] for line in properties.splitlines())
    restarts = known.get("NRestarts", "")
    return Unit(
        is_active=known.get("ActiveState") in UP,
        is_enabled=known.get("UnitFileState") == "enabled",
        restarts=int(restarts) if restarts.isdigit() else 0,
        is_outdated=known.get("NeedDaemonReload") == "yes",
    )
