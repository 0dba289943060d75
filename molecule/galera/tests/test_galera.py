# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three members on the overlay, one a host: what a user sees of the cluster, and what a change does to it."""

from __future__ import annotations

import json

import pytest

PLAYBOOK = "playbooks/galera.yml"
MEMBERS = {"node1": "galera-node1", "node2": "galera-node2", "node3": "galera-node3"}
DATA = "/srv/galera/data"
# What a member says of itself that takes all data.
NOTHING = "Local state: 00000000-0000-0000-0000-000000000000:-1"
# From the test that rolls it on, so that no later one has to take it back.
SETTING = ("-e", json.dumps({"galera_settings": {"max_connections": 120}}))


@pytest.fixture(scope="session")
def play(play_clusters):
    return play_clusters


def log(lab, host, words):
    """Lines of the member's log since its last start."""
    since = lab.sh(host, "docker inspect --format '{{.State.StartedAt}}' %s" % MEMBERS[host])
    return lab.sh(host, "docker logs --since %s %s 2>&1 | grep -E '%s' || true" % (since, MEMBERS[host], words))


def test_three_members_are_one_cluster_that_the_first_has_formed(lab, galera):
    told = [galera.status(host) for host in MEMBERS]
    assert len({said["wsrep_cluster_state_uuid"] for said in told}) == 1
    assert {said["wsrep_cluster_size"] for said in told} == {"3"}
    assert galera.members("node2") == sorted(MEMBERS.values())
    for host in MEMBERS:
        # The full list everywhere by now; the first one was formed with an empty one, and the others never had that.
        config = lab.sh(host, "cat /srv/galera/config/galera.cnf")
        assert "wsrep_cluster_address=gcomm://galera-node1,galera-node2,galera-node3" in config.splitlines()
        formed = lab.sh(host, "docker logs %s 2>&1 | grep -c 'bootstrapping new group' || true" % MEMBERS[host])
        assert (host, formed) == (host, "1" if host == "node1" else "0")
    # They took all data from another member, and made none themselves.
    assert "The database is made" in lab.sh("node1", "docker logs galera-node1 2>&1")
    assert "The database is made" not in lab.sh("node2", "docker logs galera-node2 2>&1")


def test_check_mode_says_that_nothing_would_change(play):
    assert "Nothing would change." in play.ok(PLAYBOOK, "--check")


def test_what_is_written_through_one_member_is_read_on_every_other(galera):
    galera.sql("node1", "CREATE TABLE fruit (name VARCHAR(20) PRIMARY KEY)")
    galera.sql("node1", "INSERT INTO fruit VALUES ('quince')")
    galera.sql("node3", "INSERT INTO fruit VALUES ('medlar')")
    assert {host: galera.sql(host, "SELECT name FROM fruit") for host in MEMBERS} == dict.fromkeys(MEMBERS, [["medlar"], ["quince"]])


def test_verify_tells_the_cluster(play):
    told = " ".join(play.ok("playbooks/verify.yml", "--tags", "galera").split())
    assert "Galera galera has galera-node1, galera-node2, galera-node3, all synced" in told


def test_only_the_clients_port_is_published(lab):
    assert lab.sh("node2", "docker port galera-node2").split() == ["3306/tcp", "->", "10.10.10.76:3306"]


def test_passwords_are_in_files_that_the_member_alone_reads(lab, play, checkout):
    passwords = [(checkout / ".lab" / ("galera_%spassword" % kind)).read_text().strip() for kind in ("root_", "health_", "")]
    for host in ("node1", "node2"):
        secrets = "/srv/galera/config/secrets"
        assert lab.sh(host, "stat -c '%%a %%u %%n' %s/*" % secrets).splitlines() == [
            "400 999 %s/root.password" % secrets, "400 999 %s/users.sql" % secrets,
        ]
        shown = "docker inspect %s; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' '; docker logs %s 2>&1"
        told = lab.sh(host, shown % ((MEMBERS[host],) * 2)) + lab.sh(host, "journalctl --no-pager; cat /srv/galera/config/galera.cnf")
        assert MEMBERS[host] in told and not [password for password in passwords if password in told]
    told = play.ok(PLAYBOOK, "-vvv", "--diff", "--check", *SETTING)
    assert not [password for password in passwords if password in told]


def test_root_comes_from_within_the_member_alone(galera):
    assert galera.sql("node1", "SELECT CURRENT_USER()") == [["load@%"]]
    with pytest.raises(AssertionError, match="denied|not allowed"):
        galera.sql("node1", "SELECT user FROM mysql.user")


def test_a_setting_is_rolled_under_load_and_goes_on_after_the_member_and_the_run_were_killed(lab, play, galera, load):
    writer = ("-e", "galera_writer=node1")
    told = " ".join(play.ok(PLAYBOOK, "--check", *SETTING, *writer).split())
    assert "replace galera-node2, then galera-node3; leader galera-node1 last" in told

    def is_made_anew():
        running = lab.sh("node2", "docker inspect --format '{{.State.Running}}' galera-node2 || true") == "true"
        return running and "max_connections=120" in lab.sh("node2", "cat /srv/galera/config/galera.cnf").splitlines()

    def kill_both(process):
        lab.wait_for(is_made_anew, "the first member was made anew")
        play.kill(process)
        lab.sh("node2", "docker kill galera-node2")

    with load("galera", 30, MEMBERS) as client:
        play.at("Make the member as wanted", kill_both, PLAYBOOK, *SETTING, *writer)
        play.ok(PLAYBOOK, *SETTING, *writer)
    assert not client.lost
    for host in MEMBERS:
        assert galera.sql(host, "SELECT @@max_connections") == [[120]], host
    galera.assert_there("node3", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *writer)


@pytest.mark.long
def test_who_was_away_for_a_while_takes_what_it_missed_and_who_lost_its_data_takes_all(lab, play, galera, load):
    with load("galera", 30, ["node1", "node2"]) as client:
        lab.sh("node3", "docker kill galera-node3")
        galera.wait_until_whole(MEMBERS)
    # Not cleanly ended: it comes back by itself with the position that its own start has recovered.
    told = log(lab, "node3", "Receiving IST:|Local state:|quorate:")
    assert "quorate: the position of the data is" in told and "Receiving IST:" in told and NOTHING not in told
    lab.sh("node3", "systemctl stop quorate-member@galera-node3 && find %s -mindepth 1 -delete" % DATA)
    with load("galera", 30, ["node1", "node2"]) as client:
        assert "bring back galera-node3" in " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert not client.lost
    assert NOTHING in log(lab, "node3", "Local state:")
    galera.assert_there("node3", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
def test_a_member_is_added_and_removed_under_load(lab, play, galera, load, clusters_with):
    four = clusters_with({"galera": {"hosts": {"node4": {}}}})
    without = clusters_with({"galera": {"hosts": {"node4": {"galera_state": "absent"}}}})
    with load("galera", 30, MEMBERS) as client:
        told = " ".join(play.ok(PLAYBOOK, *SETTING, *four).split())
        assert "add galera-node4" in told and "Take an odd number" in told
        assert galera.members("node1") == sorted([*MEMBERS.values(), "galera-node4"])
        assert "galera-node4" in lab.sh("node1", "grep ^wsrep_cluster_address /srv/galera/config/galera.cnf")
        assert galera.sql("node4", "SELECT name FROM fruit") == [["medlar"], ["quince"]]
        assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *four)
        assert "remove galera-node4" in " ".join(play.ok(PLAYBOOK, *SETTING, *without).split())
    assert not client.lost
    assert galera.members("node1") == sorted(MEMBERS.values())
    assert lab.sh("node4", "docker ps -aq -f name=galera-node4") == ""
    assert "ibdata1" in lab.sh("node4", "ls %s" % DATA).split()
    galera.assert_there("node1", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *without)


@pytest.mark.long
def test_three_become_one_and_three_again(lab, play, galera, load, clusters_with):
    one = clusters_with({"galera": {"hosts": {host: {"galera_state": "absent"} for host in ("node2", "node3")}}})
    with load("galera", 30, ["node1"]) as client:
        assert "remove galera-node2, then galera-node3" in " ".join(play.ok(PLAYBOOK, *SETTING, *one).split())
        assert galera.members("node1") == ["galera-node1"]
    assert not client.lost
    # The only one comes back by itself, however it ended: nobody is ahead of it.
    for end in ("docker kill galera-node1", "docker stop galera-node1"):
        lab.sh("node1", end)
        galera.wait_until_whole(["node1"])
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *one)
    with load("galera", 30, ["node1"]) as client:
        assert "add galera-node2, then galera-node3" in " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert not client.lost
    galera.assert_there("node3", client)


@pytest.mark.long
def test_nothing_acknowledged_is_lost_when_all_hosts_lose_their_power(lab, play, galera, load, swarm):
    with load("galera", 900, MEMBERS) as client:
        lab("power-off", *MEMBERS, "node4")
        lab("power-on", *MEMBERS, "node4")
        swarm.wait_until_ready()
        # By themselves, without a run: each knows whom it was with, and waits for all of them.
        galera.wait_until_whole(MEMBERS, limit=600)
    for host in MEMBERS:
        galera.assert_there(host, client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)
