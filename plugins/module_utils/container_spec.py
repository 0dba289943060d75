# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member's container: what the engine is asked to create, and how one that is there differs from it. No I/O."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ansible.module_utils.common.text.formatters import human_to_bytes
from ansible_collections.quorate.swarm.plugins.module_utils.durations import nanoseconds
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

MEMBER_LABEL = "quorate.member"
OPTIONS_LABEL = "quorate.options"
CLUSTER_LABEL = "quorate.cluster"
OWN_LABELS = (OPTIONS_LABEL, CLUSTER_LABEL)
TASK_LABEL = "com.docker.swarm.task.id"
SERVICE_LABEL = "com.docker.swarm.service.name"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
NO_RESTART = "no"
# Networks that get another ID with each start of the engine, and are found by name.
OF_THE_ENGINE = ("bridge", "host", "none")
# What the engine says without an answer of theirs may pass.
GONE = "code = NotFound desc = network"
SECRET_NAME = re.compile(r"pass|secret|token|key|cred", re.IGNORECASE)
FILE_NAME = re.compile(r"_file$|_path$|_dir$", re.IGNORECASE)
# Masked wherever they stand, shorter ones would blot out results that are no secrets.
SHORTEST_SECRET = 4
# The unit ends a container's end after half an hour.
LONGEST_STOP = 1700
DEFAULT_STOP = 10
DURATIONS = {"interval": "Interval", "timeout": "Timeout", "start_period": "StartPeriod"}
# Where the engine keeps what an option says; a request has the keys of Config on its top.
PLACES = {
    "command": ("Config", "Cmd"),
    "entrypoint": ("Config", "Entrypoint"),
    "user": ("Config", "User"),
    "hostname": ("Config", "Hostname"),
    "stop_signal": ("Config", "StopSignal"),
    "stop_timeout": ("Config", "StopTimeout"),
    "healthcheck": ("Config", "Healthcheck"),
    "memory": ("HostConfig", "Memory"),
    "memory_swap": ("HostConfig", "MemorySwap"),
    "memory_swappiness": ("HostConfig", "MemorySwappiness"),
    "cpus": ("HostConfig", "NanoCpus"),
    "shm_size": ("HostConfig", "ShmSize"),
    "init": ("HostConfig", "Init"),
    "read_only": ("HostConfig", "ReadonlyRootfs"),
    "log_driver": ("HostConfig", "LogConfig", "Type"),
}


@dataclass(frozen=True)
class Spec:
    """The request that creates a container with its first network, and what it is connected to before its start: (network, endpoint)."""

    body: dict
    others: tuple = ()
    ids: tuple = ()


@dataclass(frozen=True)
class Difference:
    """What of a container differs; C(None) is none at all. What is secret is not told."""

    what: str
    found: object = None
    wanted: object = None
    is_secret: bool = False

    def sentence(self):
        if self.found is None:
            return "%s is missing" % self.what
        if self.wanted is None:
            return "%s is not asked for" % self.what
        if self.is_secret:
            return "%s is another one (not told)" % self.what
        return "%s is %s, not %s" % (self.what, _told(self.found), _told(self.wanted))

    def before(self):
        return "(not told)" if self.is_secret and self.found is not None else self.found

    def after(self):
        return "(another one, not told)" if self.is_secret and self.wanted is not None else self.wanted


def _told(value):
    return " ".join(str(part) for part in value) if isinstance(value, (list, tuple)) else value


# What is asked for


def spec_of(name, image, options, cluster=None):
    """The engine's request for what the module's options say."""
    if not NAME.fullmatch(name):
        raise Refusal("%s is no name that a container can have: letters, digits and _ . - after a letter or digit." % name)
    options = options or {}
    _refuse_contradictions(options)
    networks = options.get("networks") or []
    endpoints = [(network["name"], _endpoint(network)) for network in networks]
    body = {
        "Image": image,
        "Env": ["%s=%s" % item for item in sorted(texts(options.get("env"), "env").items())],
        "Labels": dict(
            texts(options.get("labels"), "labels"),
            **{MEMBER_LABEL: name, OPTIONS_LABEL: " ".join(sorted(_said(options)))},
            **({CLUSTER_LABEL: cluster} if cluster else {}),
        ),
        "ExposedPorts": {_target(port): {} for port in options.get("ports") or []},
        "HostConfig": _host_config(options, endpoints),
        "NetworkingConfig": {"EndpointsConfig": dict(endpoints[:1])},
    }
    for option in ("command", "entrypoint", "user", "hostname", "stop_signal", "stop_timeout"):
        if options.get(option) is not None:
            body[PLACES[option][-1]] = options[option]
    if options.get("healthcheck"):
        body["Healthcheck"] = _healthcheck(options["healthcheck"])
    return Spec(body, tuple(endpoints[1:]), tuple((network["name"], network["id"]) for network in networks if network.get("id")))


def secrets(options):
    """The values of env that their names call secret; paths to secrets are none."""
    found = ((options or {}).get("env") or {}).items()
    values = [value for name, value in found if is_secret_name(name) and not isinstance(value, bool)]
    return {str(value) for value in values if len(str(value)) >= SHORTEST_SECRET}


def texts(mapping, option):
    """Names to texts. Whole numbers are clear; what YAML makes of other words is not."""
    for key, value in (mapping or {}).items():
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise Refusal("The value of %s in %s is no text. Write it in quotes, so that it is clear what it shall be." % (key, option))
    return {str(key): str(value) for key, value in (mapping or {}).items()}


def size(text, option):
    """A number of bytes; C(-1) stands for no limit."""
    if str(text) == "-1":
        return -1
    try:
        return human_to_bytes(str(text))
    except ValueError as exc:
        raise Refusal("The %s %s is no size such as 512M or 2G." % (option, text)) from exc


def grace(options):
    """Seconds that the container has for its end."""
    given = (options or {}).get("stop_timeout")
    return DEFAULT_STOP if given is None else given


def wanted_ports(options, listens):
    """(address, port, protocol) of what the container takes of the host."""
    published = [(port["address"], port["published"], port["protocol"]) for port in (options or {}).get("ports") or []]
    return published + [listener(text) for text in listens]


def listener(text):
    port, _slash, protocol = text.partition("/")
    if not port.isdigit() or not 0 < int(port) < 65536 or protocol not in ("", "tcp", "udp"):
        raise Refusal("%s in listens is no port such as 9300 or 9300/udp." % text)
    return "0.0.0.0", int(port), protocol or "tcp"


def _refuse_contradictions(options):
    if options.get("networks") and options.get("network_mode"):
        raise Refusal("The container has both networks and a network_mode. Give one of them.")
    if options.get("network_mode") == "host" and options.get("ports"):
        raise Refusal("A container with network_mode host publishes no ports: it has the host's own. Name them in listens instead.")
    targets = [mount["target"] for mount in options.get("mounts") or []] + list(options.get("tmpfs") or ())
    twice = sorted({target for target in targets if targets.count(target) > 1})
    if twice:
        raise Refusal("More than one thing is to be mounted on %s." % ", ".join(twice))
    for mount in options.get("mounts") or []:
        if bool(mount.get("source")) == bool(mount.get("volume")):
            raise Refusal("The mount on %s needs either a source, a path of the host, or a volume." % mount["target"])
        for path in (mount.get("source") or "/", mount["target"]):
            if not path.startswith("/"):
                raise Refusal("The path %s of a mount does not begin with /." % path)
    for port in options.get("ports") or []:
        _refuse_port(port)
    if (options.get("stop_timeout") or 0) > LONGEST_STOP:
        raise Refusal("The stop_timeout %d is longer than systemd waits. Give at most %d." % (options["stop_timeout"], LONGEST_STOP))


def _refuse_port(port):
    for number in (port["published"], port["target"]):
        if not 0 < number < 65536:
            raise Refusal("%s in ports is no port from 1 to 65535." % number)
    try:
        ipaddress.ip_address(port["address"] or "0.0.0.0")
    except ValueError as exc:
        raise Refusal("%s, at which port %s is to be published, is no IP address." % (port["address"], port["published"])) from exc


def _said(options):
    """The names of what is asked for and has a default of the engine's, so that what is asked for no more can be told."""
    names = [option for option in PLACES if options.get(option) is not None]
    names += ["ulimits.%s" % limit["name"] for limit in options.get("ulimits") or []]
    names += ["log_options.%s" % option for option in options.get("log_options") or ()]
    names += ["networks.%s.ipv4_address" % network["name"] for network in options.get("networks") or [] if network.get("ipv4_address")]
    return names


def _host_config(options, endpoints):
    config = {
        "NetworkMode": endpoints[0][0] if endpoints else options.get("network_mode") or "default",
        "RestartPolicy": {"Name": NO_RESTART, "MaximumRetryCount": 0},
        "Mounts": [mount_body(mount) for mount in options.get("mounts") or []],
        "PortBindings": _port_bindings(options.get("ports") or []),
        "Ulimits": [
            {"Name": limit["name"], "Soft": limit["soft"], "Hard": limit["soft"] if limit.get("hard") is None else limit["hard"]}
            for limit in options.get("ulimits") or []
        ],
        "Sysctls": texts(options.get("sysctls"), "sysctls"),
        "CapAdd": list(options.get("cap_add") or []),
        "CapDrop": list(options.get("cap_drop") or []),
        "ExtraHosts": ["%s:%s" % item for item in sorted(texts(options.get("extra_hosts"), "extra_hosts").items())],
        "Tmpfs": texts(options.get("tmpfs"), "tmpfs"),
        "LogConfig": {"Type": options.get("log_driver") or "", "Config": texts(options.get("log_options"), "log_options")},
    }
    for option in ("memory", "memory_swap", "shm_size"):
        if options.get(option) is not None:
            config[PLACES[option][-1]] = size(options[option], option)
    if options.get("cpus") is not None:
        config["NanoCpus"] = round(options["cpus"] * 10**9)
    for option in ("memory_swappiness", "init", "read_only"):
        if options.get(option) is not None:
            config[PLACES[option][-1]] = options[option]
    return config


def mount_body(mount):
    is_bind = bool(mount.get("source"))
    return {
        "Type": "bind" if is_bind else "volume",
        "Source": mount["source"] if is_bind else mount["volume"],
        "Target": mount["target"],
        "ReadOnly": bool(mount.get("read_only")),
    }


def _target(port):
    return "%d/%s" % (port["target"], port["protocol"])


def _port_bindings(ports):
    bindings = {}
    for port in ports:
        bindings.setdefault(_target(port), []).append({"HostIp": port["address"], "HostPort": str(port["published"])})
    return bindings


def _endpoint(network):
    endpoint = {"Aliases": list(network.get("aliases") or [])}
    if network.get("links"):
        endpoint["Links"] = list(network["links"])
    if network.get("ipv4_address"):
        endpoint["IPAMConfig"] = {"IPv4Address": network["ipv4_address"]}
    return endpoint


def _healthcheck(options):
    check = {"Test": list(options["test"])}
    for option, key in DURATIONS.items():
        if options.get(option) is not None:
            check[key] = nanoseconds(options[option])
            if check[key] is None:
                raise Refusal("The %s %s of healthcheck is no duration such as 30s." % (option, options[option]))
    if options.get("retries") is not None:
        check["Retries"] = options["retries"]
    return check


# What differs


def differences(found, image, made_of, spec, host_lacks=(), networks=()):
    """How the inspected container C(found) differs from what C(spec) asks for.

    C(image) is the inspected image that is asked for and C(made_of) the container's own, None where the engine has them not; what
    comes from the image is no difference. C(host_lacks) names the options that this host's kernel cannot hold to. C(networks) are those
    that the engine lists.
    """
    seen = []
    if image and found["Image"] != image["Id"]:
        seen.append(Difference("image %s" % spec.body["Image"], found["Image"], image["Id"]))
    elif not image and found["Config"]["Image"] != spec.body["Image"]:
        seen.append(Difference("image", found["Config"]["Image"], spec.body["Image"]))
    seen += _of_options(found, spec.body, host_lacks)
    seen += _of_cluster(found, spec.body)
    seen += _of_mappings(found, made_of, spec.body)
    seen += _of_sets(found, spec.body)
    seen += _of_networks(found, spec, networks)
    return tuple(seen)


def _of_options(found, body, host_lacks):
    labels = found["Config"].get("Labels") or {}
    said, was_said = (set((labels.get(OPTIONS_LABEL) or "").split()) for labels in (body["Labels"], labels))
    for option, place in PLACES.items():
        if option in said & was_said and option not in host_lacks:
            now, wanted = _at(found, place), _at({"Config": body, "HostConfig": body["HostConfig"]}, place)
            if not (now == wanted or option == "memory_swappiness" and now is None or option == "healthcheck" and _is_within(wanted, now)):
                yield Difference(option, "none" if now is None else now, wanted)
    for option in sorted(said ^ was_said):
        yield Difference(option, *((None, True) if option in said else (True, None)))
    restart = (found["HostConfig"].get("RestartPolicy") or {}).get("Name") or NO_RESTART
    if restart != NO_RESTART:
        yield Difference("the engine's restart policy", restart, NO_RESTART)


def _at(tree, place):
    for key in place:
        tree = (tree or {}).get(key)
    return tree


def _is_within(wanted, now):
    return all((now or {}).get(key) == value for key, value in wanted.items())


def _of_cluster(found, body):
    """A member that was made without this label, or is held by somebody who names no cluster, is none of another one."""
    now, wanted = cluster_of(found), body["Labels"].get(CLUSTER_LABEL)
    if now and wanted and now != wanted:
        yield Difference("cluster", now, wanted)


def cluster_of(container):
    return (container["Config"].get("Labels") or {}).get(CLUSTER_LABEL)


def _of_mappings(found, made_of, body):
    """What has names: an image may bring some of them, and the engine's own defaults some limits and log options."""
    brought = (made_of or {}).get("Config") or {}
    host, wanted = found["HostConfig"], body["HostConfig"]
    labels = {key: value for key, value in (found["Config"].get("Labels") or {}).items() if key not in OWN_LABELS}
    wanted_labels = {key: value for key, value in body["Labels"].items() if key not in OWN_LABELS}
    yield from _compared("env", pairs(found["Config"].get("Env")), pairs(body["Env"]), pairs(brought.get("Env")), made_of is not None)
    yield from _compared("label", labels, wanted_labels, brought.get("Labels") or {}, made_of is not None)
    yield from _compared("sysctl", host.get("Sysctls") or {}, wanted["Sysctls"])
    yield from _compared("tmpfs on", host.get("Tmpfs") or {}, wanted["Tmpfs"])
    yield from _compared("ulimit", _limits(host.get("Ulimits")), _limits(wanted["Ulimits"]), is_all=False)
    log_options = (host.get("LogConfig") or {}).get("Config") or {}
    yield from _compared("log option", log_options, wanted["LogConfig"]["Config"], is_all=False)


def _compared(what, now, wanted, brought=(), is_all=True):
    expected = dict(brought or {}, **wanted)
    names = sorted(set(expected) | set(now)) if is_all else sorted(wanted)
    for name in names:
        if now.get(name) != expected.get(name):
            yield Difference("%s %s" % (what, name), now.get(name), expected.get(name), what != "label" and is_secret_name(name))


def _of_sets(found, body):
    host, wanted = found["HostConfig"], body["HostConfig"]
    yield from _listed("mount", _mounts(host), _mounts(wanted))
    yield from _listed("port", _ports(host.get("PortBindings")), _ports(wanted["PortBindings"]))
    yield from _listed("added capability", capabilities(host.get("CapAdd")), capabilities(wanted["CapAdd"]))
    yield from _listed("dropped capability", capabilities(host.get("CapDrop")), capabilities(wanted["CapDrop"]))
    yield from _listed("extra host", set(host.get("ExtraHosts") or ()), set(wanted["ExtraHosts"]))


def _listed(what, now, wanted):
    for entry in sorted(wanted - now):
        yield Difference("%s %s" % (what, entry), None, True)
    for entry in sorted(now - wanted):
        yield Difference("%s %s" % (what, entry), True, None)


def networks_of(found):
    """What an inspected container is connected to, by name."""
    return (found.get("NetworkSettings") or {}).get("Networks") or {}


def _of_networks(found, spec, networks):
    wanted = dict(spec.body["NetworkingConfig"]["EndpointsConfig"], **dict(spec.others))
    now = networks_of(found)
    mode = found["HostConfig"].get("NetworkMode") or "default"
    if not wanted:
        modes = [_plain(mode), _plain(spec.body["HostConfig"]["NetworkMode"])]
        if modes[0] != modes[1]:
            yield Difference("network mode", *modes)
            return
        wanted = {modes[1]: {}} if modes[1] in now else {}
    yield from _listed("network", set(now), set(wanted))
    known = {found["Id"][:12], found["Name"].lstrip("/"), found["Config"].get("Hostname")}
    ids = dict(spec.ids)
    for name in sorted(set(now) & set(wanted)):
        entry, endpoint = now[name] or {}, wanted[name]
        aliases = set(entry.get("Aliases") or ()) - (known - set(endpoint.get("Aliases") or ()))
        yield from _listed("network %s: alias" % name, aliases, set(endpoint.get("Aliases") or ()))
        yield from _listed("network %s: link" % name, set(entry.get("Links") or ()), set(endpoint.get("Links") or ()))
        address = (endpoint.get("IPAMConfig") or {}).get("IPv4Address")
        # an overlay notes an address that nobody asked for in the same place
        has = (entry.get("IPAMConfig") or {}).get("IPv4Address")
        if address and address != has:
            yield Difference("network %s: address" % name, has or "none", address)
        has_id = entry.get("NetworkID") or ""
        now_id = ids.get(name) or _present_id(found, name, has_id, networks)
        if has_id and has_id != now_id:
            yield Difference("network %s" % name, "an earlier one of this name (%s)" % has_id, now_id)


def _present_id(found, name, has_id, networks):
    """The engine goes by the ID alone, so a container does not start any more once its network was made anew."""
    if name in OF_THE_ENGINE:
        return has_id
    listed = [network["Id"] for network in networks if network["Name"] == name] or [has_id]
    if has_id in listed and not network_is_gone(found, has_id):
        return has_id
    return next((network_id for network_id in listed if network_id != has_id), "the one of now")


def network_is_gone(found, network_id=""):
    """Whether the managers have told the engine that they know none of that ID; on a worker nothing else tells it."""
    error = found["State"].get("Error") or ""
    return GONE in error and network_id in error


def _plain(mode):
    return "bridge" if mode == "default" else mode


def pairs(entries):
    return dict(entry.partition("=")[::2] for entry in entries or ())


def _limits(entries):
    return {entry["Name"]: "%s:%s" % (entry["Soft"], entry["Hard"]) for entry in entries or ()}


def _mounts(host):
    """C(Binds) are what the docker program makes of -v."""
    mounts = host.get("Mounts") or ()
    found = {mount_in_words(mount["Type"], mount.get("Source"), mount["Target"], mount.get("ReadOnly")) for mount in mounts}
    for bind in host.get("Binds") or ():
        source, target, mode = (bind.split(":") + ["", ""])[:3]
        found.add(mount_in_words("bind" if source.startswith("/") else "volume", source, target, "ro" in mode.split(",")))
    return found


def mount_in_words(kind, source, target, read_only):
    return "%s%s on %s%s" % ("" if kind == "bind" else "%s " % kind, source or "without a name", target, ", read-only" if read_only else "")


def _ports(bindings):
    return {
        "%s:%s to %s" % (binding.get("HostIp") or "*", binding.get("HostPort"), target)
        for target, entries in (bindings or {}).items()
        for binding in entries or ()
    }


def capabilities(names):
    return {re.sub(r"^CAP_", "", name.upper()) for name in names or ()}


def is_secret_name(name):
    return bool(SECRET_NAME.search(name)) and not FILE_NAME.search(name)
