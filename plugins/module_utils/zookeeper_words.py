# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ZooKeeper server answers to the words of four letters, and what follows from it. No I/O."""

from __future__ import annotations

import re

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer
from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_config import membership

LEADER, FOLLOWER, OBSERVER, STANDALONE = "leader", "follower", "observer", "standalone"
EPOCH_BITS = 32
NOT_SERVING = re.compile(r"This ZooKeeper instance is not currently serving requests")
NOT_ALLOWED = re.compile(r"\w+ is not executed because it is not (?:in|on) the (?:whitelist|allow ?list)")
NUMBERS = {"connections": "Connections", "outstanding": "Outstanding", "node_count": "Node count"}


def _has_vote(state):
    """A server that has not been made a member yet, or is none any more, calls itself a follower, too."""
    return state["mode"] in (LEADER, FOLLOWER) and state["votes"] is not False


CONDITIONS = {
    "answers": ("the member answered", lambda state: True),
    "serving": ("the member served requests", lambda state: state["mode"] in (LEADER, FOLLOWER, STANDALONE)),
    "in_ensemble": ("the member was leader or follower of an ensemble, with a vote", _has_vote),
    "joined": ("the member had found a leader", lambda state: state["mode"] in (LEADER, FOLLOWER, OBSERVER)),
}


def is_denied(answer):
    return bool(NOT_SERVING.match(answer) or NOT_ALLOWED.match(answer))


def state(srvr, mntr="", conf=""):
    """From the answer to C(srvr), and from those to C(mntr) and C(conf), which a server may deny."""
    told = _pairs(srvr, ":")
    if "Mode" not in told and not is_denied(srvr):
        raise NoAnswer("it says what no ZooKeeper does: %r" % srvr[:80])
    settings = {} if is_denied(conf) else _pairs(conf, "=")
    monitored = {} if is_denied(mntr) else _pairs(mntr, "\t")
    zxid = told.get("Zxid")
    known, number = membership("" if is_denied(conf) else conf), _number(settings.get("serverId"))
    return {
        "mode": told.get("Mode"),
        "said": srvr.strip().rstrip(".") if is_denied(srvr) else None,
        "version": told.get("Zookeeper version", "").partition(",")[0].partition("-")[0] or None,
        "zxid": zxid,
        "epoch": int(zxid, 16) >> EPOCH_BITS if zxid else None,
        **{key: _number(told.get(name)) for key, name in NUMBERS.items()},
        "synced_followers": _number(monitored.get("zk_synced_followers")),
        "id": number,
        "votes": number in known.voters if known.members and number is not None else None,
        "members": known.told(),
        "config_version": None if known.version is None else "%x" % known.version,
    }


def describe(state):
    if state["mode"]:
        return "mode %s%s, zxid %s" % (state["mode"], " without a vote" if state["votes"] is False else "", state["zxid"])
    if NOT_ALLOWED.match(state["said"]):
        return "'%s'; let 4lw.commands.whitelist have srvr" % state["said"]
    return "'%s', as during an election or without a majority" % state["said"]


def _pairs(text, separator):
    pairs = [line.partition(separator) for line in text.splitlines() if separator in line]
    return {key.strip(): value.strip() for key, _separator, value in pairs}


def _number(text):
    return int(text) if text and re.fullmatch(r"-?\d+", text) else None
