# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings as rules of ufw, told from others by their comment. No I/O."""

from __future__ import annotations

import re

from ansible_collections.quorate.swarm.plugins.module_utils import firewall_steps as steps
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_openings import ESP, Opening

COMMENT = " comment '%s'" % steps.MARK


def is_active(report):
    return report["ufw"]["active"]


def own_openings(report):
    return {opening_of(rule) for rule in own_rules(report)}


def own_rules(report):
    return [rule[: -len(COMMENT)] for rule in report["ufw"]["rules"] if rule.endswith(COMMENT)]


def plan(report, openings):
    own = {opening_of(rule): rule for rule in own_rules(report)}
    # A rule that somebody else made stays theirs.
    there = {re.sub(r" comment '.*'$", "", rule) for rule in report["ufw"]["rules"]}
    to_open = [opening for opening in sorted(openings) if rule_of(opening) not in there]
    to_close = sorted(set(own) - set(openings))
    if not is_active(report):
        _refuse_denials(report, openings)
    found = steps.Steps(sentences=steps.told("opens", to_open) + steps.told("closes", to_close))
    # Before rules that deny.
    found.commands += ["ufw prepend %s comment %s" % (rule_of(opening), steps.MARK) for opening in to_open]
    found.commands += ["ufw delete %s" % own[opening] for opening in to_close]
    if not is_active(report):
        found.commands.append("ufw --force enable")
        found.undo.append("ufw disable")
    return found


def _refuse_denials(report, openings):
    """Before ufw begins, nothing may come before what is open for everybody, as SSH is; ufw moves no rule that is there."""
    denied = None
    for rule in report["ufw"]["rules"]:
        denied = denied or (rule if rule.split()[0] in ("deny", "reject") else None)
        if denied and rule in [rule_of(opening) for opening in openings if not opening.source]:
            raise Refusal(
                "ufw would not let in everybody by its rule '%s', because '%s' comes before it; nothing was changed. Put it first, or "
                "delete it (ufw delete %s), so that the role can." % (rule, denied, rule)
            )


def rule_of(opening):
    """As C(ufw show added) writes it."""
    if opening.protocol == ESP:
        return "allow from %s proto esp" % opening.source
    port = opening.port.replace("-", ":")
    if opening.source:
        return "allow from %s to any port %s proto %s" % (opening.source, port, opening.protocol)
    return "allow %s/%s" % (port, opening.protocol)


def opening_of(rule):
    words = rule.split()
    if "/" in words[1]:
        port, protocol = words[1].split("/")
        return Opening(protocol, port.replace(":", "-"))
    settings = dict(zip(words[1:], words[2:]))
    return Opening(settings["proto"], settings.get("port", "").replace(":", "-"), settings["from"])
