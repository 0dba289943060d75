# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory, behind the calls of the Docker SDK.

It answers like the SDK's APIClient, so that the tests run the engine client as well.
"""

from __future__ import annotations

from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse, response
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm


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
        self.locked_with = None
        self.requests = []
        self.slow_to_leave = 0
        self.slow_to_force = 0
        self.start_options = {}
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
        if json.get("ForceNewCluster"):
            return self._force_new_cluster(json)
        if self.state != "inactive":
            refuse(503, "This node is already part of a swarm")
        with self.world.write("%s: init" % self.hostname):
            self._enter(Swarm(self.world), "manager")
            self.state = "pending" if self.looks_until_active else "active"
        self.requests.append(json)
        return response(200)

    def _force_new_cluster(self, request):
        """The engine starts with what the request says, and with its defaults for what it does not say."""
        if not self.controls():
            refuse(503, "This node is not a swarm manager")
        if self.slow_to_force:
            self.slow_to_force -= 1
            refuse(500, "context deadline exceeded")
        with self.world.write("%s: force" % self.hostname):
            self.swarm.force(self.node_id)
            self.start_options = {key: request.get(key) for key in ("AdvertiseAddr", "ListenAddr", "DataPathAddr")}
            self.start_options["DataPathPort"] = request.get("DataPathPort") or 4789
        self.requests.append(request)
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

    def lock(self, key):
        """The engine restarts, in a swarm whose managers lock themselves."""
        self.state, self.locked_with = "locked", key
        return self

    def unlock_swarm(self, key):
        if self.state != "locked":
            refuse(409, "swarm is not locked")
        if not key.startswith("SWMKEY-1-"):
            refuse(400, "invalid key string")
        if key != self.locked_with:
            refuse(401, "swarm could not be unlocked: invalid key provided")
        with self.world.write("%s: unlock" % self.hostname):
            self.state = "pending" if self.looks_until_active else "active"

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
        return self._managers().inspected()

    def update_swarm(
        self, version, swarm_spec=None, rotate_worker_token=False, rotate_manager_token=False, rotate_manager_unlock_key=False
    ):
        self._managers().settings.update(version, swarm_spec, rotate_worker_token, rotate_manager_token, rotate_manager_unlock_key)

    def get_unlock_key(self):
        return {"UnlockKey": self._managers().settings.unlock_key or ""}

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
        """Those behind standalone containers only where they are asked for."""
        self._managers()
        filters = filters or {}
        attachments = filters.get("runtime") == ["attachment"]
        listed = [task for task in self.raw["tasks"] if ("NetworkAttachmentSpec" in task.get("Spec", {})) == attachments]
        return [task for task in listed if task.get("DesiredState") in filters.get("desired-state", [task.get("DesiredState")])]

    # Networks

    def networks(self, names=None, ids=None, filters=None):
        return self.raw["networks"] + (self.swarm.networks.listed() if self.controls() else [])

    def inspect_network(self, net_id, verbose=None, scope=None):
        for network in self.raw["networks"]:
            if network["Id"] == net_id and "gone" not in network:
                return network
        return self.swarm.networks.inspected(net_id) if self.controls() else refuse(404, "network %s not found" % net_id)

    def create_network(
        self, name, driver=None, options=None, ipam=None, internal=False, labels=None, attachable=False, ingress=False
    ):
        flags = {"Attachable": attachable, "Ingress": ingress, "Internal": internal, "Labels": labels}
        return self._managers().networks.create(name, driver, options, ipam, **flags)

    def remove_network(self, net_id):
        self._managers().networks.remove(net_id, self.raw["services"])

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


def disturb(host, call, *events):
    """Before each of the next calls one of the events takes place."""
    undisturbed, events = getattr(host, call), list(events)

    def disturbed(*arguments):
        if events:
            events.pop(0)()
        return undisturbed(*arguments)

    setattr(host, call, disturbed)
