# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""After each fault one more run ends in one swarm of all four hosts, with the ClusterID that it had."""

from __future__ import annotations

SITE = "playbooks/site.yml"


def test_a_play_killed_twice_while_it_forms_the_swarm(lab, play, swarm):
    swarm.take_apart()
    play.at("Join the swarm", play.kill, SITE)
    created = swarm.cluster_id()
    play.at("Set the role, availability and labels", play.kill, SITE)
    play.ok(SITE)
    swarm.assert_whole(created)


def test_the_first_manager_rebuilt_from_an_empty_disk_joins_and_its_old_entry_goes(lab, play, swarm):
    before = swarm.cluster_id()
    old = lab.swarm("node1")["NodeID"]
    lab("reset", "node1")
    assert lab.swarm("node1")["LocalNodeState"] == "inactive"
    play.ok(SITE)
    swarm.assert_whole(before)
    assert old not in {node["ID"] for node in lab.nodes()}


def test_a_second_swarm_planted_on_one_host_is_refused_by_name(lab, play, swarm, addresses):
    before = swarm.cluster_id()
    lab.sh("node4", "docker swarm leave && docker swarm init --advertise-addr %s" % addresses["node4"])
    planted = swarm.cluster_id("node4")
    told = play.refused(SITE)
    assert "The hosts are in 2 swarms" in told
    assert "%s with node4" % planted in told and "%s with node1, node2, node3" % before in told
    assert swarm.cluster_id("node4") == planted, "a refusal changes nothing"
    lab.sh("node4", "docker swarm leave --force")
    play.ok(SITE)
    swarm.assert_whole(before)
