# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Redis server has left on its disk. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

MANIFEST = re.compile(r".+\.manifest")
# As servers before 7.0 have it, and later ones take it over at their start.
ONE_FILE = "appendonly.aof"
DUMP = re.compile(r".+\.rdb")
VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Disk:
    """C(is_filled) says that there are files of commands, C(has_dump) that there is a dump; C(version) is the latest that wrote one."""

    is_filled: bool = False
    has_dump: bool = False
    version: tuple = ()


def read(evidence):
    """The evidence has the C(names) in the data directory and those of the C(commands) below it, and by which versions the first
    file of commands (C(written_base), or C(written_file) before 7.0) and the dump (C(written_dump)) were written."""
    evidence = evidence or {}
    names, commands = _names(evidence.get("names")), _names(evidence.get("commands"))
    written = [text for key in ("written_base", "written_file", "written_dump") for text in evidence.get(key) or ()]
    return Disk(
        is_filled=any(map(MANIFEST.fullmatch, commands)) or ONE_FILE in names,
        has_dump=any(map(DUMP.fullmatch, names)),
        version=max(map(version_of, written), default=()),
    )


def _names(found):
    return found if isinstance(found, list) else []


def version_of(text):
    """Major and minor, or what of it the text tells."""
    found = VERSION.match(text) if isinstance(text, str) else None
    return tuple(int(part) for part in found.groups() if part is not None) if found else ()


def is_newer(written, image):
    """Whether the data are of a newer version than the image; of 7 alone nobody knows which 7 it is."""
    return bool(image) and written[: len(image)] > image


def told(version):
    return ".".join(map(str, version))
