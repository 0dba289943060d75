# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: zookeeper_digest
short_description: The digest by which ZooKeeper knows a user's password
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Makes of a user's name and password what ZooKeeper keeps in access lists and in C(superDigest). Runs on the controller.
options:
  _input:
    description: The password.
    type: str
    required: true
  user:
    description: Name of the user.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show nobody the result
  ansible.builtin.set_fact:
    digest: "{{ zookeeper_superuser_password | quorate.swarm.zookeeper_digest('super') }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: Name and digest, with a colon between them.
  type: str
  sample: super:xQJmxLMiHGwaqBvst5y6rkB6HQs=
"""

import base64
import hashlib


def zookeeper_digest(password, user):
    told = "%s:%s" % (user, password)
    return "%s:%s" % (user, base64.b64encode(hashlib.sha1(told.encode("utf-8")).digest()).decode("ascii"))


class FilterModule:
    def filters(self):
        return {"zookeeper_digest": zookeeper_digest}
