# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of a MySQL server as a few queries take: a greeting, a login that is taken or not, and rows of two columns."""

from __future__ import annotations

import struct

PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH = 0x200, 0x8000, 0x80000
CAPABILITIES = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH
COM_QUERY, COM_QUIT = 3, 1
OK = b"\x00\x00\x00\x02\x00\x00\x00"
END = b"\xfe\x00\x00\x02\x00"
PLUGIN = b"mysql_native_password\x00"


def serving(answers, refusal=None, asked=None):
    """A function that serves one connection: answers(query) is a list of rows, none for what has no rows, or an (error, words)."""

    def serve(connection):
        _send(connection, 0, _greeting())
        _receive(connection)
        _send(connection, 2, _error(*refusal) if refusal else OK)
        while not refusal:
            packet = _receive(connection)
            if not packet or packet[0] == COM_QUIT:
                return
            query = packet[1:].decode()
            if asked is not None:
                asked.append(query)
            for number, reply in enumerate(_replies(answers(query)), 1):
                _send(connection, number, reply)

    return serve


def _replies(answer):
    if answer is None:
        return [OK]
    if isinstance(answer, tuple):
        return [_error(*answer)]
    rows = [b"".join(_text(value.encode()) for value in row) for row in answer]
    return [b"\x02", _column(b"Variable_name"), _column(b"Value"), END, *rows, END]


def _greeting():
    low, high = struct.pack("<I", CAPABILITIES)[:2], struct.pack("<I", CAPABILITIES)[2:]
    salt = b"12345678", b"123456789012\x00"
    head = b"\x0a" + b"10.11.6-MariaDB\x00" + struct.pack("<I", 1) + salt[0] + b"\x00" + low
    return head + b"\x2d\x02\x00" + high + b"\x15" + bytes(10) + salt[1] + PLUGIN


def _error(number, words):
    return b"\xff" + struct.pack("<H", number) + b"#HY000" + words.encode()


def _column(name):
    return b"".join(map(_text, (b"def", b"", b"", b"", name, name))) + b"\x0c\x2d\x00\xff\x00\x00\x00\xfd\x00\x00\x00\x00\x00"


def _text(value):
    return bytes([len(value)]) + value


def _send(connection, number, packet):
    connection.sendall(struct.pack("<I", len(packet))[:3] + bytes([number]) + packet)


def _receive(connection):
    head = connection.recv(4, 0x100)
    return connection.recv(int.from_bytes(head[:3], "little"), 0x100) if len(head) == 4 else b""
