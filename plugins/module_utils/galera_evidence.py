# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has of a member of a Galera cluster that is in no cluster, and the steps of its part in a recovery. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils import galera_position as position
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.member_refusals import in_words
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan

SEEN, STOPPED, READ, CHOSEN = "seen", "stopped", "read", "chosen"
MISSING, EMPTY, PARTIAL, FILLED = "missing", "empty", "partial", "filled"
STATE, VIEW, TABLES, TRANSFER = "grastate.dat", "gvwstate.dat", "mysql", "sst_in_progress"


@dataclass(frozen=True)
class View:
    """What was read. C(names) are those in the data directory, none where there is none, C(tables) those in its directory of the system's
    tables; C(is_up) says whether systemd keeps the member running, C(log) is the end of its log, C(backup) a copy that is still true.

    C(is_listening) says whether the server takes clients' connections. C(strangers) are other containers that run with the data directory.
    """

    names: tuple | None = None
    tables: tuple = ()
    state: str | None = None
    view: str | None = None
    is_running: bool = False
    is_listening: bool = False
    is_up: bool = False
    log: tuple = ()
    size: int = 0
    free: int = 0
    backup: str | None = None
    strangers: tuple = ()


@dataclass(frozen=True)
class Step:
    """C(kind) is the name of an effect in plugins/modules/galera_recovery.py."""

    kind: str
    words: str

    def sentence(self):
        return self.words


def told(view):
    """What module galera_recovery returns."""
    saved = position.saved(view.state)
    seen = position.view(view.view)
    return {
        "running": view.is_running,
        "unit_active": view.is_up,
        "listens": view.is_listening,
        "data": kind_of(view),
        "uuid": saved.uuid if saved else None,
        "seqno": saved.seqno if saved else position.UNKNOWN,
        "safe_to_bootstrap": saved.is_safe if saved else False,
        "view": {"name": list(seen.name), "own": seen.own, "members": list(seen.members)} if seen else None,
        "trouble": position.trouble(view.log),
        "backup": view.backup,
        "size": view.size,
        "free": view.free,
    }


def kind_of(view):
    """A directory of the system's tables without any is what a member has that takes all data from another one."""
    if view.names is None:
        return MISSING
    if TRANSFER in view.names:
        return PARTIAL
    if view.tables:
        return FILLED
    return PARTIAL if set(view.names) - {TABLES} else EMPTY


def plan(state, view, name, data_path):
    """The steps to a state of the module, in their order."""
    return {SEEN: lambda *_: Plan(), STOPPED: _stop, READ: _read, CHOSEN: _choose}[state](view, name, data_path)


def _stop(view, name, _data_path):
    if not view.is_running and not view.is_up:
        return Plan()
    return Plan((Step("stop", "stop %s" % name),), {"started": True}, {"started": False})


def _read(view, name, data_path):
    _refuse_running(view, name, data_path)
    saved = position.saved(view.state)
    if kind_of(view) != FILLED or saved is None or saved.uuid is None or saved.seqno != position.UNKNOWN:
        return Plan()
    step = Step("read", "let a server recover the position of the data in %s, and note it there" % data_path)
    return Plan((step,), {position.SEQNO: position.UNKNOWN}, {position.SEQNO: "what the server recovers"})


def _choose(view, name, data_path):
    _refuse_running(view, name, data_path)
    if kind_of(view) != FILLED:
        raise Refusal(
            "In %s there is no whole database (it is %s), so no cluster can begin with it. Nothing was changed."
            % (data_path, kind_of(view))
        )
    saved = position.saved(view.state)
    steps, before, after = [], {}, {}
    if not view.backup:
        if view.free < view.size:
            raise Refusal(
                "The data in %s take %s, and only %s are free for the copy of them. Make room, or name another backup_dir. Nothing was "
                "changed."
                % (data_path, in_words(view.size), in_words(view.free))
            )
        steps.append(Step("copy", "copy %s" % data_path))
        before["copy"], after["copy"] = None, data_path
    if saved and not saved.is_safe:
        steps.append(Step("mark", "mark the data as those with which the cluster begins"))
        before[position.SAFE], after[position.SAFE] = 0, 1
    return Plan(tuple(steps), before, after)


def _refuse_running(view, name, data_path):
    """Two servers on the same data would each destroy what the other writes."""
    if view.is_running or view.is_up:
        raise Refusal("The member %s runs, or is about to. Stop it first (state=stopped). Nothing was changed." % name)
    if view.strangers:
        raise Refusal(
            "The container %s runs with the data in %s. Stop it, and run again. Nothing was changed."
            % (", ".join(view.strangers), data_path)
        )
