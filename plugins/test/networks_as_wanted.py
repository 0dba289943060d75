# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: networks_as_wanted
short_description: Whether M(quorate.swarm.overlay_networks) would find nothing to do
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Compares the networks that were read already with the wish, so that a run need not ask the managers again where they agree.
  - Runs on the controller and executes nothing.
  - False also where the module would refuse, and where a network shall be absent; the module looks closer.
options:
  _input:
    description: The C(networks) that M(quorate.swarm.swarm_info) returned on a manager.
    type: list
    elements: dict
    required: true
  networks:
    description: What M(quorate.swarm.overlay_networks) would be given as its option C(networks).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Create the network unless it is there
  quorate.swarm.overlay_networks:
    networks: "{{ wish }}"
  when: result.networks is not quorate.swarm.networks_as_wanted(wish)
  vars:
    wish:
      - {name: demo, attachable: true}
"""

RETURN = r"""
_value:
  description: Whether all listed networks are as wanted.
  type: bool
"""

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.quorate.swarm.plugins.module_utils.networks import are_as_wanted
from ansible_collections.quorate.swarm.plugins.modules.overlay_networks import ARGUMENTS


def networks_as_wanted(seen, networks):
    checked = ArgumentSpecValidator(ARGUMENTS).validate({"networks": networks})
    return not checked.error_messages and are_as_wanted(seen, checked.validated_parameters["networks"])


class TestModule:
    def tests(self):
        return {"networks_as_wanted": networks_as_wanted}
