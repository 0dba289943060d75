#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One statement to one member of a Galera cluster; its rows as JSON.

galera.py USER PASSWORD_FILE ADDRESS STATEMENT
"""

from __future__ import annotations

import json
import pathlib
import sys

import pymysql

if __name__ == "__main__":
    user, file, address, statement = sys.argv[1:]
    password = pathlib.Path(file).read_text(encoding="utf-8").strip()
    login = {"user": user, "password": password, "database": "load", "autocommit": True}
    asked = pymysql.connect(host=address, connect_timeout=10, read_timeout=30, **login)
    with asked, asked.cursor() as cursor:
        # What the others have acknowledged before is then there as well.
        cursor.execute("SET SESSION wsrep_sync_wait = 1")
        cursor.execute(statement)
        print(json.dumps(cursor.fetchall(), default=str))
