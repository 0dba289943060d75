# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, as sentences for the person who runs the play.

Library code raises these; only frame.py turns them into a failed task.
"""

from __future__ import annotations


class QuorateError(Exception):
    """Base of every error that a module reports. C(facts) become keys of the failed result."""

    def __init__(self, message, **facts):
        super().__init__(message)
        self.facts = facts


class Refusal(QuorateError):
    """The request would break an invariant, or contradicts what was found; nothing was changed."""


class EngineError(QuorateError):
    """The engine could not be reached, or answered a call with an error."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status

    @property
    def may_pass(self):
        """Whether the fault is not the request's; managers without a leader answer so, during an election or for good."""
        return self.status is None or self.status >= 500

    @property
    def is_wrong_key(self):
        """Whether the engine refused an unlock key."""
        return "invalid key" in str(self)

    @property
    def is_unlocked(self):
        """Whether the engine was asked to unlock a manager that is not locked."""
        return "not locked" in str(self)

    @property
    def is_missing(self):
        """Whether what was asked about is not there; engines say so with status 404 or 500, depending on where they miss it."""
        return self.status == 404 or "not found" in str(self)


class TimeLimitExceeded(QuorateError):
    """A bounded wait ended before its condition was met."""


class NoAnswer(QuorateError):
    """A member of a cluster did not answer, or not as one that is ready. To whoever only looks that is an observation.

    C(ended) is when its container ended by itself, where that is why; C(denied) that it serves, and nobody with this user and password.
    """

    def __init__(self, message, ended=None, denied=False):
        super().__init__(message)
        self.ended = ended
        self.denied = denied
