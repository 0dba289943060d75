# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ZooKeeper server on this machine's loopback that holds a membership and lets its superuser change it."""

from __future__ import annotations

import socket
import struct

from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_config import member, membership
from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_wire import ERRORS
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import served

NUMBERS = {name: number for number, name in ERRORS.items()}
SUPER = b"super:hushhush"


class Ended(Exception):
    """The client has ended the connection."""


class Ensemble:
    """C(troubles) are what the next reconfigurations meet: the name of an error, "lost" for one whose answer is lost, or a function that
    does something before."""

    def __init__(self, *members, version=0x100000000):
        self.members = {known.id: known for known in map(member, members)}
        self.version = version
        self.troubles = []
        self.changes = []
        self.sessions = 0
        self.closed = 0
        self.serves = True

    def serving(self):
        return served(self.serve)

    def text(self):
        lines = [known.line() for _number, known in sorted(self.members.items())]
        return "\n".join([*lines, "version=%x" % self.version]).encode() if lines else b""

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection, self.is_super = connection, False
        if not self.serves:
            return
        opening = self.packet()
        assert len(opening) == 45 and opening[-1:] == b"\0"
        self.sessions += 1
        self.send(opening[:4] + struct.pack(">iqi", 30000, self.sessions, 16) + bytes(17))
        try:
            while True:
                request = self.packet()
                xid, kind = struct.unpack_from(">ii", request)
                {9: self.sync, 4: self.get_data, 16: self.reconfig, 100: self.auth, -11: self.close}[kind](xid, request[8:])
        except Ended:
            pass

    def sync(self, xid, _body):
        # a word of the server's own in between, as to a client that watches something
        self.answer(-1, 0)
        self.answer(xid, 0)

    def get_data(self, xid, body):
        assert body == b"\0\0\0\x11/zookeeper/config\0"
        self.answer(xid, 0, self.buffer(self.text()) + bytes(68))

    def auth(self, xid, body):
        kind, scheme, rest = struct.unpack_from(">i", body)[0], body[8:14], body[18:]
        assert (xid, kind, scheme) == (-4, 0, b"digest")
        self.is_super = rest == SUPER
        self.answer(xid, 0)

    def close(self, xid, _body):
        self.closed += 1
        self.answer(xid, 0)

    def reconfig(self, xid, body):
        joining, body = self.take(body)
        leaving, body = self.take(body)
        new, body = self.take(body)
        (version,) = struct.unpack(">q", body)
        assert new is None
        trouble = self.troubles.pop(0) if self.troubles else None
        if callable(trouble):
            trouble = trouble()
        error = trouble or self.error(version)
        if error and error != "lost":
            self.answer(xid, NUMBERS[error])
            return
        for text in filter(None, (joining or "").split(",")):
            known = member(text)
            self.members[known.id] = known
        for number in filter(None, (leaving or "").split(",")):
            del self.members[int(number)]
        self.version += 1
        self.changes.append(joining or "-%s" % leaving)
        if error == "lost":
            raise Ended
        self.answer(xid, 0, self.buffer(self.text()) + bytes(68))

    def error(self, version):
        if not self.is_super:
            return "NoAuth"
        return None if version == self.version else "BadVersion"

    def told(self):
        return membership(self.text().decode())

    def packet(self):
        (size,) = struct.unpack(">i", self.read(4))
        return self.read(size)

    def read(self, size):
        content = b""
        while len(content) < size:
            part = self.connection.recv(size - len(content))
            if not part:
                raise Ended
            content += part
        return content

    def answer(self, xid, number, body=b""):
        self.send(struct.pack(">iqi", xid, 7, number) + body)

    def send(self, content):
        """In two parts, as a network may deliver it."""
        content = struct.pack(">i", len(content)) + content
        self.connection.sendall(content[:6])
        self.connection.sendall(content[6:])

    @staticmethod
    def buffer(content):
        return struct.pack(">i", len(content)) + content

    @staticmethod
    def take(body):
        (size,) = struct.unpack_from(">i", body)
        if size < 0:
            return None, body[4:]
        return body[4 : 4 + size].decode(), body[4 + size :]
