#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command to one Redis server of the lab, with the lab's own password; the answer as JSON.

redis_words.py ADDRESS WORD...
"""

from __future__ import annotations

import json
import pathlib
import socket
import sys

PASSWORD = pathlib.Path(__file__).resolve().parents[2] / ".lab" / "redis_password"


class Server:
    """A connection; an answer that is an error raises OSError, as a connection that ends does."""

    def __init__(self, address, timeout=10):
        host, _colon, port = address.partition(":")
        self._connection = socket.create_connection((host, int(port or 6379)), timeout)
        self._answers = self._connection.makefile("rb")
        self.ask("AUTH", PASSWORD.read_text(encoding="utf-8").strip())

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._answers.close()
        self._connection.close()

    def ask(self, *words):
        encoded = [word.encode() for word in words]
        parts = [b"*%d\r\n" % len(words)] + [b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded]
        self._connection.sendall(b"".join(parts))
        return self._answer()

    def _answer(self):
        line = self._answers.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("the connection has ended")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise OSError(text)
        if kind == b"$":
            return None if text == "-1" else self._answers.read(int(text) + 2)[:-2].decode()
        if kind == b"*":
            return [self._answer() for _number in range(int(text))]
        return text


if __name__ == "__main__":
    with Server(sys.argv[1]) as server:
        print(json.dumps(server.ask(*sys.argv[2:])))
