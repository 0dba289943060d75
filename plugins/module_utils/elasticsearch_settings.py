# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a whole Elasticsearch cluster, and who is excluded from its votes: which steps lead to what was asked for. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan

ANY = "*"
MASTER, VOTING_ONLY = "master", "voting_only"


@dataclass(frozen=True)
class Current:
    """Flat settings by name, and names of nodes."""

    persistent: dict
    transient: dict
    excluded: tuple = ()
    nodes: tuple = ()

    @property
    def candidates(self):
        """Who could be elected."""
        return {node["name"] for node in self.nodes if MASTER in node["roles"] and VOTING_ONLY not in node["roles"]}


@dataclass(frozen=True)
class Step:
    action: str
    settings: dict = field(default_factory=dict)
    names: tuple = ()

    def sentence(self):
        if self.action == "write":
            return ", ".join(
                "remove %s" % name if value is None else "set %s %s" % (name, value) for name, value in self.settings.items()
            )
        if self.action == "exclude":
            return "exclude %s from voting" % ", ".join(self.names)
        return {"include": "let all nodes vote again", "flush": "flush all indices"}[self.action]


def plan(current, desired):
    """Steps from the Current state to the C(desired) options."""
    changes = _changes(current.persistent, flat(desired["settings"] or {}))
    excluding = tuple(sorted(set(desired["exclude_from_voting"]) - set(current.excluded)))
    _refuse_no_candidate(current, excluding)
    steps, before, after = [], {name: current.persistent.get(name) for name in changes}, dict(changes)
    if changes:
        steps.append(Step("write", changes))
    if excluding:
        steps.append(Step("exclude", names=excluding))
    if desired["include_in_voting"] and current.excluded:
        steps.append(Step("include"))
    if excluding or (desired["include_in_voting"] and current.excluded):
        before["voting_exclusions"] = sorted(current.excluded)
        after["voting_exclusions"] = sorted({*current.excluded, *excluding}) if excluding else []
    if desired["flush"]:
        steps.append(Step("flush"))
    return Plan(tuple(steps), before, after, tuple(_warnings(current, desired, excluding)))


def concerns_votes(desired):
    return bool(desired["exclude_from_voting"]) or desired["include_in_voting"]


def flat(settings, prefix=""):
    """Nested settings by their full names, with values as Elasticsearch tells them: texts, lists of texts, none."""
    found = {}
    for key, value in settings.items():
        name = prefix + str(key)
        if isinstance(value, dict):
            found.update(flat(value, name + "."))
        else:
            found[name] = [_text(item) for item in value] if isinstance(value, list) else _text(value)
    return found


def chosen(persistent, settings):
    """Those that were named, as they are."""
    return {name: persistent.get(name) for name in sorted(_expanded(persistent, flat(settings or {})))}


def flush_warnings(shards):
    if not shards.get("failed"):
        return []
    return [
        "%d of %d shards were not flushed. They recover more slowly after a restart; flush again once nothing is written to them."
        % (shards["failed"], shards["total"])
    ]


def _changes(persistent, wanted):
    for name, value in wanted.items():
        if value is None:
            _refuse_prefix(persistent, name)
        elif ANY in name:
            raise Refusal("The setting %s has a *, which can only be removed (null). Name the settings one by one." % name)
    return {
        name: value for name, value in _expanded(persistent, wanted).items() if _compared(persistent.get(name)) != _compared(value)
    }


def _expanded(persistent, wanted):
    """A name with a * stands for all that are there."""
    found = {}
    for name, value in wanted.items():
        names = [known for known in persistent if fnmatchcase(known, name)] if ANY in name else [name]
        found.update(dict.fromkeys(names, value))
    return dict(sorted(found.items()))


def _refuse_prefix(persistent, name):
    below = sorted(known for known in persistent if known.startswith(name + "."))
    if below:
        raise Refusal("%s is no setting, but the begin of %s. Remove these, or %s.*; nothing was changed." % (name, ", ".join(below), name))


def _refuse_no_candidate(current, excluding):
    if excluding and not current.candidates - set(current.excluded) - set(excluding):
        raise Refusal(
            "Without %s no node could be elected master: of the nodes in the cluster only %s can be. Add one that stays first; nothing was "
            "changed." % (", ".join(excluding), ", ".join(sorted(current.candidates)) or "none")
        )


def _warnings(current, desired, excluding):
    for name, value in _expanded(current.persistent, flat(desired["settings"] or {})).items():
        over = current.transient.get(name)
        if over is not None and _compared(over) != _compared(value):
            yield (
                "The transient setting %s, %s, goes before the persistent one until it is removed or the whole cluster restarts. Remove it "
                "(PUT _cluster/settings with transient null)." % (name, over)
            )
    for name in excluding:
        if name not in current.candidates:
            yield "No node %s that could be elected master is in the cluster now; one of that name will not vote." % name


def _text(value):
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compared(value):
    """A list may be told as one text with commas."""
    if value is None:
        return None
    parts = value if isinstance(value, list) else str(value).split(",")
    return [part.strip() for part in parts]
