# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a decision comes to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Plan:
    """Steps, which tell themselves with C(sentence()), in their order; and what differs, by name, before and after them."""

    steps: tuple = ()
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    warnings: tuple = ()

    def followed_by(self, other):
        """What was first before, and is last after them."""
        return Plan(
            self.steps + other.steps, dict(other.before, **self.before), dict(self.after, **other.after), self.warnings + other.warnings
        )
