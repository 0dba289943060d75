# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait_timeout:
    description:
      - Seconds until the condition of O(wait_for) must hold. With V(0) the module looks once.
      - Without O(wait_for) the module looks once in any case and fails for nothing that it sees, nor for a member that does not answer, but
        for one that wants another user or password.
    type: int
    default: 0
  wait_ends:
    description:
      - After this number of times that the O(container) was seen to end during the wait the module fails, and does not wait any longer.
      - With V(0) it waits all the same, as for a member that ends until others are there.
    type: int
    default: 0
"""
