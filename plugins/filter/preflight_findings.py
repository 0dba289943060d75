# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: preflight_findings
short_description: Say what speaks against making a Docker Swarm of hosts
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Judges what M(quorate.swarm.host_preflight) returned on all hosts.
  - What would keep a host out of the swarm, or the swarm from working, is a refusal where it concerns a host that is in no swarm yet.
    All else is a warning, and what cannot be known is not said.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: For each host that answered, what the module returned.
    type: dict
    required: true
  planned:
    description: What P(quorate.swarm.preflight_calls#filter) returned.
    type: dict
    required: true
  second:
    description: What the module returned on the hosts of RV(_value) C(again).
    type: dict
  complete:
    description: Whether all hosts of the swarm-to-be answered. If not, there may be a swarm that has its subnets already.
    type: bool
    default: true
  networks:
    description: What M(quorate.swarm.overlay_networks) would be given as its option C(networks).
    type: list
    elements: dict
  default_addr_pool:
    description: The swarm's address pools. None means 10.0.0.0/8.
    type: list
    elements: str
  subnet_size:
    description: Prefix length of the subnets taken from the pools.
    type: int
    default: 24
  clock_warning:
    description: Seconds by which clocks may differ without a word.
    type: float
    default: 5
  clock_refusal:
    description: Seconds by which clocks may differ at all.
    type: float
    default: 60
  opened:
    description: Hosts whose firewall is opened next in the same run. That their ports are closed is only a warning then.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Refuse hosts of which no swarm can be made
  ansible.builtin.fail:
    msg: "{{ found.refusals | join(' ') }}"
  when: found.refusals | length > 0
  vars:
    found: "{{ looks | quorate.swarm.preflight_findings(planned) }}"
"""

RETURN = r"""
_value:
  description:
    - C(refusals) and C(warnings), sentences; C(closed), the hosts that are refused for closed ports; and C(again), by host the options for
      a second run of the module. It is empty unless some of the hosts are in a swarm and some are not.
  type: dict
"""

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.quorate.swarm.plugins.module_utils import preflight
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.modules.overlay_networks import ARGUMENTS


def preflight_findings(
    looks, planned, second=None, complete=True, networks=(), default_addr_pool=(), subnet_size=24, clock_warning=5, clock_refusal=60,
    opened=(),
):
    checked = ArgumentSpecValidator(ARGUMENTS).validate({"networks": list(networks)})
    if checked.error_messages:
        return refused("overlay_networks is invalid: %s." % "; ".join(checked.error_messages))
    try:
        return preflight.judge(
            answered(looks),
            answered(second or {}),
            planned,
            checked.validated_parameters["networks"],
            complete,
            default_addr_pool or (),
            int(subnet_size),
            float(clock_warning),
            float(clock_refusal),
            opened or (),
        )
    except Refusal as exc:
        return refused(str(exc))


def answered(looks):
    """Without the hosts that were left out."""
    return {host: look for host, look in looks.items() if "controller_clock" in look}


def refused(sentence):
    return {"refusals": [sentence], "warnings": [], "closed": [], "again": {}}


class FilterModule:
    def filters(self):
        return {"preflight_findings": preflight_findings}
