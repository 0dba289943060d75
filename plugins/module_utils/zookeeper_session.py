# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short session with a ZooKeeper server at its plain client port."""

from __future__ import annotations

import contextlib
import itertools

from ansible_collections.quorate.swarm.plugins.module_utils import zookeeper_wire as wire
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer

# Within the limits of servers, which grant 2 to 20 of their ticks.
TIMEOUT = 30000


class Declined(NoAnswer):
    """The server answered with an error; C(name) is the protocol's."""

    def __init__(self, message, name):
        super().__init__(message)
        self.name = name


@contextlib.contextmanager
def session(dial, name):
    """A Session, at whose end the server is told, so that it need not wait for it to expire. C(name) is the server in words."""
    with dial() as connection:
        opened = Session(connection, name)
        opened.open()
        try:
            yield opened
        except Declined:
            opened.close()
            raise
        opened.close()


class Session:
    def __init__(self, connection, name):
        self._connection = connection
        self._name = name
        self._xids = itertools.count(1)

    def open(self):
        granted = self._exchange(wire.connect(TIMEOUT), wire.session_timeout)
        if granted <= 0:
            raise NoAnswer("%s gave no session" % self._name)

    def prove(self, user, password):
        """Whether it is the superuser, the server tells only when something is asked of it."""
        self._ask(wire.AUTH_XID, wire.digest(user, password))

    def latest(self, path):
        """The content of a node, not older than the leader's at the time of the request."""
        xid = next(self._xids)
        self._ask(xid, wire.sync(xid, path))
        xid = next(self._xids)
        return self._data(self._ask(xid, wire.get_data(xid, path)))

    def reconfig(self, joining, leaving, version):
        """The membership that was committed."""
        xid = next(self._xids)
        return self._data(self._ask(xid, wire.reconfig(xid, joining, leaving, version)))

    def close(self):
        with contextlib.suppress(NoAnswer):
            xid = next(self._xids)
            self._ask(xid, wire.close(xid))

    def _ask(self, xid, request):
        answer = self._exchange(request, wire.reply)
        while answer.xid != xid:
            answer = self._exchange(b"", wire.reply)
        if answer.error:
            raise Declined("%s answered with %s" % (self._name, answer.error), answer.error)
        return answer

    def _data(self, answer):
        try:
            return wire.data(answer.body)
        except wire.Malformed as exc:
            raise self._no_zookeeper(exc) from exc

    def _exchange(self, request, understand):
        try:
            self._connection.sendall(request)
            return understand(self._receive(wire.length(self._receive(4))))
        except wire.Malformed as exc:
            raise self._no_zookeeper(exc) from exc
        except OSError as exc:
            raise NoAnswer("%s did not answer: %s" % (self._name, exc.strerror or exc)) from exc

    def _receive(self, size):
        parts = b""
        while len(parts) < size:
            part = self._connection.recv(size - len(parts))
            if not part:
                raise NoAnswer("%s ended the connection, as a server does that finds no majority" % self._name)
            parts += part
        return parts

    def _no_zookeeper(self, exc):
        return NoAnswer("%s says what no ZooKeeper does: %s" % (self._name, exc))
