# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused of a cluster that is there, in a sentence and before anything is changed."""

from __future__ import annotations

import contextlib
import json

import pytest

PLAYBOOK = "playbooks/galera.yml"
MEMBERS = {"node1": "galera-node1", "node2": "galera-node2", "node3": "galera-node3"}
DATA = "/srv/galera/data"
SETTING = ("-e", json.dumps({"galera_settings": {"max_connections": 120}}))
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def play(play_clusters):
    return play_clusters


@pytest.fixture(scope="module", autouse=True)
def whole(play, galera):
    """As the tests of the cluster leave it, also where these are run alone."""
    play.ok(PLAYBOOK, *SETTING)
    yield
    galera.wait_until_whole(MEMBERS)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


def end(lab, host):
    """Not cleanly, so that it still knows whom it was with."""
    lab.sh(host, "docker kill %s; systemctl stop quorate-member@%s" % ((MEMBERS[host],) * 2))


@contextlib.contextmanager
def stopped(lab, host):
    """Its member, while something is done to its data; afterwards they are what they were, and it runs again."""
    end(lab, host)
    lab.sh(host, "cp -a %s %s.own" % (DATA, DATA))
    try:
        yield
    finally:
        end(lab, host)
        lab.sh(host, "rm -rf %s && mv %s.own %s && systemctl start quorate-member@%s" % (DATA, DATA, DATA, MEMBERS[host]))


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"galera_port": 22}, "Port 22/tcp of this host is taken by"),
        ({"galera_health_password": "guessed"}, "wants another user or password"),
        ({"galera_buffer_pool_size": "64G"}, "The member needs 64 GiB, and this host has"),
        ({"galera_cluster_name": "another"}, "name is galera, and shall be another"),
        ({"galera_settings": {"wsrep_cluster_address": "gcomm://"}}, "wsrep_cluster_address (the group says who the members are)"),
        ({"galera_image": "mariadb:10.6"}, "was written by version 10.11, and the image has 10.6"),
        ({"galera_writer": "node4"}, "galera_writer is node4, which is no host of the group"),
    ],
    ids=["port", "password", "memory", "cluster-name", "contradiction", "version", "writer"],
)
def test_bad_input_is_refused_in_a_sentence_and_nothing_is_changed(play, galera, variables, words):
    assert words in play.refused(PLAYBOOK, *SETTING, "-e", json.dumps(variables))
    assert galera.members("node1") == sorted(MEMBERS.values())


def test_the_data_of_another_cluster_are_refused_beside_one_that_serves_and_alone(lab, play, galera):
    with stopped(lab, "node3"):
        lab.sh("node3", "sed -i 's/^uuid: .*/uuid:    11111111-ed15-11f1-9c2e-72eed756da22/' %s/grastate.dat" % DATA)
        assert "to join would destroy it" in play.refused(PLAYBOOK, *SETTING)
        assert "11111111" in lab.sh("node3", "cat %s/grastate.dat" % DATA)
        assert galera.members("node1") == ["galera-node1", "galera-node2"]
    galera.wait_until_whole(MEMBERS)


def test_a_database_that_was_in_no_cluster_is_not_overwritten(lab, play, galera):
    with stopped(lab, "node3"):
        lab.sh("node3", "rm %s/grastate.dat" % DATA)
        assert "On node3 lies a database that was in no cluster" in play.refused(PLAYBOOK, *SETTING)
        assert "ibdata1" in lab.sh("node3", "ls %s" % DATA)
    galera.wait_until_whole(MEMBERS)


def test_empty_volumes_where_data_were_never_form_another_cluster(lab, play, galera):
    with contextlib.ExitStack() as stack:
        for host in MEMBERS:
            stack.enter_context(stopped(lab, host))
        for host in ("node1", "node2"):
            lab.sh(host, "find %s -mindepth 1 -delete" % DATA)
        # One is left that knows: the others could only take its data, and it alone may say that it is the last one.
        told = play.refused(PLAYBOOK, *SETTING, "-e", "galera_start_timeout=30")
        assert "run the playbook quorate.swarm.recover" in told and "form the cluster" not in told
        end(lab, "node3")
        lab.sh("node3", "find %s -mindepth 1 -delete" % DATA)
        assert "none of the hosts has data of it. Put the data back" in play.refused(PLAYBOOK, *SETTING)
        assert [lab.sh(host, "ls %s" % DATA) for host in MEMBERS] == [""] * 3
    # With what they had, they find each other again.
    galera.wait_until_whole(MEMBERS)
