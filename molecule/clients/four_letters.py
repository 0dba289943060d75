#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ZooKeeper server answers to a word of four letters; nothing where it does not.

four_letters.py ADDRESS PORT WORD
"""

from __future__ import annotations

import contextlib
import socket
import sys

address, port, word = sys.argv[1:]
with contextlib.suppress(OSError), socket.create_connection((address, int(port)), timeout=10) as connection:
    connection.sendall(word.encode())
    with connection.makefile(encoding="utf-8") as answer:
        sys.stdout.write(answer.read())
