# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import check_role_arguments
import pytest


def main_with(**options):
    return {"main": options}


@pytest.mark.parametrize(
    ("defaults", "entry_points"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"a": 1}, main_with(a={"default": 1}), id="same default"),
        pytest.param({"a": "{{ b }}"}, main_with(a={"type": "list", "default": "{{ b }}"}), id="same expression"),
        pytest.param({}, main_with(a={"required": True}), id="required"),
        pytest.param({}, main_with(a={"type": "str"}), id="optional without a default"),
        pytest.param({"a": 1}, {"main": {"a": {"default": 1}}, "verify": {}}, id="verify uses fewer"),
    ],
)
def test_agreement(defaults, entry_points):
    assert check_role_arguments.differences(defaults, entry_points) == []


@pytest.mark.parametrize(
    ("defaults", "entry_points", "words"),
    [
        pytest.param({"a": 1}, main_with(), "does not have it", id="undocumented"),
        pytest.param({"a": 1}, {"verify": {"a": {"default": 1}}}, "the entry point main", id="not in main"),
        pytest.param({"a": 1}, main_with(a={"default": 2}), "but 1 in", id="another value"),
        pytest.param({"a": True}, main_with(a={"default": 1}), "but True in", id="another type"),
        pytest.param({"a": None}, main_with(a={}), "no default in argument_specs.yml", id="default not stated"),
        pytest.param({}, main_with(a={"default": None}), "takes no effect", id="default not set"),
        pytest.param({"a": 1}, main_with(a={"required": True}), "is required", id="required with a default"),
        pytest.param({"a": 1}, {"main": {"a": {"default": 1}}, "verify": {"a": {"default": 2}}}, "verify", id="verify differs"),
    ],
)
def test_difference(defaults, entry_points, words):
    (difference,) = check_role_arguments.differences(defaults, entry_points)
    assert words in difference


def test_role_without_argument_specs(tmp_path):
    (difference,) = check_role_arguments.role_differences(tmp_path)
    assert "describes no entry point" in difference
