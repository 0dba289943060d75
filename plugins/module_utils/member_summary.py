# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a member of a cluster. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import member_files
from ansible_collections.quorate.swarm.plugins.module_utils.container_spec import networks_of
from ansible_collections.quorate.swarm.plugins.module_utils.member import other_cluster, started_elsewhere, sysctls_low
from ansible_collections.quorate.swarm.plugins.module_utils.member_refusals import networks_foretold, ports_taken, removal_refusals
from ansible_collections.quorate.swarm.plugins.module_utils.member_steps import remains


def summary(view, wanted, decision, in_the_way=()):
    container = view.container
    state = container["State"] if container else {}
    ran = bool(state) and not str(state.get("StartedAt") or "0001").startswith("0001")
    return {
        "exists": container is not None or wanted.files_only and started_elsewhere(view, wanted.name),
        "cut_off": is_cut_off(view, wanted),
        "running": view.is_running or wanted.files_only and started_elsewhere(view, wanted.name, is_up=True),
        "healthy": {"healthy": True, "unhealthy": False}.get((state.get("Health") or {}).get("Status")),
        "unit_active": view.unit.is_active,
        "unit_enabled": view.unit.is_enabled,
        "container_id": container["Id"] if container else None,
        "other_cluster": other_cluster(view, wanted),
        "image": container["Config"]["Image"] if container else None,
        "image_present": view.image is not None,
        "started_at": state["StartedAt"] if ran else None,
        "exit_code": state.get("ExitCode") if ran and not view.is_running else None,
        "restarts": view.unit.restarts,
        "differs": list(decision.differs),
        "restart_needed": decision.interrupts,
        "remains": remains(view, wanted),
        "refusals": list(in_the_way),
        "removal_refusals": removal_refusals(view, wanted),
        "data": {entry.path: member_files.state_of_data(view.found[entry.path]) for entry in wanted.directories if entry.is_data},
        "ports_taken": ports_taken(view, wanted),
        "sysctls_low": sysctls_low(view, wanted),
        "networks_foretold": networks_foretold(view, wanted),
        "node_id": (view.info.get("Swarm") or {}).get("NodeID") or None,
        "memory": view.info.get("MemTotal"),
    }


def is_cut_off(view, wanted):
    """Whether it runs without the network that it was created with, as after its host has left the swarm."""
    if not view.is_running or not wanted.spec:
        return False
    name = view.container["HostConfig"].get("NetworkMode")
    return name in wanted.spec.body["NetworkingConfig"]["EndpointsConfig"] and name not in networks_of(view.container)


def lacks_network(container):
    """Whether the engine could not start it for want of a network, which is there once the managers have told the engine of it."""
    return container is not None and "network" in (container["State"].get("Error") or "")


def why_it_ended(container, lines):
    """In a sentence what an inspected container that does not run says of its end, with the last lines of its output."""
    state = container["State"]
    words = "it ended with exit code %s" % state.get("ExitCode")
    if state.get("OOMKilled"):
        words += ", killed for want of memory"
    if state.get("Error"):
        words = "the engine says: %s" % state["Error"].rstrip(".")
    said = " Its last lines: %s." % " | ".join(lines).rstrip(".") if lines else " It has said nothing."
    return "The container %s does not stay up: %s.%s" % (container["Name"].lstrip("/"), words, said)
