# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The swarm as it should be, as it is, and how long it took to mend it."""

from __future__ import annotations

import contextlib
import json
import time

import fault_figures
from lab_hosts import HOSTS
from plays import failures

SITE = "playbooks/site.yml"


class Swarm:
    """The swarm of the lab, as it should be and as it is."""

    managers = HOSTS[:3]

    def __init__(self, lab, play):
        self._lab = lab
        self._play = play

    def cluster_id(self, host="node1"):
        return self._lab.swarm(host)["Cluster"]["ID"]

    def leader(self):
        return next(node["Description"]["Hostname"] for node in self._lab.nodes() if node.get("ManagerStatus", {}).get("Leader"))

    def states(self, hosts=HOSTS):
        return {self._lab.swarm(host)["LocalNodeState"] for host in hosts}

    def take_apart(self):
        self._play.ok("playbooks/reset.yml", "-e", "swarm_reset_cluster_id=%s" % self.cluster_id())
        assert self.states() == {"inactive"}

    def wait_until_ready(self):
        """As the managers see it; node1 may still be looking for a leader."""

        def ready():
            listed = self._lab.host("node1").run("docker node inspect $(docker node ls -q)")
            nodes = json.loads(listed.stdout) if listed.rc == 0 else []
            return len(nodes) >= len(HOSTS) and all(
                node["Status"]["State"] == "ready" and node.get("ManagerStatus", {}).get("Reachability", "reachable") == "reachable"
                for node in nodes
            )

        self._lab.wait_for(ready, "all nodes were ready and all managers reachable")

    def assert_whole(self, expected_cluster_id):
        """The wanted state, as hosts and managers see it, and a run that finds nothing to do."""
        self.wait_until_ready()
        listed = self._lab.nodes()
        nodes = {node["Description"]["Hostname"]: node for node in listed}
        assert len(listed) == len(HOSTS) and sorted(nodes) == list(HOSTS)
        for host in HOSTS:
            seen = self._lab.swarm(host)
            assert seen["LocalNodeState"] == "active", host
            assert seen["NodeID"] == nodes[host]["ID"]
            assert seen["ControlAvailable"] == (host in self.managers), host
            assert nodes[host]["Spec"]["Labels"] == {"lab": "true"}
            assert nodes[host]["Spec"]["Availability"] == "active"
        assert {self.cluster_id(host) for host in self.managers} == {expected_cluster_id}
        assert "demo" in self._lab.sh("node1", "docker network ls --format '{{.Name}}'")
        assert "Nothing changed." in self._play.ok(SITE)


class Figures:
    """The time from now until it is stopped, and the runs that it took."""

    def __init__(self):
        self.runs = 1
        self.seconds = None
        self._began = time.monotonic()

    def stop(self):
        self.seconds = time.monotonic() - self._began


class Mending:
    """The run that follows a fault: it must make the swarm whole, and how long that took becomes a figure."""

    def __init__(self, lab, watched, swarm, test):
        self._lab = lab
        self._watched = watched
        self._swarm = swarm
        self._test = test

    def __call__(self, cluster_id, playbook=SITE, words=(), whole=None, at_most=1):
        """Run until it succeeds, at most so many times; whole(cluster_id) then sees that the swarm is what it was."""
        with self.measured() as figures:
            figures.runs = self._run_until_it_succeeds(playbook, words, at_most)
            self._swarm.wait_until_ready()
            figures.stop()
            (whole or self._swarm.assert_whole)(cluster_id)

    @contextlib.contextmanager
    def measured(self, manager="node1"):
        """Note the time until the block says stop(), and its runs, as the figure of the test, once all that it asserts holds."""
        figures = Figures()
        yield figures
        engines = {node["Description"]["Engine"]["EngineVersion"] for node in self._lab.nodes(manager)}
        fault_figures.note(self._test, figures.seconds, figures.runs, engines)

    def _run_until_it_succeeds(self, playbook, words, at_most):
        runs, done = 0, None
        while done is None or done.returncode != 0:
            assert runs < at_most, "The swarm is not mended after %d runs:\n%s" % (runs, failures(done.stdout)[-10000:])
            runs, done = runs + 1, self._watched.run(playbook, *words)
        return runs
