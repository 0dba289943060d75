# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member of Elasticsearch has left on its disk. No I/O.

The newest C(segments_N) in a node's C(_state) is a Lucene commit, whose user data are plain text: each key and each value behind
its length.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

# 8 has other names, and no space
CLUSTER = re.compile(r'"(?:elasticsearch[.])?cluster[.]uuid": ?"([^"]+)"')


@dataclass(frozen=True)
class Disk:
    """C(version) as a number, 7172999 for 7.17.29; 0 where there is none."""

    version: int = 0
    accepted: int = 0
    term: int = 0

    @property
    def has_joined(self):
        """A node that has found nobody has neither a term nor a state that it accepted."""
        return self.accepted > 0 and self.term > 0


def read(evidence):
    """Of the commit as module cluster_member tells what is no text; nothing is known of anything else."""
    try:
        content = base64.b64decode((evidence or {}).get("base64") or "")
    except (AttributeError, binascii.Error):
        return Disk()
    return Disk(_number(content, b"node_version"), _number(content, b"last_accepted_version"), _number(content, b"current_term"))


def _number(content, key):
    found = re.search(re.escape(bytes([len(key)]) + key) + rb"([\x01-\x13])([0-9]+)", content, re.DOTALL)
    return int(found.group(2)[: found.group(1)[0]]) if found else 0


def number_of(version):
    """0 of what is no version."""
    found = re.fullmatch(r"(\d+)[.](\d+)[.](\d+)", version)
    return int("%d%02d%02d99" % tuple(map(int, found.groups()))) if found else 0


def name_of(number):
    return "%d.%d.%d" % (number // 1000000, number // 10000 % 100, number // 100 % 100)


def cluster_in(log):
    """The cluster that a server's log names last, if it does."""
    found = CLUSTER.findall(log) if isinstance(log, str) else []
    return found[-1] if found else None
