#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_health
short_description: Live state of an Elasticsearch cluster as one member sees it, or a wait for it
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Asks one member over HTTP for its cluster, once or until a condition holds.
  - A member that does not answer, or that finds no master, is no failure of the module, unless it was asked to wait.
  - What it tells of the cluster comes from the elected master, so a member that was cut off tells of no old state.
  - Changes nothing. Runs on the host of the member. Made for Elasticsearch 7.17 and 8.
options:
  wait_for:
    description:
      - The condition that must hold within O(wait_timeout), or the module fails with what it saw last.
      - With V(answers) the member answers, also one that finds no master.
      - With V(formed) it finds a master, and the cluster has formed, which shows in its UUID.
      - With V(members) all of O(members) are in the cluster. Others may be there as well.
      - With V(green) the status is green, with V(yellow) it is yellow or green.
      - With V(settled) the status is O(status) or better, no shard is relocating, initializing or
        delayed, and all of O(members) are in the cluster.
      - With V(empty) no shard is on O(node). A node that is not in the cluster is not empty, since nobody knows what is on its disk.
    type: str
    choices: [answers, formed, members, green, yellow, settled, empty]
  members:
    description: Names of the nodes that must be in the cluster for V(members) and V(settled) of O(wait_for).
    type: list
    elements: str
    default: []
  status:
    description:
      - The worst status that is good enough for O(wait_for=settled).
      - During an upgrade replicas cannot go to nodes of an older version, so yellow is good enough while the nodes have two versions.
    type: str
    choices: [green, yellow]
    default: green
  node:
    description: Name of the node whose shards are counted. Needed for O(wait_for=empty).
    type: str
  replicas:
    description: Whether to tell how many replicas each index wants, which a removal has to leave room for.
    type: bool
    default: false
extends_documentation_fragment:
  - quorate.swarm.member
  - quorate.swarm.elasticsearch
  - quorate.swarm.http
  - quorate.swarm.health
  - quorate.swarm.connection
  - quorate.swarm.attributes.info
seealso:
  - module: quorate.swarm.elasticsearch_cluster
"""

EXAMPLES = r"""
- name: Look at the member on each host
  quorate.swarm.elasticsearch_health:
    container: "{{ elasticsearch_name }}"
  register: result

- name: Wait until a restarted member is back and all shards are where they belong
  quorate.swarm.elasticsearch_health:
    container: elastic-data01
    wait_for: settled
    members: [elastic-master, elastic-data01, elastic-data02, elastic-data03]
    wait_timeout: 600

- name: Wait until a node that shall go holds no shard any more
  quorate.swarm.elasticsearch_health:
    container: elastic-master
    wait_for: empty
    node: elastic-data03
    wait_timeout: 3600

- name: Ask a member with security at a published port
  quorate.swarm.elasticsearch_health:
    address: 10.10.10.88
    scheme: https
    https_ca_path: /etc/elasticsearch/http_ca.crt
    user: elastic
    password: "{{ vault_elastic_password }}"
"""

RETURN = r"""
reachable:
  description: Whether the member answered.
  returned: success, and where a condition was not met
  type: bool
  sample: true
error:
  description: Why there is no answer; none where there is one.
  returned: success, and where a condition was not met
  type: str
  sample: nothing listens on port 9200 in the container elastic-master
met:
  description: Whether the condition of O(wait_for) held; without one, whether the member answered.
  returned: success, and where a condition was not met
  type: bool
  sample: true
state:
  description: What the member told last; none where it did not answer.
  returned: success, and where a condition was not met
  type: dict
  contains:
    name:
      description: The member's node name.
      type: str
      sample: elastic-master
    version:
      description: Its version.
      type: str
      sample: 7.17.29
    cluster_name:
      description: The cluster's name.
      type: str
      sample: demo
    cluster_uuid:
      description: The cluster's UUID; none where the member knows no cluster that has formed.
      type: str
      sample: 9qSgp5AVQoOwLBGcHwQ2Rw
    master:
      description: Name of the elected master; none where the member finds none. Then all below is empty or none.
      type: str
      sample: elastic-master
    nodes:
      description: The nodes of the cluster that answered, by name.
      type: list
      elements: dict
      sample:
        - id: Mt9T5oTFSAmvPqKXx0pRwQ
          name: elastic-master
          ip: 10.0.1.4
          roles: [master]
          version: 7.17.29
          master: true
    voters:
      description: Names of the nodes whose votes count, as the master committed it last; the ID of one that is away.
      type: list
      elements: str
      sample: [elastic-master]
    voting_exclusions:
      description: Names of the nodes that were excluded from voting.
      type: list
      elements: str
      sample: []
    status:
      description: V(green), V(yellow) or V(red).
      type: str
      sample: green
    shards:
      description: Numbers of shards that are C(active), C(relocating), C(initializing), C(unassigned), and of these C(delayed).
      type: dict
      sample: {"active": 2, "relocating": 0, "initializing": 0, "unassigned": 0, "delayed": 0}
    pending_tasks:
      description: Number of changes of the cluster's state that wait for the master.
      type: int
      sample: 0
    allocation:
      description: The C(persistent) and the C(transient) settings whose names begin with C(cluster.routing.allocation.).
      type: dict
      sample: {"persistent": {"cluster.routing.allocation.enable": "primaries"}, "transient": {}}
    marks:
      description: What the role quorate.swarm.elasticsearch noted in the cluster before a change, and removes after it.
      type: dict
      sample: {"change": "elastic-data01"}
    shards_on_node:
      description: Number of shards on O(node); none where it is not in the cluster, and where it was not asked for.
      type: int
      sample: 0
    replicas:
      description: >-
        With O(replicas) the number that each index wants, by its name, without those of C(auto_expand_replicas), which take what there is
        room for. None otherwise.
      type: dict
      sample: {"fruit": 1}
"""

from ansible_collections.quorate.swarm.plugins.module_utils import elasticsearch_paths as paths
from ansible_collections.quorate.swarm.plugins.module_utils import elasticsearch_state as cluster
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer
from ansible_collections.quorate.swarm.plugins.module_utils.frame import run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.health import health_arguments, watch
from ansible_collections.quorate.swarm.plugins.module_utils.member_http import TOGETHER, Declined, basic, caller, http_arguments
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import MODULE_OPTIONS


def execute(reach, params, check_mode):
    call = caller(reach, params, cluster.SYSTEM, basic(params))
    return watch(
        lambda: look(call, params),
        params,
        cluster.conditions(params),
        lambda state: cluster.describe(state, params) + why_not_empty(call, state, params),
    )


def look(call, params):
    with call() as member:
        root = member.get(paths.ROOT)
        alone = cluster.state(root)
        try:
            return look_at_cluster(member, root, params)
        except Declined as exc:
            if exc.status == cluster.NO_MASTER:
                return alone
            raise


def look_at_cluster(member, root, params):
    asked = paths.health(), paths.nodes(params["request_timeout"] // 2), paths.settings(), paths.coordination()
    state = cluster.state(root, *(member.get(path) for path in asked))
    key = cluster.node_id(state, params["node"])
    if key:
        state["shards_on_node"] = cluster.shards_on(member.get(paths.routing(key)), key)
    if params["replicas"]:
        state["replicas"] = cluster.replicas(member.get(paths.replicas()))
    return state


def why_not_empty(call, state, params):
    """Why the first of the shards that are left on the node stays, asked for only once nobody waits any more."""
    key = cluster.node_id(state, params["node"])
    if params["wait_for"] != "empty" or not key or not state["shards_on_node"]:
        return ""
    try:
        with call() as member:
            shard = cluster.listed_on(member.get(paths.routing(key, "index", "shard", "primary")), key)[0]
            asked = {name: shard[name] for name in ("index", "shard", "primary")}
            reason = cluster.explained(member.ask("POST", paths.EXPLAIN, dict(asked, current_node=params["node"])))
    except (NoAnswer, IndexError):
        return ""
    return ". Shard %(shard)s of %(index)s finds no other place (%%s)" % shard % reason if reason else ""


ARGUMENTS = dict(
    http_arguments(port=9200),
    **health_arguments(cluster.conditions({"members": [], "node": None, "status": cluster.GREEN})),
    members={"type": "list", "elements": "str", "default": []},
    status={"type": "str", "choices": [cluster.GREEN, cluster.YELLOW], "default": cluster.GREEN},
    node={"type": "str"},
    replicas={"type": "bool", "default": False},
)


def main():
    run_reconnecting_module(
        execute,
        ARGUMENTS,
        required_together=TOGETHER,
        required_if=[("wait_for", "empty", ["node"])],
        **MODULE_OPTIONS,
    )


if __name__ == "__main__":
    main()
