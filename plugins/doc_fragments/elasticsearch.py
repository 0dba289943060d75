# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  port:
    description: The member's HTTP port.
    type: int
    default: 9200
  scheme:
    description: Whether the port speaks TLS. Elasticsearch 8 does unless its security was turned off.
    type: str
    choices: [http, https]
    default: http
  user:
    description: Name of the user, where the cluster's security is on. Needs O(password).
    type: str
  password:
    description: The password of O(user).
    type: str
"""
