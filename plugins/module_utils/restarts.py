# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The restart of one engine: whether its swarm can do without it meanwhile, and when it is back. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils import quorum
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.membership import ACTIVE, LOCKED, PENDING, UNLOCK_ADVICE, Membership

READY = "ready"


@dataclass(frozen=True)
class View:
    """What an engine that answers says: its membership, the swarm's nodes, which only a manager with a leader knows, and the names of
    members of clusters whose containers run.
    """

    membership: Membership
    nodes: list | None = None
    members: frozenset = frozenset()

    @property
    def is_starting(self):
        return self.membership.state == PENDING and bool(self.membership.cluster_id)

    @property
    def lacks_leader(self):
        return self.membership.is_manager and self.nodes is None


class Restart:
    """The one step."""

    @staticmethod
    def sentence():
        return "restart the engine"


def refuse(view):
    """Refuse the restart of a manager without which the quorum would be lost. Where there is none, or no engine, none can be lost."""
    if view is None or view.nodes is None:
        return
    own = view.membership.node_id
    try:
        quorum.refuse_pause(view.nodes, [own], "while %s does not answer" % _name(view))
    except Refusal as exc:
        raise Refusal("%s The engine was not restarted." % exc) from exc


def is_refused(view):
    try:
        refuse(view)
    except Refusal:
        return True
    return False


def has_key(view):
    """Whether the engine can be asked for the swarm's unlock key: only managers with a leader tell it."""
    return view is not None and view.nodes is not None


def missing(before, now, unlocks=False):
    """What an engine still lacks of what it was before its restart, in words; empty once it is back. C(None) is no answer.

    A manager that locks itself is back when it is locked, unless it is being unlocked.
    """
    if now is None:
        return "the engine does not answer"
    membership = now.membership
    if membership.state == LOCKED:
        return "its manager is locked" if unlocks else ""
    if now.is_starting:
        return "its node is starting"
    if before is not None and before.membership.state == ACTIVE and membership.state != ACTIVE:
        return "its membership in the swarm is %s%s" % (membership.state, ": %s" % membership.error if membership.error else "")
    if membership.is_manager:
        return _missing_of_manager(now)
    if before is not None and before.membership.is_manager:
        return "its manager has not started"
    return ""


def members_missing(before, now):
    """What of the members of clusters that ran before does not run yet, in words. A manager that stays locked has no network for them."""
    if before is None or not before.members or (now is not None and now.membership.state == LOCKED):
        return ""
    if now is None:
        return "the engine does not answer"
    away = sorted(before.members - now.members)
    if not away:
        return ""
    words = (", ".join(away), "do" if len(away) > 1 else "does", away[0])
    return "%s %s not run, and 'systemctl status quorate-member@%s' on this host says why" % words


def warnings(before, now):
    if now.membership.state == LOCKED and (before is None or before.membership.state != LOCKED):
        return ["The engine answers again, but %s." % UNLOCK_ADVICE]
    return []


def _missing_of_manager(view):
    if view.lacks_leader:
        return "the managers have no leader"
    node = _own(view)
    if node is None:
        return "the managers do not know its node"
    if node["Status"]["State"] != READY or not quorum.is_reachable(node):
        reachability = (node.get("ManagerStatus") or {}).get("Reachability") or "no manager yet"
        return "the managers hold its node for %s and %s" % (node["Status"]["State"], reachability)
    return ""


def _own(view):
    return next((node for node in view.nodes if node["ID"] == view.membership.node_id), None)


def _name(view):
    node = _own(view)
    return (quorum.hostname(node) if node else "") or view.membership.node_id
