# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of Redis's protocol (RESP 2), as far as asking takes them. No I/O."""

from __future__ import annotations

END = b"\r\n"
# More than any answer that is asked for; whoever announces more is no Redis.
LONGEST = 1 << 24


class Malformed(Exception):
    """What came is no Redis's, in words that end a sentence."""


def command(*words):
    parts = [b"*%d" % len(words)]
    for word in words:
        content = word.encode("utf-8")
        parts += [b"$%d" % len(content), content]
    return END.join(parts) + END


def head(line):
    """A line with which an answer begins, without its end: (what kind it is, its text)."""
    kind, text = line[:1].decode("latin-1"), line[1:].decode("utf-8", "replace")
    if kind not in ("+", "-", ":", "$"):
        raise Malformed("%r" % line[:80].decode("utf-8", "replace"))
    return kind, text


def length(text):
    """Of a text that follows, without its end; none where it says that there is nothing."""
    try:
        size = int(text)
    except ValueError as exc:
        raise Malformed("a length of %r" % text) from exc
    if not -1 <= size <= LONGEST:
        raise Malformed("a length of %d" % size)
    return None if size < 0 else size
