# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels as a wish says them: which ones are invalid, and what they come to beside those that are there. No I/O."""

from __future__ import annotations

import re

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

LABEL_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?")


def refuse_invalid(wish, owner):
    """Refuse labels that C(owner), as it is called in a sentence, cannot have."""
    for key, value in (wish["labels"] or {}).items():
        if not LABEL_KEY.fullmatch(key):
            raise Refusal(
                "The label %r of %s is invalid: a key begins and ends with a letter or digit and has only letters, "
                "digits, '.', '_', '-' and '/' between." % (key, owner)
            )
        if isinstance(value, (dict, list)):
            raise Refusal("The label %s of %s has no plain text as its value." % (key, owner))
    both = sorted(set(wish["labels"] or ()) & set(wish["labels_to_remove"] or ()))
    if both:
        raise Refusal(
            "The label %s of %s is to be set and to be removed; take it out of labels or of labels_to_remove."
            % (", ".join(both), owner)
        )


def merged(current, wish, labels_state):
    """What the labels C(current) become."""
    labels = {} if labels_state == "replace" and wish["labels"] is not None else dict(current)
    labels.update({key: label_value(value) for key, value in (wish["labels"] or {}).items()})
    for key in wish["labels_to_remove"] or ():
        labels.pop(key, None)
    return labels


def label_value(value):
    """Labels are text; YAML's booleans and nulls become what a person would have typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
