# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts without power, and swarms that were taken apart: runs that go on, refuse, or form the swarm anew."""

from __future__ import annotations

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

SITE = "playbooks/site.yml"
RESET = "playbooks/reset.yml"
HOSTS = ("node1", "node2", "node3", "node4")
MANAGERS = HOSTS[:3]


def test_a_host_without_power_does_not_stop_a_run_against_a_live_swarm(lab, play, swarm):
    lab("power-off", "node4")
    try:
        done = play.run(SITE, "-e", '{"swarm_labels": {"lab": "true", "while_down": "yes"}}')
        assert done.returncode == 4, "Ansible's own sign of an unreachable host:\n%s" % done.stdout
        assert "node4's state is unknown" in " ".join(done.stdout.split())
        labelled = {node["Description"]["Hostname"] for node in lab.nodes() if "while_down" in node["Spec"]["Labels"]}
        assert labelled == set(MANAGERS)
    finally:
        lab("power-on", "node4")
    play.ok(SITE, "-e", "swarm_labels_state=replace")
    swarm.assert_whole(swarm.cluster_id())


def test_an_engine_without_which_the_quorum_would_be_lost_is_not_restarted(lab, play, unfinished, swarm):
    engine = "systemctl show docker --property MainPID"
    before = lab.sh("node3", engine)
    lab("power-off", "node2")
    try:
        lab.wait_for(
            lambda: any(node["ManagerStatus"]["Reachability"] == "unreachable" for node in lab.nodes() if "ManagerStatus" in node),
            "the managers missed node2",
        )
        unfinished("node3")
        told = " ".join(play.run(SITE).stdout.split())
        assert "would lose its quorum while node3 does not answer" in told and "(unreachable: node2)" in told
        assert lab.sh("node3", engine) == before
    finally:
        lab("power-on", "node2")
    assert "Restart the engine of node3" in play.ok(SITE)
    assert lab.sh("node3", engine) != before
    swarm.assert_whole(swarm.cluster_id())


# What a person outside of the swarm sees who tries the next host where one does not answer: the longest time without an answer.
POLL = """
import os, sys, time, urllib.request
end, *addresses = sys.argv[1:]
begun = answered = time.monotonic()
longest = answers = 0
while not os.path.exists(end) and time.monotonic() < begun + 900:
    for address in list(addresses):
        try:
            urllib.request.urlopen("http://%s:8100/" % address, timeout=1).read()
        except OSError:
            addresses.append(addresses.pop(0))
            continue
        answered, answers = time.monotonic(), answers + 1
        break
    longest = max(longest, time.monotonic() - answered)
    time.sleep(0.2)
print(longest, answers)
"""


@pytest.fixture
def published(lab, addresses):
    """A service with two tasks on different hosts, which all hosts answer for."""
    lab.sh(
        "node1",
        "docker service create --detach --name test-web --replicas 2 --replicas-max-per-node 1 --publish 8100:80 busybox:1.35 "
        "sh -c 'echo here > /index.html; exec httpd -f -p 80 -h /'",
    )
    try:
        tasks = "docker service ps --filter desired-state=running --format '{{.CurrentState}}' test-web"
        lab.wait_for(lambda: lab.sh("node1", tasks).count("Running") == 2, "both tasks ran")
        yield [addresses[host] for host in HOSTS]
    finally:
        lab.sh("node1", "docker service rm test-web")


def test_engines_restart_one_after_the_other_the_leader_last_and_a_service_answers_all_the_time(
    lab, play, unfinished, swarm, published, tmp_path
):
    leader, end = swarm.leader(), tmp_path / "end"
    for host in HOSTS:
        unfinished(host)
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(lab, "exec", "python3", "-c", POLL, str(end), *published, limit=960)
        try:
            told = play.ok(SITE).partition("Changed:")[2]
        finally:
            end.touch()
    assert re.findall(r"Restart the engine of (\w+)", told) == [host for host in HOSTS if host != leader] + [leader]
    longest, answers = map(float, seen.result().split())
    assert answers > 10 and longest <= 5, "For %.1f s nobody answered, whichever host was asked." % longest
    swarm.assert_whole(swarm.cluster_id())


@contextlib.contextmanager
def delicate_service(lab, host):
    """A service that is bound to a host, and does not bear an end."""
    lab.sh(
        "node1",
        "docker service create --detach --name test-web --constraint node.hostname==%s --restart-condition none "
        "busybox:1.35 sleep 900" % host,
    )
    try:
        tasks = "docker service ps --filter desired-state=running --format '{{.CurrentState}}' test-web"
        lab.wait_for(lambda: "Running" in lab.sh("node1", tasks), "the task ran")
        yield
    finally:
        lab.sh("node1", "docker service rm test-web")


def test_an_engine_is_not_restarted_while_a_service_has_not_come_back(lab, play, unfinished, swarm):
    first = [host for host in HOSTS if host != swarm.leader()][0]
    last = HOSTS[-1]
    engine = "systemctl show docker --property MainPID"
    with delicate_service(lab, first):
        for host in (first, last):
            unfinished(host)
        before = lab.sh(last, engine)
        told = play.refused(SITE, "-e", "docker_engine_restart_timeout=45")
        assert "test-web has 0 of 1 tasks running" in told
        assert "The engine of %s was restarted last, and no further one: %s" % (first, last) in told
        assert lab.sh(last, engine) == before
    assert "Restart the engine of %s" % last in play.ok(SITE)
    swarm.assert_whole(swarm.cluster_id())


def test_a_run_does_not_go_on_from_its_only_restart_while_a_service_has_not_come_back(lab, play, unfinished):
    with delicate_service(lab, "node4"):
        unfinished("node4")
        told = play.refused(SITE, "-e", "docker_engine_restart_timeout=45")
        assert "test-web has 0 of 1 tasks running" in told
        assert "The engine of node4 was restarted last, and no further one runs with an older configuration" in told
    assert "Nothing changed." in play.ok(SITE)


def test_all_hosts_off_and_on(lab, swarm, mend):
    before = swarm.cluster_id()
    try:
        lab("power-off", *HOSTS)
    finally:
        lab("power-on", *HOSTS)
    mend(before)


def test_taking_the_swarm_apart_needs_its_name_and_all_of_its_hosts(lab, play, swarm):
    before = swarm.cluster_id()
    assert '"wrong" was named; nothing was changed' in play.refused(RESET, "-e", "swarm_reset_cluster_id=wrong")
    assert "node3, node4 would stay" in play.refused(RESET, "-e", "swarm_reset_cluster_id=%s" % before, "--limit", "node1:node2")
    assert "Would change:" in play.ok(RESET, "--check")
    swarm.assert_whole(before)


class TestHostsWithoutASwarm:
    """Runs that must leave the hosts as they are."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def without_swarm(cls, swarm):
        swarm.take_apart()

    @pytest.fixture(autouse=True)
    def first_manager_untouched(self, lab):
        yield
        assert lab.swarm("node1")["LocalNodeState"] == "inactive"

    def test_check_mode_tells_the_plan(self, play):
        told = play.ok(SITE, "--check")
        assert "node1 creates the swarm as its first manager" in told
        assert "node4 joins as worker" in told

    def test_a_first_init_under_limit_is_refused(self, play):
        assert "run once without --limit" in play.refused(SITE, "--limit", "node1:node2")

    def test_an_unreachable_host_stops_a_first_init(self, lab, play, swarm):
        lab("power-off", "node4")
        try:
            told = play.refused(SITE)
            assert "node4's state is unknown" in told and "could make a second swarm" in told
        finally:
            lab("power-on", "node4")
