# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: changes
type: aggregate
short_description: Say at the end of a run what it changed
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Prints after the recap which task changed which hosts, or that nothing changed.
requirements:
  - Enable it with C(callbacks_enabled = quorate.swarm.changes) in C(ansible.cfg).
"""

from ansible import context
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "quorate.swarm.changes"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._changes = {}

    def v2_runner_on_ok(self, result):
        if result.is_changed():
            self._changes.setdefault(result._task.get_name(), []).append(result._host.get_name())

    def v2_playbook_on_stats(self, stats):
        for sentence in sentences(self._changes, stats, context.CLIARGS.get("check", False)):
            self._display.display(sentence)


def sentences(changes, stats, check_mode):
    """What to print: a line a task that changed something, and the hosts that did not come through."""
    lines = []
    if changes:
        lines.append("Would change:" if check_mode else "Changed:")
        lines += ["  %s: %s" % (task, ", ".join(sorted(set(hosts)))) for task, hosts in changes.items()]
    else:
        lines.append("Nothing would change." if check_mode else "Nothing changed.")
    lost = sorted(set(stats.failures) | set(stats.dark))
    if lost:
        lines.append("Not complete on: %s" % ", ".join(lost))
    return lines
