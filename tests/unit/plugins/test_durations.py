# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations in words and in nanoseconds."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.durations import LONGEST, in_words, nanoseconds

SECOND = 10**9


@pytest.mark.parametrize(
    "text, expected",
    [
        ("5s", 5 * SECOND),
        ("2160h", 2160 * 3600 * SECOND),
        ("1h30m", 5400 * SECOND),
        ("1h0m0s", 3600 * SECOND),
        ("30m1h", 5400 * SECOND),
        ("1.5s", 15 * 10**8),
        (".5s", 5 * 10**8),
        ("1.s", SECOND),
        ("500ms", 5 * 10**8),
        ("7us", 7000),
        ("7µs", 7000),
        ("1.5ns", 1),
        ("0s", 0),
        ("9223372036854775807ns", LONGEST),
    ],
)
def test_nanoseconds(text, expected):
    assert nanoseconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "5", "s", "-5s", "+5s", "5 s", "5sec", "5S", "1d", "5s ", "1..5s", "1e3s", "9223372036854775808ns", "300y", "2562048h"]
)
def test_what_is_no_duration(text):
    assert nanoseconds(text) is None


@pytest.mark.parametrize(
    "duration, expected",
    [
        (5 * SECOND, "5s"),
        (2160 * 3600 * SECOND, "2160h"),
        (5400 * SECOND, "1h30m"),
        (15 * 10**8, "1s500ms"),
        (7000, "7us"),
        (1, "1ns"),
        (0, "0s"),
    ],
)
def test_in_words(duration, expected):
    assert in_words(duration) == expected
    assert nanoseconds(expected) == duration
