#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_health
short_description: Live state of one member of an etcd cluster, or a wait for it
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Asks one member over the JSON gateway of its port for clients how it and its cluster stand, once or until a condition holds.
  - A member that does not answer, or that finds no leader, is no failure of the module, unless it was asked to wait.
  - A member with a configuration file has no gateway before 3.5, unless C(enable-grpc-gateway) says so.
  - Changes nothing. Runs on the host of the member. Made for etcd 3.4 to 3.6.
options:
  wait_for:
    description:
      - The condition that must hold within O(wait_timeout), or the module fails with what it saw last.
      - With V(answers) the member answers, in whatever state it is.
      - With V(serving) it serves requests, to which a majority of the cluster had to agree just now.
      - With V(in_cluster) it does so as a member with a vote.
      - With V(joined) it has found a leader, with or without a vote.
    type: str
    choices: [answers, serving, in_cluster, joined]
extends_documentation_fragment:
  - quorate.swarm.member
  - quorate.swarm.etcd
  - quorate.swarm.http
  - quorate.swarm.health
  - quorate.swarm.connection
  - quorate.swarm.attributes.info
seealso:
  - module: quorate.swarm.etcd_members
"""

EXAMPLES = r"""
- name: Look at the member on each host
  quorate.swarm.etcd_health:
    container: "{{ etcd_name }}"
  register: result

- name: Wait until it serves again
  quorate.swarm.etcd_health:
    container: etcd1
    wait_for: in_cluster
    wait_timeout: 120

- name: Ask a member that wants TLS and a certificate of its clients
  quorate.swarm.etcd_health:
    container: etcd1
    scheme: https
    https_hostname: etcd1
    https_ca_path: /srv/etcd/etcd1/conf/secrets/ca.pem
    https_client_cert: /srv/etcd/etcd1/conf/secrets/client.pem
    https_client_key: /srv/etcd/etcd1/conf/secrets/client.key
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
  sample: nothing listens on port 2379 in the container etcd1
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
    id:
      description: The member's ID, in hexadecimal digits as all IDs.
      type: str
      sample: f419153bec73b88b
    name:
      description: Its name, none where it does not tell its cluster's members.
      type: str
      sample: etcd1
    version:
      description: Its version.
      type: str
      sample: 3.4.23
    cluster_id:
      description: ID of its cluster.
      type: str
      sample: 38aa27e058110c27
    cluster_version:
      description: Version that all members of the cluster have at least; the cluster takes in no member of an earlier one.
      type: str
      sample: 3.4.0
    leader_id:
      description: ID of the leader, none where the member finds none.
      type: str
      sample: 97d3e8868f232a95
    leader:
      description: Name of the leader.
      type: str
      sample: etcd3
    is_leader:
      description: Whether it is the leader itself.
      type: bool
      sample: false
    is_learner:
      description: Whether it takes part without a vote, and serves nobody.
      type: bool
      sample: false
    has_vote:
      description: Whether it is a member with a vote, none where it does not tell the members.
      type: bool
      sample: true
    healthy:
      description: Whether the cluster agreed to a request that was made for the purpose.
      type: bool
      sample: true
    errors:
      description: What the member says is wrong, such as a lack of space.
      type: list
      elements: str
      sample: []
    revision:
      description: Number of the last change of a key that it knows.
      type: int
      sample: 42
    term:
      description: Term of its raft; each election begins a new one.
      type: int
      sample: 2
    index:
      description: Index of the last entry in its log.
      type: int
      sample: 57
    size:
      description: Bytes that its database takes.
      type: int
      sample: 20480
    members:
      description: The cluster's members as it knows them. One that has not started yet has no name.
      type: list
      elements: dict
      sample:
        - id: f419153bec73b88b
          name: etcd1
          peer_urls: ["http://etcd1:2380"]
          client_urls: ["http://etcd1:2379"]
          learner: false
"""

from ansible_collections.quorate.swarm.plugins.module_utils import etcd_api, etcd_state
from ansible_collections.quorate.swarm.plugins.module_utils.frame import run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.health import health_arguments, watch
from ansible_collections.quorate.swarm.plugins.module_utils.member_http import TOGETHER, http_arguments
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import MODULE_OPTIONS


def execute(reach, params, check_mode):
    call = etcd_api.caller(reach, params)
    return watch(lambda: look(call), params, etcd_state.CONDITIONS, etcd_state.describe)


def look(call):
    with call() as member:
        status = member.status()
        alone = etcd_state.state(status)
        if alone["is_learner"]:
            return alone
        healthy = alone["leader_id"] is not None and member.is_healthy()
        return etcd_state.state(status, member.members(), healthy, member.version())


ARGUMENTS = dict(http_arguments(etcd_api.PORT), **health_arguments(etcd_state.CONDITIONS))


def main():
    run_reconnecting_module(execute, ARGUMENTS, required_together=TOGETHER, **MODULE_OPTIONS)


if __name__ == "__main__":
    main()
