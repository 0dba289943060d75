# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""After each fault one more run ends in one swarm of all four hosts, with the ClusterID that it had."""

from __future__ import annotations

SITE = "playbooks/site.yml"
JOIN = "TASK [quorate.swarm.swarm : Join the swarm, all hosts side by side]"
NODES = "TASK [quorate.swarm.swarm : Set the role, availability and labels of all nodes]"


def test_a_play_killed_twice_while_it_forms_the_swarm(lab, watched, swarm, mend):
    """As it joins hosts, and as it labels nodes; "kill" has other moments."""

    def at_work(host):
        return lambda: lab.host(host).run("pgrep -x python3").rc == 0

    swarm.take_apart()
    watched.killed(JOIN, at_work("node2"), "node2 was at work to join", SITE)
    created = swarm.cluster_id()
    watched.killed(NODES, at_work("node1"), "node1 was at work on the nodes", SITE)
    mend(created)


def test_the_leader_loses_its_power_during_the_play(lab, watched, swarm, mend):
    before, leader = swarm.cluster_id(), swarm.leader()
    lab.sh("node1", "docker node update --label-rm lab node4")
    try:
        watched.at(NODES, lambda process: lab("power-off", leader), SITE)
    finally:
        lab("power-on", leader)
    mend(before)


def test_a_second_swarm_planted_on_one_host_is_refused_by_name(lab, play, swarm, addresses, mend):
    before = swarm.cluster_id()
    lab.sh("node4", "docker swarm leave && docker swarm init --advertise-addr %s" % addresses["node4"])
    planted = swarm.cluster_id("node4")
    told = play.refused(SITE)
    assert "The hosts are in 2 swarms" in told
    assert "%s with node4" % planted in told and "%s with node1, node2, node3" % before in told
    assert swarm.cluster_id("node4") == planted, "a refusal changes nothing"
    lab.sh("node4", "docker swarm leave --force")
    mend(before)
