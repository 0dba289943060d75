# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles make of their users' variables, as Ansible's own templates work it out."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = pathlib.Path(__file__).resolve().parents[3] / "roles"


def trusted(value):
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value


def worked_out(role, name, **variables):
    """A variable of a role on a host that has these variables, which take the place of the role's own."""
    known = {}
    for directory in ("defaults", "vars"):
        known.update(yaml.safe_load((ROLES / role / directory / "main.yml").read_text(encoding="utf-8")))
    known = trusted({"groups": {}, "inventory_hostname": "node1", **known, **variables})
    return Templar(DataLoader(), variables=known).template(known[name])


# overlay

SECRET = {"name": "secret", "attachable": True, "encrypted": True}
INNER = {"name": "inner", "encrypted": True}
OPEN = {"name": "open", "attachable": True}


@pytest.mark.parametrize(
    "networks, proves",
    [
        ([SECRET], True),
        ([OPEN, SECRET], True),
        ([], False),
        ([OPEN], False),
        ([INNER, OPEN], False),
        ([dict(SECRET, encrypted=False)], False),
        ([dict(SECRET, state="absent"), OPEN], False),
    ],
)
def test_verify_says_where_no_encrypted_packet_crossed(networks, proves):
    told = worked_out("overlay", "__overlay_unproved", overlay_networks=networks)
    assert (told == "") is proves
    assert proves or "Not proved: that encrypted packets (IP protocol 50, ESP) cross between the hosts" in told
