# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that need no second look: whatever the module would do or refuse must be noticed."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import views
from ansible_collections.quorate.swarm.plugins.test.networks_as_wanted import TestModule as Plugin

as_wanted = Plugin().tests()["networks_as_wanted"]
OVERLAY = {
    "Id": "n1",
    "Name": "demo",
    "Driver": "overlay",
    "Scope": "swarm",
    "Attachable": True,
    "Options": {"encrypted": "", "com.docker.network.driver.overlay.vxlanid_list": "4097"},
    "IPAM": {"Config": [{"Subnet": "10.20.0.0/24", "Gateway": "10.20.0.1"}]},
    "Labels": {"kept": "1"},
}
SEEN = [views.network(OVERLAY)]
DEMO = {"name": "demo", "attachable": True, "encrypted": True}


@pytest.mark.parametrize(
    "wishes",
    [
        [],
        [DEMO],
        [{"name": "demo"}],
        [dict(DEMO, attachable="yes")],
        [dict(DEMO, subnets=[{"subnet": "10.20.0.0/24"}])],
        [dict(DEMO, labels={"kept": 1})],
    ],
)
def test_what_agrees(wishes):
    assert as_wanted(SEEN, wishes)


@pytest.mark.parametrize(
    "wishes",
    [
        [dict(DEMO, name="other")],
        [DEMO, {"name": "other"}],
        [dict(DEMO, encrypted=False)],
        [dict(DEMO, mtu=1400)],
        [dict(DEMO, subnets=[{"subnet": "10.21.0.0/24"}])],
        [dict(DEMO, labels={"kept": "2"})],
        [dict(DEMO, ingress=True, attachable=False)],
        [{"name": "demo", "state": "absent"}],
        [{"name": "other", "state": "absent"}],
        [DEMO, DEMO],
        [dict(DEMO, colour="blue")],
        [dict(DEMO, mtu="wide")],
    ],
)
def test_what_differs_or_is_refused_needs_the_module(wishes):
    assert not as_wanted(SEEN, wishes)


def test_two_networks_of_one_name_need_the_module():
    assert not as_wanted(SEEN + [dict(SEEN[0], network_id="n2")], [DEMO])
