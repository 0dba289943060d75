# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options are those of community.docker, so that one module_defaults serves both."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible.module_utils.basic import env_fallback
from ansible_collections.community.docker.plugins.doc_fragments.docker import ModuleDocFragment as TheirFragment
from ansible_collections.quorate.swarm.plugins.doc_fragments.connection import ModuleDocFragment as OurFragment
from ansible_collections.quorate.swarm.plugins.module_utils.frame import connection_arguments

THEIRS = yaml.safe_load(TheirFragment.DOCUMENTATION)["options"]
OURS = yaml.safe_load(OurFragment.DOCUMENTATION)["options"]
NOT_TAKEN_OVER = {"debug"}


def described(option):
    """What a fragment says of an option, apart from its wording."""
    return {
        "type": option["type"],
        "default": option.get("default"),
        "aliases": sorted(option.get("aliases", [])),
        "environment": set(re.findall(r"E\((\w+)\)", str(option["description"]))),
    }


def test_the_same_options():
    assert set(OURS) == set(THEIRS) - NOT_TAKEN_OVER


@pytest.mark.parametrize("name", OURS)
def test_each_option_is_described_alike(name):
    assert described(OURS[name]) == described(THEIRS[name])


@pytest.mark.parametrize("name", OURS)
def test_each_option_is_as_described(name):
    argument = connection_arguments()[name]
    fallback = argument.get("fallback", (env_fallback, []))
    expected = described(OURS[name])
    # read by the engine client, with a file name for each option
    expected["environment"] -= {"DOCKER_CERT_PATH"}
    assert fallback[0] is env_fallback
    assert expected == {
        "type": argument["type"],
        "default": argument.get("default"),
        "aliases": sorted(argument.get("aliases", [])),
        "environment": set(fallback[1]),
    }


def test_no_argument_without_description():
    assert set(connection_arguments()) == set(OURS)
