# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the health modules have in common: they look at a member once, or until a condition holds, and tell what they saw last."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, QuorateError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import look_until


def health_arguments(conditions):
    """Options of the doc fragment quorate.swarm.health, and C(wait_for), which each system documents with its conditions."""
    return {
        "wait_for": {"type": "str", "choices": list(conditions)},
        "wait_timeout": {"type": "int", "default": 0},
        "wait_ends": {"type": "int", "default": 0},
    }


def watch(read, params, conditions, describe):
    """The outcome of a look at C(read()), a member's state, which raises NoAnswer where there is none to be had.

    A wrong password is no state of the member, so a look fails for it. A wait does not: a member that starts may not know its users yet.

    C(conditions) holds by name what is waited for in words, and a function of the state. C(describe(state)) says it in words.
    """
    wanted = params["wait_for"]
    goal, holds = conditions[wanted] if wanted else (None, lambda state: True)
    ends = set()

    def observe():
        try:
            return read(), None
        except NoAnswer as exc:
            if exc.denied and not wanted:
                raise Refusal("%s. Without the right ones nobody can tell how it stands." % exc) from exc
            ends.update({exc.ended} - {None})
            return None, str(exc)

    def is_met(seen):
        return seen[0] is not None and bool(holds(seen[0]))

    def is_given_up():
        return 0 < params["wait_ends"] <= len(ends)

    seen = look_until(observe, lambda seen: is_met(seen) or is_given_up(), params["wait_timeout"] if wanted else 0)
    state, error = seen
    facts = {"reachable": state is not None, "met": is_met(seen), "state": state, "error": error}
    if wanted and not facts["met"]:
        last = "%s.%s" % (describe(state) if state is not None else error, _advice(params))
        if is_given_up():
            raise QuorateError("%s was seen to end %d times before %s; last: %s" % (params["container"], len(ends), goal, last), **facts)
        raise TimeLimitExceeded("Waited %d s until %s; seen last: %s" % (params["wait_timeout"], goal, last), **facts)
    return Outcome(facts=facts)


def _advice(params):
    return " Read 'docker logs %s' on this host." % params["container"] if params["container"] else ""
