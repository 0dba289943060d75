# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member of a Galera cluster has left on its disk. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils.galera_state import uuid

ADDRESS = re.compile(r"^wsrep_cluster_address\s*=\s*\"?gcomm://([^\"\s]*)", re.MULTILINE)
VERSIONS = re.compile(r"(?:^|server_version = |Ver )(\d+\.\d+(?:\.\d+)*)", re.MULTILINE)


@dataclass(frozen=True)
class Disk:
    """C(uuid) is that of the cluster whose data lie there; C(is_state) whether Galera has ever run on them, C(is_filled) whether there is a
    database, and C(is_partial) whether it is one that was being taken from another member.

    C(addresses) are the members that its configuration names, none where there is no configuration, and empty in that of a member which
    is to form the cluster. C(version) is the newest that has written there.
    """

    uuid: str | None = None
    is_state: bool = False
    is_filled: bool = False
    is_partial: bool = False
    addresses: tuple | None = None
    version: tuple = ()


def read(evidence):
    """From the C(state), the names of C(tables), C(transfer), C(version), C(backup), and the C(config), as cluster_member read them."""
    state = _text(evidence.get("state"))
    told = ADDRESS.search(_text(evidence.get("config")))
    return Disk(
        uuid=uuid(_said("uuid", state)),
        is_state=bool(state),
        is_filled=bool(evidence.get("tables")),
        is_partial=evidence.get("transfer") is not None,
        addresses=tuple(filter(None, told.group(1).split(","))) if told else None,
        version=max((number(text) for key in ("version", "backup") for text in VERSIONS.findall(_text(evidence.get(key)))), default=()),
    )


def number(text):
    """A version in whole numbers, as far as it decides what can read the data: of each series all are alike."""
    found = re.match(r"(\d+)\.(\d+)", text or "")
    return tuple(int(part) for part in found.groups()) if found else ()


def _said(key, text):
    found = re.search(r"^%s:\s*(\S+)" % key, text, re.MULTILINE)
    return found.group(1) if found else None


def _text(found):
    return found if isinstance(found, str) else ""
