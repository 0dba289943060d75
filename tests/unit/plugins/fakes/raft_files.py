# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a raft log as an engine writes them."""

from __future__ import annotations

import struct


def number(value):
    text = b""
    while value > 0x7F:
        text += bytes([value & 0x7F | 0x80])
        value >>= 7
    return text + bytes([value])


def message(*fields):
    """A protobuf message of (number of the field, number or text)."""
    text = b""
    for key, value in fields:
        if isinstance(value, int):
            text += number(key << 3) + number(value)
        else:
            text += number(key << 3 | 2) + number(len(value)) + value
    return text


def crc32c(text, crc=0):
    """Bit by bit, unlike what is tested."""
    crc ^= 0xFFFFFFFF
    for byte in text:
        crc ^= byte
        for _bit in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Log:
    """One file; the next one goes on with its checksum."""

    def __init__(self, crc=0):
        self.crc = crc
        self.text = self._frame(message((1, 4), (2, crc)))
        self._add(1, b"metadata")

    def entry(self, term, index, data=b"secret"):
        return self._add(2, message((1, 0), (2, term), (3, index), (4, data)))

    def state(self, term, commit):
        return self._add(3, message((1, term), (2, 7), (3, commit)))

    def snapshot(self, term, index):
        return self._add(5, message((1, index), (2, term)))

    def allocated(self, size=4096):
        return self.text + bytes(size)

    def _add(self, kind, data):
        self.crc = crc32c(data, self.crc)
        self.text += self._frame(message((1, kind), (2, self.crc), (3, data)))
        return self

    @staticmethod
    def _frame(record):
        padding = -len(record) % 8
        length = len(record) | ((0x80 | padding) << 56 if padding else 0)
        return struct.pack("<Q", length) + record + bytes(padding)
