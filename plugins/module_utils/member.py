# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One member of a cluster on its host: what is in the way of it, and the steps to it in their order. No I/O.

Files are written only while the member is stopped, but those of which it takes no notice. So what runs always runs with what lies
there, wherever an earlier run was killed, and no note is needed of what is due.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from ansible_collections.quorate.swarm.plugins.module_utils import container_spec, member_files
from ansible_collections.quorate.swarm.plugins.module_utils.container_spec import MEMBER_LABEL, SERVICE_LABEL, TASK_LABEL, Spec
from ansible_collections.quorate.swarm.plugins.module_utils.member_unit import Unit
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan

STARTED, STOPPED, ABSENT, SEEN = "started", "stopped", "absent", "seen"
HOST_NETWORK = "host"
SOMEBODY = "another process"
NO_PROGRAM = "This host has no program docker, with which systemd starts members. Install it: docker-cli on Debian, or docker-ce-cli."
UNITS = ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB"))


@dataclass(frozen=True)
class Wanted:
    """What the options ask for, in the terms of the host. C(template) is the text of the systemd unit."""

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


@dataclass(frozen=True)
class Step:
    """C(kind) is the name of an effect in plugins/modules/cluster_member.py."""

    kind: str
    words: str
    subject: object = None

    def sentence(self):
        return self.words


def is_running(container):
    return bool(container and container["State"].get("Running"))


def is_own(container, name):
    return (container["Config"].get("Labels") or {}).get(MEMBER_LABEL) == name


# What is in the way


def refusals(view, wanted):
    """Sentences on what keeps the member from being as it is wanted."""
    seen = [_held_twice(view, wanted) if wanted.files_only else _foreign(view, wanted)]
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
        seen += [_shared(view, entry.path) for entry in wanted.directories if entry.is_data]
        seen += [_memory(view, wanted)]
        seen += [
            "There is no %s on this host, which is to be mounted. Make it, or name it in directories or files." % path
            for path in view.missing
        ]
        seen += [_network(view, name) for name in _networks(wanted)]
    return [sentence for sentence in seen if sentence]


def sources(wanted):
    """What is to be mounted and not to be made."""
    mounts = wanted.spec.body["HostConfig"]["Mounts"] if wanted.spec else ()
    made = {entry.path for entry in wanted.directories + wanted.files}
    return [mount["Source"] for mount in mounts if mount["Type"] == "bind" and mount["Source"].rstrip("/") not in made]


def _foreign(view, wanted):
    if view.container is None or is_own(view.container, wanted.name):
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


def may_start_elsewhere(view, wanted):
    """Whether something else may be about to start the member here, although its files are as they are wanted."""
    return wanted.files_only and wanted.state == SEEN and not _started_elsewhere(view, wanted.name, is_up=True)


def _started_elsewhere(view, name, is_up=False):
    """Whether there is a container here that is the member, though systemd does not start it."""
    found = [container for container in view.containers if not is_up or container.get("State") == "running"]
    labels = [(container.get("Labels") or {}, container.get("Names") or ()) for container in found]
    return any(
        label.get(SERVICE_LABEL) == name or "/%s" % name in names and label.get(MEMBER_LABEL) != name for label, names in labels
    )


def ports_taken(view, wanted):
    """The ports that the member needs and somebody else has, with who that is as far as it is known."""
    own = _own_ports(view)
    taken = []
    if wanted.files_only and _started_elsewhere(view, wanted.name, is_up=True):
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


def _shared(view, path):
    """Two servers on the same data, as after a member got another name, would each destroy what the other writes."""
    for container in view.containers:
        if view.container and container["Id"] == view.container["Id"] or container.get("State") != "running":
            continue
        if any(mount.get("Source") == path and mount.get("RW") is not False for mount in container.get("Mounts") or ()):
            return (
                "The data in %s belongs to the container %s, which runs. If the member has got another name, take it out under its old one "
                "first; else give it another directory." % (path, _name(container))
            )
    return ""


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


def sysctls_low(view, wanted):
    """Kernel parameters that this host has lower than is needed, or not at all."""
    return {
        name: {"found": view.sysctls.get(name), "needed": needed}
        for name, needed in sorted(wanted.sysctls.items())
        if view.sysctls.get(name) is None or view.sysctls[name] < needed
    }


# The steps


@dataclass(frozen=True)
class Decision:
    """What differs, in sentences, and the plan that mends it."""

    plan: Plan
    differs: tuple = ()
    is_due: bool = False

    @property
    def interrupts(self):
        """Whether the member is stopped or started for it, or, where something else starts it, should be."""
        return self.is_due or any(step.kind in ("stop", "start") for step in self.plan.steps)


def decide(view, wanted):
    if wanted.files_only and wanted.state in (STARTED, SEEN):
        return _decide_files(view, wanted)
    if wanted.state == ABSENT:
        return _decide_absent(view, wanted)
    if wanted.state == STOPPED:
        return _decide_stopped(view, wanted)
    return _decide_started(view, wanted)


def _differences_of_files(view, wanted):
    return [
        difference
        for entry in sorted(wanted.directories, key=lambda entry: entry.path) + list(wanted.files)
        for difference in member_files.differences(entry, view.found[entry.path])
    ]


def _strays(view, wanted):
    return member_files.strays(wanted.directories + wanted.files, view.found)


def _decide_files(view, wanted):
    files, strays = _differences_of_files(view, wanted), _strays(view, wanted)
    before, after = {}, {}
    _compare_files(files, strays, before, after)
    return Decision(
        Plan(tuple(_file_steps(files, strays)), before, after),
        tuple(_file_sentences(files, strays)),
        any(difference.restarts for difference in files),
    )


def _decide_started(view, wanted):
    container = _container_differences(view, wanted)
    files, strays = _differences_of_files(view, wanted), _strays(view, wanted)
    is_made = container is None or bool(container)
    is_up = view.unit.is_active
    restarts = is_made or wanted.restarts or any(difference.restarts for difference in files)
    steps = []
    if is_made and wanted.spec and view.image is None:
        steps.append(Step("pull", "pull the image %s" % wanted.spec.body["Image"], wanted.spec.body["Image"]))
    if restarts and (is_up or view.is_running):
        steps.append(Step("stop", "stop the member"))
    steps += _file_steps(files, strays)
    if view.template != wanted.template:
        steps.append(Step("template", "write the systemd unit of members", wanted.template))
    elif view.unit.is_outdated:
        steps.append(Step("reload", "have systemd read its units again"))
    if container:
        steps.append(Step("remove", "remove the container %s" % wanted.name, view.container["Id"]))
    if is_made and wanted.spec:
        steps.append(Step("create", "create the container %s" % wanted.name, wanted.spec))
    if not view.unit.is_enabled:
        steps.append(Step("enable", "have systemd start the member at boot"))
    if restarts or not is_up:
        steps.append(Step("start", "start the member"))
    differs = _sentences(view, wanted, container, _file_sentences(files, strays))
    return Decision(Plan(tuple(steps), *_compared(view, wanted, container, files, strays)), tuple(differs))


def _container_differences(view, wanted):
    """None where there is no container."""
    if view.container is None:
        return None
    if wanted.spec is None:
        return ()
    return container_spec.differences(view.container, view.image, view.made_of, wanted.spec, _host_lacks(view.info))


def _host_lacks(info):
    """Limits to which this host's kernel cannot hold a container; the engine leaves them out."""
    if info.get("MemoryLimit") is False:
        return ("memory", "memory_swap")
    return ("memory_swap",) if info.get("SwapLimit") is False else ()


def _file_steps(differences, strays):
    """One step for each path: what is written gets its owner and mode with it."""
    steps, seen = [], set()
    for difference in sorted(differences, key=lambda difference: not difference.writes):
        entry = difference.wanted
        if entry.path in seen:
            continue
        seen.add(entry.path)
        if entry.is_directory:
            made = "make the directory %s" if difference.writes else "set owner and mode of %s"
            steps.append(Step("make" if difference.writes else "own", made % entry.path, entry))
        else:
            written = "write %s" if difference.writes else "set owner and mode of %s"
            steps.append(Step("write" if difference.writes else "own", written % entry.path, entry))
    steps.sort(key=lambda step: not step.subject.is_directory)
    return steps + [Step("delete_file", "remove %s" % path, path) for path in strays]


def _file_sentences(differences, strays):
    return [difference.sentence() for difference in differences] + ["%s is not asked for" % path for path in strays]


def _sentences(view, wanted, container, file_sentences):
    if container is None:
        yield "the container is missing"
    else:
        yield from ("container: %s" % difference.sentence() for difference in container)
    yield from file_sentences
    if view.template != wanted.template:
        yield "the systemd unit of members %s" % ("is missing" if view.template is None else "is another one")
    elif view.unit.is_outdated:
        yield "systemd has not read the unit of members since it was written"
    if not view.unit.is_enabled:
        yield "systemd does not start the member at boot"
    if not view.unit.is_active:
        yield "the member is not started"
    if wanted.restarts:
        yield "a restart is asked for"


def _compared(view, wanted, container, files, strays):
    before, after = {}, {}
    if container is None:
        before["container"], after["container"] = None, wanted.spec.body["Image"] if wanted.spec else None
    elif container:
        before["container"] = {difference.what: difference.before() for difference in container}
        after["container"] = {difference.what: difference.after() for difference in container}
    _compare_files(files, strays, before, after)
    if view.template != wanted.template:
        before["systemd unit of members"], after["systemd unit of members"] = _lines(view.template), _lines(wanted.template)
    elif view.unit.is_outdated:
        before["units read"], after["units read"] = False, True
    for name, now in (("enabled", view.unit.is_enabled), ("started", view.unit.is_active)):
        if not now:
            before[name], after[name] = False, True
    return before, after


def _compare_files(files, strays, before, after):
    for path in strays:
        before[path], after[path] = "there", None
    for difference in files:
        path = difference.wanted.path
        for side, told in ((before, difference.before), (after, difference.after)):
            side[path] = dict(side.get(path) or {}, **told) if told is not None else side.get(path)


def _lines(text):
    return None if text is None else text.splitlines()


def _decide_stopped(view, wanted):
    steps, before, after, differs = _end(view, wanted)
    return Decision(Plan(tuple(steps), before, after), tuple(differs))


def _end(view, wanted):
    steps, before, after, differs = [], {}, {}, []
    if view.unit.is_active or view.is_running:
        steps.append(Step("stop", "stop the member"))
        differs.append("the member is started")
        before["started"], after["started"] = True, False
    if view.unit.is_enabled:
        steps.append(Step("disable", "have systemd start the member no more at boot"))
        differs.append("systemd starts the member at boot")
        before["enabled"], after["enabled"] = True, False
    return steps, before, after, differs


def _decide_absent(view, wanted):
    steps, before, after, differs = ([], {}, {}, []) if wanted.files_only else _end(view, wanted)

    def gone(kind, words, subject, name):
        steps.append(Step(kind, words, subject))
        differs.append("%s is there" % name)
        before[name], after[name] = "there", None

    if view.container is not None and not wanted.files_only:
        gone("remove", "remove the container %s" % wanted.name, view.container["Id"], "the container")
    files, whole, empty = member_files.left_over(wanted.directories, wanted.files, view.found, wanted.delete)
    for path in files:
        gone("delete_file", "remove %s" % path, path, path)
    for path in whole:
        gone("delete_directory", "delete %s and all that is in it" % path, path, path)
    for path in empty:
        gone("remove_directory", "remove the empty directory %s" % path, path, path)
    if view.template is not None and not view.others and not wanted.files_only:
        gone("remove_template", "remove the systemd unit of members", None, "the systemd unit of members")
    return Decision(Plan(tuple(steps), before, after), tuple(differs))


# What is told


def summary(view, wanted, decision, in_the_way=()):
    container = view.container
    state = container["State"] if container else {}
    ran = bool(state) and not str(state.get("StartedAt") or "0001").startswith("0001")
    return {
        "exists": container is not None or wanted.files_only and _started_elsewhere(view, wanted.name),
        "running": view.is_running or wanted.files_only and _started_elsewhere(view, wanted.name, is_up=True),
        "healthy": {"healthy": True, "unhealthy": False}.get((state.get("Health") or {}).get("Status")),
        "unit_active": view.unit.is_active,
        "unit_enabled": view.unit.is_enabled,
        "container_id": container["Id"] if container else None,
        "image": container["Config"]["Image"] if container else None,
        "image_present": view.image is not None,
        "started_at": state["StartedAt"] if ran else None,
        "exit_code": state.get("ExitCode") if ran and not view.is_running else None,
        "restarts": view.unit.restarts,
        "differs": list(decision.differs),
        "restart_needed": decision.interrupts,
        "remains": list(_decide_absent(view, wanted).differs),
        "refusals": list(in_the_way),
        "data": {entry.path: member_files.state_of_data(view.found[entry.path]) for entry in wanted.directories if entry.is_data},
        "ports_taken": ports_taken(view, wanted),
        "sysctls_low": sysctls_low(view, wanted),
        "node_id": (view.info.get("Swarm") or {}).get("NodeID") or None,
        "memory": view.info.get("MemTotal"),
    }


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
