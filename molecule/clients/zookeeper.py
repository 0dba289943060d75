#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to one ZooKeeper server; the answer as JSON.

zookeeper.py ADDRESS:PORT put PATH TEXT | get PATH | children PATH
"""

from __future__ import annotations

import json
import sys

from kazoo.client import KazooClient


def put(client, path, text):
    client.ensure_path(path)
    client.set(path, text.encode())


def get(client, path):
    # What the others have acknowledged meanwhile is then there as well.
    client.sync(path)
    return client.get(path)[0].decode()


def children(client, path):
    client.sync(path)
    return client.get_children(path)


if __name__ == "__main__":
    asked = KazooClient(hosts=sys.argv[1], timeout=20)
    asked.start(timeout=60)
    try:
        print(json.dumps({"put": put, "get": get, "children": children}[sys.argv[2]](asked, *sys.argv[3:])))
    finally:
        asked.stop()
