# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same ensemble from a compose file, by the compose program of the host's distribution."""

from __future__ import annotations

PORTS = (2181, 2182, 2183)
PROGRAM = "docker-compose -f /srv/zookeeper/docker-compose.yml"


def test_a_compose_program_makes_an_ensemble_of_it(lab, zookeeper):
    lab.sh("node4", "apt-get install -q -y --no-install-recommends docker-compose")
    lab.sh("node4", "%s up -d" % PROGRAM)

    def modes():
        return sorted(zookeeper.modes(["node4"], port)["node4"] for port in PORTS)

    lab.wait_for(lambda: modes() == ["follower", "follower", "leader"], "the ensemble was whole", 180)
    zookeeper.put("node4", "/fruit", "compose", PORTS[0])
    assert [zookeeper.get("node4", "/fruit", port) for port in PORTS] == ["compose"] * 3
    assert lab.sh("node4", "%s ps -q" % PROGRAM).split()
