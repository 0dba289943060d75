#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that sets one key load:N after the other until its input ends, and prints each that was acknowledged.

redis_load.py LIMIT ADDRESS    a write is tried again for LIMIT seconds
"""

from __future__ import annotations

import itertools
import sys
import threading
import time

from redis_words import Server

PAUSE = 0.02


def main():
    limit, address = float(sys.argv[1]), sys.argv[2]
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    server = None
    for number in itertools.count():
        if ended.is_set():
            return
        began = time.monotonic()
        while True:
            try:
                server = server or Server(address, timeout=5)
                server.ask("SET", "load:%d" % number, str(number))
                break
            except OSError:
                server = None
            if time.monotonic() - began > limit:
                print("lost %d" % number, flush=True)
                return
            time.sleep(0.2)
        print("acknowledged %d %.1f" % (number, time.monotonic() - began), flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
