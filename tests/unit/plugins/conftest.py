# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import waiting
from ansible_collections.quorate.swarm.plugins.modules import engine_restart, overlay_networks, swarm, swarm_info
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import Clock, World


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """What the resolver knows: host names by address. No test asks a real one."""
    known = {}

    def gethostbyaddr(address):
        if address not in known:
            raise OSError("unknown host")
        return known[address], [], [address]

    monkeypatch.setattr("socket.gethostbyaddr", gethostbyaddr)
    return known


@pytest.fixture
def clock(monkeypatch):
    """Waits take no time."""
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


@pytest.fixture
def world(monkeypatch, clock):
    """Hosts and swarms in memory, for the modules: their disk is the world's, they have no routes."""
    world = World()
    for module in (engine_restart, swarm, swarm_info):
        monkeypatch.setattr(module, "cluster_id_on_disk", world.cluster_id_on_disk)
    monkeypatch.setattr(swarm, "start_options", world.start_options)
    monkeypatch.setattr(swarm, "keys_are_encrypted", world.keys_are_encrypted)
    monkeypatch.setattr(overlay_networks, "local_routes", list)
    return world
