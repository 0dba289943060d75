# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's JSON as swarm_info tells it: the facts that plays use, in the collection's own words. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import swarm_spec
from ansible_collections.quorate.swarm.plugins.module_utils.network_settings import summary


def engine(info):
    return {
        "id": info.get("ID"),
        "hostname": info.get("Name"),
        "version": info.get("ServerVersion"),
        "operating_system": info.get("OperatingSystem"),
    }


def cluster(swarm):
    """The swarm with its settings, of which swarm_spec tells no secret; join tokens, keys and certificates are left out."""
    return dict(swarm_spec.summary(swarm), id=swarm["ID"], created_at=swarm["CreatedAt"])


def join_tokens(swarm):
    """The one secret that is told, and only where it is asked for by name."""
    return {role.lower(): token for role, token in swarm["JoinTokens"].items()}


def service(raw):
    spec = raw["Spec"]
    template = spec.get("TaskTemplate") or {}
    mode = spec.get("Mode") or {}
    return {
        "id": raw["ID"],
        "name": spec["Name"],
        "image": (template.get("ContainerSpec") or {}).get("Image"),
        "mode": _mode(mode),
        "replicas": (mode.get("Replicated") or {}).get("Replicas"),
        "networks": [network["Target"] for network in template.get("Networks") or spec.get("Networks") or []],
        "ports": [_port(port) for port in (raw.get("Endpoint") or {}).get("Ports") or []],
        "labels": spec.get("Labels") or {},
    }


def _port(raw):
    """A port that waits for the managers to choose its number has none yet."""
    return {
        "protocol": raw.get("Protocol") or "tcp",
        "target_port": raw.get("TargetPort"),
        "published_port": raw.get("PublishedPort") or None,
        "publish_mode": raw.get("PublishMode") or "ingress",
    }


def _mode(mode):
    """ReplicatedJob becomes replicated-job, as the docker program prints it."""
    name = next(iter(mode), "Replicated")
    return name.replace("Job", "-job").lower()


def task(raw):
    """A task that waits for a node has neither a node nor a container yet."""
    status = raw.get("Status") or {}
    container = status.get("ContainerStatus") or {}
    return {
        "id": raw["ID"],
        "service_id": raw.get("ServiceID"),
        "node_id": raw.get("NodeID") or None,
        "slot": raw.get("Slot"),
        "state": status.get("State"),
        "desired_state": raw.get("DesiredState"),
        "message": status.get("Message"),
        "error": status.get("Err"),
        "container_id": container.get("ContainerID") or None,
    }


def network(raw):
    return dict(
        summary(raw),
        peers=sorted(peer["IP"] for peer in raw.get("Peers") or []),
        containers=sorted(entry["Name"] for entry in (raw.get("Containers") or {}).values()),
    )


def container(raw):
    labels = raw.get("Labels") or {}
    return {
        "id": raw["Id"],
        "name": (raw.get("Names") or [""])[0].lstrip("/"),
        "image": raw.get("Image"),
        "state": raw.get("State"),
        "networks": sorted((raw.get("NetworkSettings") or {}).get("Networks") or {}),
        "service_id": labels.get("com.docker.swarm.service.id"),
    }
