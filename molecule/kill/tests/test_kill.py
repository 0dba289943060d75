# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed: the next one goes on from whatever they left, and from what still goes on on the hosts."""

from __future__ import annotations

import pytest

SITE = "playbooks/site.yml"

pytestmark = pytest.mark.usefixtures("whole_hosts")


def runs(lab, host, program):
    """Whether a program runs on a host; it does not end with the run that started it."""
    return lambda: lab.host(host).run("pgrep -x %s" % program).rc == 0


def test_killed_while_it_installs_an_engine(lab, watched, swarm, mend):
    """On a member of the swarm, whose state outlives the package; the next run meets the package manager still at work."""
    before = swarm.cluster_id()
    lab.sh("node4", "systemctl stop docker docker.socket; apt-get purge --yes docker.io")
    watched.killed("Install the engine where there is none", runs(lab, "node4", "dpkg"), "node4 unpacked packages", SITE)
    mend(before)


def test_killed_while_it_creates_the_swarm(lab, watched, swarm, mend):
    """The swarm is there, and the tokens that its creation told are lost."""

    def created():
        return lab.swarm("node1")["LocalNodeState"] == "active"

    swarm.take_apart()
    watched.killed("TASK [quorate.swarm.swarm : Create the swarm]", created, "node1 had a swarm", SITE)
    mend(swarm.cluster_id())


def test_killed_while_it_makes_an_overlay(lab, watched, swarm, mend):
    before = swarm.cluster_id()
    lab.sh("node1", "docker network rm demo")
    lab.wait_for(lambda: lab.host("node1").run("docker network inspect demo").rc != 0, "the overlay was gone")
    moment = "TASK [quorate.swarm.overlay : Create, compare and remove the overlay networks]"
    watched.killed(moment, runs(lab, "node1", "python3"), "node1 was at work on the overlay", SITE)
    mend(before)
