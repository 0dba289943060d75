# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What health modules have in common: one look, or a wait with a limit."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import health
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, QuorateError, TimeLimitExceeded

CONDITIONS = {"answers": ("it answered", lambda state: True), "warm": ("it was warm", lambda state: state["degrees"] > 30)}


def watch(*answers, wait_for=None, wait_timeout=0, container=None, wait_ends=0):
    """Each look takes the next answer; the last one stays."""
    left = list(answers)

    def read():
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, str):
            raise NoAnswer(answer, ended=answer.partition(" at ")[2] or None)
        return {"degrees": answer}

    params = {"wait_for": wait_for, "wait_timeout": wait_timeout, "container": container, "wait_ends": wait_ends}
    return health.watch(read, params, CONDITIONS, lambda state: "%d degrees" % state["degrees"])


@pytest.mark.parametrize(
    "answer, facts",
    [
        (20, {"reachable": True, "met": True, "state": {"degrees": 20}, "error": None}),
        ("nothing listens", {"reachable": False, "met": False, "state": None, "error": "nothing listens"}),
    ],
)
@pytest.mark.parametrize("wait_timeout", [0, 60])
def test_a_look_takes_no_time_and_fails_for_nothing(clock, answer, facts, wait_timeout):
    outcome = watch(answer, 40, wait_timeout=wait_timeout)
    assert (outcome.changed, outcome.facts, clock.now) == (False, facts, 0)


@pytest.mark.parametrize(
    "answers, wait_for, degrees",
    [
        ((40,), "warm", 40),
        (("closed", 10, 20, 31), "warm", 31),
        ((10, "closed", 40), "warm", 40),
        (("closed", "closed", 10), "answers", 10),
    ],
)
def test_a_condition_is_waited_for(clock, answers, wait_for, degrees):
    facts = watch(*answers, wait_for=wait_for, wait_timeout=60).facts
    assert (facts["state"], facts["met"], facts["error"]) == ({"degrees": degrees}, True, None)
    assert clock.now < 60


@pytest.mark.parametrize(
    "answer, container, sentence, reachable",
    [
        (20, None, "Waited 60 s until it was warm; seen last: 20 degrees.", True),
        ("closed", "oven", "Waited 60 s until it was warm; seen last: closed. Read 'docker logs oven' on this host.", False),
    ],
)
def test_what_was_seen_last_is_told(clock, answer, container, sentence, reachable):
    with pytest.raises(TimeLimitExceeded) as failure:
        watch(answer, wait_for="warm", wait_timeout=60, container=container)
    assert str(failure.value) == sentence
    assert (failure.value.facts["reachable"], failure.value.facts["met"], clock.now) == (reachable, False, 60)


def test_a_condition_without_a_limit_is_looked_at_once(clock):
    with pytest.raises(TimeLimitExceeded, match="Waited 0 s until it was warm; seen last: 20 degrees"):
        watch(20, 40, wait_for="warm")
    assert clock.now == 0


@pytest.mark.parametrize(
    "answers, wait_ends, ends",
    [
        (("ended at 1", "ended at 1", "closed", "ended at 2", 20, "ended at 3", 40), 3, 3),
        (("ended at 1", 40), 1, 1),
    ],
)
def test_a_container_that_does_not_stay_up_is_not_waited_for_to_the_end(clock, answers, wait_ends, ends):
    with pytest.raises(QuorateError, match="^oven was seen to end %d times before it was warm; last: ended at" % ends):
        watch(*answers, wait_for="warm", wait_timeout=60, wait_ends=wait_ends, container="oven")
    assert clock.now < 60


@pytest.mark.parametrize(
    "answers, wait_ends",
    [
        (("ended at 1", "ended at 1", 40), 2),
        (("closed", "closed", "closed", 40), 2),
        (("ended at 1", "ended at 2", 40), 0),
    ],
)
def test_a_container_that_stays_up_in_the_end_is_waited_for(clock, answers, wait_ends):
    assert watch(*answers, wait_for="warm", wait_timeout=60, wait_ends=wait_ends, container="oven").facts["met"]
