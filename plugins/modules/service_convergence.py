#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_convergence
short_description: Wait until services of a Docker Swarm have the tasks that are wanted of them
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Waits until as many tasks of each service run as are wanted, and fails with what is missing where that does not come about.
  - Wanted are the replicas of a replicated service, and of a global service one task on each node that is active, up, and as its
    constraints say, as the managers count them.
  - A task with a health check runs once it is healthy. A task on a node that is down does not run.
  - Jobs come to their end and are not waited for.
  - Changes nothing. Runs on any one manager.
options:
  services:
    description: Names of the services. Empty means all.
    type: list
    elements: str
    default: []
  wait_timeout:
    description:
      - Seconds until all of the services must have their tasks.
      - With V(0) the module looks once and tells what it saw, and does not fail where tasks are missing.
    type: int
    default: 120
  past_tasks:
    description:
      - IDs of tasks that do not count as running, whatever the managers say.
      - An engine that restarts ends its tasks, and the managers hold them for running until it has told them otherwise. Name the tasks that
        an earlier look saw on that node, or that look may be taken for the state afterwards.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes.info
seealso:
  - module: quorate.swarm.swarm_info
  - module: quorate.swarm.engine_restart
"""

EXAMPLES = r"""
- name: Wait until all services run
  quorate.swarm.service_convergence:
  delegate_to: node1
  run_once: true

- name: Wait five minutes for two services
  quorate.swarm.service_convergence:
    services: [web, queue]
    wait_timeout: 300
  delegate_to: node1
  run_once: true

- name: See which services lack tasks
  quorate.swarm.service_convergence:
    wait_timeout: 0
  delegate_to: node1
  run_once: true
  register: result

- name: Tell them
  ansible.builtin.debug:
    msg: "{{ result.services | rejectattr('converged') | map(attribute='name') | join(', ') }}"
  run_once: true
"""

RETURN = r"""
services:
  description: The services as they were seen last, by name; also where the module fails because tasks are missing.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The service's name.
      type: str
      sample: web
    mode:
      description: As the docker program prints it, for example V(replicated) or V(global); none where there is no such service.
      type: str
      sample: replicated
    wanted:
      description: Number of tasks that shall run; none for jobs, and where there is no such service.
      type: int
      sample: 2
    running:
      description: Number of tasks that run.
      type: int
      sample: 2
    converged:
      description: Whether enough run.
      type: bool
      sample: true
    tasks:
      description: The tasks that run, with their C(id) and the C(node_id) of their node.
      type: list
      elements: dict
      sample: [{"id": "kf3", "node_id": "3b4mbhoz6dwqrvz9b6ynkz8lc"}]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import convergence
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import host_name
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.membership import membership_of, require_manager
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import look_until


def execute(engine, params, check_mode):
    require_manager(membership_of(engine.info()), "tell which services run", host_name)
    if not params["wait_timeout"]:
        return Outcome(facts={"services": look(engine, params)})
    return Outcome(facts={"services": await_convergence(engine, params)})


def look(engine, params):
    return convergence.states(
        engine.services(), engine.wanted_tasks(), engine.nodes(), params["services"], params["past_tasks"]
    )


def await_convergence(engine, params):
    """An election meanwhile is waited for, too."""

    def observe():
        try:
            return look(engine, params), None
        except EngineError as exc:
            if exc.may_pass:
                return None, exc
            raise

    seen, error = look_until(observe, lambda now: now[0] is not None and convergence.all_converged(now[0]), params["wait_timeout"])
    if error:
        raise error
    if not convergence.all_converged(seen):
        raise QuorateError(
            "Waited %d s until the services had the tasks that are wanted of them: %s. See why with 'docker service ps --no-trunc NAME' "
            "on a manager." % (params["wait_timeout"], convergence.missing(seen)),
            services=seen,
        )
    return seen


def main():
    run_module(
        execute,
        {
            "services": {"type": "list", "elements": "str", "default": []},
            "wait_timeout": {"type": "int", "default": 120},
            "past_tasks": {"type": "list", "elements": "str", "default": []},
        },
    )


if __name__ == "__main__":
    main()
