# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Redis server says of itself, and what can be waited for. No I/O."""

from __future__ import annotations

import re

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer

KEYS = re.compile(r"keys=(\d+)")
OK = "ok"


def _serves(state):
    """With a file of commands that cannot be written it takes no write."""
    return not state["loading"] and state["writes_file"]


CONDITIONS = {
    "answers": ("the member answered", lambda state: True),
    "serving": ("the member had loaded its data and took writes", _serves),
}


def state(info):
    """From the answer to C(INFO)."""
    told = dict(line.partition(":")[::2] for line in info.splitlines() if ":" in line)
    if "redis_version" not in told:
        raise NoAnswer("it says what no Redis does: %r" % info[:80])
    return {
        "version": told["redis_version"],
        "mode": told.get("redis_mode"),
        "role": told.get("role"),
        "run_id": told.get("run_id"),
        "uptime": _number(told.get("uptime_in_seconds")),
        "loading": told.get("loading") == "1",
        "append_only": told.get("aof_enabled") == "1",
        "writes_file": told.get("aof_enabled") != "1" or told.get("aof_last_write_status", OK) == OK,
        "rewrites_file": told.get("aof_last_bgrewrite_status", OK) == OK,
        "file_size": _number(told.get("aof_current_size")),
        "memory": _number(told.get("used_memory")),
        "memory_limit": _number(told.get("maxmemory")),
        "memory_policy": told.get("maxmemory_policy"),
        "clients": _number(told.get("connected_clients")),
        "keys": sum(int(found.group(1)) for key, value in told.items() if re.fullmatch(r"db\d+", key) for found in KEYS.finditer(value)),
        "loaded": _number(told.get("loading_loaded_perc", "").partition(".")[0]),
    }


def describe(state):
    words = "%s %s with %d keys" % (state["role"] or "server", state["version"], state["keys"])
    if state["loading"]:
        return "%s still loads its data%s" % (words, "" if state["loaded"] is None else ", %d %% so far" % state["loaded"])
    if not state["writes_file"]:
        return "%s takes no write, since it could not write its file of commands. See whether the disk is full" % words
    return words


def _number(text):
    return int(text) if text and re.fullmatch(r"\d+", text) else None
