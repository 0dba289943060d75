# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member's service: what the managers are asked for, and how one that is there differs from it. No I/O."""

from __future__ import annotations

import copy

from ansible_collections.quorate.swarm.plugins.module_utils import container_spec
from ansible_collections.quorate.swarm.plugins.module_utils.container_spec import MEMBER_LABEL, Difference
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

HOST_NETWORK = "host"
SECOND = 10**9
RESTART_DELAY = 5
# What containers have and services do not, or not with the host's network.
CONTAINERS_ALONE = ("networks", "ports", "memory_swap", "memory_swappiness", "shm_size", "tmpfs")
# What a request has of its own; all else of a service that is there stays as it is.
PLACES = (
    *(
        ("TaskTemplate", "ContainerSpec", key)
        for key in (
            "Image", "Labels", "Env", "Command", "Args", "Hostname", "User", "StopSignal", "StopGracePeriod", "Mounts", "Healthcheck",
            "Init", "ReadOnly", "Ulimits", "Sysctls", "CapabilityAdd", "CapabilityDrop", "Hosts",
        )
    ),
    ("TaskTemplate", "Resources", "Limits"),
    ("TaskTemplate", "RestartPolicy"),
    ("TaskTemplate", "Placement", "Constraints"),
    ("TaskTemplate", "Networks"),
    ("TaskTemplate", "LogDriver"),
    ("Mode",),
    ("UpdateConfig",),
    ("EndpointSpec", "Ports"),
)
# Without a container made anew
PASSING = ("label of the service", "replicas", "update order", "update parallelism")


def spec_of(name, image, options, constraint):
    """The engine's request for one member; C(options) are those of a container with the host's network."""
    said = [option for option in CONTAINERS_ALONE if options.get(option)]
    if said:
        raise Refusal("The service %s cannot be given %s, which only containers that are no tasks have." % (name, ", ".join(said)))
    if options.get("network_mode") not in (None, HOST_NETWORK):
        raise Refusal("The service %s has the host's network, and network_mode says %s." % (name, options["network_mode"]))
    body = container_spec.spec_of(name, image, options).body
    host = body["HostConfig"]
    container = {
        "Image": image,
        "Labels": container_spec.texts(options.get("labels"), "labels"),
        "Env": body["Env"],
        # what the engine calls a container's entrypoint is a service's command
        "Command": body.get("Entrypoint"),
        "Args": body.get("Cmd"),
        "StopGracePeriod": container_spec.grace(options) * SECOND,
        "Mounts": [{key: value for key, value in mount.items() if value} for mount in host["Mounts"]],
        "Init": host.get("Init"),
        "ReadOnly": host.get("ReadonlyRootfs"),
        "Ulimits": host["Ulimits"],
        "Sysctls": host["Sysctls"],
        "CapabilityAdd": host["CapAdd"],
        "CapabilityDrop": host["CapDrop"],
        # "name:address" there is "address name" here
        "Hosts": [" ".join(reversed(entry.split(":", 1))) for entry in host["ExtraHosts"]],
    }
    container.update({key: body.get(key) for key in ("Hostname", "User", "StopSignal", "Healthcheck")})
    limits = {"MemoryBytes": host.get("Memory"), "NanoCPUs": host.get("NanoCpus")}
    log = {"Name": host["LogConfig"]["Type"], "Options": host["LogConfig"]["Config"]} if host["LogConfig"]["Type"] else None
    return _filled({
        "Name": name,
        "Labels": {MEMBER_LABEL: name},
        "TaskTemplate": {
            "ContainerSpec": container,
            "Resources": {"Limits": limits},
            "RestartPolicy": {"Condition": "any", "Delay": RESTART_DELAY * SECOND, "MaxAttempts": 0},
            "Placement": {"Constraints": [constraint]},
            "Networks": [{"Target": HOST_NETWORK}],
            "LogDriver": log,
        },
        "Mode": {"Replicated": {"Replicas": 1}},
        "UpdateConfig": {"Parallelism": 1, "Order": "stop-first", "FailureAction": "pause"},
    })


def _filled(value):
    """Without what says nothing, which the engine does not tell again."""
    if not isinstance(value, dict):
        return value
    filled = {key: _filled(item) for key, item in value.items()}
    return {key: item for key, item in filled.items() if item not in (None, "", [], {})}


def over(found, spec):
    """The whole spec that makes of a service that is there what is asked for; what nobody asked for stays as it is."""
    merged = copy.deepcopy(found)
    merged["Labels"] = dict(merged.get("Labels") or {}, **spec["Labels"])
    for place in PLACES:
        *above, last = place
        inner, asked = merged, spec
        for key in above:
            inner[key] = inner.get(key) or {}
            inner, asked = inner[key], asked.get(key) or {}
        if last in asked:
            inner[last] = copy.deepcopy(asked[last])
        else:
            inner.pop(last, None)
    return merged


def with_replicas(found, number):
    return dict(copy.deepcopy(found), Mode={"Replicated": {"Replicas": number}})


def differences(found, spec, network_names):
    """C(network_names) maps the IDs of networks to their names, since a service is told to have them by ID."""
    now, wanted = flat(found, network_names), flat(spec, {})
    if "@" not in wanted["image"]:
        # the docker program adds the digest that the name had when it was given
        now["image"] = str(now.get("image")).partition("@")[0]
    for key in sorted(set(now) | set(wanted)):
        if now.get(key) != wanted.get(key):
            is_secret = key.startswith("env ") and container_spec.is_secret_name(key.partition(" ")[2])
            yield Difference(key, now.get(key), wanted.get(key), is_secret)


def needs_restart(difference):
    return not difference.what.startswith(PASSING)


def flat(spec, network_names):
    """What is compared, by the name by which it is told."""
    task = spec.get("TaskTemplate") or {}
    container = task.get("ContainerSpec") or {}
    limits = (task.get("Resources") or {}).get("Limits") or {}
    log = task.get("LogDriver") or {}
    update = spec.get("UpdateConfig") or {}
    replicas = ((spec.get("Mode") or {}).get("Replicated") or {}).get("Replicas")
    seen = {
        "image": container.get("Image"),
        "label of the service %s" % MEMBER_LABEL: (spec.get("Labels") or {}).get(MEMBER_LABEL),
        "replicas": None if replicas is None else str(replicas),
        "restart condition": (task.get("RestartPolicy") or {}).get("Condition"),
        "stop grace period": container.get("StopGracePeriod"),
        "update order": update.get("Order"),
        "update parallelism": update.get("Parallelism"),
        "memory": limits.get("MemoryBytes"),
        "cpus": limits.get("NanoCPUs"),
        "log driver": log.get("Name"),
    }
    for key in ("Command", "Args", "Hostname", "User", "StopSignal", "Healthcheck", "Init", "ReadOnly"):
        seen[key.lower()] = container.get(key)
    seen.update({"env %s" % name: value for name, value in container_spec.pairs(container.get("Env")).items()})
    seen.update({"label %s" % name: value for name, value in (container.get("Labels") or {}).items()})
    seen.update({"sysctl %s" % name: value for name, value in (container.get("Sysctls") or {}).items()})
    seen.update({"log option %s" % name: value for name, value in (log.get("Options") or {}).items()})
    seen.update({"ulimit %s" % limit["Name"]: [limit.get("Soft"), limit.get("Hard")] for limit in container.get("Ulimits") or ()})
    seen.update(dict.fromkeys(_sets(spec, task, container, network_names), True))
    return {key: value for key, value in seen.items() if value not in (None, "", [], {}, 0, False)}


def _sets(spec, task, container, network_names):
    for mount in container.get("Mounts") or ():
        words = container_spec.mount_in_words(mount["Type"], mount.get("Source"), mount["Target"], mount.get("ReadOnly"))
        yield "mount %s" % words
    for constraint in (task.get("Placement") or {}).get("Constraints") or ():
        yield "constraint %s" % constraint
    for network in task.get("Networks") or spec.get("Networks") or ():
        yield "network %s" % network_names.get(network["Target"], network["Target"])
    for port in (spec.get("EndpointSpec") or {}).get("Ports") or ():
        yield "published port %s" % port.get("PublishedPort")
    for option, key in (("added capability", "CapabilityAdd"), ("dropped capability", "CapabilityDrop")):
        for name in sorted(container_spec.capabilities(container.get(key))):
            yield "%s %s" % (option, name)
    for entry in container.get("Hosts") or ():
        yield "extra host %s" % entry
