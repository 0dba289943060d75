# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member of an etcd cluster has left on its disk. No I/O.

Logs and databases hold what users have stored, so that the evidence has nothing of them but what PATTERNS find: the metadata with which
each file of the log begins, terms of its entries, and versions in the database.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils import raft_log

FILE_OF_THE_LOG = re.compile(r"[0-9a-f]{16}-([0-9a-f]{16})\.wal")
VERSION = re.compile(r"v?(\d+)\.(\d+)")


@dataclass(frozen=True)
class Disk:
    """IDs in hexadecimal digits. C(is_filled) says that there is a log, C(has_formed) that it goes on after the beginning of a cluster
    that may never have come about: what all members write for themselves before their first election."""

    is_filled: bool = False
    has_formed: bool = False
    member_id: str | None = None
    cluster_id: str | None = None
    version: tuple = ()


def read(evidence):
    """The evidence has the names of the C(log)'s files, what of the last one is C(metadata) and C(terms) after the first one, and the
    C(versions) in the database."""
    evidence = evidence or {}
    indexes = [int(found.group(1), 16) for found in map(FILE_OF_THE_LOG.fullmatch, evidence.get("log") or ()) if found]
    if not indexes:
        return Disk()
    ids = _ids((evidence.get("metadata") or [""])[0])
    return Disk(
        is_filled=True,
        has_formed=max(indexes) > 0 or bool(evidence.get("terms")),
        member_id=ids.get(1),
        cluster_id=ids.get(2),
        version=max(map(version_of, evidence.get("versions") or ()), default=()),
    )


def _ids(found):
    content = base64.b64decode(found["base64"]) if isinstance(found, dict) else found.encode()
    try:
        return {number: "%x" % value for number, value in raft_log.fields_of(content).items()}
    except (IndexError, KeyError, TypeError):
        return {}


def version_of(text):
    """Major and minor, since members differ in what they write by these alone; nothing where the text tells none."""
    found = VERSION.match(text or "")
    return tuple(map(int, found.groups())) if found else ()


def told(version):
    return ".".join(map(str, version))


def cluster_id(peer_urls, token):
    """The ID of a cluster that members at these URLs, a list for each, begin together; as etcd works it out."""
    members = sorted(_number("".join(sorted(urls)) + token) for urls in peer_urls)
    return "%x" % int.from_bytes(_hash(b"".join(member.to_bytes(8, "big") for member in members))[:8], "big")


def _number(text):
    return int.from_bytes(_hash(text.encode())[:8], "big")


def _hash(content):
    return hashlib.sha1(content).digest()
