# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic of majorities over the engine's node list. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal


def majority(members):
    return members // 2 + 1


def managers(nodes):
    return [node for node in nodes if node["Spec"]["Role"] == "manager" or node.get("ManagerStatus")]


def is_reachable(node):
    return (node.get("ManagerStatus") or {}).get("Reachability") == "reachable"


def hostname(node):
    """Empty for a node that has joined but not reported yet."""
    return node["Description"].get("Hostname", "")


def refuse_loss(nodes, leaving, occasion):
    """Refuse if the managers that remain without C(leaving), a list of node IDs, would not be a majority of themselves."""
    remaining = [node for node in managers(nodes) if node["ID"] not in leaving]
    reachable = [node for node in remaining if is_reachable(node)]
    if len(reachable) >= majority(len(remaining)):
        return
    unreachable = [node for node in remaining if not is_reachable(node)]
    raise Refusal(
        "The swarm would lose its quorum %s: %d managers would remain, %d of them reachable, %d are needed%s. Bring the "
        "unreachable managers back or add others first."
        % (
            occasion,
            len(remaining),
            len(reachable),
            majority(len(remaining)),
            _named(unreachable),
        )
    )


def refuse_pause(nodes, pausing, occasion):
    """Refuse if the other managers would be no majority of all while those of C(pausing), a list of node IDs, do not answer.

    One or two managers cannot do without any of them, so there the pause is unavoidable, and nothing is refused. Nodes that shall be
    managers and are none of the raft have no vote, as those that a cluster made anew by force has given up.
    """
    voters = [node for node in nodes if node.get("ManagerStatus")]
    others = [node for node in voters if is_reachable(node) and node["ID"] not in pausing]
    if len(voters) < 3 or len(others) >= majority(len(voters)) or not {node["ID"] for node in voters} & set(pausing):
        return
    unreachable = [node for node in voters if not is_reachable(node) and node["ID"] not in pausing]
    raise Refusal(
        "The swarm would lose its quorum %s: of %d managers %d would answer, %d are needed%s. Bring the unreachable managers back "
        "first."
        % (
            occasion,
            len(voters),
            len(others),
            majority(len(voters)),
            _named(unreachable),
        )
    )


def _named(unreachable):
    return " (unreachable: %s)" % ", ".join(sorted(hostname(node) for node in unreachable)) if unreachable else ""
