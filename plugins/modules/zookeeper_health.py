#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zookeeper_health
short_description: Live state of one ZooKeeper server, or a wait for it
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Asks one server with the words of four letters at its client port what it is in its ensemble, once or until a condition holds.
  - Only C(srvr) is needed, which servers answer unless their C(4lw.commands.whitelist) was set without it. Where C(conf) and C(mntr) are
    answered, too, more is told.
  - The word C(ruok) is not used, as a server without a majority answers it all the same.
  - A server that does not answer, or not yet, is no failure of the module, unless it was asked to wait.
  - It tells of one server. Whether there is exactly one leader, whoever has asked all of them can tell.
  - Client ports with TLS are not supported. Let the server have a plain one beside it, which may be reachable in its container alone.
  - Changes nothing. Runs on the host of the server. Made for ZooKeeper 3.8 and 3.9.
options:
  port:
    description: The server's plain client port.
    type: int
    default: 2181
  wait_for:
    description:
      - The condition that must hold within O(wait_timeout), or the module fails with what it saw last.
      - With V(answers) the server answers, in whatever state it is.
      - With V(serving) it is leader or follower of an ensemble with a majority, or stands alone.
      - With V(in_ensemble) it is leader or follower, and has a vote, as far as it tells that. A server that has joined and was not made a
        member yet calls itself a follower, too; without C(conf) nobody can tell the difference.
      - With V(joined) it is leader, follower or observer, so that it has found a leader, with or without a vote.
    type: str
    choices: [answers, serving, in_ensemble, joined]
extends_documentation_fragment:
  - quorate.swarm.member
  - quorate.swarm.health
  - quorate.swarm.connection
  - quorate.swarm.attributes.info
seealso:
  - module: quorate.swarm.zookeeper_ensemble
"""

EXAMPLES = r"""
- name: Look at the server on each host
  quorate.swarm.zookeeper_health:
    container: "{{ zookeeper_name }}"
  register: result

- name: Wait until it serves again
  quorate.swarm.zookeeper_health:
    container: zoo1
    wait_for: in_ensemble
    wait_timeout: 120

- name: Ask a server at a published port, without an engine
  quorate.swarm.zookeeper_health:
    address: 10.10.10.88
    port: 12181
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
  sample: nothing listens on port 2181 in the container zoo1
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
    mode:
      description: V(leader), V(follower), V(observer), V(standalone) or V(read-only); none where it serves no requests or may not tell.
      type: str
      sample: follower
    said:
      description: What it said instead of its mode.
      type: str
      sample: null
    version:
      description: Its version.
      type: str
      sample: 3.8.0
    zxid:
      description: The last transaction that it has seen. After a start V(0x0) is told until the first one.
      type: str
      sample: "0x100000002"
    epoch:
      description: The epoch of that transaction; each leader begins a new one.
      type: int
      sample: 1
    connections:
      description: Number of connections to it, among them the module's own.
      type: int
      sample: 1
    outstanding:
      description: Number of requests that wait.
      type: int
      sample: 0
    node_count:
      description: Number of nodes in its tree.
      type: int
      sample: 5
    synced_followers:
      description:
        - Of a leader that answers C(mntr), the number of followers that are in step with it; none otherwise.
        - Among them are those that have joined without a vote.
      type: int
      sample: 2
    id:
      description: Its number, where it answers C(conf).
      type: int
      sample: 1
    votes:
      description: Whether it has a vote in the ensemble, where it answers C(conf).
      type: bool
      sample: true
    members:
      description: The ensemble as it knows it, where it answers C(conf).
      type: list
      elements: dict
      sample: [{"id": 1, "role": "participant", "spec": "zoo1:2888:3888:participant;0.0.0.0:2181"}]
    config_version:
      description: Version of that membership, in hexadecimal digits.
      type: str
      sample: "100000000"
"""

from ansible_collections.quorate.swarm.plugins.module_utils import zookeeper_words as words
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer
from ansible_collections.quorate.swarm.plugins.module_utils.frame import run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.health import health_arguments, watch
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import MODULE_OPTIONS, dialler, member_arguments, named

CHUNK = 65536


def execute(reach, params, check_mode):
    dial = dialler(reach, params)
    return watch(lambda: look(dial, named(params)), params, words.CONDITIONS, words.describe)


def look(dial, name):
    srvr = ask(dial, name, "srvr")
    if words.is_denied(srvr):
        return words.state(srvr)
    found = words.state(srvr, conf=ask(dial, name, "conf"))
    if found["mode"] == words.LEADER:
        found["synced_followers"] = words.state(srvr, mntr=ask(dial, name, "mntr"))["synced_followers"]
    return found


def ask(dial, name, word):
    """The server ends the connection after its answer."""
    parts = []
    with dial() as wire:
        try:
            wire.sendall(word.encode("ascii"))
            while not parts or parts[-1]:
                parts.append(wire.recv(CHUNK))
        except OSError as exc:
            raise NoAnswer("%s did not answer: %s" % (name, exc.strerror or exc)) from exc
    if not any(parts):
        raise NoAnswer("%s ended the connection without a word, as one for TLS does, and one with too many connections" % name)
    return b"".join(parts).decode("utf-8", "replace")


ARGUMENTS = dict(member_arguments(port=2181), **health_arguments(words.CONDITIONS))


def main():
    run_reconnecting_module(execute, ARGUMENTS, **MODULE_OPTIONS)


if __name__ == "__main__":
    main()
