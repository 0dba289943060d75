# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts and swarms in memory, behind the calls of the Docker SDK, with the delays and refusals of real ones.

A host answers like the SDK's APIClient, so that the tests run the engine client as well.
"""

from __future__ import annotations

import contextlib
import copy
import itertools

import requests
from docker.errors import APIError


class Killed(BaseException):
    """The process ends here; nothing in a module may catch it."""


class Clock:
    """Time that passes only in pauses, and what happens at which moment."""

    def __init__(self):
        self.now = 0.0
        self.events = []

    def __call__(self):
        return self.now

    def pause(self, seconds):
        self.now += seconds
        for event in [event for event in self.events if event[0] <= self.now]:
            self.events.remove(event)
            event[1]()


class World:
    """All hosts and swarms, what was written to them in order, and the moment at which the process is killed."""

    def __init__(self):
        self.hosts = {}
        self.unreadable = set()
        self.journal = []
        self.kill = None
        self._ids = itertools.count(1)

    def new_id(self, kind):
        return "%s%02d" % (kind, next(self._ids))

    def cluster_id_on_disk(self, engine_root):
        """What a host's certificate tells; here the host's name serves as the directory of its engine."""
        host = next(host for host in self.hosts.values() if host.hostname == engine_root)
        return host.swarm.cluster_id if host.swarm and engine_root not in self.unreadable else None

    @contextlib.contextmanager
    def write(self, what):
        """One call that changes something; C(kill) is its number in the journal and whether it still takes place."""
        if self.kill == (len(self.journal), "before"):
            raise Killed
        yield
        self.journal.append(what)
        if self.kill == (len(self.journal) - 1, "after"):
            raise Killed


class Swarm:
    """What the managers of one swarm agree on."""

    def __init__(self, world, looks_until_effective=2):
        self.world = world
        self.cluster_id = world.new_id("cluster")
        self.tokens = {role: "SWMTKN-1-%s-%s" % (self.cluster_id, role.lower()) for role in ("Worker", "Manager")}
        self.looks_until_effective = looks_until_effective
        self.entries = {}
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
        for node_id in list(self._due):
            self._due[node_id] -= 1
            if self._due[node_id] <= 0:
                del self._due[node_id]
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
        if entry["Status"]["State"] != "down":
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


class Host:
    """The SDK's APIClient on one host, with the signatures that its releases 5.0 and 7 have in common."""

    api_version = "1.41"
    base_url = "http+docker://localhost"
    timeout = 60

    def __init__(self, world, hostname, addr):
        self.world = world
        self.hostname = hostname
        self.addr = addr
        self.swarm = None
        self.node_id = None
        self.state = "inactive"
        self.error = ""
        self.joins_in_background = False
        self.looks_until_active = 0
        self.requests = []
        self.slow_to_leave = 0
        self.raw = {"tasks": [], "services": [], "networks": [], "containers": []}
        world.hosts["%s:2377" % addr] = self

    def become(self, swarm, role="worker", labels=None):
        """Be a member without a call."""
        self._enter(swarm, role)
        swarm.entries[self.node_id]["Spec"]["Labels"] = labels
        return self

    # This engine

    def info(self):
        if self.swarm:
            self.swarm.pass_time()
        if self.state == "pending" and self.swarm:
            self.looks_until_active -= 1
            if self.looks_until_active <= 0:
                self.state = "active"
        return {"ID": "engine-%s" % self.hostname, "Name": self.hostname, "DockerRootDir": self.hostname, "Swarm": self._membership()}

    def containers(self, all=False):
        return [container for container in self.raw["containers"] if all or container["State"] == "running"]

    # Membership

    def post(self, url, json, **_options):
        assert url.endswith("/swarm/init"), url
        if self.state != "inactive":
            refuse(503, "This node is already part of a swarm")
        with self.world.write("%s: init" % self.hostname):
            self._enter(Swarm(self.world), "manager")
            self.state = "pending" if self.looks_until_active else "active"
        self.requests.append(json)
        return response(200)

    def join_swarm(self, remote_addrs, join_token, listen_addr="0.0.0.0:2377", advertise_addr=None, data_path_addr=None):
        if self.state != "inactive":
            refuse(503, "This node is already part of a swarm")
        swarm = next((host.swarm for addr, host in self.world.hosts.items() if addr in remote_addrs and host.controls()), None)
        if swarm is None:
            refuse(500, "rpc error: code = Unavailable desc = connection refused")
        if swarm.refusing_joins:
            swarm.refusing_joins -= 1
            refuse(503, "rpc error: code = Unavailable desc = The swarm does not have a leader")
        role = next((role for role, token in swarm.tokens.items() if token == join_token), None)
        if role is None:
            refuse(400, "invalid join token")
        with self.world.write("%s: join as %s" % (self.hostname, role.lower())):
            self._enter(swarm, role.lower())
        if self.joins_in_background:
            self.state = "pending"
            refuse(500, "Timeout was reached before node joined. The attempt to join the swarm will continue in the background")

    def leave_swarm(self, force=False):
        if self.state == "inactive":
            refuse(503, "This node is not part of a swarm")
        if self.slow_to_leave:
            self.slow_to_leave -= 1
            refuse(500, "context deadline exceeded")
        if not force and self.controls():
            refuse(503, "You are attempting to leave the swarm on a node that is participating as a manager")
        with self.world.write("%s: leave" % self.hostname):
            if self.node_id:
                self.swarm.lose(self.node_id)
            self.swarm, self.node_id, self.state, self.error = None, None, "inactive", ""

    # The cluster

    def inspect_swarm(self):
        managers = self._managers()
        managers.nodes()
        return {
            "ID": managers.cluster_id,
            "CreatedAt": "2026-01-01T00:00:00Z",
            "JoinTokens": dict(managers.tokens),
            "Spec": {"Labels": None, "EncryptionConfig": {"AutoLockManagers": False}},
            "DefaultAddrPool": ["10.0.0.0/8"],
            "SubnetSize": 24,
            "DataPathPort": 4789,
        }

    def nodes(self, filters=None):
        return self._managers().nodes()

    def inspect_node(self, node_id):
        return self._managers().node(node_id)

    def update_node(self, node_id, version, node_spec=None):
        self._managers().update(node_id, version, node_spec)

    def remove_node(self, node_id, force=False):
        self._managers().remove(node_id)

    def services(self, filters=None):
        self._managers()
        return self.raw["services"]

    def tasks(self, filters=None):
        self._managers()
        return self.raw["tasks"]

    # Networks

    def networks(self, names=None, ids=None, filters=None):
        return self.raw["networks"]

    def inspect_network(self, net_id, verbose=None, scope=None):
        found = [network for network in self.raw["networks"] if network["Id"] == net_id and "gone" not in network]
        return found[0] if found else refuse(404, "network %s not found" % net_id)

    def controls(self):
        return self.state == "active" and self.swarm.is_manager(self.node_id)

    def _enter(self, swarm, role):
        self.swarm, self.state = swarm, "active"
        self.node_id = swarm.add(self.hostname, self.addr, role)

    def _managers(self):
        if not self.controls():
            refuse(503, "This node is not a swarm manager")
        return self.swarm

    def _membership(self):
        told = {"LocalNodeState": self.state, "NodeID": "", "NodeAddr": "", "RemoteManagers": None, "Error": self.error}
        if self.swarm and self.state in ("active", "pending"):
            managers = [{"NodeID": entry["ID"], "Addr": entry["ManagerStatus"]["Addr"]} for entry in self.swarm.raft()]
            told.update(NodeID=self.node_id, NodeAddr=self.addr, RemoteManagers=managers, ControlAvailable=self.controls())
            if self.controls():
                told["Cluster"] = {"ID": self.swarm.cluster_id}
        return told


def response(status):
    answer = requests.Response()
    answer.status_code = status
    return answer


def refuse(status, explanation):
    raise APIError(explanation, response=response(status), explanation=explanation)
