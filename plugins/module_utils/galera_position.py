# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the data of a member of a Galera cluster go, whom it saw last, and what its log says of why it does not come back. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils.galera_state import uuid as known

UNKNOWN = -1
POSITION = re.compile(r"WSREP[\]:]* *Recovered position:? *([0-9a-f-]{36}):(-?\d+)")
VIEW = re.compile(r"^view_id: +\d+ +([0-9a-f-]{36}) +(\d+)", re.MULTILINE)
OWN = re.compile(r"^my_uuid: *([0-9a-f-]{36})", re.MULTILINE)
MEMBER = re.compile(r"^member: *([0-9a-f-]{36})", re.MULTILINE)
UNRESOLVED = re.compile(r"Failed to resolve [a-z]+://(.+?):\d+\s*$")
SAFE, SEQNO = "safe_to_bootstrap", "seqno"

# What a member's log says of why it is in no cluster. The first two end its start, the third one too; with the last one it waits.
NO_ADDRESS, TIMED_OUT, UNSAFE, WAITING = "no_address", "timed_out", "unsafe", "waiting"
TROUBLES = (
    (NO_ADDRESS, "131: No address to connect"),
    (TIMED_OUT, "failed to open gcomm backend connection: 110:"),
    (UNSAFE, "It may not be safe to bootstrap the cluster from this node"),
    (WAITING, "No nodes coming from primary view, primary view is not possible"),
)
BEGUN = re.compile(r"Starting Maria|starting as process|Loading provider")
IS_IN = "ready for connections"
LONGEST_LINE = 300


@dataclass(frozen=True)
class Saved:
    """grastate.dat. C(uuid) is none of no cluster; C(seqno) is UNKNOWN while the server runs, and after an end that was not clean."""

    uuid: str | None = None
    seqno: int = UNKNOWN
    is_safe: bool = False


@dataclass(frozen=True)
class View:
    """gvwstate.dat: the last component that had the majority, which lies there until the member ends cleanly.

    Of a member's own identity a part counts its starts, so that identities are without it.
    """

    name: tuple
    own: str
    members: tuple


def saved(text):
    """None where there is no such file, or another one."""
    said = dict(re.findall(r"^(\w+): *(\S+)", text or "", re.MULTILINE))
    if "uuid" not in said:
        return None
    return Saved(uuid=known(said["uuid"]), seqno=_whole(said.get(SEQNO)), is_safe=said.get(SAFE) == "1")


def rewritten(text, **values):
    """The text of grastate.dat with other values, as C(seqno=7) and C(safe_to_bootstrap=1)."""
    for key, value in values.items():
        line = re.compile(r"^(%s: *)\S*$" % key, re.MULTILINE)
        if line.search(text):
            text = line.sub(lambda found, value=value: "%s%s" % (found.group(1), value), text)
        else:
            text = "%s\n%s: %s\n" % (text.rstrip("\n"), key, value)
    return text


def view(text):
    """None where there is no such file, or one that was not written to its end."""
    found, own = VIEW.search(text or ""), OWN.search(text or "")
    if not found or not own or "#vwend" not in text:
        return None
    members = tuple(sorted(_identity(uuid) for uuid in MEMBER.findall(text)))
    return View((found.group(1), int(found.group(2))), _identity(own.group(1)), members)


def recovered(lines):
    """The UUID and the number of the position that a server told with --wsrep-recover, none where it told none."""
    found = [match.groups() for match in map(POSITION.search, lines) if match]
    return (known(found[-1][0]), int(found[-1][1])) if found else None


def trouble(lines):
    """Why the member is in no cluster by the last lines of its log: C(kind), the C(line) that says so, and names that were C(unresolved).

    None where it was in one at the end, or the log says nothing of it.
    """
    found, unresolved = None, []
    for line in lines:
        if BEGUN.search(line):
            unresolved = []
        name = UNRESOLVED.search(line)
        if name and name.group(1) not in unresolved:
            unresolved = unresolved + [name.group(1)]
        if IS_IN in line and "WSREP" in line:
            found = None
        kind = next((kind for kind, words in TROUBLES if words in line), None)
        # A start that waits has an end before it, or comes to one.
        if kind and not (kind == WAITING and found):
            found = {"kind": kind, "line": line.strip()[:LONGEST_LINE], "unresolved": unresolved}
    return found


def _identity(uuid):
    first, second, third, _starts, last = uuid.split("-")
    return "-".join((first, second, third, last))


def _whole(text):
    return int(text) if text and re.fullmatch(r"-?\d+", text) else UNKNOWN
