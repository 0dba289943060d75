# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against making a swarm of these hosts, or against adding them to one, with all of them in view. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import (
    preflight_calls,
    preflight_clocks,
    preflight_identity,
    preflight_kernel,
    preflight_ports,
    preflight_subnets,
)
from ansible_collections.quorate.swarm.plugins.module_utils.finding import Finding, names


def judge(looks, second_looks, planned, networks, complete, pools=(), subnet_size=24, clock_warning=5.0, clock_refusal=60.0, opened=()):
    """Refusals and warnings as sentences, the hosts that are refused for closed ports, and the options of those that must call once more.

    C(looks) are the hosts that answered, C(complete) whether those are all hosts of the inventory. A swarm that may be there
    already has its subnets, so these refuse nothing then.
    """
    formed = not complete or any(look["member"] is not False for look in looks.values())
    found = [
        *preflight_identity.findings(looks),
        *preflight_clocks.findings(looks, clock_warning, clock_refusal),
        *preflight_kernel.findings(looks),
        *preflight_subnets.findings(looks, networks, pools, subnet_size, formed),
        *preflight_ports.findings(looks, preflight_calls.packet_sizes(networks), opened),
        *preflight_ports.findings(second_looks, preflight_calls.packet_sizes(networks), opened),
        *limits(looks, planned),
    ]
    return {
        "refusals": unique(finding.sentence for finding in found if finding.refuses),
        "warnings": unique(finding.sentence for finding in found if not finding.refuses),
        "closed": unique(finding.closed for finding in found if finding.closed),
        "again": preflight_calls.again(looks, planned),
    }


def limits(looks, planned):
    """What could not be looked at, where it would have mattered."""
    hidden = [host for host, look in looks.items() if look["member"] is None]
    if hidden:
        yield Finding(
            "Whether %s in a swarm cannot be seen without root, or because the engine does not answer, so ports were not tested there. Let "
            "Ansible become root (ansible_become), and see that 'docker info' answers."
            % ("%s is" % hidden[0] if len(hidden) == 1 else "%s are" % names(hidden))
        )
    outside = [host for host, look in looks.items() if look["member"] is False]
    uncalled = [host for host, options in planned.items() if not options["callers"]]
    if outside and len(planned) > 1 and len(uncalled) == len(planned):
        yield Finding(
            "The ports between the hosts were not tested: the hosts cannot do it side by side, or no address of theirs is known. Give "
            "Ansible --forks %d or more, and each host an IPv4 address in swarm_advertise_addr." % len(planned)
        )
    elif outside and len(planned) > 1 and uncalled:
        yield Finding(
            "Whether the ports of %s are open was not seen: no IPv4 address is known by which others reach it. Say it in "
            "swarm_advertise_addr." % names(uncalled)
        )
    for host in outside:
        taken = looks[host]["taken"]
        if taken:
            yield Finding(
                "Something else than a swarm's engine listens on %s of %s, so the host may not be able to join. 'ss -lntup' shows what "
                "it is: stop it there, or give it another port."
                % (names(taken), host)
            )


def unique(sentences):
    return list(dict.fromkeys(sentences))
