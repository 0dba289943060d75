# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers of a member say of an etcd cluster, and what can be waited for. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer

NOT_TOLD = "0"


def _is_in(state):
    """Its own word that it serves says that a majority agreed a moment ago; a learner serves nobody, and one that was removed neither."""
    return state["healthy"] and state["has_vote"] is not False


CONDITIONS = {
    "answers": ("the member answered", lambda state: True),
    "serving": ("the member served requests", lambda state: state["healthy"]),
    "in_cluster": ("the member served requests, with a vote", _is_in),
    "joined": ("the member had found a leader", lambda state: state["leader_id"] is not None),
}


def state(status, members=(), healthy=False, version=None):
    """From the answers of one member: C(members) as it lists them, and whether it is C(healthy), which the cluster has to agree to."""
    header = status.get("header") or {}
    if "member_id" not in header or "version" not in status:
        raise NoAnswer("it says what no etcd does")
    own, leader = hex_of(header["member_id"]), hex_of(status.get("leader", NOT_TOLD))
    known = told(members)
    names = {member["id"]: member["name"] for member in known}
    is_learner = bool(status.get("isLearner"))
    return {
        "id": own,
        "name": names.get(own) or None,
        "version": status["version"],
        "cluster_id": hex_of(header.get("cluster_id", NOT_TOLD)),
        "cluster_version": (version or {}).get("etcdcluster") or None,
        "leader_id": leader,
        "leader": names.get(leader) or None,
        "is_leader": leader is not None and leader == own,
        "is_learner": is_learner,
        "has_vote": _has_vote(own, known, is_learner),
        "healthy": healthy and not is_learner,
        "errors": list(status.get("errors") or ()),
        "revision": number(header.get("revision")),
        "term": number(status.get("raftTerm")),
        "index": number(status.get("raftIndex")),
        "size": number(status.get("dbSize")),
        "members": known,
    }


def told(members):
    """The members of an answer, by name, those that have not started yet last."""
    known = [
        {
            "id": hex_of(member["ID"]),
            "name": member.get("name") or None,
            "peer_urls": sorted(member.get("peerURLs") or ()),
            "client_urls": sorted(member.get("clientURLs") or ()),
            "learner": bool(member.get("isLearner")),
        }
        for member in members
    ]
    return sorted(known, key=lambda member: (member["name"] is None, member["name"] or "", member["id"]))


def is_healthy(answer):
    return str((answer or {}).get("health")).lower() == "true"


def hex_of(text):
    """IDs as etcdctl shows them; the API has them as decimal numbers. None for none."""
    found = number(text)
    return "%x" % found if found else None


def number(text):
    """The API has large numbers as texts, and leaves out what is 0."""
    try:
        return int(text or 0)
    except ValueError as exc:
        raise NoAnswer("it says what no etcd does") from exc


def describe(state):
    name = state["name"] or state["id"]
    if state["is_learner"]:
        return "%s is a learner, with no vote yet" % name
    if state["has_vote"] is False:
        return "%s is no member of the cluster %s any more" % (name, state["cluster_id"])
    if state["leader_id"] is None:
        return "%s finds no leader, as during an election or without a majority" % name
    words = "%s, leader %s, revision %d" % (name, state["leader"] or state["leader_id"], state["revision"])
    words += "" if state["healthy"] else ", and the cluster does not take what is asked of it"
    return words + "".join(", %s" % error for error in state["errors"])


def _has_vote(own, known, is_learner):
    """None where it does not tell its members."""
    if is_learner:
        return False
    return any(member["id"] == own and not member["learner"] for member in known) if known else None
