# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site with all its clusters, as a user runs it."""

from __future__ import annotations

import contextlib

import pytest

SITE = ("site.yml", "-e", "redis_appendfsync=always")
HOSTS = ("node1", "node2", "node3", "node4")
# Whom a client of each system writes to, and what else it is for.
CLIENTS = {
    "elasticsearch": ("node2", "node3", "node4"),
    "zookeeper": ("node1", "node2", "node3"),
    "galera": ("node1", "node2", "node3"),
    "etcd": ("node1", "node2", "node3"),
    "redis": ("node4",),
}
# Longer than the hosts, the swarm and its clusters take to come back.
PATIENCE = 1200


@pytest.fixture(scope="session")
def play(play_clusters):
    return play_clusters


@pytest.fixture
def systems(elasticsearch, zookeeper, galera, etcd, redis):
    return {"elasticsearch": elasticsearch, "zookeeper": zookeeper, "galera": galera, "etcd": etcd, "redis": redis}


def wait_until_whole(systems):
    systems["elasticsearch"].wait_until_green("node1", len(HOSTS), 600)
    systems["redis"].wait_until_it_serves("node4")
    for system in ("zookeeper", "galera", "etcd"):
        systems[system].wait_until_whole(CLIENTS[system], limit=300)


def test_the_site_finds_its_clusters_as_it_made_them(play, systems):
    wait_until_whole(systems)
    assert "Nothing would change." in play.ok(*SITE, "--check", "--diff")
    assert "Nothing changed." in play.ok(*SITE)


def test_every_cluster_is_verified(play):
    told = " ".join(play.ok("playbooks/verify.yml").split())
    for system in CLIENTS:
        assert "quorate.swarm.%s : Verify |" % system in told, system


def test_nothing_acknowledged_is_lost_when_all_hosts_lose_their_power(lab, play, swarm, load, systems):
    with contextlib.ExitStack() as written_to:
        clients = {system: written_to.enter_context(load(system, PATIENCE, list(hosts))) for system, hosts in CLIENTS.items()}
        lab("power-off", *HOSTS)
        lab("power-on", *HOSTS)
        swarm.wait_until_ready()
        done = play.run(*SITE, limit=PATIENCE)
        if done.returncode:
            # Galera, where its members have not found each other by themselves: whose data is the newest, no run guesses.
            assert "quorate.swarm.recover" in done.stdout, done.stdout
            play.ok("playbooks/recover.yml")
            play.ok(*SITE)
        wait_until_whole(systems)
    assert not [system for system, client in clients.items() if client.lost]
    for system, hosts in CLIENTS.items():
        systems[system].assert_there(hosts[-1], clients[system])
    assert "Nothing changed." in play.ok(*SITE)
