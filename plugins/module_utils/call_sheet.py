# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts this one still has to call on which ports, what came back, and when it may leave. No I/O.

Hosts call each other side by side, and none knows when the others begin or end. So each repeats its calls until they are answered,
tells every other one when it needs it no more, and leaves only once it was told so by all who call it, or at the time limit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

OPEN = "open"
TAKEN = "taken"
STRANGER = "stranger"
SILENT = "silent"
UNTESTED = "untested"

MAGIC = b"quorate.swarm.host_preflight "
HEADERS = 28
SMALLEST_STEP = 10
FEWEST_BYTES = 1280
TRY_SMALLER_AFTER = 0.6
LARGEST_KNOWN_AFTER = 2.0
PARTINGS = 3


@dataclass
class Call:
    address: str
    result: str = SILENT
    detail: str | None = None
    answered_at: float | None = None
    sizes: set = field(default_factory=set)


class CallSheet:
    """One host's part. Times are passed in; labels are ports such as 7946/udp, or esp."""

    def __init__(self, name, listening, calls, callers, sized_label=None, size=0):
        self.name = name
        self.listening = list(listening)
        self.calls = {
            (peer, label): Call(address) for peer, ports in calls.items() for label, address in ports.items()
        }
        self.sized_label = sized_label
        self.size = size
        self._awaited = set(callers)
        self._known = set(callers) | set(calls)
        self._calls_heard = {}
        self._present_since = {}
        self._present_until = {}
        self._partings = 0

    def pending(self, now):
        return [key for key in self.calls if not self._complete(key, now)]

    def due_datagrams(self, now):
        """(label, address, payload) of all that is to be sent in this round."""
        due = []
        for (peer, label), call in self.calls.items():
            if is_stream(label) or call.result == UNTESTED:
                continue
            if not self._complete((peer, label), now):
                sizes = self._sizes_to_try(label, call, now)
                due += [(label, call.address, self._message("call", peer, now, size)) for size in sizes]
            else:
                due.append((label, call.address, self._message("presence", peer, now)))
        if not self.pending(now):
            self._partings += 1
        return due

    def over(self, now):
        return not self.pending(now) and not self._awaited and self._partings > PARTINGS

    def greeting(self):
        """What this host says to whoever connects."""
        return encode({"kind": "answer", "from": self.name, "listening": self.listening})

    def heard(self, label, data, now):
        """Take note of a datagram; what is to be answered, None if nothing."""
        said = decode(data)
        if said is None or said.get("to") != self.name or said.get("from") not in self._known:
            return None
        peer, size = said["from"], said.get("size")
        self._present(peer, said, now)
        if said.get("kind") == "answer" and (peer, label) in self.calls:
            call = self.calls[peer, label]
            call.result = OPEN
            call.answered_at = call.answered_at or now
            call.sizes.add(size)
        if said.get("kind") == "call":
            self._calls_heard.setdefault(label, set()).add(peer)
            return self._message("answer", peer, now, size, padded=False)
        return None

    def connected(self, peer, label, data, now):
        """Take note of what came over a connection that was accepted: a greeting, something else, or nothing."""
        call = self.calls[peer, label]
        said = decode(data)
        if said is None:
            call.result = TAKEN
            # No listener of this module is there, so the host is in the swarm, and its engine answers no call.
            if peer not in self._present_since:
                self._awaited.discard(peer)
                self._give_up(peer, lambda other: not is_stream(other))
        elif said.get("from") == peer:
            call.result, call.detail = OPEN, None
            self._present(peer, said, now)
        else:
            call.result, call.detail = STRANGER, str(said.get("from"))

    def failed(self, peer, label, detail):
        self.calls[peer, label].detail = detail

    def give_up(self, label):
        """This host has no means to call on this port."""
        for peer in {peer for peer, _label in self.calls}:
            self._give_up(peer, lambda other: other == label)

    def results(self):
        """What came of the calls, by peer and port."""
        found = {}
        for (peer, label), call in self.calls.items():
            entry = {"address": call.address, "result": call.result, "detail": call.detail}
            if label == self.sized_label and call.result == OPEN:
                entry["largest"] = max((size for size in call.sizes if isinstance(size, int)), default=0)
            found.setdefault(peer, {})[label] = entry
        return found

    def calls_heard(self):
        """Who called here, by port: where nothing comes back to a caller, this tells whether its call or the answer was lost."""
        return {label: sorted(peers) for label, peers in sorted(self._calls_heard.items())}

    def presence(self):
        """For how many seconds something was heard of each host: that long it was there to answer."""
        return {peer: self._present_until[peer] - since for peer, since in self._present_since.items()}

    def _present(self, peer, said, now):
        self._present_since.setdefault(peer, now)
        self._present_until[peer] = now
        if said.get("done") is True:
            self._awaited.discard(peer)
        there = said.get("listening")
        if isinstance(there, list):
            self._give_up(peer, lambda label: not is_stream(label) and label not in there)

    def _give_up(self, peer, concerned):
        for (other, label), call in self.calls.items():
            if other == peer and call.result == SILENT and concerned(label):
                call.result = UNTESTED

    def _needs_no_more(self, peer, now):
        return all(self._complete(key, now) for key in self.calls if key[0] == peer)

    def _complete(self, key, now):
        call = self.calls[key]
        if call.result != OPEN or key[1] != self.sized_label:
            return call.result != SILENT
        return self.size in call.sizes or now - call.answered_at >= LARGEST_KNOWN_AFTER

    def _sizes_to_try(self, label, call, now):
        if label != self.sized_label or not self.size:
            return [0]
        waited = now - call.answered_at if call.answered_at is not None else 0
        return [0, self.size] + (smaller_sizes(self.size) if waited >= TRY_SMALLER_AFTER else [])

    def _message(self, kind, peer, now, size=0, padded=True):
        said = {
            "kind": kind,
            "from": self.name,
            "to": peer,
            "size": size,
            "done": self._needs_no_more(peer, now),
            "listening": self.listening,
        }
        return encode(said, size - HEADERS if padded else 0)


def is_stream(label):
    return label.endswith("/tcp")


def smaller_sizes(size):
    """Sizes of packets to try where the wanted one does not pass, in steps that meet the usual ones."""
    step = max(SMALLEST_STEP, (size - FEWEST_BYTES) // 24)
    return list(range(size - step, FEWEST_BYTES - 1, -step)) + [other for other in (576,) if other < size]


def encode(said, length=0):
    return (MAGIC + json.dumps(said, sort_keys=True).encode()).ljust(length, b"\0")


def decode(data):
    """What a message says, None where it is none; anybody may send anything to an open port."""
    if not data.startswith(MAGIC):
        return None
    try:
        said = json.loads(data[len(MAGIC) :].rstrip(b"\0"))
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
