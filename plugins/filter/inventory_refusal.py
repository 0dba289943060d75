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
  settings:
    description: The settings of the whole swarm, options of M(quorate.swarm.swarm_settings) that are neither an action nor fixed for
      its life.
    type: dict
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
from ansible_collections.quorate.swarm.plugins.module_utils import settings as swarm_wide
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.swarm_spec import LABEL_OPTIONS, PATHS
from ansible_collections.quorate.swarm.plugins.modules import overlay_networks, swarm_settings

SETTINGS = {option: swarm_settings.ARGUMENTS[option] for option in (*PATHS, *LABEL_OPTIONS)}
UNSAID_SETTINGS = ArgumentSpecValidator(swarm_settings.ARGUMENTS).validate({}).validated_parameters


def inventory_refusal(managers, workers, advertise_addrs=None, labels=None, networks=(), settings=None):
    try:
        wanted_networks = checked("overlay_networks", overlay_networks.ARGUMENTS, {"networks": list(networks)})
        wanted_settings = checked("swarm_settings", SETTINGS, settings or {})
        cluster.refuse_invalid(managers, workers, advertise_addrs, labels)
        overlays.refuse_invalid(wanted_networks["networks"])
        swarm_wide.refuse_invalid(dict(UNSAID_SETTINGS, **wanted_settings))
    except Refusal as exc:
        return str(exc)
    return ""


def checked(variable, arguments, given):
    """What was given, as the module with these arguments would take it."""
    found = ArgumentSpecValidator(arguments).validate(given)
    if found.error_messages:
        raise Refusal("%s is invalid: %s." % (variable, "; ".join(found.error_messages).rstrip(".")))
    return found.validated_parameters


class FilterModule:
    def filters(self):
        return {"inventory_refusal": inventory_refusal}
