# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses containers cannot be given."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.static_address_refusals import static_address_refusals

HALF = {"subnet": "172.28.0.0/16", "gateway": "172.28.0.1", "iprange": "172.28.0.0/17"}
UPPER = {"subnet": "172.28.0.0/16", "ip_range": "172.28.0.0/17", "gateway": "172.28.255.1", "aux_addresses": {"printer": "172.28.200.9"}}


@pytest.mark.parametrize(
    "address, pools, sentence",
    [
        ("172.28.200.1", [HALF], None),
        ("172.28.200.1", [{"subnet": "fd00::/64"}, {"subnet": "10.0.0.0/24"}, HALF], None),
        ("172.28.5.1", [{"subnet": "172.28.0.0/16"}], None),
        # Somebody else made the network.
        ("192.168.7.1", [], None),
        ("192.168.7.1", None, None),
        ("172.29.200.1", [HALF], "lies outside of 172.28.0.0/16, the subnet of the network demo. Choose one inside"),
        ("172.28.5.1", [HALF], "is in 172.28.0.0/17, the range from which the engine gives away addresses of the network demo"),
        ("172.28.0.1", [HALF], "is the gateway of the network demo. Choose another one"),
        ("172.28.0.1", [{"subnet": "172.28.0.0/16"}], "is the gateway of the network demo"),
        ("172.28.255.1", [UPPER], "is the gateway of the network demo"),
        ("172.28.255.255", [HALF], "is the first or last address of the subnet"),
        ("172.28.200.9", [UPPER], "is among aux_addresses of the network demo"),
        ("zoo1", [], "is no address of IPv4"),
    ],
)
def test_addresses_that_cannot_be_had(address, pools, sentence):
    told = static_address_refusals({"node1": address}, pools, "demo")
    assert [text.startswith("%s of node1 %s" % (address, sentence)) for text in told] == [True] * bool(sentence), told
