#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that writes one key below load/ after the other until its input ends, and prints each that was acknowledged.

etcd_load.py LIMIT ADDRESS...    a write is tried again for LIMIT seconds, each time at the next address
"""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import sys
import threading
import time

PAUSE = 0.05


def main():
    limit, addresses = float(sys.argv[1]), itertools.cycle(sys.argv[2:])
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    for number in itertools.count():
        if ended.is_set():
            return
        began = time.monotonic()
        while not written(next(addresses), number):
            if time.monotonic() - began > limit:
                print("lost %d" % number, flush=True)
                return
            time.sleep(0.2)
        print("acknowledged %d %.1f" % (number, time.monotonic() - began), flush=True)
        time.sleep(PAUSE)


def written(address, number):
    """The same value each time, so that an earlier try whose answer was lost does no harm."""
    host, _colon, port = address.partition(":")
    connection = http.client.HTTPConnection(host, int(port or 2379), timeout=5)
    body = {"key": encoded("load/%d" % number), "value": encoded(str(number))}
    try:
        connection.request("POST", "/v3/kv/put", json.dumps(body), {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def encoded(text):
    return base64.b64encode(text.encode()).decode()


if __name__ == "__main__":
    main()
