# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that lose the network while a run acts on them, and get it back."""

from __future__ import annotations

import json

import pytest

SITE = "playbooks/site.yml"
NODES = "TASK [quorate.swarm.swarm : Set the role, availability and labels of all nodes]"

pytestmark = pytest.mark.usefixtures("whole_hosts")


def test_the_leader_is_cut_off_in_mid_play(lab, watched, swarm, mend):
    before, leader = swarm.cluster_id(), swarm.leader()
    other = next(host for host in swarm.managers if host != leader)
    lab.sh("node1", "docker node update --label-rm lab node4")
    try:
        watched.at(NODES, lambda process: lab("cut", leader), SITE)
        lab.wait_for(lambda: lab.host(other).run("docker node ls").rc == 0, "the managers that were left had a leader")
        assert swarm.cluster_id(other) == before
    finally:
        lab("heal", leader)
    mend(before)


def test_a_node_is_cut_off_while_it_is_drained(lab, watched, swarm, mend):
    """The run cannot know what goes on there: it says so within its time limit, and the next one ends the drain."""
    before = swarm.cluster_id()
    drain = {"swarm_availability": "{{ 'drain' if inventory_hostname == 'node4' else 'active' }}"}

    def node4():
        return next(node for node in lab.nodes() if node["Description"]["Hostname"] == "node4")

    def tasks():
        return lab.sh("node4", "docker ps --quiet --filter label=com.docker.swarm.service.name=slow")

    def cut(process):
        lab.wait_for(lambda: node4()["Spec"]["Availability"] == "drain", "the drain had begun")
        lab("cut", "node4")

    slow_to_stop = "sh -c 'trap \"sleep 40; exit\" TERM; while :; do sleep 1; done'"
    lab.sh("node1", "docker service create --detach --name slow --mode global --stop-grace-period 90s busybox:1.35 " + slow_to_stop)
    try:
        lab.wait_for(tasks, "the service ran on node4")
        told = watched.at(NODES, cut, SITE, "-e", json.dumps(dict(drain, swarm_drain_timeout=60)))
        assert "of service slow on node4" in told and "Meanwhile node4 went down" in told
        assert node4()["Status"]["State"] == "down"
        lab("heal", "node4")
        mend(before, words=("-e", json.dumps(drain)))
        assert node4()["Spec"]["Availability"] == "drain" and tasks() == ""
    finally:
        lab("heal", "node4")
        lab.sh("node1", "docker service rm slow; docker node update --availability active node4")
