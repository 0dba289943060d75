# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  container:
    description:
      - Name of the member's container on this host. Its port is reached from within its network, so it need not be published, and the image
        needs no tools. This takes root on the host, and the engine's own socket as O(docker_host).
      - V(127.0.0.1) is asked first, and where the port is closed there, the container's addresses in its networks.
      - One of O(container) and O(address) is needed.
    type: str
  address:
    description:
      - Address or host name at which the member is reached from this host. No engine is asked, and the host needs no Docker SDK.
      - One of O(container) and O(address) is needed.
    type: str
  request_timeout:
    description: Seconds until a connection must be taken, and until a request must be answered.
    type: int
    default: 10
"""
