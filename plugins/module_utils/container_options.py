# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member's container may be given, as the module cluster_member documents it."""

from __future__ import annotations

TEXTS = {"type": "list", "elements": "str"}
MAPPING = {"type": "dict", "default": {}}


def entries(**options):
    return {"type": "list", "elements": "dict", "default": [], "options": options}


CONTAINER = {
    "command": TEXTS,
    "entrypoint": TEXTS,
    "user": {"type": "str"},
    "hostname": {"type": "str"},
    "env": MAPPING,
    "labels": MAPPING,
    "mounts": entries(
        source={"type": "str"},
        volume={"type": "str"},
        target={"type": "str", "required": True},
        read_only={"type": "bool", "default": False},
    ),
    "networks": entries(
        name={"type": "str", "required": True},
        id={"type": "str"},
        aliases=dict(TEXTS, default=[]),
        ipv4_address={"type": "str"},
        links=dict(TEXTS, default=[]),
    ),
    "network_mode": {"type": "str"},
    "ports": entries(
        published={"type": "int", "required": True},
        target={"type": "int", "required": True},
        protocol={"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
        address={"type": "str", "default": "0.0.0.0"},
    ),
    "memory": {"type": "str"},
    "memory_swap": {"type": "str"},
    "memory_swappiness": {"type": "int"},
    "cpus": {"type": "float"},
    "shm_size": {"type": "str"},
    "ulimits": entries(name={"type": "str", "required": True}, soft={"type": "int", "required": True}, hard={"type": "int"}),
    "sysctls": MAPPING,
    "cap_add": dict(TEXTS, default=[]),
    "cap_drop": dict(TEXTS, default=[]),
    "extra_hosts": MAPPING,
    "tmpfs": MAPPING,
    "init": {"type": "bool"},
    "read_only": {"type": "bool"},
    "stop_signal": {"type": "str"},
    "stop_timeout": {"type": "int"},
    "log_driver": {"type": "str"},
    "log_options": MAPPING,
    "healthcheck": {
        "type": "dict",
        "options": {
            "test": dict(TEXTS, required=True),
            "interval": {"type": "str"},
            "timeout": {"type": "str"},
            "start_period": {"type": "str"},
            "retries": {"type": "int"},
        },
    },
}
