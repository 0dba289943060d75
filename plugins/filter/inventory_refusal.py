# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: inventory_refusal
short_description: Say why no Docker Swarm can be made of an inventory
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Looks at nothing but what the inventory says, so that a playbook can refuse before it changes any host.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: Names of the hosts that shall be managers.
    type: list
    elements: str
    required: true
  workers:
    description: Names of the hosts that shall be workers.
    type: list
    elements: str
    required: true
  advertise_addrs:
    description: The address that each host is to advertise, by its name.
    type: dict
  labels:
    description: The labels that each host's node shall have, by its name.
    type: dict
  networks:
    description: What M(quorate.swarm.overlay_networks) would be given as its option C(networks).
    type: list
    elements: dict
"""

EXAMPLES = r"""
- name: Refuse an inventory that cannot work
  ansible.builtin.fail:
    msg: "{{ refusal }}"
  when: refusal | length > 0
  vars:
    refusal: "{{ groups.swarm_managers | quorate.swarm.inventory_refusal(groups.swarm_workers) }}"
"""

RETURN = r"""
_value:
  description: A sentence that says what is wrong and what to do, or an empty text.
  type: str
"""

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.quorate.swarm.plugins.module_utils import cluster
from ansible_collections.quorate.swarm.plugins.module_utils import networks as overlays
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.modules.overlay_networks import ARGUMENTS


def inventory_refusal(managers, workers, advertise_addrs=None, labels=None, networks=()):
    checked = ArgumentSpecValidator(ARGUMENTS).validate({"networks": list(networks)})
    if checked.error_messages:
        return "overlay_networks is invalid: %s." % "; ".join(checked.error_messages)
    try:
        cluster.refuse_invalid(managers, workers, advertise_addrs, labels)
        overlays.refuse_invalid(checked.validated_parameters["networks"])
    except Refusal as exc:
        return str(exc)
    return ""


class FilterModule:
    def filters(self):
        return {"inventory_refusal": inventory_refusal}
