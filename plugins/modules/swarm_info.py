#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: swarm_info
short_description: What a host knows of its Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Tells the host's own membership, and on request what the swarm consists of.
  - Works on every host. What only managers know is none on a worker, and on a manager without quorum.
  - Never tells a secret, except for the join tokens when they are asked for by name.
options:
  nodes:
    description: Tell the nodes of the swarm; known on managers.
    type: bool
    default: false
  services:
    description: Tell the services of the swarm; known on managers.
    type: bool
    default: false
  tasks:
    description: Tell the tasks of the swarm, also those that wait for a node; known on managers.
    type: bool
    default: false
  networks:
    description: Tell the overlay networks that the host has, with the peers that it sees on each.
    type: bool
    default: false
  containers:
    description: Tell the containers of the host, running or not.
    type: bool
    default: false
  join_tokens:
    description:
      - Tell the tokens with which hosts join; known on managers.
      - They are secrets. Put C(no_log=true) on the task that asks for them.
    type: bool
    default: false
  raft:
    description:
      - Tell how far the raft log on the host's disk goes, which a manager without quorum cannot be asked otherwise.
      - Only terms and indexes are read, nothing that is encrypted.
    type: bool
    default: false
  addresses:
    description: Addresses and names of network interfaces, optionally with a port, of which to tell those that are not this host's own.
    type: list
    elements: str
    default: []
  quorum_timeout:
    description:
      - Seconds that a manager without a leader, or one that is still starting, is given to find one before it is told to have no quorum.
      - After a loss of power the managers need a while for their election.
    type: int
    default: 0
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes.info
seealso:
  - module: quorate.swarm.swarm
  - module: community.docker.docker_swarm_info
"""

EXAMPLES = r"""
- name: See the host's membership
  quorate.swarm.swarm_info:
  register: result

- name: See all nodes
  quorate.swarm.swarm_info:
    nodes: true
  delegate_to: node1
  run_once: true
  register: result

- name: See how far a manager without quorum has come
  quorate.swarm.swarm_info:
    raft: true
  register: result

- name: Read the join tokens
  quorate.swarm.swarm_info:
    join_tokens: true
  delegate_to: node1
  run_once: true
  no_log: true
  register: tokens
"""

RETURN = r"""
swarm:
  description: The host's membership, as M(quorate.swarm.swarm) returns it.
  returned: success
  type: dict
  sample:
    state: active
    role: manager
    node_id: 3b4mbhoz6dwqrvz9b6ynkz8lc
    node_addr: 10.10.10.88
    cluster_id: rqzqcqvhg6zbbwytg1j7wqb1c
    managers: [{"addr": "10.10.10.88:2377", "node_id": "3b4mbhoz6dwqrvz9b6ynkz8lc"}]
    error: null
engine:
  description: The host's engine.
  returned: success
  type: dict
  sample: {"hostname": "node1", "id": "ABCD", "operating_system": "Debian GNU/Linux 12 (bookworm)", "version": "20.10.24"}
cluster:
  description:
    - The swarm itself, its C(id) and C(created_at), and its settings as M(quorate.swarm.swarm_settings) returns them.
    - No token, no key and no certificate is among them. None where the host is no manager or there is no quorum.
  returned: success
  type: dict
  sample:
    id: rqzqcqvhg6zbbwytg1j7wqb1c
    created_at: "2026-11-21T14:03:40.333Z"
    autolock: false
    node_cert_expiry: 2160h
    task_history_retention_limit: 5
    labels: {"site": "north"}
    data_path_port: 4789
    default_addr_pool: ["10.0.0.0/8"]
    subnet_size: 24
quorum:
  description: Whether the host is a manager whose swarm has a leader.
  returned: success
  type: bool
  sample: true
foreign_addresses:
  description: Those of O(addresses) that are no address and no network interface of this host.
  returned: success
  type: list
  elements: str
  sample: []
nodes:
  description: The nodes, as M(quorate.swarm.swarm_nodes) returns them.
  returned: when O(nodes=true)
  type: list
  elements: dict
  sample: [{"node_id": "3b4mbhoz6dwqrvz9b6ynkz8lc", "hostname": "node1", "role": "manager", "availability": "active"}]
services:
  description: >-
    The services; of their C(ports) the C(published_port) on the hosts, the C(target_port) in the containers, the C(protocol), and as
    C(publish_mode) V(ingress) or V(host).
  returned: when O(services=true)
  type: list
  elements: dict
  sample:
    - id: p4u8a
      name: web
      image: nginx:1.27
      mode: replicated
      replicas: 3
      networks: [a7x]
      ports: [{"protocol": "tcp", "target_port": 80, "published_port": 8080, "publish_mode": "ingress"}]
      labels: {}
tasks:
  description: The tasks.
  returned: when O(tasks=true)
  type: list
  elements: dict
  sample: [{"id": "kf3", "service_id": "p4u8a", "node_id": "3b4", "slot": 1, "state": "running", "desired_state": "running", "error": null}]
networks:
  description: The overlay networks, as M(quorate.swarm.overlay_networks) returns them, with their C(peers) and C(containers).
  returned: when O(networks=true)
  type: list
  elements: dict
  sample: [{"network_id": "a7x", "name": "demo", "attachable": true, "peers": ["10.10.10.88"], "containers": ["web.1"]}]
containers:
  description: The containers.
  returned: when O(containers=true)
  type: list
  elements: dict
  sample: [{"id": "0f3c", "name": "mariadb", "image": "mariadb:10.11", "state": "running", "networks": ["demo"], "service_id": null}]
raft:
  description: The raft log on the host's disk; none where there is none, as on workers.
  returned: when O(raft=true)
  type: dict
  contains:
    committed_term:
      description: Term of the last entry that the host knows to be committed; none where the log cannot be read.
      type: int
      sample: 2
    committed_index:
      description: Index of that entry. A new cluster that is made by force goes on from it and discards what comes after.
      type: int
      sample: 1287
    last_term:
      description: Term of the last entry.
      type: int
      sample: 2
    last_index:
      description: Index of the last entry.
      type: int
      sample: 1288
    autolock:
      description: Whether the manager's keys on disk are encrypted, as they are in a swarm with autolock; none where that cannot be read.
      type: bool
      sample: false
    error:
      description: Why the log cannot be read.
      type: str
      sample: null
join_tokens:
  description: The tokens, by role.
  returned: when O(join_tokens=true)
  type: dict
  sample: {"manager": "(secret)", "worker": "(secret)"}
"""

from ansible_collections.quorate.swarm.plugins.module_utils import nodes, views
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import (
    cluster_id_on_disk,
    host_name,
    owns_address,
    raft_state,
)
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.membership import (
    PENDING,
    host_of,
    membership_of,
    require_manager,
)
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until


def execute(engine, params, check_mode):
    info, membership, cluster = settled(engine, params["quorum_timeout"])
    facts = {
        "swarm": membership.summary(),
        "engine": views.engine(info),
        "cluster": views.cluster(cluster) if cluster else None,
        "quorum": cluster is not None,
        "foreign_addresses": [addr for addr in params["addresses"] if not owns_address(host_of(addr))],
    }
    if params["nodes"]:
        facts["nodes"] = [nodes.summary(node) for node in engine.nodes()] if cluster else None
    if params["services"]:
        facts["services"] = [views.service(service) for service in engine.services()] if cluster else None
    if params["tasks"]:
        facts["tasks"] = [views.task(task) for task in engine.tasks()] if cluster else None
    if params["networks"]:
        facts["networks"] = [views.network(network) for network in overlays(engine)]
    if params["containers"]:
        facts["containers"] = [views.container(container) for container in engine.containers()]
    if params["raft"]:
        facts["raft"] = raft_state(info.get("DockerRootDir") or "")
    if params["join_tokens"]:
        require_manager(membership, "tell the join tokens", host_name)
        facts["join_tokens"] = views.join_tokens(engine.swarm())
    return Outcome(facts=facts)


def settled(engine, limit):
    """What the engine says once its start and the managers' election are over, or the limit is."""
    seen = []

    def observe():
        info = engine.info()
        membership = membership_of(info, cluster_id_on_disk(info.get("DockerRootDir") or ""))
        seen[:] = [info, membership, cluster_of(engine, membership)]
        starting = membership.state == PENDING and membership.cluster_id
        return not starting and (not membership.is_manager or seen[2] is not None)

    try:
        wait_until(observe, bool, limit, "the managers had a leader")
    except TimeLimitExceeded:
        pass
    return seen


def cluster_of(engine, membership):
    if not membership.is_manager:
        return None
    try:
        return engine.swarm()
    except EngineError as exc:
        if exc.may_pass:
            return None
        raise


def overlays(engine):
    """The overlay networks; on workers they come and go with those who use them, also between two calls."""
    found = []
    for network in engine.networks():
        if network["Driver"] == "overlay":
            try:
                found.append(engine.network(network["Id"]))
            except EngineError as exc:
                if not exc.is_missing:
                    raise
    return found


def main():
    run_module(
        execute,
        {
            "nodes": {"type": "bool", "default": False},
            "services": {"type": "bool", "default": False},
            "tasks": {"type": "bool", "default": False},
            "networks": {"type": "bool", "default": False},
            "containers": {"type": "bool", "default": False},
            "join_tokens": {"type": "bool", "default": False, "no_log": False},
            "raft": {"type": "bool", "default": False},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "quorum_timeout": {"type": "int", "default": 0},
        },
    )


if __name__ == "__main__":
    main()
