# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A swarm in memory, with the delays and refusals of a real one."""

from __future__ import annotations

import copy

from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.networks import Networks
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.settings import Settings
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import due


class Swarm:
    """What the managers of one swarm agree on."""

    def __init__(self, world, looks_until_effective=2):
        self.world = world
        self.cluster_id = world.new_id("cluster")
        self.tokens = {role: "SWMTKN-1-%s-%s" % (self.cluster_id, role.lower()) for role in ("Worker", "Manager")}
        self.looks_until_effective = looks_until_effective
        self.entries = {}
        self.networks = Networks(world)
        self.settings = Settings(self)
        self.electing = 0
        self.interfering = 0
        self.refusing_joins = 0
        self._due = {}

    def add(self, hostname, addr, role="worker", state="ready", reachability="reachable", labels=None, in_raft=True):
        node_id = self.world.new_id("node")
        self.entries[node_id] = {
            "ID": node_id,
            "Version": {"Index": 10},
            "Spec": {"Role": role, "Availability": "active", "Labels": labels, "Name": "kept"},
            "Description": {"Hostname": hostname, "Engine": {"EngineVersion": "20.10.24"}},
            "Status": {"State": state, "Addr": addr},
        }
        if role == "manager" and in_raft:
            self._enter_raft(node_id, reachability)
        return node_id

    def pass_time(self):
        """Written roles become effective after a few looks."""
        for node_id in due(self._due):
            if self.entries[node_id]["Spec"]["Role"] == "manager":
                self._enter_raft(node_id)
            else:
                del self.entries[node_id]["ManagerStatus"]

    def lose(self, node_id):
        """A host has gone, without a word to anybody but the dispatcher."""
        entry = self.entries.get(node_id, {"Status": {}})
        entry["Status"]["State"] = "down"
        if "ManagerStatus" in entry:
            entry["ManagerStatus"]["Reachability"] = "unreachable"

    def force(self, node_id):
        """One manager goes on alone; the others' entries stay, of a state that nobody knows yet."""
        for entry in self.entries.values():
            if entry["ID"] != node_id:
                entry.pop("ManagerStatus", None)
                entry["Status"]["State"] = "unknown"
        self.entries[node_id]["ManagerStatus"].update(Leader=True, Reachability="reachable")

    def inspected(self):
        self._answer()
        told = {"ID": self.cluster_id, "CreatedAt": "2026-01-01T00:00:00Z", "JoinTokens": dict(self.tokens)}
        return dict(self.settings.told(), **told)

    def nodes(self):
        self._answer()
        self.pass_time()
        return copy.deepcopy(list(self.entries.values()))

    def node(self, node_id):
        self._answer()
        if node_id not in self.entries:
            refuse(404, "node %s not found" % node_id)
        return copy.deepcopy(self.entries[node_id])

    def update(self, node_id, version, spec):
        entry = self.entries[node_id]
        if self.interfering:
            self.interfering -= 1
            entry["Version"]["Index"] += 1
        if version != entry["Version"]["Index"]:
            refuse(500, "rpc error: code = Unknown desc = update out of sequence")
        if entry["Spec"]["Role"] == "manager" and spec["Role"] == "worker":
            if "ManagerStatus" not in entry:
                refuse(404, "rpc error: code = NotFound desc = can't find manager in raft memberlist")
            self._refuse_loss_without(node_id)
        with self.world.write("update %s to %s" % (self.named(node_id), spec["Role"])):
            if entry["Spec"]["Role"] != spec["Role"]:
                self._due[node_id] = self.looks_until_effective
            entry["Spec"] = copy.deepcopy(spec)
            entry["Version"]["Index"] += 1

    def remove(self, node_id):
        entry = self.entries.get(node_id) or refuse(404, "node %s not found" % node_id)
        if "ManagerStatus" in entry:
            refuse(400, "node %s is a cluster manager and is a member of the raft cluster. It must be demoted to worker" % node_id)
        if entry["Status"]["State"] == "ready":
            refuse(400, "node %s is not down and can't be removed" % node_id)
        with self.world.write("remove %s" % self.named(node_id)):
            del self.entries[node_id]

    def is_manager(self, node_id):
        return "ManagerStatus" in self.entries.get(node_id, {})

    def named(self, node_id):
        return "%s (%s)" % (self.entries[node_id]["Description"].get("Hostname"), node_id)

    def raft(self):
        return [entry for entry in self.entries.values() if "ManagerStatus" in entry]

    def _answer(self):
        """Answers of managers without a leader."""
        if self.electing:
            self.electing -= 1
            refuse(500, "rpc error: code = Unknown desc = The swarm does not have a leader")
        self._refuse_loss_without(None, 500, "The swarm does not have a leader")

    def _refuse_loss_without(self, node_id, status=400, message="can't remove member from the raft: loss of quorum"):
        raft = [entry for entry in self.raft() if entry["ID"] != node_id]
        reachable = [entry for entry in raft if entry["ManagerStatus"]["Reachability"] == "reachable"]
        if len(reachable) < len(raft) // 2 + 1:
            refuse(status, "rpc error: %s" % message)

    def _enter_raft(self, node_id, reachability="reachable"):
        addr = "%s:2377" % self.entries[node_id]["Status"]["Addr"]
        leads = not any(entry["ManagerStatus"].get("Leader") for entry in self.raft())
        self.entries[node_id]["ManagerStatus"] = {"Leader": leads, "Reachability": reachability, "Addr": addr}
