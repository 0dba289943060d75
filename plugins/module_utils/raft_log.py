# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a manager's raft log goes, read from the files of its write-ahead log. No I/O but reading the streams that are given.

The format is that of etcd's WAL: a file is a sequence of frames, each a length (64 bits, little endian) and a record, padded to 8
bytes. Only the data of an entry is encrypted, and that is never looked at.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass

METADATA, ENTRY, STATE, CRC, SNAPSHOT = 1, 2, 3, 4, 5
SECTOR = 512
LENGTH = struct.Struct("<Q")
PADDED = 1 << 63
CASTAGNOLI = 0x82F63B78


class Unreadable(Exception):
    """The log is not what it should be, in words that end a sentence."""


@dataclass
class Position:
    """The last entry of a log; and the last that is committed, which is where a new cluster by force goes on from."""

    committed_term: int = 0
    committed_index: int = 0
    last_term: int = 0
    last_index: int = 0

    def summary(self):
        return asdict(self)


def position(files):
    """The position of a log whose C(files), binary streams, are in their order. A record that was torn at the end does not count."""
    entries, committed, crc = [], 0, None
    files = list(files)
    for number, stream in enumerate(files):
        for kind, data, checksum in _records(stream, crc, number == len(files) - 1):
            crc = checksum
            if kind == ENTRY:
                # what a new leader sends comes after the entries of which it takes the place, and these were never committed
                entries.append((_field(data, 3), _field(data, 2)))
            elif kind == SNAPSHOT and (not entries or _field(data, 1) > entries[-1][0]):
                # what a leader sent to a manager that was far behind stands for all entries up to there
                entries[:] = [(_field(data, 1), _field(data, 2))]
            elif kind == STATE:
                committed = _field(data, 3)
    if not entries:
        raise Unreadable("it has no entry")
    known = [entry for entry in entries if entry[0] <= committed]
    if not known:
        raise Unreadable("its committed entries are missing")
    (committed_index, committed_term), (last_index, last_term) = known[-1], entries[-1]
    return Position(committed_term, committed_index, last_term, last_index)


def _records(stream, crc, is_last):
    """The records of one file, each with the checksum up to it. The space after them was allocated before, and is zero."""
    offset = 0
    while True:
        head = stream.read(LENGTH.size)
        length = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 0
        if not length:
            return
        padding = length >> 56 & 7 if length & PADDED else 0
        length &= (1 << 56) - 1
        offset += LENGTH.size
        frame = _read(stream, length + padding)
        if len(frame) < length + padding:
            if is_last:
                return
            raise Unreadable("a file ends within a record")
        try:
            kind, data, told = _record(frame[:length])
            if kind == CRC:
                broken = crc is not None and told != crc
                crc = told
            else:
                crc = _checksum(data, crc or 0)
                broken = told != crc
        except (IndexError, KeyError, TypeError):
            broken = True
        if broken:
            if is_last and _was_torn(frame, offset):
                return
            raise Unreadable("a checksum does not fit")
        yield kind, data, crc
        offset += len(frame)


def _read(stream, length):
    """Not more at once than a whole record can be expected to have: a broken length could be any number."""
    parts = []
    while length > 0:
        part = stream.read(min(length, 1 << 20))
        if not part:
            break
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _was_torn(frame, offset):
    """Whether a sector that the frame covers never reached the disk; what did reach it is whole by then."""
    start = 0
    while start < len(frame):
        end = start + SECTOR - (offset + start) % SECTOR
        if not any(frame[start:end]):
            return True
        start = end
    return False


def _record(frame):
    fields = fields_of(frame)
    return fields[1], fields.get(3, b""), fields.get(2, 0)


def _field(data, number):
    return fields_of(data).get(number, 0)


def fields_of(data):
    """The fields of a protobuf message by their number: numbers and texts, which are all that these messages have."""
    fields, at = {}, 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
        elif key & 7 == 2:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
            if at > len(data):
                raise IndexError("a field ends behind its message")
        else:
            raise KeyError(key)
        fields[key >> 3] = value
    return fields


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _table():
    table = []
    for number in range(256):
        for _bit in range(8):
            number = number >> 1 ^ (CASTAGNOLI if number & 1 else 0)
        table.append(number)
    return tuple(table)


TABLE = _table()


def _checksum(data, crc):
    """CRC-32C, going on from C(crc)."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
