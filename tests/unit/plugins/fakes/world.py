# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All hosts and swarms in memory, the time that passes, and the moment at which a process is killed."""

from __future__ import annotations

import contextlib
import itertools


class Killed(BaseException):
    """The process ends here; nothing in a module may catch it."""


class Clock:
    """Time that passes only in pauses, and what happens at which moment."""

    def __init__(self):
        self.now = 0.0
        self.events = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        for event in [event for event in self.events if event[0] <= self.now]:
            self.events.remove(event)
            event[1]()


def due(looks):
    """C(looks) tells how many looks each thing needs still: take one off, and take out and return what needs no more."""
    for key in looks:
        looks[key] -= 1
    ended = [key for key, left in looks.items() if left <= 0]
    for key in ended:
        del looks[key]
    return ended


class World:
    """All hosts and swarms, what was written to them in order, and the moment at which the process is killed."""

    def __init__(self):
        self.hosts = {}
        self.unreadable = set()
        self.encrypted = set()
        self.journal = []
        self.kill = None
        self._ids = itertools.count(1)

    def new_id(self, kind):
        return "%s%02d" % (kind, next(self._ids))

    def cluster_id_on_disk(self, engine_root):
        """What a host's certificate tells; here the host's name serves as the directory of its engine."""
        host = next(host for host in self.hosts.values() if host.hostname == engine_root)
        return host.swarm.cluster_id if host.swarm and engine_root not in self.unreadable else None

    def start_options(self, engine_root):
        """With what a host's engine started, as it keeps it on its disk."""
        return next(host.start_options for host in self.hosts.values() if host.hostname == engine_root)

    def keys_are_encrypted(self, engine_root):
        return engine_root in self.encrypted

    @contextlib.contextmanager
    def write(self, what):
        """One call that changes something; C(kill) is its number in the journal and whether it still takes place."""
        if self.kill == (len(self.journal), "before"):
            raise Killed
        yield
        self.journal.append(what)
        if self.kill == (len(self.journal) - 1, "after"):
            raise Killed
