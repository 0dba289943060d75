# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The overlay networks of a swarm in memory, with the delays and refusals of real ones."""

from __future__ import annotations

import copy
import ipaddress
import itertools

from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import due


class Networks:
    """What the managers' engines list, be it that the swarm has it still or that they hold on to it: a ghost."""

    def __init__(self, world):
        self.world = world
        self.entries = {}
        self.looks_until_allocated = 3
        self.looks_until_gone = 3
        self.status_of_missing = 404
        self.held = {}
        self._ghosts = set()
        self._allocations = {}
        self._subnets = ("10.0.%d.0/24" % number for number in itertools.count(1))
        self._due = {}

    def named(self, name):
        return next(entry for entry in self.entries.values() if entry["Name"] == name)

    def pass_time(self):
        """After a few looks a new network has its driver and subnet, and a ghost is gone."""
        for network_id in due(self._due):
            if network_id in self._ghosts:
                del self.entries[network_id]
            else:
                self.entries[network_id].update(self._allocations[network_id])

    def listed(self):
        self.pass_time()
        return copy.deepcopy(list(self.entries.values()))

    def inspected(self, network_id):
        if network_id not in self.entries:
            self._refuse_missing(network_id)
        return dict(copy.deepcopy(self.entries[network_id]), Containers=dict(self.held))

    def create(self, name, driver, options, ipam, **flags):
        if name in [entry["Name"] for entry in self.entries.values()]:
            refuse(409, "network with name %s already exists" % name)
        with self.world.write("create the network %s" % name):
            network_id = self.world.new_id("network")
            unallocated = {"Driver": "", "Options": None, "IPAM": {"Driver": "", "Config": None}}
            self.entries[network_id] = dict({"Id": network_id, "Name": name, "Scope": "swarm"}, **unallocated, **flags)
            self._allocations[network_id] = {
                "Driver": driver,
                "Options": dict(options, **{"com.docker.network.driver.overlay.vxlanid_list": "4097"}),
                "IPAM": {"Driver": "default", "Config": self._config(ipam or {})},
            }
            self._due[network_id] = self.looks_until_allocated
        return {"Id": network_id, "Warning": ""}

    def remove(self, network_id, services):
        if network_id not in self.entries or network_id in self._ghosts:
            self._refuse_missing(network_id)
        for service in services:
            if {"Target": network_id} in service["Spec"]["TaskTemplate"]["Networks"]:
                refuse(400, "rpc error: code = FailedPrecondition desc = network %s is in use by service %s" % (network_id, service["ID"]))
        with self.world.write("remove the network %s" % self.entries[network_id]["Name"]):
            self._ghosts.add(network_id)
            # what a container still holds at this moment stays a ghost for good
            self._due[network_id] = float("inf") if self.held else self.looks_until_gone

    def _config(self, ipam):
        entries = ipam.get("Config") or [{"Subnet": next(self._subnets)}]
        return [dict({"Gateway": str(ipaddress.ip_network(entry["Subnet"])[1])}, **entry) for entry in entries]

    def _refuse_missing(self, network_id):
        refuse(self.status_of_missing, "network %s not found" % network_id)
