# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The majority of the managers is lost: the swarm goes on from what is left, with all that it had."""

from __future__ import annotations

import json

import pytest

SITE = "playbooks/site.yml"
RECOVER = "playbooks/recover_swarm.yml"
VERIFY = "playbooks/verify.yml"
SERVICE = (
    "docker service create --detach --name web --replicas 3 --network demo --mount type=volume,source=web,target=/data --publish 8100:80 "
    "busybox:1.35 sh -c 'echo here > /index.html; exec httpd -f -p 80 -h /'"
)
# Engines of 20.10 encrypt on port 4789 only, so no packet crosses an encrypted overlay of a swarm with another data path port.
PLAIN = {"overlay_networks": [{"name": "plain", "attachable": True}]}
BACKUPS = "/var/backups/docker-swarm"


def lost(*hosts):
    return ("-e", json.dumps({"swarm_lost_hosts": hosts}))


def running(lab, manager):
    told = lab.sh(manager, "docker service ps web --filter desired-state=running --format '{{.CurrentState}}'")
    return sum(line.startswith("Running") for line in told.splitlines())


def answers(lab, address):
    """Whether a published port answers one who is outside of the swarm."""
    try:
        return "here" in lab("exec", "curl", "--silent", "--max-time", "3", "http://%s:8100/" % address)
    except AssertionError:
        return False


def labels(lab, manager):
    return {node["Description"]["Hostname"]: node["Spec"]["Labels"] for node in lab.nodes(manager)}


def roles(lab, manager):
    return {
        node["Description"]["Hostname"]: node.get("ManagerStatus", {}).get("Reachability", "worker") for node in lab.nodes(manager)
    }


def assert_nothing_was_lost(lab, manager, cluster_id):
    seen = lab.swarm(manager)["Cluster"]
    assert seen["ID"] == cluster_id
    assert (seen["DataPathPort"], seen["DefaultAddrPool"]) == (4790, ["10.77.0.0/16"])
    assert seen["Spec"]["Orchestration"]["TaskHistoryRetentionLimit"] == 3
    assert "password" in lab.sh(manager, "docker secret ls --format '{{.Name}}'")
    assert "demo" in lab.sh(manager, "docker network ls --format '{{.Name}}'")
    lab.wait_for(lambda: running(lab, manager) == 3, "the service ran", 300)


@pytest.fixture(scope="module", autouse=True)
def cluster_id(lab, swarm):
    """A swarm that has something to lose."""
    cluster_id = swarm.cluster_id()
    lab.sh("node1", "echo something | docker secret create password -")
    lab.sh("node1", "docker node update --label-add hand=made node4")
    # the engine refuses where its own renewal of keys comes in between
    update = "docker swarm update --task-history-limit 3"
    lab.wait_for(lambda: lab.host("node1").run(update).succeeded, "the setting was made")
    lab.sh("node1", "docker network create --driver overlay --attachable plain")
    lab.sh("node1", SERVICE)
    lab.wait_for(lambda: running(lab, "node1") == 3, "the service ran", 300)
    return cluster_id


class TestTwoOfThreeManagers:
    """The power of all managers fails, and node1 and node3 are lost; node2, which had joined, and the worker node4 are left."""

    def test_hosts_that_answer_are_not_lost(self, play):
        assert "node3 answers, so what is on the disk there is not lost" in play.refused(RECOVER, *lost("node3"))

    def test_one_lost_manager_is_nothing_to_recover(self, lab, play, cluster_id):
        lab("power-off", "node3")
        assert "Swarm %s has a quorum with node1, so there is nothing to recover" % cluster_id in play.refused(RECOVER, *lost("node3"))

    def test_an_unreachable_host_must_be_named(self, lab, play):
        lab("power-off", "node1", "node2")
        lab("power-on", "node2")
        assert "node1 does not answer, and unreachable is not absent" in play.refused(RECOVER, *lost("node3"))

    def test_check_mode_tells_the_plan_and_changes_nothing(self, lab, play, cluster_id):
        told = play.ok(RECOVER, "--check", *lost("node1", "node3"))
        assert "node2 makes swarm %s anew with itself as the only manager, from entry" % cluster_id in " ".join(told.split())
        assert "Would change:" in told
        assert not lab.host("node2").file(BACKUPS).exists

    def test_the_clusterid_must_be_named(self, lab, play):
        assert '"wrong" was named; nothing was changed' in play.refused(
            RECOVER, *lost("node1", "node3"), "-e", "swarm_recover_cluster_id=wrong"
        )
        assert "does not have a leader" in lab.swarm("node2")["Error"]

    def test_a_run_that_was_killed_is_gone_on_with(self, lab, play, watched, mend, cluster_id):
        words = (*lost("node1", "node3"), "-e", "swarm_recover_cluster_id=%s" % cluster_id)
        with mend.measured(manager="node2") as figures:
            # All hosts are members again by now, and only the entries of the lost ones tell that they may not find each other.
            watched.at("Restart the engines of these hosts", play.kill, RECOVER, *words)
            assert {"node1", "node3"} < set(roles(lab, "node2"))
            done = watched.run(RECOVER, *words)
            figures.stop()
            figures.runs = 2
            assert done.returncode == 0, done.stdout[-4000:]
            told = " ".join(done.stdout.split())
            assert "Swarm %s has a quorum with node2 already; what is left of its recovery is done" % cluster_id in told
            assert "web 3 of 3" in told

    def test_the_swarm_has_what_it_had(self, lab, play, cluster_id):
        assert roles(lab, "node2") == {"node2": "reachable", "node4": "worker"}
        assert labels(lab, "node2") == {"node2": {"lab": "true"}, "node4": {"lab": "true", "hand": "made"}}
        assert_nothing_was_lost(lab, "node2", cluster_id)

    def test_every_host_that_is_left_answers_on_published_ports(self, lab, addresses):
        for host in ("node2", "node4"):
            lab.wait_for(lambda address=addresses[host]: answers(lab, address), "%s answered" % host)

    def test_copies_are_for_root_only(self, lab):
        copies = lab.sh("node2", "ls -d %s/*" % BACKUPS).split()
        assert {lab.sh("node2", "stat --format '%%a %%U' %s" % copy) for copy in [BACKUPS, *copies]} == {"700 root"}
        assert lab.host("node2").file(copies[0] + "/certificates/swarm-node.key").mode == 0o600

    def test_a_second_run_has_nothing_to_recover(self, play, cluster_id):
        told = play.ok(RECOVER, *lost("node1", "node3"))
        assert "Swarm %s has a quorum with node2, and nothing is left of a recovery: there is nothing to recover" % cluster_id in " ".join(
            told.split()
        )
        assert "Nothing changed." in told

    def test_lost_managers_that_come_back_are_recognised(self, lab, play, cluster_id):
        """They are the majority of the swarm that was, and elect a leader."""
        lab("power-on", "node1", "node3")
        lab.wait_for(lambda: "Leader" in json.dumps(lab.nodes("node1")), "they had a leader")
        twice = "Swarm %s exists twice: node2 went on with it after a recovery, and node1, node3 are back from before it" % cluster_id
        assert twice in play.refused(SITE)
        assert "node1, node3 answer" in play.refused(RECOVER, *lost("node1", "node3"))

    def test_once_they_are_reset_they_join_and_a_host_that_joins_again_keeps_its_labels(self, lab, play, swarm, cluster_id):
        lab("reset", "node1", "node3")
        lab.sh("node4", "docker swarm leave")
        play.ok(SITE, "-e", '{"swarm_inherit_from_stale": true}')
        assert labels(lab, "node2").pop("node4") == {"lab": "true", "hand": "made"}
        assert_nothing_was_lost(lab, "node2", cluster_id)
        lab.sh("node2", "docker node update --label-rm hand node4")
        swarm.assert_whole(cluster_id)
        play.ok(VERIFY, "-e", json.dumps(PLAIN))


class TestTwoOfFourManagers:
    """node1 and node3 are lost again; of node2 and node4 one makes the swarm anew, and the other comes back as a manager."""

    @pytest.fixture(scope="class")
    @classmethod
    def addresses_of_four(cls, addresses):
        return {"swarm_managers": {"hosts": {host: {"ansible_host": address} for host, address in addresses.items()}}}

    @pytest.fixture
    def four(self, play_on, addresses_of_four):
        return play_on(addresses_of_four)

    @pytest.fixture(autouse=True)
    def all_hosts_on_again(self, lab):
        yield
        lab("reset", "node1", "node3")
        lab("up")

    def test_the_other_survivor_is_a_manager_again(self, lab, four, addresses, cluster_id):
        four.ok(SITE)
        for host in ("node2", "node4"):
            lab.sh("node1", "docker node update --label-add hand=%s --availability pause %s" % (host, host))
        lab("power-off", "node1", "node3")
        for host in ("node2", "node4"):
            lab.wait_for(lambda host=host: lab.swarm(host)["Error"], "%s knew that the managers have no leader" % host)
        # no task runs while both are paused
        words = (*lost("node1", "node3"), "-e", "swarm_recover_cluster_id=%s" % cluster_id, "-e", "swarm_recover_services_timeout=5")
        told = four.at("Join the swarm, all hosts side by side", four.kill, RECOVER, *words)
        source = next(host for host in ("node2", "node4") if "%s makes swarm" % host in told)
        assert len(roles(lab, source)) >= 4
        four.ok(RECOVER, *words)
        assert roles(lab, source) == {"node2": "reachable", "node4": "reachable"}
        assert labels(lab, source) == {host: {"lab": "true", "hand": host} for host in ("node2", "node4")}
        assert {node["Spec"]["Availability"] for node in lab.nodes(source)} == {"pause"}
        for host in ("node2", "node4"):
            lab.sh(source, "docker node update --availability active %s" % host)
        assert_nothing_was_lost(lab, source, cluster_id)
        for host in ("node2", "node4"):
            lab.wait_for(lambda address=addresses[host]: answers(lab, address), "%s answered" % host)
        assert "there is nothing to recover" in " ".join(four.ok(RECOVER, *lost("node1", "node3")).split())
