# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One member of a cluster on its host: what is asked for, and what was read. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.quorate.swarm.plugins.module_utils.container_spec import MEMBER_LABEL, SERVICE_LABEL, Spec, cluster_of
from ansible_collections.quorate.swarm.plugins.module_utils.member_unit import Unit

STARTED, STOPPED, ABSENT, SEEN = "started", "stopped", "absent", "seen"


@dataclass(frozen=True)
class Wanted:
    """What the options ask for, in the terms of the host. C(template) is the text of the systemd unit.

    C(foretold) are networks that only a run which is not in check mode would have made by now.
    """

    name: str
    state: str = STARTED
    spec: Spec | None = None
    directories: tuple = ()
    files: tuple = ()
    ports: tuple = ()
    memory: int = 0
    sysctls: dict = field(default_factory=dict)
    delete: tuple = ()
    restarts: bool = False
    adopts: bool = False
    files_only: bool = False
    template: str = ""
    foretold: frozenset = frozenset()
    cluster: str | None = None


@dataclass(frozen=True)
class View:
    """What was read. C(found) is what lies at each path, C(missing) what is to be mounted and is not there, C(others) other members,
    C(strange) the addresses to publish at that are none of the host's.
    """

    info: dict
    unit: Unit = Unit()
    template: str | None = None
    container: dict | None = None
    image: dict | None = None
    made_of: dict | None = None
    found: dict = field(default_factory=dict)
    containers: tuple = ()
    networks: tuple = ()
    missing: tuple = ()
    sockets: frozenset = frozenset()
    strange: tuple = ()
    sysctls: dict = field(default_factory=dict)
    others: tuple = ()

    @property
    def is_running(self):
        return is_running(self.container)


def is_running(container):
    return bool(container and container["State"].get("Running"))


def is_own(container, name):
    return (container["Config"].get("Labels") or {}).get(MEMBER_LABEL) == name


def other_cluster(view, wanted):
    """The cluster of the container that is there, where it is not the one that is asked for."""
    has = cluster_of(view.container) if view.container and not wanted.files_only else None
    return has if has and wanted.cluster and has != wanted.cluster else None


def sources(wanted):
    """What is to be mounted and not to be made."""
    mounts = wanted.spec.body["HostConfig"]["Mounts"] if wanted.spec else ()
    made = {entry.path for entry in wanted.directories + wanted.files}
    return [mount["Source"] for mount in mounts if mount["Type"] == "bind" and mount["Source"].rstrip("/") not in made]


def started_elsewhere(view, name, is_up=False):
    """Whether there is a container here that is the member, though systemd does not start it."""
    found = [container for container in view.containers if not is_up or container.get("State") == "running"]
    labels = [(container.get("Labels") or {}, container.get("Names") or ()) for container in found]
    return any(
        label.get(SERVICE_LABEL) == name or "/%s" % name in names and label.get(MEMBER_LABEL) != name for label, names in labels
    )


def may_start_elsewhere(view, wanted):
    """Whether something else may be about to start the member here, although its files are as they are wanted."""
    return wanted.files_only and wanted.state == SEEN and not started_elsewhere(view, wanted.name, is_up=True)


def sysctls_low(view, wanted):
    """Kernel parameters that this host has lower than is needed, or not at all."""
    return {
        name: {"found": view.sysctls.get(name), "needed": needed}
        for name, needed in sorted(wanted.sysctls.items())
        if view.sysctls.get(name) is None or view.sysctls[name] < needed
    }
