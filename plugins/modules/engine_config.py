#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: engine_config
short_description: Settings in the Docker engine's configuration file
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Merges settings into C(daemon.json), and leaves everything in it alone that is not named.
  - Refuses what would keep the engine from starting or from being in a swarm, before the file is touched. That includes a setting which the
    systemd unit sets with a flag, and C(live-restore), in the file or as a flag. The engine's own program is asked as well, engines of 23.0
    and newer with C(dockerd --validate), older ones by a start without the rights that a start needs, which ends once the file was read.
  - Restarts nothing, but tells whether the engine that runs was started before this module wrote the file, also where an earlier run was
    interrupted, and whether systemd starts it at boot. What others write, or touch, makes no restart due.
  - An existing file keeps its owner and mode. A new one can be read by everybody. A file that is written with secrets in it is left to its
    owner alone, whatever its mode was, and so is the copy of an earlier one that had some.
  - Passwords in the addresses of proxies and mirrors, and values in mappings such as C(log-opts) whose names speak of a password, secret,
    token, key or credential, are in no result and no difference, which still shows that they changed.
  - Needs no running engine and no Docker SDK.
options:
  config:
    description:
      - Settings by the engine's own names, for example C(registry-mirrors) or C(log-opts).
      - Mappings are merged key by key; lists and values take the place of those that are there.
    type: dict
    required: true
  path:
    description: The configuration file. The earlier one is kept beside it, under its name with the time.
    type: path
    default: /etc/docker/daemon.json
  pid_file:
    description: The file that the engine writes when it starts.
    type: path
    default: /run/docker.pid
  service:
    description: The engine's systemd unit, asked for its flags and whether it starts at boot.
    type: str
    default: docker
attributes:
  action_group:
    support: none
    description: Has no options in common with the modules that speak to an engine.
    membership: []
extends_documentation_fragment:
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.swarm_info
"""

EXAMPLES = r"""
- name: Use a mirror and keep logs small
  quorate.swarm.engine_config:
    config:
      registry-mirrors: ["https://mirror.example.com"]
      log-opts: {max-size: 50m, max-file: "3"}
  register: result

- name: Restart the engine if it needs it
  ansible.builtin.systemd_service:
    name: docker
    state: restarted
  when: result.restart_pending
"""

RETURN = r"""
config:
  description: The settings of the file after the task, without secrets; in check mode as they would be.
  returned: success
  type: dict
  sample: {"registry-mirrors": ["https://mirror.example.com"]}
restart_pending:
  description: Whether an engine runs that was started before this module last wrote the file; in check mode, whether one would.
  returned: success
  type: bool
  sample: true
enabled:
  description: Whether systemd starts the engine at boot; false where that cannot be told.
  returned: success
  type: bool
  sample: true
backup_file:
  description: Where the earlier file was kept.
  returned: when there was one and it was replaced
  type: str
  sample: /etc/docker/daemon.json.2026-11-21@14:03:40~
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["set log-opts, registry-mirrors"]
"""

import json
import os
import shutil
import stat
import subprocess
import tempfile
import time

from ansible_collections.quorate.swarm.plugins.module_utils import daemon_config, daemon_flags, engine_process
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_local_module

# Notes say which engine ran when a file was written, so they end with the boot, and with them what runs.
NOTES = "/run/quorate"
ANSWER_LIMIT = 60
NO_VALIDATION = "unknown flag: --validate"
NEEDS_RIGHTS = "needs to be started with root privileges"
UNREADABLE = "permission denied"
NOBODY = 65534


def execute(params, check_mode):
    path = params["path"]
    text = read(path)
    current = daemon_config.parse(text, path)
    found = os.stat(path) if os.path.exists(path) else None
    plan = daemon_config.plan(current, params["config"], path, stat.S_IMODE(found.st_mode) if found else None)
    engine = engine_process.identity(params["pid_file"])
    flags = arguments(params["service"], engine)
    daemon_flags.refuse_live_restore(flags, params["service"])
    facts = {"config": daemon_config.told(current), "restart_pending": daemon_config.is_pending(kept_note(path), text, engine)}
    for step in plan.steps:
        daemon_flags.refuse_both(step.settings, flags, path, params["service"])
        validate(step.settings, path)
        facts = {"config": daemon_config.told(step.settings), "restart_pending": engine is not None}
        if not check_mode:
            facts.update(write(step, current, path, engine, found))
    return Outcome.of(plan, enabled=is_enabled(params["service"]), **facts)


def read(path):
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def is_enabled(service):
    return systemctl("is-enabled", service).strip() == "enabled"


def arguments(service, engine):
    """Those of the engine's next start, as far as its unit tells them, or else those that it runs with."""
    of_unit, are_all = daemon_flags.arguments_of_unit(systemctl("show", "--property", "ExecStart", service))
    if are_all or engine is None:
        return of_unit
    return of_unit + engine_process.arguments(engine)


def systemctl(*words):
    """What it answers, nothing where it cannot be asked."""
    try:
        done = subprocess.run(
            ["systemctl", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=ANSWER_LIMIT, check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")


def write(step, current, path, engine, found):
    """Replace the file in one step, so that an interruption leaves the old one or the new one.

    The note comes first: a run that ends in between leaves a note that fits no file, and not a file that no engine reads.
    """
    text = daemon_config.text_of(step.settings)
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    facts = {"backup_file": keep(path, current, found)} if found and found.st_size else {}
    if engine is not None:
        os.makedirs(NOTES, mode=0o700, exist_ok=True)
        replace(note_of(path), json.dumps(daemon_config.note(text, engine)), 0o600)
    replace(path, text, step.mode, found)
    return facts


def replace(path, text, mode, found=None):
    """The owner stays that of the file that was C(found)."""
    handle, temporary = tempfile.mkstemp(prefix=".%s." % os.path.basename(path), dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            own(file, mode, found)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def own(file, mode, found):
    if found:
        os.fchown(file.fileno(), found.st_uid, found.st_gid)
    os.fchmod(file.fileno(), mode)


def keep(path, current, found):
    backup = "%s.%s~" % (path, time.strftime("%Y-%m-%d@%H:%M:%S"))
    with open(path, "rb") as source, os.fdopen(os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as copy:
        shutil.copyfileobj(source, copy)
        own(copy, daemon_config.mode_of(current, stat.S_IMODE(found.st_mode)), found)
    return backup


def note_of(path):
    return os.path.join(NOTES, "%s.note" % os.path.abspath(path).strip("/").replace("/", "-"))


def kept_note(path):
    try:
        return json.loads(read(note_of(path)) or "null")
    except (OSError, ValueError):
        return None


def validate(settings, path):
    """Ask the engine's program; it knows keys that nobody else does."""
    program = shutil.which("dockerd")
    if program is None:
        return
    status, said = answer([program, "--validate"], daemon_config.text_of(settings), path)
    if NO_VALIDATION in said:
        status, said = trial(program, settings, path)
    if status:
        raise Refusal(
            "The engine refuses the settings for %s: %s. Nothing was changed." % (path, daemon_config.scrubbed(said, settings))
        )


def trial(program, settings, path):
    """A start without root's rights: the program reads and judges the file, and ends before it has made anything.

    Secrets are left out of the file, since any other process without rights could read it; no engine judges them before it runs.
    """
    try:
        status, said = answer([program], daemon_config.text_of(daemon_config.told(settings)), path, without_rights=True)
    except OSError:
        return 0, ""
    return (0, "") if NEEDS_RIGHTS in said or UNREADABLE in said else (status, said)


def answer(command, text, path, without_rights=False):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        give_up = without_rights and os.geteuid() == 0
        if give_up:
            os.fchown(file.fileno(), NOBODY, NOBODY)
        try:
            done = subprocess.run(
                [*command, "--config-file", file.name],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=ANSWER_LIMIT, check=False,
                cwd="/", preexec_fn=give_up_rights if give_up else None,
            )
        except subprocess.TimeoutExpired as exc:
            raise Refusal(
                "'%s' did not say within %d s what it thinks of the settings for %s. Run it by hand on this host, see what it waits for, "
                "and run again; nothing was changed." % (" ".join(command), ANSWER_LIMIT, path)
            ) from exc
    return done.returncode, done.stdout.decode("utf-8", "replace").strip().replace(file.name, path).rstrip(".")


def give_up_rights():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def main():
    run_local_module(
        execute,
        {
            "config": {"type": "dict", "required": True},
            "path": {"type": "path", "default": "/etc/docker/daemon.json"},
            "pid_file": {"type": "path", "default": "/run/docker.pid"},
            "service": {"type": "str", "default": "docker"},
        },
        secrets=lambda params: daemon_config.secrets(params["config"]),
        # or the host's log would have the options as they were given
        no_log=True,
    )


if __name__ == "__main__":
    main()
