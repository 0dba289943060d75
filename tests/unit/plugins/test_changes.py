# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told at the end of a run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible import context
from ansible_collections.quorate.swarm.plugins.callback.changes import CallbackModule


def result(task, host, changed):
    return SimpleNamespace(
        is_changed=lambda: changed,
        _task=SimpleNamespace(get_name=lambda: task),
        _host=SimpleNamespace(get_name=lambda: host),
    )


@pytest.mark.parametrize(
    "results, lost, check_mode, lines",
    [
        pytest.param([("Join", "node2", False)], {}, False, ["Nothing changed."], id="nothing"),
        pytest.param([("Join", "node2", False)], {}, True, ["Nothing would change."], id="nothing, in check mode"),
        pytest.param(
            [("Join", "node3", True), ("Join", "node2", True), ("Join", "node2", True), ("Label", "node1", True), ("Read", "node1", False)],
            {},
            False,
            ["Changed:", "  Join: node2, node3", "  Label: node1"],
            id="by task, each host once",
        ),
        pytest.param([("Join", "node2", True)], {}, True, ["Would change:", "  Join: node2"], id="in check mode"),
        pytest.param(
            [("Join", "node2", True)],
            {"failures": {"node3": 1}, "dark": {"node1": 1}},
            False,
            ["Changed:", "  Join: node2", "Not complete on: node1, node3"],
            id="hosts that failed or could not be reached",
        ),
    ],
)
def test_the_last_lines(monkeypatch, results, lost, check_mode, lines):
    monkeypatch.setattr(context, "CLIARGS", {"check": check_mode})
    callback, displayed = CallbackModule(), []
    callback._display = SimpleNamespace(display=displayed.append)
    for told in results:
        callback.v2_runner_on_ok(result(*told))
    callback.v2_playbook_on_stats(SimpleNamespace(**dict({"failures": {}, "dark": {}}, **lost)))
    assert displayed == lines
