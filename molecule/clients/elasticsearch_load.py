#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that writes one document after the other until its input ends, and prints each that was acknowledged.

elasticsearch.py LIMIT ADDRESS...    a write is tried again for LIMIT seconds, each time at the next address
"""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import threading
import time

INDEX = "load"


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


def written(address, number):
    """Written, also by an earlier try whose answer was lost."""
    connection = http.client.HTTPConnection(address, 9200, timeout=10)
    try:
        connection.request(
            "PUT", "/%s/_doc/%d?timeout=5s" % (INDEX, number), json.dumps({"number": number}), {"Content-Type": "application/json"}
        )
        return connection.getresponse().status in (200, 201)
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
