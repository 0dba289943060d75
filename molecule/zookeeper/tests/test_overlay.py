# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three members on the overlay, one a host: what a user sees of the ensemble, and what a change does to it."""

from __future__ import annotations

import json
import time

import pytest

PLAYBOOK = "playbooks/zookeeper.yml"
MEMBERS = {"node1": "zoo1", "node2": "zoo2", "node3": "zoo3"}
# From the test that rolls it on, so that no later one has to take it back.
SETTING = ("-e", json.dumps({"zookeeper_settings": {"maxClientCnxns": 100}}))


@pytest.fixture(scope="session")
def play(play_clusters):
    return play_clusters


def test_one_leads_and_two_follow(zookeeper):
    assert sorted(zookeeper.modes(MEMBERS).values()) == ["follower", "follower", "leader"]


def test_check_mode_says_that_nothing_would_change(play):
    assert "Nothing would change." in play.ok(PLAYBOOK, "--check")


def test_what_is_written_through_one_member_is_read_on_every_other(zookeeper):
    zookeeper.put("node1", "/fruit", "quince")
    assert {host: zookeeper.get(host, "/fruit") for host in MEMBERS} == dict.fromkeys(MEMBERS, "quince")


def test_verify_tells_the_ensemble(play):
    assert "leads 3 members" in " ".join(play.ok("playbooks/verify.yml", "--tags", "zookeeper").split())


def test_only_the_clients_port_is_published(lab):
    assert lab.sh("node2", "docker port zoo2").split() == ["2181/tcp", "->", "10.10.10.76:2181"]


def test_the_superusers_password_is_in_one_file_that_the_member_alone_reads(lab, checkout):
    password = (checkout / ".lab" / "zookeeper_password").read_text().strip()
    assert lab.sh("node1", "stat -c '%a %u' /srv/zookeeper/zoo1/conf/super.options") == "400 1000"
    shown = "docker inspect zoo1; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' '"
    told = lab.sh("node1", shown)
    assert "zoo1" in told and "superDigest" not in told and password not in told
    # The server is told a digest, so that even who reads the file cannot be the superuser.
    assert password not in lab.sh("node1", "find /srv/zookeeper -type f -path '*/conf/*' -exec cat {} +")


@pytest.mark.long
def test_a_group_in_another_order_changes_nothing(play, clusters_with):
    reordered = clusters_with({"zookeeper_reordered": {"hosts": dict.fromkeys(reversed(MEMBERS))}})
    assert "Nothing would change." in play.ok(PLAYBOOK, "--check", *reordered, "-e", "zookeeper_group=zookeeper_reordered")


def test_a_setting_is_rolled_under_load_and_goes_on_after_the_leader_and_the_run_were_killed(lab, play, zookeeper, load, waited):
    leader = zookeeper.leader(MEMBERS)
    followers = [host for host in MEMBERS if host != leader]
    told = " ".join(play.ok(PLAYBOOK, "--check", *SETTING).split())
    assert "replace %s, then %s; leader %s last" % (*(MEMBERS[host] for host in followers), MEMBERS[leader]) in told

    def kill_both(process):
        play.kill(process)
        lab.sh(leader, "docker kill %s" % MEMBERS[leader])

    with load("zookeeper", 30, MEMBERS) as client:
        # One is replaced and all serve: with the leader two are left, which is a majority.
        play.at("See that they have one leader", kill_both, PLAYBOOK, *SETTING)
        # The others elect a leader meanwhile.
        play.ok(PLAYBOOK, *SETTING)
    assert not client.lost
    waited(client)
    for host in MEMBERS:
        assert "maxClientCnxns=100" in zookeeper.ask(host, "conf").splitlines(), host
    zookeeper.assert_there("node1", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
def test_engines_are_restarted_one_after_the_other_while_the_ensemble_is_whole(lab, play, zookeeper, load, unfinished):
    for host in MEMBERS:
        unfinished(host)
    lab.sh("node1", "systemctl stop quorate-member@zoo1")
    try:
        words = ("--tags", "docker_engine", "-e", "zookeeper_gate_timeout=10")
        begun = lab.sh("node2", "systemctl show -p ActiveEnterTimestamp docker")
        assert "zoo1" in play.refused("playbooks/site.yml", *words)
        assert lab.sh("node2", "systemctl show -p ActiveEnterTimestamp docker") == begun
    finally:
        lab.sh("node1", "systemctl start quorate-member@zoo1")
    zookeeper.wait_until_whole(MEMBERS)
    with load("zookeeper", 60, MEMBERS) as client:
        told = play.ok("playbooks/site.yml", "--tags", "docker_engine")
    assert told.count("[quorate.swarm.zookeeper : Wait until every member serves]") == 4
    assert not client.lost
    assert lab.sh("node2", "systemctl show -p ActiveEnterTimestamp docker") != begun
    zookeeper.assert_there("node1", client)


@pytest.mark.long
def test_a_member_is_added_and_removed_under_load(lab, play, zookeeper, load, clusters_with):
    four = clusters_with({"zookeeper": {"hosts": {"node4": {"zookeeper_id": 4}}}})
    without = clusters_with({"zookeeper": {"hosts": {"node4": {"zookeeper_id": 4, "zookeeper_state": "absent"}}}})
    with load("zookeeper", 30, MEMBERS) as client:
        told = " ".join(play.ok(PLAYBOOK, *SETTING, *four).split())
        assert "add zoo4" in told and "Take an odd number" in told
        assert sorted(zookeeper.modes((*MEMBERS, "node4")).values()) == ["follower"] * 3 + ["leader"]
        assert "server.4=" in zookeeper.get("node1", "/zookeeper/config")
        assert zookeeper.get("node4", "/fruit") == "quince"
        assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *four)
        assert "remove zoo4" in " ".join(play.ok(PLAYBOOK, *SETTING, *without).split())
    assert not client.lost
    assert "server.4=" not in zookeeper.get("node1", "/zookeeper/config")
    assert lab.sh("node4", "docker ps -aq -f name=zoo4") == ""
    assert "version-2" in lab.sh("node4", "ls /srv/zookeeper/zoo4/data")
    zookeeper.assert_there("node1", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *without)
    delete = ("-e", json.dumps({"zookeeper_delete": ["zoo4"]}))
    play.ok(PLAYBOOK, *SETTING, *without, *delete)
    assert lab.sh("node4", "find /srv/zookeeper -name 'data*'") == ""
    assert "version-2" in lab.sh("node1", "ls /srv/zookeeper/zoo1/data")
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *without, *delete)


@pytest.mark.long
@pytest.mark.parametrize("hosts", [["node1", "node2"], list(MEMBERS)], ids=["two", "all"])
def test_members_whose_containers_are_gone_are_made_anew_on_their_data(lab, play, zookeeper, load, hosts):
    with load("zookeeper", 60, MEMBERS) as client:
        time.sleep(5)
    for host in hosts:
        lab.sh(host, "systemctl stop quorate-member@%s && docker rm -f %s" % (MEMBERS[host], MEMBERS[host]))
    # What a removal would take away as well; the server knows its membership from the role alone then.
    lab.sh(hosts[0], "rm -r /srv/zookeeper/%s/conf" % MEMBERS[hosts[0]])
    told = " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert "start %s, side by side" % ", ".join(MEMBERS[host] for host in hosts) in told
    assert sorted(zookeeper.modes(MEMBERS).values()) == ["follower", "follower", "leader"]
    zookeeper.assert_there("node1", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
def test_members_serve_again_with_their_data_once_swarm_and_overlay_were_made_anew(lab, play, swarm, zookeeper):
    zookeeper.put("node1", "/anew", "quince")
    # One is stopped; those that run are cut off from each other.
    lab.sh("node2", "systemctl stop quorate-member@zoo2")
    play.ok("playbooks/reset.yml", "-e", "swarm_reset_cluster_id=%s" % swarm.cluster_id())
    play.ok("playbooks/site.yml", "--tags", "swarm,overlay")
    told = " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert "start zoo2, side by side" in told and "replace zoo1, zoo3 at once, since they serve nobody" in told
    assert zookeeper.get("node3", "/anew") == "quince"
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
def test_nothing_acknowledged_is_lost_when_all_hosts_lose_their_power(lab, play, zookeeper, load, swarm):
    with load("zookeeper", 600, MEMBERS) as client:
        lab("power-off", *MEMBERS, "node4")
        lab("power-on", *MEMBERS, "node4")
        swarm.wait_until_ready()
        zookeeper.wait_until_whole(MEMBERS, limit=300)
    zookeeper.assert_there("node1", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)
