# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  port:
    description: The member's port for clients.
    type: int
    default: 2379
  scheme:
    description: Whether the port speaks TLS.
    type: str
    choices: [http, https]
    default: http
  user:
    description:
      - Name of the user, where the cluster has users (C(etcdctl auth enable)). To change its members it
        needs the role C(root). Needs O(password).
      - A cluster without users is spoken to without one all the same.
    type: str
  password:
    description: The password of O(user).
    type: str
"""
