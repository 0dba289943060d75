# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: any_origin
short_description: Whether an Elasticsearch with this C(http.cors.allow-origin) answers the web pages of any site
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Tries origins that nobody means, and the one that a page of any site can give itself, V(null).
  - A pattern that is none to Python answers nobody as far as this test knows.
  - Runs on the controller and executes nothing.
options:
  _input:
    description: The setting, V(*), origins with commas between them, or a pattern between slashes.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Allow the pages of one site alone
  ansible.builtin.assert:
    that: elasticsearch_cors_origin is not quorate.swarm.any_origin
"""

RETURN = r"""
_value:
  description: Whether pages of any site are answered.
  type: bool
"""

import re

ANY = "*"
NONE = "null"
TRIED = ("https://any.invalid", "http://any.invalid:8080", "http://192.0.2.1", NONE)


def any_origin(setting):
    setting = str(setting).strip()
    if not re.fullmatch("/.*/", setting, re.DOTALL):
        return setting == ANY or NONE in [origin.strip() for origin in setting.split(",")]
    try:
        pattern = re.compile(setting[1:-1])
    except re.error:
        return False
    return any(pattern.fullmatch(origin) for origin in TRIED)


class TestModule:
    def tests(self):
        return {"any_origin": any_origin}
