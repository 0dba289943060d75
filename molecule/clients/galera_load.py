#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that writes one row after the other into the table load.rows until its input ends, and prints each that was acknowledged.

galera_load.py LIMIT PASSWORD_FILE ADDRESS...    a write is tried again for LIMIT seconds, each time at the next address
"""

from __future__ import annotations

import contextlib
import itertools
import pathlib
import sys
import threading
import time

import pymysql

PAUSE = 0.05
TWICE = 1062
TABLE = "CREATE TABLE IF NOT EXISTS `rows` (number INT PRIMARY KEY, at TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6))"


def main():
    limit, addresses = float(sys.argv[1]), itertools.cycle(sys.argv[3:])
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    writer = Writer(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8").strip(), addresses)
    for number in itertools.count():
        if ended.is_set():
            return
        began = time.monotonic()
        while not writer.written(number):
            if time.monotonic() - began > limit:
                print("lost %d" % number, flush=True)
                return
            time.sleep(0.2)
        print("acknowledged %d %.1f" % (number, time.monotonic() - began), flush=True)
        time.sleep(PAUSE)


class Writer:
    def __init__(self, password, addresses):
        self._login = {"user": "load", "password": password, "database": "load", "autocommit": True}
        self._addresses = addresses
        self._connection = None
        self._has_table = False

    def written(self, number):
        """Written, also by an earlier try whose answer was lost."""
        try:
            with self._connected().cursor() as cursor:
                cursor.execute("INSERT INTO `rows` (number) VALUES (%s)", (number,))
        except pymysql.IntegrityError as exc:
            return exc.args[0] == TWICE
        except (pymysql.MySQLError, OSError):
            self._leave()
            return False
        return True

    def _connected(self):
        if self._connection is None:
            self._connection = pymysql.connect(
                host=next(self._addresses), connect_timeout=5, read_timeout=10, write_timeout=10, **self._login
            )
        if not self._has_table:
            with self._connection.cursor() as cursor:
                cursor.execute(TABLE)
            self._has_table = True
        return self._connection

    def _leave(self):
        if self._connection:
            with contextlib.suppress(Exception):
                self._connection.close()
        self._connection = None


if __name__ == "__main__":
    main()
