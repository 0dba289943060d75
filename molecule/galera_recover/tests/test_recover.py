# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Galera cluster of which no member serves any more: one command brings it back, with every row that was acknowledged."""

from __future__ import annotations

import contextlib
import json

import pytest

PLAYBOOK = "playbooks/galera.yml"
RECOVER = "playbooks/recover.yml"
MEMBERS = {"node1": "galera-node1", "node2": "galera-node2", "node3": "galera-node3"}
DATA, BACKUPS, CONFIG = "/srv/galera/data", "/srv/galera/backups", "/srv/galera/config/galera.cnf"
# Names that nobody has, as those of tasks that were rescheduled.
UNUSABLE = "gcomm://mysql-galera.1,mysql-galera.2,mysql-galera.1"


@pytest.fixture(scope="session")
def play(play_clusters):
    return play_clusters


class Cluster:
    """The members, and what happens to them."""

    def __init__(self, lab, galera, swarm):
        self._lab = lab
        self._galera = galera
        self._swarm = swarm

    def uuid(self, host="node1"):
        return self._galera.status(host)["wsrep_cluster_state_uuid"]

    def end(self, *hosts):
        """Not cleanly, and not started again."""
        for host in hosts:
            self._lab.sh(host, "systemctl stop --no-block quorate-member@%s; docker kill %s || true" % ((MEMBERS[host],) * 2))
        for host in hosts:
            self._lab.sh(host, "systemctl stop quorate-member@%s" % MEMBERS[host])

    def lose_view(self, *hosts):
        """Whom they were with, so that they cannot find each other by themselves."""
        for host in hosts:
            self._lab.sh(host, "rm -f %s/gvwstate.dat" % DATA)

    def lose_power(self):
        self._lab("power-off", *MEMBERS, "node4")
        self._lab("power-on", *MEMBERS, "node4")
        self._swarm.wait_until_ready()

    def log(self, host, lines=200):
        return self._lab.sh(host, "docker logs --tail %d %s 2>&1" % (lines, MEMBERS[host]))

    def copies(self):
        found = {host: self._lab.sh(host, "ls %s 2>/dev/null || true" % BACKUPS).split() for host in MEMBERS}
        return [(host, name) for host, names in found.items() for name in names]

    def is_stopped(self, host):
        """Not one that systemd is about to start again."""
        state = self._lab.sh(host, "systemctl show --property ActiveState --value quorate-member@%s" % MEMBERS[host])
        return state in ("inactive", "failed")


@pytest.fixture(scope="module")
def cluster(lab, galera, swarm):
    return Cluster(lab, galera, swarm)


@pytest.fixture(autouse=True)
def whole(lab, play, galera, cluster):
    """Each test begins with a whole cluster, and ends with the same one, whole."""
    galera.wait_until_whole(MEMBERS)
    uuid = cluster.uuid()
    yield
    galera.wait_until_whole(MEMBERS)
    assert {cluster.uuid(host) for host in MEMBERS} == {uuid}
    addresses = {lab.sh(host, "grep ^wsrep_cluster_address= %s" % CONFIG) for host in MEMBERS}
    assert addresses == {"wsrep_cluster_address=gcomm://galera-node1,galera-node2,galera-node3"}


def words(told):
    return " ".join(told.split())


def test_a_cluster_that_serves_needs_no_recovery(play, cluster):
    before = cluster.copies()
    told = play.ok(RECOVER)
    assert "in the primary component of cluster %s: there is nothing to recover" % cluster.uuid() in words(told)
    assert "Nothing changed." in told
    assert cluster.copies() == before


def test_the_articles_failure_is_seen_and_one_command_heals_it(lab, play, galera, load, cluster):
    """All members are killed and all hosts lose their power, and no address in the members' lists is usable afterwards."""
    with load("galera", 1200, MEMBERS) as client:
        cluster.end(*MEMBERS)
        for host in MEMBERS:
            lab.sh(host, "sed -i 's|^wsrep_cluster_address=.*|wsrep_cluster_address=%s|' %s" % (UNUSABLE, CONFIG))
        cluster.lose_power()
        for host in MEMBERS:
            lab.wait_for(lambda host=host: "131: No address to connect" in cluster.log(host), "the log of %s had the line" % host, 300)
        told = words(play.ok(RECOVER, "--check"))
        assert "the log of galera-node1 on node1 says 131, no address to connect: no usable address was left" in told
        assert "(nobody knew mysql-galera.1, mysql-galera.2)" in told
        told = words(play.ok(RECOVER))
        assert "galera-node1 is as far as" in told or "is ahead of all others" in told
        galera.wait_until_whole(MEMBERS)
    assert not client.lost
    for host in MEMBERS:
        galera.assert_there(host, client)
    assert "there is nothing to recover" in words(play.ok(RECOVER))
    assert "Nothing changed." in play.ok(PLAYBOOK)


def test_after_a_power_cut_without_evidence_the_site_names_the_command_and_the_one_that_is_ahead_is_begun_with(
    lab, play, galera, load, cluster
):
    """node1 is away first, then node3 leaves, and node2 alone takes what is written last. Who left claims to be safe to begin with."""
    before = cluster.copies()
    cluster.end("node1")
    with load("galera", 30, ["node2", "node3"]) as earlier:
        lab.wait_for(lambda: len(earlier.acknowledged) > 20, "rows were written")
    lab.sh("node3", "systemctl stop quorate-member@galera-node3")
    with load("galera", 1200, ["node2"]) as client:
        # It begins with the same ones, which are there already.
        lab.wait_for(lambda: len(client.acknowledged) > len(earlier.acknowledged) + 20, "node2 alone took rows")
        cluster.end("node2")
        cluster.lose_view(*MEMBERS)
        lab.sh("node1", "sed -i 's/^safe_to_bootstrap: 0/safe_to_bootstrap: 1/' %s/grastate.dat" % DATA)
        cluster.lose_power()
        told = play.refused(PLAYBOOK, "-e", "galera_start_timeout=60")
        assert "Which of them has all that was acknowledged is not to be guessed: run the playbook quorate.swarm.recover" in told
        state = lab.sh("node2", "cat %s/grastate.dat" % DATA)
        told = words(play.ok(RECOVER, "--check"))
        assert "stop galera-node1, galera-node2, galera-node3" in told and "110, timed out: it found no member" in told
        assert state == lab.sh("node2", "cat %s/grastate.dat" % DATA) and not cluster.is_stopped("node2")
        told = words(play.ok(RECOVER))
        assert "galera-node2 is ahead of all others" in told
        galera.wait_until_whole(MEMBERS)
    assert not client.lost
    for host in MEMBERS:
        galera.assert_there(host, client)
    made = [copy for copy in cluster.copies() if copy not in before]
    assert [host for host, _name in made] == ["node2"]
    assert lab.sh("node2", "stat -c '%%a %%U' %s %s/%s" % (BACKUPS, BACKUPS, made[0][1])).splitlines() == ["700 root"] * 2
    assert "%s/%s on node2" % (BACKUPS, made[0][1]) in told
    play.ok("playbooks/verify.yml", "--tags", "galera")


def test_members_that_are_left_without_a_majority_are_told_that_they_have_one(lab, play, galera, load, cluster):
    before = cluster.copies()
    with load("galera", 600, ["node3"]) as client:
        cluster.end("node1", "node2")
        lab.wait_for(lambda: "non-Primary" in lab.sh("node3", ASK), "galera-node3 had no majority")
        told = words(play.ok(RECOVER))
        assert "so galera-node3 is told that it is the primary component (pc.bootstrap)" in told
        galera.wait_until_whole(MEMBERS)
    assert not client.lost
    galera.assert_there("node1", client)
    assert cluster.copies() == before


ASK = (
    "docker exec galera-node3 sh -c 'MYSQL_PWD=$(cat /etc/mysql/secrets/root.password) mariadb -uroot -N -e "
    '"SHOW GLOBAL STATUS LIKE \\"wsrep_cluster_status\\""\''
)


@pytest.mark.long
def test_a_host_that_does_not_answer_is_not_absent_until_it_is_said_so(lab, play, galera, load, cluster):
    without = ("-e", json.dumps({"galera_recover_without": ["node3"]}))
    with load("galera", 900, ["node1", "node2"]) as client:
        cluster.end(*MEMBERS)
        assert "node3 answers, so what is on the disk there is not gone" in play.refused(RECOVER, *without)
        lab("power-off", "node3")
        assert "node3 does not answer, and unreachable is not absent" in play.refused(RECOVER)
        told = words(play.ok(RECOVER, *without))
        assert "node3 is left out, since galera_recover_without says so" in told
        assert galera.members("node1") == ["galera-node1", "galera-node2"]
        lab("power-on", "node3")
        # It comes back by itself, since the others serve.
        galera.wait_until_whole(MEMBERS, limit=600)
    assert not client.lost
    galera.assert_there("node3", client)
    play.ok(PLAYBOOK)


@pytest.mark.long
def test_data_of_two_clusters_are_refused_and_a_directory_without_data_is_not_chosen(lab, play, galera, cluster):
    other = "11111111-ed15-11f1-9c2e-72eed756da22"
    uuid = cluster.uuid()
    cluster.end(*MEMBERS)
    cluster.lose_view(*MEMBERS)
    lab.sh("node3", "cp -a %s/grastate.dat /root/ && sed -i 's/^uuid: .*/uuid:    %s/' %s/grastate.dat" % (DATA, other, DATA))
    told = play.refused(RECOVER)
    assert "The data are of 2 clusters: %s on node1, node2; %s on node3" % (uuid, other) in told
    lab.sh("node3", "cp -a /root/grastate.dat %s/" % DATA)
    lab.sh("node1", "mv %s %s.own && install -d -o 999 -m 750 %s" % ((DATA,) * 3))
    told = words(play.ok(RECOVER))
    assert "galera-node1 none, the data directory is empty" in told
    lab.sh("node1", "rm -r %s.own" % DATA)


@pytest.mark.long
def test_members_that_can_find_each_other_are_given_the_time_to(lab, play, galera, cluster):
    before = cluster.copies()
    cluster.end(*MEMBERS)
    told = words(play.ok(RECOVER))
    assert "start galera-node1, galera-node2, galera-node3 as on any day" in told
    galera.wait_until_whole(MEMBERS)
    assert cluster.copies() == before


# Where the run is killed: a line of it, and what must be so on the hosts by then.
MOMENTS = {
    "while it stops members": ("Stop members that are in no primary component", lambda lab, cluster: cluster.is_stopped("node1")),
    "after the copy": ("Copy the data of the one that is ahead", lambda lab, cluster: has_whole_copy(cluster)),
    "after the mark": ("Let it form the cluster alone", None),
    "after the first one was started": ("Wait until it serves", None),
    "between joins": ("Start the member of node3", None),
}


def has_whole_copy(cluster):
    return any(host == "node1" and not name.endswith(".part") for host, name in cluster.copies())


@pytest.mark.long
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_was_killed_is_gone_on_with(lab, play, galera, load, cluster, moment):
    line, is_so = MOMENTS[moment]
    for host in MEMBERS:
        lab.sh(host, "rm -rf %s" % BACKUPS)
    with load("galera", 1200, MEMBERS) as client:
        cluster.end(*MEMBERS)
        cluster.lose_view(*MEMBERS)
        for host in MEMBERS:
            lab.sh(host, "systemctl start quorate-member@%s" % MEMBERS[host])

        def kill(process):
            with contextlib.suppress(AssertionError):
                if is_so:
                    lab.wait_for(lambda: is_so(lab, cluster), moment, 60)
            play.kill(process)

        assert "PLAY RECAP" not in play.at(line, kill, RECOVER)
        play.ok(RECOVER)
        galera.wait_until_whole(MEMBERS)
    assert not client.lost
    for host in MEMBERS:
        galera.assert_there(host, client)
    # As many as a run that is not killed makes, and nothing half made.
    assert [(host, name.startswith("data-")) for host, name in cluster.copies()] == [("node1", True)]
    assert not cluster.copies()[0][1].endswith(".part")
    assert "there is nothing to recover" in words(play.ok(RECOVER))
