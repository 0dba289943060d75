# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of ZooKeeper's client port, as far as a reconfiguration needs it: requests and replies as bytes. No I/O.

Numbers are big-endian, texts and buffers carry their length before them, -1 where there is none, and so does each packet.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SYNC, GET_DATA, RECONFIG, AUTH, CLOSE = 9, 4, 16, 100, -11
AUTH_XID = -4
PASSWORD_LENGTH = 16
# A server sends no more than jute.maxbuffer, 1 MiB unless set.
LONGEST_PACKET = 16 * 2**20
UNCONDITIONAL = -1
NONE = -1
ERRORS = {
    -1: "SystemError",
    -2: "RuntimeInconsistency",
    -3: "DataInconsistency",
    -4: "ConnectionLoss",
    -5: "MarshallingError",
    -6: "Unimplemented",
    -7: "OperationTimeout",
    -8: "BadArguments",
    -12: "UnknownSession",
    -13: "NewConfigNoQuorum",
    -14: "ReconfigInProgress",
    -100: "APIError",
    -101: "NoNode",
    -102: "NoAuth",
    -103: "BadVersion",
    -108: "NoChildrenForEphemerals",
    -110: "NodeExists",
    -111: "NotEmpty",
    -112: "SessionExpired",
    -113: "InvalidCallback",
    -114: "InvalidACL",
    -115: "AuthFailed",
    -116: "SessionClosing",
    -117: "Nothing",
    -118: "SessionMoved",
    -119: "NotReadOnly",
    -120: "EphemeralOnLocalSession",
    -121: "NoWatcher",
    -122: "RequestTimeout",
    -123: "ReconfigDisabled",
    -124: "SessionClosedRequireAuth",
    -125: "QuotaExceeded",
    -127: "ThrottledOp",
}


class Malformed(ValueError):
    """The bytes are no reply of a ZooKeeper server."""


@dataclass(frozen=True)
class Reply:
    """To the request C(xid). C(error) is the name of one, none where it was done."""

    xid: int
    zxid: int
    error: str | None
    body: bytes = b""


# Requests, each as one packet


def connect(timeout):
    """A new session, which ends C(timeout) milliseconds after the last word."""
    return packet(struct.pack(">iqiq", 0, 0, timeout, 0) + buffer(bytes(PASSWORD_LENGTH)) + b"\0")


def digest(user, password):
    return packet(struct.pack(">iii", AUTH_XID, AUTH, 0) + text("digest") + buffer(("%s:%s" % (user, password)).encode()))


def sync(xid, path):
    return packet(struct.pack(">ii", xid, SYNC) + text(path))


def get_data(xid, path):
    return packet(struct.pack(">ii", xid, GET_DATA) + text(path) + b"\0")


def reconfig(xid, joining=None, leaving=None, version=UNCONDITIONAL):
    """C(joining) are lines such as server.4=zoo4:2888:3888;2181, C(leaving) numbers of servers, both with commas between them."""
    return packet(struct.pack(">ii", xid, RECONFIG) + text(joining) + text(leaving) + text(None) + struct.pack(">q", version))


def close(xid):
    return packet(struct.pack(">ii", xid, CLOSE))


def packet(content):
    return struct.pack(">i", len(content)) + content


def text(value):
    return buffer(None if value is None else value.encode())


def buffer(value):
    return struct.pack(">i", NONE) if value is None else struct.pack(">i", len(value)) + value


# Replies, each the content of one packet


def length(head):
    """From the first four bytes of a packet."""
    (size,) = _unpack(">i", head)
    if not 0 <= size <= LONGEST_PACKET:
        raise Malformed("a packet of %d bytes" % size)
    return size


def session_timeout(content):
    """Of the answer to C(connect), in milliseconds; 0 where there is no session."""
    _version, timeout, _session = _unpack(">iiq", content)
    return timeout


def reply(content):
    xid, zxid, number = _unpack(">iqi", content)
    return Reply(xid, zxid, ERRORS.get(number, "error %d" % number) if number else None, content[16:])


def data(body):
    """The node's content, with which the answers to C(get_data) and C(reconfig) begin."""
    (size,) = _unpack(">i", body)
    content = body[4 : 4 + max(size, 0)]
    if len(content) != max(size, 0):
        raise Malformed("a text of %d bytes in %d" % (size, len(body)))
    return content.decode("utf-8", "replace")


def _unpack(form, content):
    try:
        return struct.unpack_from(form, content)
    except struct.error as exc:
        raise Malformed("%d bytes where more were expected" % len(content)) from exc
