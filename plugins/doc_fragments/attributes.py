# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    support: full
    description: Use C(group/quorate.swarm.swarm) in C(module_defaults) to set defaults for this module.
    membership:
      - quorate.swarm.swarm
  check_mode:
    support: full
    description: Can run in check mode and tell what it would change, without changing it.
  diff_mode:
    support: full
    description: Returns what differs when diff mode is on.
  idempotent:
    support: full
    description: When run twice in a row, the second time changes nothing.
"""

    INFO = r"""
options: {}
attributes:
  action_group:
    support: full
    description: Use C(group/quorate.swarm.swarm) in C(module_defaults) to set defaults for this module.
    membership:
      - quorate.swarm.swarm
  check_mode:
    support: full
    description: Changes nothing, in check mode and outside of it.
  diff_mode:
    support: N/A
    description: Changes nothing, so there is no difference to show.
  idempotent:
    support: full
    description: Changes nothing, however often it runs.
"""
