# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a raft log goes."""

from __future__ import annotations

import io

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import raft_log
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.raft_files import Log, crc32c


def position(*texts):
    found = raft_log.position(io.BytesIO(text) for text in texts)
    return found.committed_term, found.committed_index, found.last_term, found.last_index


def whole():
    return Log().entry(1, 1).entry(1, 2, b"x" * 300).state(1, 1).entry(2, 3).state(2, 3).entry(2, 4)


@pytest.mark.parametrize(
    "log, expected",
    [
        pytest.param(whole(), (2, 3, 2, 4), id="the last entry need not be committed"),
        pytest.param(Log().entry(1, 1).state(1, 1), (1, 1, 1, 1), id="a new swarm"),
        pytest.param(
            Log().entry(1, 1).entry(1, 2).entry(1, 3).state(1, 1).entry(2, 2).state(2, 2), (2, 2, 2, 2), id="a new leader overwrites"
        ),
        pytest.param(
            Log().entry(1, 1).state(1, 1).snapshot(4, 500).state(4, 500).entry(4, 501), (4, 500, 4, 501), id="a snapshot from the leader"
        ),
        pytest.param(
            Log().entry(1, 1).entry(1, 2).state(1, 2).snapshot(1, 1).entry(1, 3), (1, 2, 1, 3), id="a snapshot of its own"
        ),
        pytest.param(Log().entry(1, 1).state(9, 1), (1, 1, 1, 1), id="terms of elections that came to nothing do not count"),
        pytest.param(Log().entry(1, 130).entry(300, 70000).state(300, 70000), (300, 70000, 300, 70000), id="large numbers"),
    ],
)
def test_positions(log, expected):
    assert position(log.text) == expected
    assert position(log.allocated()) == expected


def test_a_log_of_several_files():
    first = Log().entry(1, 1).entry(1, 2).state(1, 2)
    second = Log(first.crc).state(1, 2)
    assert position(first.text, second.allocated()) == (1, 2, 1, 2)
    second.entry(3, 3)
    assert position(first.text, second.allocated()) == (1, 2, 3, 3)


def test_the_end_of_a_record_that_was_torn_does_not_count():
    log = whole()
    before = len(log.text)
    log.entry(2, 5, b"y" * 2000).state(2, 5)
    for end in (before + 3, before + 8, before + 100, before + 2000):
        assert position(log.text[:end]) == (2, 3, 2, 4)
    sectors_missing = log.text[:before] + log.text[before : before + 600] + bytes(4096)
    assert position(sectors_missing) == (2, 3, 2, 4)
    hole = (before // 512 + 2) * 512
    assert position(log.text[:hole] + bytes(512) + log.text[hole + 512 :]) == (2, 3, 2, 4)


@pytest.mark.parametrize(
    "texts, reason",
    [
        pytest.param([b""], "no entry", id="nothing"),
        pytest.param([Log().allocated()], "no entry", id="no entry"),
        pytest.param([Log().entry(1, 5).state(1, 4).text], "committed entries are missing", id="a first file is missing"),
        pytest.param([whole().text.replace(b"xxxx", b"xxxy", 1)], "a checksum does not fit", id="a bit that was not written so"),
        pytest.param([Log().entry(1, 1).text, Log(5).state(1, 1).text], "a checksum does not fit", id="a file in between is missing"),
        pytest.param([whole().text[:-4], Log(whole().crc).text], "ends within a record", id="an end within an earlier file"),
        pytest.param([b"\x10" + bytes(7) + b"\xff" * 16], "a checksum does not fit", id="something else"),
        pytest.param([b"\x08" + bytes(7) + b"\x0d\x01\x00\x00\x00\x01\x01\x01"], "a checksum does not fit", id="another kind of field"),
    ],
)
def test_logs_that_tell_nothing(texts, reason):
    with pytest.raises(raft_log.Unreadable, match=reason):
        position(*texts)


def test_the_checksum_is_that_of_the_format():
    assert crc32c(b"123456789") == raft_log._checksum(b"123456789", 0) == 0xE3069283
