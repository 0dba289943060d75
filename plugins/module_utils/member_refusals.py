# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a member of a cluster from being on its host as it is wanted. No I/O."""

from __future__ import annotations

import ipaddress

from ansible_collections.quorate.swarm.plugins.module_utils import member_files
from ansible_collections.quorate.swarm.plugins.module_utils.container_spec import MEMBER_LABEL, SERVICE_LABEL, TASK_LABEL
from ansible_collections.quorate.swarm.plugins.module_utils.member import (
    ABSENT,
    SEEN,
    STARTED,
    is_own,
    other_cluster,
    started_elsewhere,
)

HOST_NETWORK = "host"
SOMEBODY = "another process"
NO_PROGRAM = "This host has no program docker, with which systemd starts members. Install it: docker-cli on Debian, or docker-ce-cli."
UNITS = ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB"))


def refusals(view, wanted):
    """Sentences on what keeps the member from being as it is wanted."""
    seen = [_held_twice(view, wanted) if wanted.files_only else _foreign(view, wanted)]
    if wanted.state == ABSENT:
        seen += removal_refusals(view, wanted)
    if wanted.state in (STARTED, SEEN):
        seen += ["" if wanted.template or wanted.files_only else NO_PROGRAM]
        seen += [member_files.refusal(entry, view.found[entry.path]) for entry in wanted.directories + wanted.files]
        seen += [
            "Port %s of this host is taken by %s. Stop that, or give the member another port." % (taken["port"], taken["by"])
            for taken in ports_taken(view, wanted)
        ]
        seen += [
            "%s, at which ports are to be published, is no address of this host. Give one that it has, or 0.0.0.0 for all." % address
            for address in view.strange
        ]
        seen += [_shared(view, wanted, entry.path) for entry in wanted.directories if entry.is_data]
        seen += [_memory(view, wanted)]
        seen += [
            "There is no %s on this host, which is to be mounted. Make it, or name it in directories or files." % path
            for path in view.missing
        ]
        seen += [_network(view, name) for name in _networks(wanted) if name not in networks_foretold(view, wanted)]
    return [sentence for sentence in seen if sentence]


def removal_refusals(view, wanted):
    """Sentences on what keeps the member's data from being deleted with it."""
    users = [(path, _user_of(view, wanted, path)) for path in wanted.delete]
    return [
        "%s is to be deleted, and the container %s, which %s, has its data there. Remove that one first, if it is to go as well, or leave "
        "the directory out of delete." % (path, _name(user), _state_of(user))
        for path, user in users
        if user
    ]


def _foreign(view, wanted):
    if view.container is None or (is_own(view.container, wanted.name) and wanted.adopts):
        return ""
    if other_cluster(view, wanted):
        return (
            "The container %s is a member of the cluster %s, and it was to be one of %s. Two clusters on the same host need names, "
            "directories and ports of their own. Where only a group was renamed, have its members replaced with adopt=true."
            % (wanted.name, other_cluster(view, wanted), wanted.cluster)
        )
    if is_own(view.container, wanted.name):
        return ""
    if TASK_LABEL in (view.container["Config"].get("Labels") or {}):
        return "The container %s is a task of a service of the swarm. Give the member another name, or remove the service." % wanted.name
    if wanted.adopts:
        return ""
    return (
        "There is a container %s that no run of this module has made: it lacks the label %s=%s. Remove or rename it, or let it be replaced "
        "with adopt=true." % (wanted.name, MEMBER_LABEL, wanted.name)
    )


def _held_twice(view, wanted):
    if view.container is None or not is_own(view.container, wanted.name):
        return ""
    return (
        "The container %s on this host is a member that systemd starts, and something else is to start it now. Remove that member "
        "first, as it was made; its data stays." % wanted.name
    )


def ports_taken(view, wanted):
    """The ports that the member needs and somebody else has, with who that is as far as it is known."""
    own = _own_ports(view)
    taken = []
    if wanted.files_only and started_elsewhere(view, wanted.name, is_up=True):
        return []
    for address, port, protocol in wanted.ports:
        if (port, protocol) in own or _has_host_network(view):
            continue
        by = _container_on(view, address, port, protocol)
        if not by and any(_clash(address, other) for other, *rest in view.sockets if (port, protocol) == tuple(rest)):
            by = SOMEBODY
        if by:
            taken.append({"port": "%d/%s" % (port, protocol), "by": by})
    return taken


def _shared(view, wanted, path):
    """Two servers on the same data, as after a member got another name, would each destroy what the other writes."""
    user = _user_of(view, wanted, path)
    if not user:
        return ""
    return (
        "The data in %s belongs to the container %s, which %s. If the member has got another name, take it out under its old one "
        "first; else give it another directory." % (path, _name(user), _state_of(user))
    )


def _user_of(view, wanted, path):
    """Another container that writes there: one that runs, or a member, which systemd starts again."""
    for container in view.containers:
        labels = container.get("Labels") or {}
        if view.container and container["Id"] == view.container["Id"] or not (_runs(container) or MEMBER_LABEL in labels):
            continue
        if wanted.files_only and labels.get(SERVICE_LABEL) == wanted.name:
            continue
        if any(mount.get("Source") == path and mount.get("RW") is not False for mount in container.get("Mounts") or ()):
            return container
    return None


def _runs(container):
    return container.get("State") == "running"


def _state_of(container):
    return "runs" if _runs(container) else "is a member that is stopped"


def _name(container):
    return (container.get("Names") or ["/%s" % container["Id"][:12]])[0].lstrip("/")


def _has_host_network(view):
    """What such a container listens on is told by nobody, so that all of it counts as its own while it runs."""
    return view.is_running and view.container["HostConfig"].get("NetworkMode") == HOST_NETWORK


def _own_ports(view):
    if not view.is_running:
        return set()
    bindings = view.container["HostConfig"].get("PortBindings") or {}
    return {
        (int(binding["HostPort"]), target.partition("/")[2] or "tcp")
        for target, entries in bindings.items()
        for binding in entries or ()
        if str(binding.get("HostPort") or "").isdigit()
    }


def _container_on(view, address, port, protocol):
    for container in view.containers:
        if view.container and container["Id"] == view.container["Id"]:
            continue
        for published in container.get("Ports") or ():
            same = (published.get("PublicPort"), published.get("Type")) == (port, protocol)
            if same and _clash(address, published.get("IP") or "0.0.0.0"):
                return "the container %s" % _name(container)
    return ""


def _clash(one, other):
    addresses = [ipaddress.ip_address(address or "0.0.0.0") for address in (one, other)]
    # what listens on all of IPv6 has IPv4 as well, unless it says otherwise
    return addresses[0] == addresses[1] or any(address.is_unspecified for address in addresses)


def _memory(view, wanted):
    has, limit = view.info.get("MemTotal") or 0, _limit(wanted)
    if 0 < limit < wanted.memory:
        return "The member needs %s, and its container's memory limit is %s. Give it less, or raise the limit." % (
            in_words(wanted.memory), in_words(limit)
        )
    if not has or max(limit, wanted.memory) <= has:
        return ""
    what = "The container's memory limit is" if limit > wanted.memory else "The member needs"
    return "%s %s, and this host has %s of memory. Give it less, or to a host with more." % (
        what, in_words(max(limit, wanted.memory)), in_words(has)
    )


def _limit(wanted):
    return wanted.spec.body["HostConfig"].get("Memory", 0) if wanted.spec else 0


def in_words(size):
    for bits, unit in UNITS:
        if size >= 1 << bits:
            return "%s %s" % (("%.1f" % (size / (1 << bits))).rstrip("0").rstrip("."), unit)
    return "%d bytes" % size


def _networks(wanted):
    if not wanted.spec:
        return []
    return list(wanted.spec.body["NetworkingConfig"]["EndpointsConfig"]) + [name for name, _endpoint in wanted.spec.others]


def networks_foretold(view, wanted):
    """What of C(wanted.foretold) the member needs and the host does not have yet."""
    listed = {network["Name"] for network in view.networks}
    return [name for name in _networks(wanted) if name in wanted.foretold and name not in listed]


def _network(view, name):
    listed = [network for network in view.networks if network["Name"] == name]
    swarm = view.info.get("Swarm") or {}
    if not listed:
        # a worker gets to know an overlay when a container uses it
        if swarm.get("LocalNodeState") == "active" and not swarm.get("ControlAvailable"):
            return ""
        return "There is no network %s. Create it first, as the role quorate.swarm.overlay does for overlay_networks." % name
    if any(network.get("Scope") == "swarm" and network.get("Attachable") is False for network in listed):
        return "The network %s is not attachable, so only services can use it. Make it anew with attachable=true." % name
    return ""
