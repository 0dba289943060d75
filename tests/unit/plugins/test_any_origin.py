# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings let the web pages of any site ask an Elasticsearch."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.test.any_origin import TestModule as Plugin

any_origin = Plugin().tests()["any_origin"]


@pytest.mark.parametrize(
    "setting", ["*", "/.*/", r"/https?:\/\/.*/", "/.+/", r"/https?:\/\/[^:]+(:[0-9]+)?/", "null", "https://a.example, null", "/null|x/"]
)
def test_any_site(setting):
    assert any_origin(setting)


@pytest.mark.parametrize(
    "setting",
    [
        "", "https://a.example", "https://a.example,https://b.example", r"/https?:\/\/localhost(:[0-9]+)?/",
        r"/https:\/\/.*\.a\.example/", "//", "/", "/(/", "https://*",
    ],
)
def test_some_sites(setting):
    assert not any_origin(setting)
