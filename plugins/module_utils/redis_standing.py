# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How members of Redis stand, each for itself, from what they and their disks say. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import redis_disk as disk
from ansible_collections.quorate.swarm.plugins.module_utils.rollout import PRESENT, Standing

# With it a server ends that cannot take its configuration, before it has any data.
NEVER_BEGUN = 1
HUGE_PAGES = "[always]"


def judge(members, looks, live):
    """C(members) have C(name), C(state), and the C(version) of their image.

    The looks have as evidence what module_utils/redis_disk.py reads, and the kernel's C(huge_pages).
    """
    states = {host: seen["state"] for host, seen in live.items() if seen and seen.get("state")}
    disks = {host: disk.read(look.get("evidence")) for host, look in looks.items()}
    wanted = [host for host in members if members[host]["state"] == PRESENT and host in looks]
    return Standing(
        formed=True,
        independent=True,
        serving=[host for host in members if host in states and not states[host]["loading"] and states[host]["writes_file"]],
        counted=[],
        # One that runs loads its data.
        settling=True,
        ailing="",
        refusals=[
            sentence
            for host in wanted
            for sentence in (
                _newer(members, disks, host),
                _emptied(members, looks, states, disks, host),
                _only_dump(members, disks, host),
            )
            if sentence
        ],
        warnings=[sentence for host in wanted for sentence in _warnings(members, looks, states, host)],
    )


def _newer(members, disks, host):
    image = disk.version_of(members[host].get("version"))
    if not disk.is_newer(disks[host].version, image):
        return ""
    return (
        "On %s the data directory was written by version %s, and the image has %s. Redis reads no data of a newer version. Use an image of "
        "%s or later, or move the data away" % (host, disk.told(disks[host].version), disk.told(image), disk.told(disks[host].version))
    )


def _emptied(members, looks, states, disks, host):
    """A server that has ever served has files of commands from its first moment on; without them it would begin empty, and say nothing."""
    look = looks[host]
    if not look.get("exists") or disks[host].is_filled:
        return ""
    if host in states:
        return (
            "%s on %s serves, and its files are gone from the data directory: what it knows it has in its memory alone, and its end would "
            "be the end of that. Have it write them anew first (CONFIG SET appendonly no, then CONFIG SET appendonly yes, in redis-cli)"
            % (members[host]["name"], host)
        )
    if look.get("running") or not look.get("started_at") or look.get("exit_code") == NEVER_BEGUN:
        return ""
    return (
        "%s was on %s, and its data directory is empty: started so, it would begin with nothing. Bring the data back; if it is to begin "
        "anew, remove it with redis_state=absent first" % (members[host]["name"], host)
    )


def _only_dump(members, disks, host):
    if disks[host].is_filled or not disks[host].has_dump:
        return ""
    return (
        "On %s the data directory has a dump, and no files of commands: a server that keeps those reads nothing else at its start, "
        "and would begin empty. Have a server without them read the dump first (appendonly no), and write them (CONFIG SET appendonly yes)"
        % host
    )


def _warnings(members, looks, states, host):
    found = []
    if HUGE_PAGES in str((looks[host].get("evidence") or {}).get("huge_pages")):
        found.append(
            "%s has transparent huge pages always on, with which %s takes more memory and pauses while it writes its files anew. Set "
            "/sys/kernel/mm/transparent_hugepage/enabled to madvise" % (host, members[host]["name"])
        )
    if host in states and not states[host]["rewrites_file"]:
        found.append("%s could not write its file of commands anew, which grows on. See its log" % members[host]["name"])
    return found
