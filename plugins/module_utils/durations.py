# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations as the docker program takes them, such as 5s or 1h30m, and as the engine does, in nanoseconds. No I/O."""

from __future__ import annotations

import re
from decimal import Decimal

UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
LONGEST = 2**63 - 1


def nanoseconds(text):
    """None where the text is no duration, or one that the engine cannot count."""
    parts = PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    total = sum(int(Decimal(number) * UNITS[unit]) for number, unit in parts)
    return total if total <= LONGEST else None


def in_words(duration):
    """A number of nanoseconds in the largest units that express it exactly."""
    words = []
    for unit in ("h", "m", "s", "ms", "us", "ns"):
        count, duration = divmod(duration, UNITS[unit])
        if count:
            words.append("%d%s" % (count, unit))
    return "".join(words) or "0s"
