# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server says of itself and its Galera cluster, and what follows from it. No I/O."""

from __future__ import annotations

import re

PRIMARY, ON, SYNCED = "Primary", "ON", 4
VARIABLES = ("version", "wsrep_cluster_name", "wsrep_desync", "wsrep_node_name", "wsrep_on")
NO_UUID = "00000000-0000-0000-0000-000000000000"
# What is told for a number that there is not, as of the view of a member in no primary component.
NO_NUMBER = (1 << 64) - 1
VERSION = re.compile(r"\d+(\.\d+)+")


def state(status, variables):
    """From names to values, as the server's own rows have them."""
    version = VERSION.match(variables.get("version") or "")
    return {
        "name": variables.get("wsrep_node_name") or None,
        "version": version.group() if version else None,
        "cluster_name": variables.get("wsrep_cluster_name") or None,
        "cluster_uuid": uuid(status.get("wsrep_cluster_state_uuid")),
        "cluster_status": status.get("wsrep_cluster_status") or None,
        "conf_id": _number(status.get("wsrep_cluster_conf_id")),
        "size": _number(status.get("wsrep_cluster_size")),
        "members": _members(status.get("wsrep_incoming_addresses")),
        "connected": status.get("wsrep_connected") == ON,
        "ready": status.get("wsrep_ready") == ON,
        "local_state": _number(status.get("wsrep_local_state")),
        "local_state_comment": status.get("wsrep_local_state_comment") or None,
        "seqno": _number(status.get("wsrep_last_committed")),
        "flow_control_paused": _fraction(status.get("wsrep_flow_control_paused")),
        "desynced": variables.get("wsrep_desync") == ON,
    }


def uuid(text):
    """None of a cluster that there is not."""
    text = (text or "").strip()
    return None if text in ("", NO_UUID) else text


def is_primary(seen):
    """Whether it takes part in the component that has the majority, and answers queries."""
    return seen["cluster_status"] == PRIMARY and seen["connected"] and seen["ready"]


def is_synced(seen):
    """Whether it has all that the component has; one that gives its data to a member that joins has not, for a while."""
    return is_primary(seen) and seen["local_state"] == SYNCED


def conditions(params):
    """By name what is waited for in words, and a function of the state."""
    names = params["members"]
    goal = "the member was synced in a primary component"
    return {
        "answers": ("the member answered", lambda seen: True),
        "primary": ("the member was in a primary component", is_primary),
        "synced": (
            "%s with %s" % (goal, ", ".join(names)) if names else goal,
            lambda seen: is_synced(seen) and set(names) <= set(seen["members"]),
        ),
    }


def describe(seen):
    if seen["cluster_status"] is None:
        return "it is a server without Galera"
    words = "its state is %s" % (seen["local_state_comment"] or "not told")
    if seen["cluster_status"] != PRIMARY:
        return "%s, in no primary component" % words
    return "%s, in a primary component of %s (%s)%s" % (
        words, seen["size"], ", ".join(seen["members"]) or "no names", "" if seen["ready"] else ", and it is not ready for queries",
    )


def _members(text):
    """The names under which the members are known; one that is on its way in or out may have none for a moment."""
    return sorted(entry.rpartition(":")[0] or entry for entry in (text or "").split(",") if entry.strip() and entry != "AUTO")


def _number(text):
    found = int(text) if text and re.fullmatch(r"-?\d+", text) else None
    return None if found == NO_NUMBER else found


def _fraction(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
