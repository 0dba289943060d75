# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory alone gives away."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.inventory_refusal import FilterModule

refusal = FilterModule().filters()["inventory_refusal"]
MANAGERS, WORKERS = ["m1", "m2", "m3"], ["w4"]


def test_an_inventory_of_which_a_swarm_can_be_made():
    assert refusal(MANAGERS, WORKERS) == ""
    networks = [{"name": "demo", "attachable": "yes", "subnets": [{"subnet": "10.20.0.0/24"}]}, {"name": "old", "state": "absent"}]
    settings = {"autolock": "yes", "labels": {"site": "north"}, "external_cas": [{"url": "https://ca"}], "log_driver": None}
    assert refusal(MANAGERS, [], {"m1": "10.0.0.1", "m2": ""}, {"m1": {"disk": "ssd"}, "m2": {}}, networks, settings) == ""


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"managers": []}, "group of managers is empty"),
        ({"workers": ["w4", "m1"]}, "m1 is in the group of managers and in the group of workers"),
        ({"advertise_addrs": {"m1": "10.0.0.1", "w4": "10.0.0.1"}}, "m1, w4 are to advertise the same address"),
        ({"labels": {"w4": {"not valid": "x"}}}, "The label 'not valid' of node w4 is invalid"),
        ({"networks": [{"name": "a b"}]}, "The network name 'a b' is invalid"),
        ({"networks": [{"name": "demo"}, {"name": "demo"}]}, "The network demo is listed twice"),
        (
            {"networks": [{"name": n, "subnets": [{"subnet": s}]} for n, s in (("a", "10.20.0.0/24"), ("b", "10.20.0.128/25"))]},
            "network a",
        ),
        ({"networks": [{"name": "demo", "colour": "blue"}]}, "overlay_networks is invalid: "),
        ({"networks": [{"name": "demo", "mtu": "wide"}]}, "overlay_networks is invalid: "),
        ({"settings": {"autlock": True}}, "swarm_settings is invalid: autlock. Supported parameters include: "),
        ({"settings": {"log_driver": {"name": "local", "opts": {}}}}, "swarm_settings is invalid: log_driver.opts. Supported"),
        ({"settings": {"rotate_ca": True}}, "swarm_settings is invalid: rotate_ca. Supported"),
        ({"settings": {"data_path_port": 4790}}, "swarm_settings is invalid: data_path_port. Supported"),
        ({"settings": {"snapshot_interval": "often"}}, "swarm_settings is invalid: "),
        ({"settings": {"node_cert_expiry": "soon"}}, "The node_cert_expiry 'soon' is no duration"),
        ({"settings": {"labels": {"": "x"}}}, "of the swarm is invalid"),
    ],
)
def test_an_inventory_of_which_none_can_be_made(options, sentence):
    assert sentence in refusal(**dict({"managers": MANAGERS, "workers": WORKERS}, **options))
