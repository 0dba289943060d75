# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three members on the network of their hosts, beside those on the overlay, with ports of their own."""

from __future__ import annotations

import json

import pytest

PLAYBOOK = "playbooks/zookeeper.yml"
PORT = 2191
MEMBERS = {"node2": 12, "node3": 13, "node4": 14}
VARIABLES = {
    "zookeeper_group": "zookeeper_on_hosts", "zookeeper_model": "host", "zookeeper_directory": "/srv/zookeeper-on-hosts",
    "zookeeper_publish_address": "0.0.0.0", "zookeeper_client_port": PORT, "zookeeper_peer_port": 2898, "zookeeper_election_port": 3898,
}


@pytest.fixture(scope="module")
def words(clusters_with):
    group = {"hosts": {host: {"zookeeper_id": number} for host, number in MEMBERS.items()}}
    return (*clusters_with({"zookeeper_on_hosts": group}), "-e", json.dumps(VARIABLES))


@pytest.fixture(scope="module", autouse=True)
def formed(play_clusters, words):
    play_clusters.ok(PLAYBOOK, *words)


def test_one_leads_and_two_follow(zookeeper):
    assert sorted(zookeeper.modes(MEMBERS, PORT).values()) == ["follower", "follower", "leader"]


def test_what_is_written_through_one_member_is_read_on_every_other(zookeeper):
    zookeeper.put("node2", "/fruit", "medlar", PORT)
    assert {host: zookeeper.get(host, "/fruit", PORT) for host in MEMBERS} == dict.fromkeys(MEMBERS, "medlar")


def test_a_second_run_changes_nothing_and_check_mode_says_so(play_clusters, words):
    assert "Nothing would change." in play_clusters.ok(PLAYBOOK, "--check", *words)
    assert "Nothing changed." in play_clusters.ok(PLAYBOOK, *words)


@pytest.mark.parametrize(
    "variables", [{"zookeeper_client_port": 2192}, {"zookeeper_election_port": 3899}], ids=["client", "election"]
)
def test_a_port_that_the_servers_would_not_take_is_refused_and_nothing_is_changed(play_clusters, words, variables):
    told = play_clusters.refused(PLAYBOOK, *words, "-e", json.dumps(variables))
    assert "knows zoo12 with the ports 2898, 3898, 2191 (peers, elections, clients), and" in told and "Nothing was changed." in told


def test_an_address_at_which_clients_would_not_be_kept_to_is_refused(play_clusters, words):
    told = play_clusters.refused(PLAYBOOK, *words, "-e", "zookeeper_publish_address=127.0.0.1")
    assert "listens for clients at all addresses of it, on port 2191" in told


def test_a_port_that_somebody_else_has_is_refused_and_nothing_is_changed(play_clusters, clusters_with):
    group = {"hosts": {host: {"zookeeper_id": number + 10} for host, number in MEMBERS.items()}}
    told = play_clusters.refused(
        PLAYBOOK, *clusters_with({"zookeeper_on_hosts": group}), "-e", json.dumps(dict(VARIABLES, zookeeper_directory="/srv/other"))
    )
    assert "Port 2191/tcp of this host is taken by" in told and "Nothing was changed." in told
