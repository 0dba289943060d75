#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that writes one node below /load after the other until its input ends, and prints each that was acknowledged.

zookeeper_load.py LIMIT ADDRESS...    a write is tried again for LIMIT seconds, at whichever of the addresses answers
"""

from __future__ import annotations

import itertools
import logging
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NodeExistsError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry

PAUSE = 0.05


def main():
    # It tells each lost connection, which is what is wanted here.
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    limit = float(sys.argv[1])
    hosts = ",".join(address if ":" in address else "%s:2181" % address for address in sys.argv[2:])
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    client = KazooClient(hosts=hosts, timeout=10, connection_retry=KazooRetry(max_tries=-1, delay=0.2, backoff=1))
    client.start(timeout=60)
    client.retry(client.ensure_path, "/load")
    for number in itertools.count():
        if ended.is_set():
            break
        began = time.monotonic()
        while not written(client, number):
            if time.monotonic() - began > limit:
                print("lost %d" % number, flush=True)
                return
            time.sleep(0.2)
        print("acknowledged %d %.1f" % (number, time.monotonic() - began), flush=True)
        time.sleep(PAUSE)


def written(client, number):
    """Written, also by an earlier try whose answer was lost."""
    try:
        client.create_async("/load/%d" % number).get(timeout=10)
    except NodeExistsError:
        return True
    except (KazooException, KazooTimeoutError):
        return False
    return True


if __name__ == "__main__":
    main()
