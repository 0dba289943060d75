#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: galera_recovery
short_description: One host's part in the recovery of a Galera cluster
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Tells what a host has of a member that is in no cluster any more, how far its data go and why it does not come back; and prepares the
    one with which the cluster begins again.
  - With whom to begin can be decided only with all members in view; the filter P(quorate.swarm.galera_recovery_plan#filter) does that, and
    the playbook C(quorate.swarm.recover) is the whole way.
  - Starts no member. Data is never deleted, nor a copy of it.
options:
  name:
    description: Name of the member, which is that of its container and of the instance of C(quorate-member@.service).
    type: str
    required: true
  state:
    description:
      - V(seen) only looks.
      - V(stopped) stops the member. systemd starts it at the next boot all the same.
      - V(read) has a server recover how far the data go, where no clean end has noted it, in a container of the member's image that is
        thrown away; and notes it in C(grastate.dat), since that was a clean end. Refused while a server runs on the data.
      - V(chosen) copies the data, unless a copy of just these is there, and says in C(grastate.dat) that the cluster may begin with them.
        Refused while a server runs on the data, without a whole database, and without room for the copy.
    type: str
    choices: [seen, stopped, read, chosen]
    default: seen
  data_path:
    description: The member's data directory on this host.
    type: path
    required: true
  backup_dir:
    description:
      - Directory on this host for copies of the data, which are made for root only.
      - Its file system must have room for as much as O(data_path) takes.
    type: path
    required: true
  backup_name:
    description: Name of a copy that O(state=chosen) makes. It must begin with C(data-).
    type: str
  kill:
    description:
      - Whether a container that runs is killed by O(state=stopped). A member that waits for others does not hear of an end in any other
        way, and has not opened its data yet.
    type: bool
    default: false
  image:
    description: Image for O(state=read) where there is no container of the member any more.
    type: str
  mounts:
    description: What is mounted into the container of O(state=read), as in the module M(quorate.swarm.cluster_member).
    type: list
    elements: dict
    default: []
    suboptions:
      source:
        description: Path on the host.
        type: str
      volume:
        description: Name of a volume.
        type: str
      target:
        description: Path inside of the container.
        type: str
        required: true
      read_only:
        description: Whether the container can only read it.
        type: bool
        default: false
  command:
    description: Command of O(state=read), word by word; it must make the server tell its position on its output and end.
    type: list
    elements: str
    default: [mariadbd, --user=mysql, --wsrep-recover, --skip-networking, --disable-log-error]
  port:
    description: The member's port for clients, in its container.
    type: int
    default: 3306
  log_lines:
    description: So many of the last lines of the member's log are looked at.
    type: int
    default: 400
  wait_timeout:
    description: Seconds until O(state=stopped) and O(state=read) must be through.
    type: int
    default: 600
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.galera_health
  - module: quorate.swarm.galera_primary
  - module: quorate.swarm.cluster_member
"""

EXAMPLES = r"""
- name: See how far the member has come, and why it does not come back
  quorate.swarm.galera_recovery:
    name: galera-node1
    data_path: /srv/galera/data
    backup_dir: /srv/galera/backups
  register: look

- name: Keep a copy of the data of the one that is ahead, and let the cluster begin with them
  quorate.swarm.galera_recovery:
    name: galera-node1
    state: chosen
    data_path: /srv/galera/data
    backup_dir: /srv/galera/backups
    backup_name: data-20261130T231500Z
"""

RETURN = r"""
evidence:
  description: What the host has of the member after the task; in check mode as it is.
  returned: success
  type: dict
  contains:
    running:
      description: Whether its container runs.
      type: bool
      sample: false
    unit_active:
      description: Whether systemd keeps it running, or is about to start it once more.
      type: bool
      sample: true
    listens:
      description: Whether its server takes connections of clients. One that waits for others does not.
      type: bool
      sample: false
    data:
      description: >-
        Whether the data directory is V(missing) or V(empty), has only a part of a database, as after a transfer from another member that
        was cut off (V(partial)), or is V(filled).
      type: str
      sample: filled
    uuid:
      description: UUID of the cluster whose data these are, none of no cluster.
      type: str
      sample: 13001a35-ed17-11f1-9859-ca4f6a8fe43a
    seqno:
      description: How far they go; V(-1) where nothing has noted it, as while the server runs and after an end that was not clean.
      type: int
      sample: 4711
    safe_to_bootstrap:
      description: Whether the member was the last one to leave its cluster, or is chosen.
      type: bool
      sample: false
    view:
      description: >-
        The last component with the majority that the member was in, by its C(name) and C(members), and who it was itself (C(own)). None
        after a clean end.
      type: dict
      sample: {"name": ["13001a35-ed17-11f1-9859-ca4f6a8fe43a", 3], "own": "13001a35-ed17-11f1-ca4f6a8fe43a", "members": []}
    trouble:
      description:
        - Why the member is in no cluster by the end of its log; none where it says nothing of it.
        - C(kind) is V(no_address) (131), V(timed_out) (110), V(unsafe) or V(waiting), C(line) the line of the log, C(unresolved) the
          names that it dropped from its list since nobody knew them.
      type: dict
      sample: {"kind": "timed_out", "line": "failed to open gcomm backend connection", "unresolved": []}
    backup:
      description: Path of the last copy in O(backup_dir), if the data are still those that were copied; none else.
      type: str
      sample: null
    size:
      description: What the data take on the disk, in bytes.
      type: int
      sample: 134217728
    free:
      description: What is free where copies would lie, in bytes.
      type: int
      sample: 6442450944
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["copy /srv/galera/data to /srv/galera/backups/data-20261130T231500Z"]
"""

import contextlib
import os

from ansible_collections.quorate.swarm.plugins.module_utils import (
    copies,
    galera_evidence,
    galera_position,
    host_files,
    member,
    member_unit,
    units,
)
from ansible_collections.quorate.swarm.plugins.module_utils.container_options import CONTAINER
from ansible_collections.quorate.swarm.plugins.module_utils.container_spec import mount_body
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.ports_in_use import ports_in_use
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import look_until

NETWORK_OF = "/proc/%d/net"
FILE_BYTES = 1 << 16
COPY = "data-"
# Beyond the container's own time for its end
STOP_MARGIN = 120
DEFAULT_GRACE = 10
SPARE_LABEL = "quorate.recovery"
SPARE_LINES = 2000
TOLD_LINES = 10
LONGEST_LINE = 500


def execute(engine, params, check_mode):
    if params["state"] == galera_evidence.CHOSEN and not (params["backup_name"] or "").startswith(COPY):
        raise Refusal("The backup_name of a copy must begin with %s, so that it is known as one. Nothing was changed." % COPY)
    view = look(engine, params)
    plan = galera_evidence.plan(params["state"], view, params["name"], params["data_path"])
    if plan.steps and not check_mode:
        for step in plan.steps:
            STEPS[step.kind](engine, params)
        view = look(engine, params)
    return Outcome.of(plan, evidence=galera_evidence.told(view))


# What there is


def look(engine, params):
    container = engine.container(params["name"])
    data = params["data_path"]
    found = host_files.look(data)
    names = found.names if found.kind == host_files.DIRECTORY else None
    return galera_evidence.View(
        names=names,
        tables=host_files.look(os.path.join(data, galera_evidence.TABLES)).names if names else (),
        state=text(os.path.join(data, galera_evidence.STATE)),
        view=text(os.path.join(data, galera_evidence.VIEW)),
        # What recovers positions is a server on the data as well; after a run that was killed it may still be at it.
        is_running=member.is_running(container) or member.is_running(engine.container(spare(params))),
        is_listening=listens(container, params["port"]),
        is_up=unit_of(params["name"]).is_active,
        log=tuple(engine.container_log(container["Id"], params["log_lines"])) if container else (),
        size=copies.taken(data) if names else 0,
        free=copies.room(params["backup_dir"]),
        backup=true_copy(data, params["backup_dir"]) if names else None,
        strangers=tuple(strangers(engine, params, container)),
    )


def listens(container, port):
    """By the kernel's table of the container's network: one that serves and is too busy to answer does so, one that waits does not yet."""
    return member.is_running(container) and "%d/tcp" % port in ports_in_use(NETWORK_OF % container["State"]["Pid"])


def text(path):
    found = host_files.beginning(path, FILE_BYTES)
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else None


def unit_of(name):
    return member_unit.unit_of(units.show(member_unit.instance(name), member_unit.PROPERTIES))


def true_copy(data, directory):
    """The last copy, if the data are still what was copied but for the mark, which is made after it."""
    made = sorted(name for name in host_files.beginning(directory, 0) or () if name.startswith(COPY) and not name.endswith(copies.PART))
    last = os.path.join(directory, made[-1]) if made else None
    return last if last and copies.is_copy(data, last, apart=(galera_evidence.STATE,)) else None


def strangers(engine, params, own):
    """Other containers that run with the data; that of a run which was killed is this module's own to end."""
    for container in engine.containers():
        if container.get("State") != "running" or (own and container["Id"] == own["Id"]) or is_spare(container, params):
            continue
        if any(mount.get("Source") == params["data_path"] for mount in container.get("Mounts") or ()):
            yield (container.get("Names") or ["/%s" % container["Id"][:12]])[0].lstrip("/")


def is_spare(container, params):
    return ((container.get("Labels") or {}).get(SPARE_LABEL)) == params["name"]


# The effects


def stop(engine, params):
    """Whoever is to be killed is so once systemd is about to stop it, or it would be started again."""
    forget_spare(engine, params)
    unit = member_unit.instance(params["name"])
    container = engine.container(params["name"])
    grace = ((container or {}).get("Config") or {}).get("StopTimeout") or DEFAULT_GRACE
    if params["kill"]:
        units.stop_soon(unit)
        if member.is_running(container):
            engine.container_kill(container["Id"])
    units.stop(unit, max(grace, params["wait_timeout"]) + STOP_MARGIN)
    container = engine.container(params["name"])
    if member.is_running(container):
        engine.container_stop(container["Id"], 0 if params["kill"] else grace)


def read(engine, params):
    data = os.path.join(params["data_path"], galera_evidence.STATE)
    noted = text(data)
    uuid, seqno = recovered(engine, params)
    if uuid != galera_position.saved(noted).uuid or seqno < 0:
        raise QuorateError(
            "The data in %s say of themselves that they are at %s:%d, and %s beside them that they are of the cluster %s, so nobody can "
            "tell how far they go. If they are the ones to begin with all the same, say so by name of the host (galera_recover_from)."
            % (params["data_path"], uuid, seqno, galera_evidence.STATE, galera_position.saved(noted).uuid)
        )
    rewrite(data, noted, seqno=seqno)


def recovered(engine, params):
    """The position that a server tells which recovers the data and ends, in a container of its own."""
    forget_spare(engine, params)
    own = engine.container(params["name"])
    image = own["Image"] if own else params["image"]
    if not own and engine.image(image) is None:
        engine.pull(image)
    body = {
        "Image": image,
        "Entrypoint": params["command"][:1],
        "Cmd": params["command"][1:],
        "Labels": {SPARE_LABEL: params["name"]},
        "HostConfig": {"NetworkMode": "none", "Mounts": [mount_body(mount) for mount in params["mounts"]], "RestartPolicy": {"Name": "no"}},
    }
    engine.container_create(spare(params), body)
    try:
        engine.container_start(spare(params))
        seen = look_until(lambda: engine.container(spare(params)), lambda now: not member.is_running(now), params["wait_timeout"])
        if member.is_running(seen):
            raise QuorateError(
                "The server that recovers the data in %s was not through within %d s. Give it longer with wait_timeout, and run again."
                % (params["data_path"], params["wait_timeout"])
            )
        lines = engine.container_log(seen["Id"], SPARE_LINES) if seen else []
    finally:
        with contextlib.suppress(QuorateError):
            forget_spare(engine, params)
    found = galera_position.recovered(lines)
    if found is None:
        raise QuorateError(
            "The server that was to recover the data in %s told no position (%s). Its last lines: %s"
            % (
                params["data_path"],
                " ".join(params["command"]),
                " | ".join(line[:LONGEST_LINE] for line in lines[-TOLD_LINES:]) or "none",
            )
        )
    return found


def spare(params):
    return "%s-recovery" % params["name"]


def forget_spare(engine, params):
    """Also that of a run that was killed: as long as it runs, a server is on the data."""
    found = engine.container(spare(params))
    if found is None:
        return
    if (found["Config"].get("Labels") or {}).get(SPARE_LABEL) != params["name"]:
        raise Refusal("There is a container %s that this module has not made. Remove or rename it. Nothing was changed." % spare(params))
    if member.is_running(found):
        engine.container_kill(found["Id"])
    engine.container_remove(found["Id"])


def copy(engine, params):
    """What a run that was killed left of a copy is none, and takes room."""
    for name in host_files.beginning(params["backup_dir"], 0) or ():
        if name.startswith(COPY) and name.endswith(copies.PART):
            host_files.remove(os.path.join(params["backup_dir"], name))
    copies.copy_whole(params["data_path"], os.path.join(params["backup_dir"], params["backup_name"]))


def mark(engine, params):
    data = os.path.join(params["data_path"], galera_evidence.STATE)
    rewrite(data, text(data), safe_to_bootstrap=1)


def rewrite(path, noted, **values):
    found = host_files.look(path)
    host_files.write(path, galera_position.rewritten(noted, **values).encode("utf-8"), found.uid, found.gid, found.mode)


STEPS = {"stop": stop, "read": read, "copy": copy, "mark": mark}


ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["seen", "stopped", "read", "chosen"], "default": "seen"},
    "data_path": {"type": "path", "required": True},
    "backup_dir": {"type": "path", "required": True},
    "backup_name": {"type": "str"},
    "kill": {"type": "bool", "default": False},
    "image": {"type": "str"},
    "mounts": CONTAINER["mounts"],
    "command": {
        "type": "list",
        "elements": "str",
        "default": ["mariadbd", "--user=mysql", "--wsrep-recover", "--skip-networking", "--disable-log-error"],
    },
    "port": {"type": "int", "default": 3306},
    "log_lines": {"type": "int", "default": 400},
    "wait_timeout": {"type": "int", "default": 600},
}


def main():
    run_module(execute, ARGUMENTS, required_if=[("state", "chosen", ("backup_name",))])


if __name__ == "__main__":
    main()
