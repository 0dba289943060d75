# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a network of the swarm, in words for a person. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils.quorum import hostname

# States up to which the managers count a task as a user of its networks.
LIVE_TASK_STATES = ("new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running")
# Keys under which the engine lists its own endpoints among the containers of a network.
OWN_ENDPOINTS = ("ingress-sbox", "lb-")
LIVE_CONTAINER_STATES = ("running", "paused", "restarting")


@dataclass(frozen=True)
class Workload:
    """What runs in the swarm, as the engine lists it; C(containers) are those of the asked manager alone."""

    services: tuple = ()
    tasks: tuple = ()
    nodes: tuple = ()
    containers: tuple = ()


def users_of(network, workload):
    """Parts of a sentence, such as 'service web' or 'container db on node3', sorted."""
    if network.get("Ingress"):
        return sorted("service %s" % name_of(service) for service in workload.services if _publishes_through_ingress(service))
    names = {service["ID"]: name_of(service) for service in workload.services}
    services = {service["ID"] for service in workload.services if _attaches(service["Spec"], network)}
    users = {"service %s" % names[service_id] for service_id in services}
    hosts = {node["ID"]: hostname(node) for node in workload.nodes}
    containers = {container["Id"]: container["Names"][0].lstrip("/") for container in workload.containers if container["Names"]}
    for task in workload.tasks:
        if task.get("ServiceID") in services or not _is_live(task) or not _is_attached(task, network):
            continue
        host = hosts.get(task.get("NodeID"), "no node yet")
        container = (task["Spec"].get("NetworkAttachmentSpec") or {}).get("ContainerID")
        if container:
            users.add("container %s on %s" % (containers.get(container, container[:12]), host))
        else:
            users.add("task %s of service %s on %s" % (task["ID"], names.get(task.get("ServiceID"), "(removed)"), host))
    return sorted(users | _local_containers(network, workload, containers))


def ending_on(network, workload):
    """Tasks that were told to end, but may still hold the network on a host that can be reached, as 'task ID on node3'."""
    hosts = {node["ID"]: hostname(node) for node in workload.nodes if node["Status"]["State"] != "down"}
    return sorted(
        "task %s on %s" % (task["ID"], hosts[task["NodeID"]])
        for task in workload.tasks
        if _is_attached(task, network)
        and task.get("DesiredState") not in LIVE_TASK_STATES
        and task["Status"]["State"] in LIVE_TASK_STATES
        and task.get("NodeID") in hosts
    )


def held_here(inspected):
    """Containers that hold a network on the asked manager, in the engine's answer to its inspection; not the engine's own endpoints."""
    containers = (inspected.get("Containers") or {}).items()
    return sorted("container %s on this manager" % entry["Name"] for key, entry in containers if not key.startswith(OWN_ENDPOINTS))


def name_of(service):
    return service["Spec"]["Name"]


def _attaches(spec, network):
    attachments = (spec.get("TaskTemplate") or {}).get("Networks") or spec.get("Networks") or ()
    return any(attachment.get("Target") in (network["Id"], network["Name"]) for attachment in attachments)


def _publishes_through_ingress(service):
    endpoint = service["Spec"].get("EndpointSpec") or {}
    return endpoint.get("Mode", "vip") == "vip" and any(
        port.get("PublishMode", "ingress") == "ingress" for port in endpoint.get("Ports") or ()
    )


def _is_live(task):
    return task.get("DesiredState") in LIVE_TASK_STATES and task["Status"]["State"] in LIVE_TASK_STATES


def _is_attached(task, network):
    attached = any((a.get("Network") or {}).get("ID") == network["Id"] for a in task.get("NetworksAttachments") or ())
    return attached or _attaches({"Networks": task["Spec"].get("Networks")}, network)


def _local_containers(network, workload, names):
    """Containers of this manager; those that belong to a task are named by their task or service already."""
    tasks = {((task["Status"].get("ContainerStatus") or {}).get("ContainerID")) for task in workload.tasks}
    tasks |= {((task["Spec"].get("NetworkAttachmentSpec") or {}).get("ContainerID")) for task in workload.tasks}
    return {
        "container %s on this manager" % names.get(container["Id"], container["Id"][:12])
        for container in workload.containers
        if container["Id"] not in tasks
        and container.get("State") in LIVE_CONTAINER_STATES
        and any(
            endpoint.get("NetworkID") == network["Id"]
            for endpoint in ((container.get("NetworkSettings") or {}).get("Networks") or {}).values()
        )
    }
