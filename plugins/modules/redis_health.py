#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_health
short_description: Live state of one Redis server, or a wait for it
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Asks one server with C(INFO) how it stands, once or until a condition holds.
  - A server that does not answer, or that still loads its data, is no failure of the module, unless it was asked to wait.
  - Ports with TLS are not supported. Let the server have a plain one beside it, which may be reachable in its container alone.
  - Changes nothing. Runs on the host of the server. Made for Redis 6.0 to 7.4.
options:
  port:
    description: The server's plain port.
    type: int
    default: 6379
  user:
    description: Name of the user, where it is not V(default). Needs O(password).
    type: str
  password:
    description: The user's password. A server that wants none is asked all the same.
    type: str
  earlier_password:
    description: Tried where O(password) is denied, as long as the server has not been given the new one yet.
    type: str
  wait_for:
    description:
      - The condition that must hold within O(wait_timeout), or the module fails with what it saw last.
      - With V(answers) the server answers, in whatever state it is.
      - With V(serving) it has loaded its data and takes writes, for which its append-only file, if it has one, must be writable.
    type: str
    choices: [answers, serving]
extends_documentation_fragment:
  - quorate.swarm.member
  - quorate.swarm.health
  - quorate.swarm.connection
  - quorate.swarm.attributes.info
"""

EXAMPLES = r"""
- name: Look at the server on each host
  quorate.swarm.redis_health:
    container: "{{ redis_name }}"
    password: "{{ vault_redis_password }}"
  register: result

- name: Wait until it serves again
  quorate.swarm.redis_health:
    container: redis1
    password: "{{ vault_redis_password }}"
    wait_for: serving
    wait_timeout: 120
"""

RETURN = r"""
reachable:
  description: Whether the server answered.
  returned: success, and where a condition was not met
  type: bool
  sample: true
error:
  description: Why there is no answer; none where there is one.
  returned: success, and where a condition was not met
  type: str
  sample: nothing listens on port 6379 in the container redis1
met:
  description: Whether the condition of O(wait_for) held; without one, whether the server answered.
  returned: success, and where a condition was not met
  type: bool
  sample: true
state:
  description: What the server told last; none where it did not answer.
  returned: success, and where a condition was not met
  type: dict
  contains:
    version:
      description: Its version.
      type: str
      sample: 7.0.15
    mode:
      description: V(standalone), V(sentinel) or V(cluster).
      type: str
      sample: standalone
    role:
      description: V(master) or V(slave).
      type: str
      sample: master
    run_id:
      description: What stands for this run of it; each start has another one.
      type: str
      sample: 8f2c1e0f3c5bb1c3cf6d6a7a0f3a1c55c1a7c1a2
    uptime:
      description: Seconds since its start.
      type: int
      sample: 3600
    loading:
      description: Whether it still loads its data.
      type: bool
      sample: false
    loaded:
      description: Of a server that loads its data, per cent of it so far.
      type: int
      sample: null
    append_only:
      description: Whether it writes an append-only file.
      type: bool
      sample: true
    writes_file:
      description: Whether it could write that file the last time. Where it could not, it takes no write.
      type: bool
      sample: true
    rewrites_file:
      description: Whether it could write that file anew the last time.
      type: bool
      sample: true
    file_size:
      description: Bytes of that file.
      type: int
      sample: 1093
    memory:
      description: Bytes of memory that it uses.
      type: int
      sample: 873312
    memory_limit:
      description: Bytes of memory that it may use for data; V(0) means that there is no limit.
      type: int
      sample: 268435456
    memory_policy:
      description: What it does where the limit is reached.
      type: str
      sample: noeviction
    clients:
      description: Number of connections, among them the module's own.
      type: int
      sample: 1
    keys:
      description: Number of keys in all its databases.
      type: int
      sample: 5
"""

from ansible_collections.quorate.swarm.plugins.module_utils import redis_state
from ansible_collections.quorate.swarm.plugins.module_utils.frame import run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.health import health_arguments, watch
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import MODULE_OPTIONS, dialler, member_arguments, named
from ansible_collections.quorate.swarm.plugins.module_utils.redis_session import session


def execute(reach, params, check_mode):
    dial = dialler(reach, params)
    return watch(lambda: look(dial, params), params, redis_state.CONDITIONS, redis_state.describe)


def look(dial, params):
    with session(dial, named(params)) as server:
        server.log_in([word for word in (params["password"], params["earlier_password"]) if word], params["user"])
        return redis_state.state(server.ask("INFO") or "")


ARGUMENTS = dict(
    member_arguments(port=6379),
    **health_arguments(redis_state.CONDITIONS),
    user={"type": "str"},
    password={"type": "str", "no_log": True},
    earlier_password={"type": "str", "no_log": True},
)


def main():
    run_reconnecting_module(execute, ARGUMENTS, required_by={"user": ["password"], "earlier_password": ["password"]}, **MODULE_OPTIONS)


if __name__ == "__main__":
    main()
