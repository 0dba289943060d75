# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether services have the tasks that are wanted of them. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import nodes as swarm_nodes
from ansible_collections.quorate.swarm.plugins.module_utils import views

RUNNING = "running"
GLOBAL = "global"
JOBS = ("replicated-job", "global-job")


def states(services, tasks, nodes, names=(), past_tasks=()):
    """What is wanted and what runs of all services, or of those of C(names), by name.

    A task runs where it shall run, its node is not down, and it is none of C(past_tasks), the IDs of tasks that have ended though the
    managers have not heard of it yet.
    """
    known = [views.service(service) for service in services]
    chosen = [service for service in known if not names or service["name"] in names]
    found = [_state(service, tasks, nodes, past_tasks) for service in chosen]
    unknown = set(names) - {service["name"] for service in chosen}
    return sorted(found + [_unknown(name) for name in unknown], key=lambda state: state["name"])


def all_converged(found):
    return all(state["converged"] for state in found)


def missing(found):
    """What is not as wanted, in words."""
    return "; ".join(_sentence(state) for state in found if not state["converged"])


def _state(service, tasks, nodes, past_tasks):
    # the managers want a task of a global service for each node that is active, up, and as the service's constraints say
    wanted = [task for task in tasks if task.get("ServiceID") == service["id"] and task.get("DesiredState") == RUNNING]
    down = {node["ID"] for node in nodes if swarm_nodes.is_down(node)}
    run = [
        task for task in wanted
        if task["Status"]["State"] == RUNNING and task.get("NodeID") not in down and task["ID"] not in past_tasks
    ]
    number = None if service["mode"] in JOBS else len(wanted) if service["mode"] == GLOBAL else service["replicas"] or 0
    return {
        "name": service["name"],
        "mode": service["mode"],
        "wanted": number,
        "running": len(run),
        "converged": number is None or len(run) >= number,
        "tasks": sorted(({"id": task["ID"], "node_id": task.get("NodeID")} for task in run), key=lambda task: task["id"]),
    }


def _unknown(name):
    return {"name": name, "mode": None, "wanted": None, "running": 0, "converged": False, "tasks": []}


def _sentence(state):
    if state["mode"] is None:
        return "there is no service %s" % state["name"]
    return "%s has %d of %d tasks running" % (state["name"], state["running"], state["wanted"])
