# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is still on nodes that were drained. No I/O.

A drain stops the tasks of services. Standalone containers stay, and the managers know only of those that are on an overlay.
"""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import nodes
from ansible_collections.quorate.swarm.plugins.module_utils.network_users import LIVE_TASK_STATES, name_of


def drained(seen, desired):
    """Names of the nodes that shall be drained, by their ID. A node that is down ends nothing any more."""
    found = [(wish, nodes.find(seen, wish)) for wish in desired if wish["availability"] == nodes.DRAIN and wish["state"] == "present"]
    return {node["ID"]: wish["name"] for wish, node in found if node and not nodes.is_down(node)}


def lost(seen, names):
    """A sentence on those of the nodes C(names) that are down now: their tasks are told as the managers last heard of them."""
    down = sorted(names[node["ID"]] for node in seen if node["ID"] in names and nodes.is_down(node))
    if not down:
        return ""
    return "Meanwhile %s: its tasks are told as the managers last heard of them. Bring it back and run again." % (
        ", ".join("%s went down" % name for name in down)
    )


def unstopped(containers):
    """A sentence on standalone containers on drained nodes, as far as they are known."""
    return "A drain does not stop standalone containers: %s." % ", ".join(containers) if containers else ""


def begins(steps):
    """The steps with which a drain begins."""
    return [step for step in steps if step.settings.get("Availability") == nodes.DRAIN]


def remaining_tasks(tasks, services, names):
    """Tasks of services that are not over, in words for a person, on the nodes C(names)."""
    owners = {service["ID"]: name_of(service) for service in services}
    return sorted(
        "task %s of service %s on %s (%s)"
        % (task["ID"], owners.get(task.get("ServiceID"), "(removed)"), names[task["NodeID"]], task["Status"]["State"])
        for task in tasks
        if task.get("NodeID") in names and task["Status"]["State"] in LIVE_TASK_STATES
    )


def standalone_containers(attachments, names):
    """Containers of no service that are on an overlay of the nodes C(names)."""
    return sorted(
        "container %s on %s" % (task["Spec"]["NetworkAttachmentSpec"].get("ContainerID", "")[:12], names[task["NodeID"]])
        for task in attachments
        if task.get("NodeID") in names and task["Status"]["State"] in LIVE_TASK_STATES
    )
