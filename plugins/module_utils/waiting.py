# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place where a module waits: always for a named condition, always within a limit."""

from __future__ import annotations

import time

from ansible_collections.quorate.swarm.plugins.module_utils.errors import TimeLimitExceeded

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


def wait_until(observe, condition, limit, goal, describe=str):
    """Call C(observe()) until C(condition(seen)) is true, and return what was seen then.

    Raises TimeLimitExceeded after C(limit) seconds, saying C(goal) and C(describe(seen)) of the last observation.
    """
    seen = look_until(observe, condition, limit)
    if not condition(seen):
        raise TimeLimitExceeded("Waited %d s until %s; seen last: %s." % (limit, goal, describe(seen)))
    return seen


def look_until(observe, condition, limit):
    """Call C(observe()) until C(condition(seen)) is true or C(limit) seconds have passed, and return what was seen last."""
    deadline = time.monotonic() + limit
    step = FIRST_PAUSE
    while True:
        seen = observe()
        left = deadline - time.monotonic()
        if condition(seen) or left <= 0:
            return seen
        time.sleep(min(step, left))
        step = min(step * 1.5, LONGEST_PAUSE)
