# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of the running engine, as the kernel tells it."""

from __future__ import annotations

PROC = "/proc"
START_TIME = 22


def identity(pid_file):
    """What no other process has until the next boot, of the one in C(pid_file); none where none runs.

    The kernel counts its start time from the boot, so that no clock that is set makes another one of it.
    """
    try:
        with open(pid_file, encoding="ascii") as file:
            pid = int(file.read())
        with open("%s/%d/stat" % (PROC, pid), encoding="utf-8", errors="replace") as file:
            # the second field is the program's name, in brackets, and may hold anything
            fields = file.read().rpartition(")")[2].split()
        return {"pid": pid, "started": int(fields[START_TIME - 3])}
    except (OSError, ValueError, IndexError):
        return None


def arguments(process):
    """The arguments of a running process, none where they cannot be told."""
    try:
        with open("%s/%d/cmdline" % (PROC, process["pid"]), encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")[1:-1]
    except OSError:
        return []
