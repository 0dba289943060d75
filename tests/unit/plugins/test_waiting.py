# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every wait has a limit, and says what it waited for."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.errors import TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import LONGEST_PAUSE, wait_until


def wait(condition, limit=10, **options):
    counter = itertools.count(1)
    return wait_until(lambda: next(counter), condition, limit, "the tea was ready", **options)


def test_what_is_so_already_takes_no_time(clock):
    assert wait(lambda seen: True) == 1
    assert clock.now == 0


def test_the_observation_that_ended_the_wait_is_returned(clock):
    assert wait(lambda seen: seen == 4) == 4
    assert 0 < clock.now < 1


@pytest.mark.parametrize("limit", [0, 1, 10])
def test_the_limit_is_kept_and_told(clock, limit):
    with pytest.raises(TimeLimitExceeded) as failure:
        wait(lambda seen: False, limit, describe=lambda seen: "cold water")
    assert str(failure.value) == "Waited %d s until the tea was ready; seen last: cold water." % limit
    assert clock.now == pytest.approx(limit)


def test_pauses_grow_up_to_a_bound(clock):
    pauses = []
    sleep = clock.sleep
    clock.sleep = lambda seconds: (pauses.append(seconds), sleep(seconds))
    with pytest.raises(TimeLimitExceeded):
        wait(lambda seen: False, 60)
    assert pauses[0] < pauses[1] < pauses[2] and max(pauses) == LONGEST_PAUSE
    assert len(pauses) < 60


def test_a_condition_that_comes_true_at_the_limit_counts(clock):
    assert wait(lambda seen: clock.now >= 10) > 1
