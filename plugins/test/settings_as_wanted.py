# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: settings_as_wanted
short_description: Whether M(quorate.swarm.swarm_settings) would find nothing to do
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Compares the settings that were read already with the wish, so that a run need not ask the managers again where they agree.
  - Runs on the controller and executes nothing.
  - False also where the module would warn or refuse, where something is to be rotated or the unlock key to be told, and where the
    swarm has what is not told because it may be secret, as of external CAs.
options:
  _input:
    description: The C(cluster) that M(quorate.swarm.swarm_info) returned on a manager; none is not as wanted.
    type: dict
    required: true
  settings:
    description: What M(quorate.swarm.swarm_settings) would be given as its options.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Keep fewer ended tasks unless the swarm does so already
  quorate.swarm.swarm_settings:
    task_history_retention_limit: 2
  when: result.cluster is not quorate.swarm.settings_as_wanted(wish)
  vars:
    wish: {task_history_retention_limit: 2}
"""

RETURN = r"""
_value:
  description: Whether all settings that are said are as wanted.
  type: bool
"""

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.quorate.swarm.plugins.module_utils.settings import are_as_wanted
from ansible_collections.quorate.swarm.plugins.modules.swarm_settings import ARGUMENTS


def settings_as_wanted(seen, settings):
    checked = ArgumentSpecValidator(ARGUMENTS).validate(settings)
    return bool(seen) and not checked.error_messages and are_as_wanted(seen, checked.validated_parameters)


class TestModule:
    def tests(self):
        return {"settings_as_wanted": settings_as_wanted}
