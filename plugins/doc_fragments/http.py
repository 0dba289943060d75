# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  https_ca_path:
    description:
      - File on the host with the certificate of the authority that signed the member's certificate, for O(scheme=https).
      - Without it those that the host trusts are taken. The engine's is O(ca_path).
    type: path
  https_validate_certs:
    description: Whether the member's certificate is checked, for O(scheme=https).
    type: bool
    default: true
  https_hostname:
    description: Name that the member's certificate must carry. If it is not given, O(address) is taken, and V(localhost) with O(container).
    type: str
  https_client_cert:
    description: File on the host with the certificate that a member which asks its clients for one is shown. Needs O(https_client_key).
    type: path
  https_client_key:
    description: File on the host with the key of O(https_client_cert).
    type: path
"""
