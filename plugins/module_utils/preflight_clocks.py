# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks that do not agree. No I/O.

A member's certificate is valid from one hour before it is made, the swarm's root certificate from a few minutes before.
A host whose clock is behind by more takes them for not yet valid.
"""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.finding import Finding, any_outside

WARN_ABOVE = 5.0
REFUSE_ABOVE = 60.0
ADVICE = (
    "Members of a swarm reject certificates that are not yet valid by their clock. Let a service such as chrony or systemd-timesyncd "
    "keep the time on all hosts ('timedatectl' tells)"
)


def findings(looks, warn_above=WARN_ABOVE, refuse_above=REFUSE_ABOVE):
    offsets = {host: offset(look) for host, look in looks.items()}
    if not offsets:
        return
    reference = max(offsets, key=lambda host: sum(apart(offsets[host], other) <= warn_above for other in offsets.values()))
    for host in offsets:
        seconds = apart(offsets[host], offsets[reference])
        if seconds > warn_above:
            direction = "ahead of" if offsets[host][0] > offsets[reference][1] else "behind"
            yield Finding(
                "The clock of %s is at least %d s %s that of %s. %s." % (host, seconds, direction, reference, ADVICE),
                # Whoever joins gets its certificate from a member, which may be any of the managers.
                seconds > refuse_above and any_outside(looks, looks),
            )


def offset(look):
    """The least and the most by which the host's clock can be ahead of the controller's.

    The controller looked at its clock before the host began and after it had ended. That it takes time in between to reach
    the host makes the span wider, and never a clock wrong.
    """
    host, controller = look["clock"], look["controller_clock"]
    return host["finished"] - controller["after"], host["started"] - controller["before"]


def apart(one, other):
    """By how much two clocks differ at the least."""
    return max(0.0, one[0] - other[1], other[0] - one[1])
