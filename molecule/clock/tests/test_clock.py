# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose clock is an hour off, where every certificate begins an hour before it was signed."""

from __future__ import annotations

import contextlib
import json
import time

import pytest

SITE = "playbooks/site.yml"
# A little more than the hour by which certificates are dated back, so that the outcome does not hang on seconds.
OFF = 3900

pytestmark = pytest.mark.usefixtures("whole_hosts")


@pytest.fixture
def clock_off(lab):
    """clock_off(host, seconds) as a context in which the host's clock differs so much from all others."""

    def set_clock(host, seconds):
        lab.sh(host, "date --set=@%d" % (time.time() + seconds))

    def offset(host):
        return int(lab.sh(host, "date +%s")) - time.time()

    @contextlib.contextmanager
    def turn(host, seconds):
        set_clock(host, seconds)
        try:
            yield
            assert abs(offset(host) - seconds) < 60, "something set the clock meanwhile"
        finally:
            set_clock(host, 0)

    return turn


@pytest.mark.parametrize("seconds", [OFF, -OFF], ids=["ahead", "behind"])
@pytest.mark.parametrize("whose", ["worker", "leader"])
def test_a_host_joins_while_a_clock_is_off(lab, watched, swarm, mend, clock_off, whose, seconds):
    """The clock of the host that joins, or of the manager that signs its certificate: refused, and made all the same without that look."""
    before = swarm.cluster_id()
    host = "node4" if whose == "worker" else swarm.leader()
    lab.sh("node4", "docker swarm leave")
    with clock_off(host, seconds):
        done = watched.run(SITE)
        assert done.returncode != 0 and "The clock of %s is at least" % host in done.stdout, "%s was not refused" % host
        assert lab.swarm("node4")["LocalNodeState"] == "inactive", "a refusal changes nothing"
        done = watched.run(SITE, "-e", json.dumps({"swarm_wait_timeout": 60, "preflight_hosts": False}))
        told = " ".join(done.stdout.split())
        assert done.returncode == 0 or "certificate has expired or is not yet valid" in told, told[-4000:]
        assert swarm.cluster_id() == before
    mend(before)


@pytest.mark.parametrize("seconds", [OFF, -OFF], ids=["ahead", "behind"])
def test_a_run_changes_the_swarm_while_the_clocks_of_two_members_are_off(lab, watched, swarm, mend, clock_off, seconds):
    """A worker and the leader: members know each other by certificates that are older."""
    before = swarm.cluster_id()
    lab.sh("node1", "docker network rm demo; docker node update --label-rm lab node4")
    with clock_off("node4", seconds), clock_off(swarm.leader(), seconds):
        done = watched.run(SITE)
        assert done.returncode == 0, done.stdout[-4000:]
        swarm.assert_whole(before)
    mend(before)
