# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of ZooKeeper's protocol, as its own client sends and its servers answer them."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import zookeeper_wire as wire


def words(*parts):
    return bytes.fromhex("".join(parts).replace(" ", ""))


@pytest.mark.parametrize(
    "request_bytes, expected",
    [
        (
            wire.connect(30000),
            words("0000002d 00000000 0000000000000000 00007530 0000000000000000 00000010", "00" * 16, "00"),
        ),
        (wire.digest("super", "pw"), words("00000022 fffffffc 00000064 00000000 00000006", b"digest".hex(), "00000008", b"super:pw".hex())),
        (wire.sync(1, "/a"), words("0000000e 00000001 00000009 00000002", b"/a".hex())),
        (wire.get_data(2, "/a"), words("0000000f 00000002 00000004 00000002", b"/a".hex(), "00")),
        (
            wire.reconfig(3, joining="4=a:1:2", version=0x100000002),
            words("00000023 00000003 00000010 00000007", b"4=a:1:2".hex(), "ffffffff ffffffff 0000000100000002"),
        ),
        (wire.reconfig(3, leaving="4"), words("0000001d 00000003 00000010 ffffffff 00000001 34 ffffffff ffffffffffffffff")),
        (wire.close(9), words("00000008 00000009 fffffff5")),
        (wire.text("é"), words("00000002 c3a9")),
        (wire.text(""), words("00000000")),
    ],
)
def test_requests(request_bytes, expected):
    assert request_bytes == expected


@pytest.mark.parametrize(
    "content, timeout", [("00000000 00002710 0100000000000001 00000010", 10000), ("00000000 00000000 " + "00" * 12, 0)]
)
def test_a_session(content, timeout):
    assert wire.session_timeout(words(content)) == timeout


@pytest.mark.parametrize(
    "content, expected",
    [
        ("00000001 0000000000000007 00000000", wire.Reply(1, 7, None)),
        ("fffffffc 0000000000000000 ffffff8d", wire.Reply(-4, 0, "AuthFailed")),
        ("00000002 0000000100000002 ffffff99 0102", wire.Reply(2, 2**32 + 2, "BadVersion", b"\1\2")),
        ("00000002 0000000000000000 ffffff85", wire.Reply(2, 0, "ReconfigDisabled")),
        ("00000002 0000000000000000 fffffff3", wire.Reply(2, 0, "NewConfigNoQuorum")),
        ("00000002 0000000000000000 fffffff2", wire.Reply(2, 0, "ReconfigInProgress")),
        ("00000002 0000000000000000 ffffff9a", wire.Reply(2, 0, "NoAuth")),
        ("00000002 0000000000000000 fffffc18", wire.Reply(2, 0, "error -1000")),
    ],
)
def test_replies(content, expected):
    assert wire.reply(words(content)) == expected


@pytest.mark.parametrize("body, content", [("00000002 6869 00ff", "hi"), ("00000000", ""), ("ffffffff", "")])
def test_the_content_of_a_node(body, content):
    assert wire.data(words(body)) == content


@pytest.mark.parametrize(
    "understand, content",
    [
        (wire.length, b"SSH-"),
        (wire.length, b"\xff\xff\xff\xff"),
        (wire.length, b"\0"),
        (wire.reply, b"short"),
        (wire.session_timeout, b""),
        (wire.data, b"\0\0\0\x09short"),
        (wire.data, b""),
    ],
)
def test_what_is_no_reply(understand, content):
    with pytest.raises(wire.Malformed):
        understand(content)
