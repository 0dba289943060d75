#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zookeeper_ensemble
short_description: Members of a ZooKeeper ensemble, changed while it runs
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Adds servers to an ensemble and takes them out of it, one at a time, and waits until each change is committed.
  - Members that are not named are not touched. Each change is made only upon the membership that was read; where somebody else changed it
    meanwhile, it is read again.
  - Refuses what would leave the ensemble without a majority of servers that serve, or take away more than a minority of them at once.
  - The servers must run with C(reconfigEnabled=true), and with C(standaloneEnabled=false) for an ensemble of one. A server that joins must
    run already, and one that leaves must not be stopped before.
  - Speaks the protocol of the plain client port itself. Ports with TLS and ensembles with weights are not supported.
  - Runs once, through any server that serves; where the leader leaves, take another one. Made for ZooKeeper 3.8 and 3.9.
options:
  port:
    description: The server's plain client port.
    type: int
    default: 2181
  present:
    description:
      - Servers that shall be members, such as V(server.4=zoo4:2888:3888:participant;2181). The role is V(participant) unless it is said.
      - One that is a member with another address, port or role is changed. A client port that its membership does not tell, since it has it
        from another file, is no difference.
    type: list
    elements: str
    default: []
  absent:
    description: Numbers of the servers that shall not be members, in the order in which they leave. Needs O(serving).
    type: list
    elements: int
    default: []
  serving:
    description:
      - Numbers of the servers that serve, among them those that have joined as observers or without a vote.
        M(quorate.swarm.zookeeper_health) tells it of each one.
      - If it is given, the majority is counted with it for O(present), too.
    type: list
    elements: int
  user:
    description: Name of the superuser, as in the servers' C(zookeeper.DigestAuthenticationProvider.superDigest).
    type: str
    default: super
  password:
    description: The superuser's password. Without it the ensemble is changed as nobody in particular, which servers refuse by default.
    type: str
  wait_timeout:
    description: Seconds until the server must answer with the membership, and until each change must be committed.
    type: int
    default: 60
extends_documentation_fragment:
  - quorate.swarm.member
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.zookeeper_health
"""

EXAMPLES = r"""
- name: See who is in the ensemble
  quorate.swarm.zookeeper_ensemble:
    container: zoo1
  register: result

- name: Let a fourth server vote that has joined as an observer
  quorate.swarm.zookeeper_ensemble:
    container: zoo1
    present:
      - server.4=zoo4:2888:3888:participant;2181
    serving: [1, 2, 3, 4]
    password: "{{ vault_zookeeper_super_password }}"

- name: Replace a server that is lost
  quorate.swarm.zookeeper_ensemble:
    container: zoo1
    present:
      - server.4=zoo4:2888:3888:participant;2181
    absent: [3]
    serving: [1, 2, 4]
    password: "{{ vault_zookeeper_super_password }}"
"""

RETURN = r"""
members:
  description: The members after the task; in check mode as they are.
  returned: success
  type: list
  elements: dict
  sample: [{"id": 1, "role": "participant", "spec": "zoo1:2888:3888:participant;0.0.0.0:2181"}]
version:
  description: Version of the membership, in hexadecimal digits; none where the server stands alone.
  returned: success
  type: str
  sample: "100000004"
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["add server.4=zoo4:2888:3888:participant;0.0.0.0:2181", "remove server.3"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import zookeeper_ensemble as ensemble
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import MODULE_OPTIONS, dialler, member_arguments, named
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until
from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_config import membership
from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_session import Declined, session

CONFIG = "/zookeeper/config"


def execute(reach, params, check_mode):
    wanted = ensemble.wanted(params)
    dial = dialler(reach, params)
    current = patiently(dial, read, params, lambda seen: True, "the server served requests")
    plan = ensemble.plan(current, wanted)
    if not check_mode:
        for step in plan.steps:
            current = change(dial, step, wanted, params)
    version = None if current.version is None else "%x" % current.version
    return Outcome.of(plan, members=current.told(), version=version)


def read(server):
    return membership(server.latest(CONFIG))


def change(dial, step, wanted, params):
    """The membership with what the step changes in it. An answer that was lost is no loss: it is read again whether the change was made."""

    def send(server):
        current = read(server)
        if step.is_done(current):
            return current
        ensemble.refuse_loss(current, step, wanted.serving)
        if params["password"] is not None:
            server.prove(params["user"], params["password"])
        return membership(server.reconfig(step.joining, step.leaving, current.version))

    return patiently(dial, send, params, step.is_done, "the ensemble had taken the change (%s)" % step.sentence())


def patiently(dial, talk, params, is_met, goal):
    """What C(talk(server)) returns in a session of its own, again until it is as it shall be."""

    def observe():
        try:
            with session(dial, named(params)) as server:
                return talk(server), "it was not kept"
        except Declined as exc:
            ensemble.refuse_for_good(exc.name)
            return None, ensemble.explained(exc.name)
        except NoAnswer as exc:
            return None, str(exc)

    seen, _error = wait_until(
        observe, lambda now: now[0] is not None and is_met(now[0]), params["wait_timeout"], goal, describe=lambda now: now[1]
    )
    return seen


ARGUMENTS = dict(
    member_arguments(port=2181),
    present={"type": "list", "elements": "str", "default": []},
    absent={"type": "list", "elements": "int", "default": []},
    serving={"type": "list", "elements": "int"},
    user={"type": "str", "default": "super"},
    password={"type": "str", "no_log": True},
    wait_timeout={"type": "int", "default": 60},
)


def main():
    run_reconnecting_module(execute, ARGUMENTS, **MODULE_OPTIONS)


if __name__ == "__main__":
    main()
