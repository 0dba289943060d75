# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role takes as swarm_settings, and passes on, is what the module has; all else is refused before anything is changed."""

from __future__ import annotations

import pathlib
import re

import yaml
from ansible_collections.quorate.swarm.plugins.filter.inventory_refusal import SETTINGS

ROLE = pathlib.Path(__file__).resolve().parents[3] / "roles" / "swarm"


def undescribed(options):
    """An argument spec without what is there for readers only."""
    bare = {name: {key: value for key, value in option.items() if key != "description"} for name, option in options.items()}
    for option in bare.values():
        if "options" in option:
            option["options"] = undescribed(option["options"])
    return bare


def test_the_roles_settings_are_the_modules():
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    assert undescribed(specs["main"]["options"]["swarm_settings"]["options"]) == SETTINGS


def test_every_setting_is_passed_on():
    tasks = (ROLE / "tasks" / "settings.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"^ {4}(\w+): \"{{ swarm_settings\.\1 \| default\(omit\) }}\"$", tasks, re.MULTILINE)) == set(SETTINGS)
