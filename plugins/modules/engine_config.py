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
  - Refuses what would keep the engine from starting or from being in a swarm, before the file is touched. Engines of 23.0 and newer are
    asked as well, with C(dockerd --validate).
  - Restarts nothing, but tells whether the engine still runs with an older file, also where an earlier run was interrupted, and whether
    systemd starts it at boot.
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
    description: The engine's systemd unit.
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
  description: The settings of the file after the task; in check mode as they would be.
  returned: success
  type: dict
  sample: {"registry-mirrors": ["https://mirror.example.com"]}
restart_pending:
  description: Whether an engine runs that was started before the file was last written; in check mode, whether one would.
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

import os
import shutil
import subprocess
import tempfile
import time

from ansible_collections.quorate.swarm.plugins.module_utils import daemon_config
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_local_module

VALIDATION_LIMIT = 60
NO_VALIDATION = "unknown flag: --validate"


def execute(params, check_mode):
    path = params["path"]
    text = read(path)
    current = daemon_config.parse(text, path)
    plan = daemon_config.plan(current, params["config"], path)
    running = started_at(params["pid_file"])
    facts = {"config": current, "restart_pending": running is not None and text != "" and os.stat(path).st_mtime > running}
    for step in plan.steps:
        facts = {"config": step.settings, "restart_pending": running is not None}
        facts.update(write(step, path, bool(text), check_mode))
    return Outcome.of(plan, enabled=is_enabled(params["service"]), **facts)


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def started_at(pid_file):
    """When the running engine was started, none where none runs."""
    try:
        with open(pid_file, encoding="ascii") as file:
            os.stat("/proc/%d" % int(file.read()))
        return os.stat(pid_file).st_mtime
    except (OSError, ValueError):
        return None


def is_enabled(service):
    try:
        done = subprocess.run(
            ["systemctl", "is-enabled", service],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=VALIDATION_LIMIT, check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == b"enabled"


def write(step, path, replaces, check_mode):
    """Replace the file in one step, so that an interruption leaves the old one or the new one."""
    text = daemon_config.text_of(step.settings)
    validate(text, path)
    if check_mode:
        return {}
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o755, exist_ok=True)
    facts = {"backup_file": keep(path)} if replaces else {}
    handle, temporary = tempfile.mkstemp(prefix=".daemon.json.", dir=directory)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    return facts


def validate(text, path):
    """Ask the engine's program; it knows keys that nobody else does. Programs before 23.0 cannot be asked."""
    program = shutil.which("dockerd")
    if program is None:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(
            [program, "--validate", "--config-file", file.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=VALIDATION_LIMIT, check=False,
        )
    said = done.stdout.decode("utf-8", "replace").strip().replace(file.name, path).rstrip(".")
    if done.returncode and NO_VALIDATION not in said:
        raise Refusal("The engine refuses the settings for %s: %s. Nothing was changed." % (path, said))


def keep(path):
    backup = "%s.%s~" % (path, time.strftime("%Y-%m-%d@%H:%M:%S"))
    shutil.copy2(path, backup)
    return backup


def main():
    run_local_module(
        execute,
        {
            "config": {"type": "dict", "required": True},
            "path": {"type": "path", "default": "/etc/docker/daemon.json"},
            "pid_file": {"type": "path", "default": "/run/docker.pid"},
            "service": {"type": "str", "default": "docker"},
        },
    )


if __name__ == "__main__":
    main()
