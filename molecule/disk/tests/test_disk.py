# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managers without room on the disk of their engine, or with an empty one: no run costs anybody the swarm."""

from __future__ import annotations

import contextlib
import json

import pytest

SITE = "playbooks/site.yml"
FILLER = "/var/lib/docker/filler"
# Ever smaller pieces, until there is no room for one block of the file system.
FILL = """python3 -c '
import os
file, end, piece = os.open("%s", os.O_CREAT | os.O_WRONLY), 0, 1 << 32
while piece >= 4096:
    try:
        os.posix_fallocate(file, end, piece)
        end += piece
    except OSError:
        piece //= 2
'""" % FILLER

pytestmark = pytest.mark.usefixtures("whole_hosts")


@pytest.fixture
def full_disk(lab):
    """full_disk(host) as a context in which nothing more can be written where the host's engine keeps all it has."""

    @contextlib.contextmanager
    def fill(host):
        try:
            lab.sh(host, FILL)
            assert lab.host(host).run("head -c 65536 /dev/zero > /var/lib/docker/more").rc != 0, "the disk was to be full"
            yield
        finally:
            lab.sh(host, "rm -f %s /var/lib/docker/more" % FILLER)

    return fill


def assert_quorum(lab, swarm, without, cluster_id):
    """Whatever became of one manager, the others have a leader and the ClusterID that they had."""
    for host in [host for host in swarm.managers if host != without]:
        lab.wait_for(lambda host=host: lab.host(host).run("docker node ls").rc == 0, "%s had a leader" % host)
        assert swarm.cluster_id(host) == cluster_id


def assert_clear(done, host):
    """It came through, or says where there is no room."""
    told = " ".join(done.stdout.split())
    assert done.returncode == 0 or ("no space left on device" in told and host in told), told[-4000:]


def test_changes_while_the_leader_has_no_room(lab, watched, swarm, mend, full_disk):
    before, leader = swarm.cluster_id(), swarm.leader()
    lab.sh("node1", "docker network rm demo; docker node update --label-rm lab node4")
    with full_disk(leader):
        assert_clear(watched.run(SITE), leader)
        assert_quorum(lab, swarm, leader, before)
    mend(before)


def test_engines_are_restarted_while_a_manager_has_no_room(lab, watched, unfinished, swarm, mend, full_disk):
    """An engine that may not come back: those after it stay as they are."""
    before = swarm.cluster_id()
    for host in swarm.managers:
        unfinished(host)
    with full_disk("node2"):
        assert_clear(watched.run(SITE), "node2")
        assert_quorum(lab, swarm, "node2", before)
    mend(before)


def test_a_manager_joins_without_room(lab, watched, play, swarm, mend, full_disk):
    before = swarm.cluster_id()
    left = play.run_module("node3", "quorate.swarm.swarm", "state=absent")
    assert left.returncode == 0, left.stdout
    with full_disk("node3"):
        assert_clear(watched.run(SITE, "-e", json.dumps({"swarm_wait_timeout": 60})), "node3")
        assert_quorum(lab, swarm, "node3", before)
    mend(before)


def test_the_first_manager_rebuilt_from_an_empty_disk_joins_and_its_old_entry_goes(lab, swarm, mend):
    before = swarm.cluster_id()
    old = lab.swarm("node1")["NodeID"]
    lab("reset", "node1")
    assert lab.swarm("node1")["LocalNodeState"] == "inactive"
    mend(before)
    assert old not in {node["ID"] for node in lab.nodes()}
