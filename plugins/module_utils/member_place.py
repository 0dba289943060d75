# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a container a member of a cluster can be reached, by the engine's inspection of it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """The process in whose network it listens, and the addresses there at which it may do so, the likeliest first."""

    pid: int
    addresses: tuple


def place_of(name, inspected):
    """Of a container that runs. C(inspected) is none where there is no container of that name."""
    if inspected is None:
        raise NoAnswer("there is no container %s on this host" % name)
    state = inspected["State"]
    if not state.get("Running") or not state.get("Pid"):
        raise NoAnswer("the container %s does not run (%s)" % (name, _end_of(state)), ended=_when_it_ended(state))
    networks = (inspected.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = [network["IPAddress"] for _name, network in sorted(networks.items()) if network.get("IPAddress")]
    return Place(state["Pid"], (LOOPBACK, *addresses))


def _when_it_ended(state):
    """None where the engine could not start it, for which it may need only time, as until there is its network."""
    return None if state.get("Status") != "exited" or state.get("Error") else state.get("FinishedAt")


def _end_of(state):
    if state.get("Status") != "exited":
        return state.get("Status") or "unknown state"
    reason = " for want of memory" if state.get("OOMKilled") else ""
    return "exited with status %s%s" % (state.get("ExitCode"), reason)
