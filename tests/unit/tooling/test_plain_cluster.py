# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain script of the benchmark asks for what the roles ask for, or the comparison says nothing."""

from __future__ import annotations

import pathlib
import re
import shlex

import contenders
import pytest
import yaml

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
SCRIPT = (CHECKOUT / "benchmarks" / "plain_cluster").read_text(encoding="utf-8")


def said(name):
    value = re.search(r'^%s=("[^"]*"|\S+)$' % name, SCRIPT, re.MULTILINE)[1]
    return shlex.split(value.replace("\\\n", ""))[0]


def read(*path):
    return yaml.safe_load(CHECKOUT.joinpath(*path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("system", contenders.SYSTEMS)
def test_image_heap_limit_and_members_are_those_of_the_role_in_the_lab(system):
    asked = dict(read("roles", system, "defaults", "main.yml"), **read("inventories", "lab", "group_vars", "all.yml"))
    assert said("%s_IMAGE" % system.upper()) == asked["%s_image" % system] == contenders.image(system)
    assert said("%s_HEAP" % system.upper()) == asked["%s_heap" % system]
    assert said("%s_LIMIT" % system.upper()) == str(asked["%s_gate_timeout" % system])
    addresses = {
        host: has["ansible_host"]
        for group in ("swarm_managers", "swarm_workers")
        for host, has in read("inventories", "lab", "hosts.yml")[group]["hosts"].items()
    }
    wanted = [[host, addresses[host], name] for host, name in contenders.cluster_members()[system].items()]
    assert [member.split()[:3] for member in said("%s_MEMBERS" % system.upper()).splitlines()] == wanted


@pytest.mark.parametrize("system", contenders.SYSTEMS)
def test_every_setting_of_the_role_is_in_the_script(system):
    base = read("roles", system, "vars", "main", "settings.yml")["__%s_base" % system]
    assert [key for key in base if not re.search(r"^%s(: |=)" % re.escape(key), SCRIPT, re.MULTILINE)] == []
