# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on the hosts of the ensemble on the overlay: data that were lost or are somebody else's, and secrets."""

from __future__ import annotations

import json

import pytest

PLAYBOOK = "playbooks/zookeeper.yml"
MEMBERS = {"node1": "zoo1", "node2": "zoo2", "node3": "zoo3"}
SECRET = "not-to-be-told-9d1f"

pytestmark = pytest.mark.long


def with_settings(**variables):
    """As the tests before have left the ensemble, and with what is said here."""
    return ("-e", json.dumps(dict({"zookeeper_settings": {"maxClientCnxns": 100}}, **variables)))


def test_data_of_another_owner_are_refused_and_nothing_is_changed(lab, play_clusters):
    begun = lab.sh("node2", "docker inspect --format '{{.State.StartedAt}}' zoo2")
    lab.sh("node2", "touch /srv/zookeeper/zoo2/data/foreign; chown 4711 /srv/zookeeper/zoo2/data/foreign")
    try:
        told = play_clusters.refused(PLAYBOOK, *with_settings(zookeeper_heap="129m"))
        assert "/srv/zookeeper/zoo2/data" in told and "4711" in told and "Nothing was changed." in told
        assert lab.sh("node2", "stat -c %u /srv/zookeeper/zoo2/data/foreign") == "4711"
        assert lab.sh("node2", "docker inspect --format '{{.State.StartedAt}}' zoo2") == begun
    finally:
        lab.sh("node2", "rm /srv/zookeeper/zoo2/data/foreign")


def test_a_secret_file_is_for_the_member_alone(lab, play_clusters):
    words = with_settings(zookeeper_secrets={"trust": SECRET})
    told = play_clusters.ok(PLAYBOOK, *words, "--diff", "-vv")
    # What was given with -e is told as such at that verbosity, in the options of the command and nowhere else.
    assert [line for line in told.splitlines() if SECRET in line and not line.startswith(("ansible-playbook", "options"))] == []
    for host, member in MEMBERS.items():
        assert lab.sh(host, "stat -c '%%a %%u' /srv/zookeeper/%s/conf/secrets /srv/zookeeper/%s/conf/secrets/trust" % (member, member)) == (
            "500 1000\n400 1000"
        )
        assert lab.sh(host, "docker exec --user 1000 %s cat /conf/secrets/trust" % member) == SECRET
        assert lab.host(host).run("docker exec --user 1001 %s cat /conf/secrets/trust" % member).rc != 0
        assert SECRET not in lab.sh(host, "docker inspect %s; ps -eo args" % member)
    assert "Nothing changed." in play_clusters.ok(PLAYBOOK, *words)
    play_clusters.ok(PLAYBOOK, *with_settings())
    assert lab.sh("node1", "ls /srv/zookeeper/zoo1/conf/secrets") == ""


def test_a_member_that_has_lost_its_data_takes_them_from_the_others(lab, play_clusters, zookeeper):
    zookeeper.put("node1", "/kept", "while one was away")
    lost = next(host for host, mode in zookeeper.modes(MEMBERS).items() if mode == "follower")
    member = MEMBERS[lost]
    lab.sh(lost, "systemctl stop quorate-member@%s; rm -rf /srv/zookeeper/%s/data/* /srv/zookeeper/%s/datalog/*" % (member, member, member))
    assert "add %s" % member in " ".join(play_clusters.ok(PLAYBOOK, *with_settings()).split())
    zookeeper.wait_until_whole(MEMBERS)
    assert zookeeper.get(lost, "/kept") == "while one was away"
    assert "server.%s=" % member[-1] in zookeeper.get("node1", "/zookeeper/config")
    assert "Nothing changed." in play_clusters.ok(PLAYBOOK, *with_settings())


def test_another_cluster_does_not_take_these_members_for_its_own(lab, play_clusters, clusters_with):
    begun = lab.sh("node1", "docker inspect --format '{{.State.StartedAt}}' zoo1")
    orders = (*clusters_with({"orders": {"hosts": dict.fromkeys(MEMBERS)}}), *with_settings(zookeeper_group="orders"))
    told = play_clusters.refused(PLAYBOOK, *orders)
    assert "The container zoo1 is a member of the cluster zookeeper/zookeeper, and it was to be one of zookeeper/orders." in told
    # A member of its own on another host, and one that is to go, under a name that the other cluster has there.
    leaving = clusters_with({"orders": {"hosts": {"node1": {"zookeeper_state": "absent"}, "node4": {"zookeeper_id": 4}}}})
    told = play_clusters.refused(PLAYBOOK, *leaving, *with_settings(zookeeper_group="orders"))
    assert "The container zoo1 on node1 is a member of the cluster zookeeper/zookeeper, and is not removed as one of" in told
    assert lab.sh("node1", "docker inspect --format '{{.State.StartedAt}}' zoo1") == begun
    told = " ".join(play_clusters.ok(PLAYBOOK, "--check", *orders, "-e", "cluster_member_adopt=true").split())
    assert "replace zoo" in told and " last" in told
