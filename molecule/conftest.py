# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests on the lab's hosts have in common: the lab's verbs, docker on a host, and plays that may be killed."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import fault_figures
import pytest
import testinfra

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
INVENTORY = CHECKOUT / "inventories" / "lab" / "hosts.yml"
HOSTS = ("node1", "node2", "node3", "node4")
SITE = "playbooks/site.yml"
SNAPSHOT = "whole"
SECRETS = ("SWMTKN-", "SWMKEY-")


class Lab:
    """The verbs of lab/lab."""

    def __call__(self, *words, limit=300):
        done = subprocess.run([CHECKOUT / "lab" / "lab", *words], capture_output=True, text=True, timeout=limit, check=False)
        assert done.returncode == 0, "lab/lab %s: %s%s" % (" ".join(words), done.stdout, done.stderr)
        return done.stdout

    def host(self, name):
        """A host as testinfra sees it."""
        return testinfra.get_host("ssh://%s" % name, ssh_config=str(CHECKOUT / ".lab" / "ssh_config"))

    def sh(self, name, command):
        return self.host(name).check_output(command)

    def swarm(self, host):
        """What /info of the host's engine says of its swarm."""
        return json.loads(self.sh(host, "docker info --format '{{json .Swarm}}'"))

    def nodes(self, manager="node1"):
        """The swarm's nodes as a manager's engine tells them."""
        return json.loads(self.sh(manager, "docker node inspect $(docker node ls -q)"))

    @staticmethod
    def wait_for(observe, goal, limit=120):
        """The first true value of observe(), within a limit."""
        deadline = time.monotonic() + limit
        while True:
            seen = observe()
            if seen:
                return seen
            assert time.monotonic() < deadline, "Waited %d s until %s." % (limit, goal)
            time.sleep(1)


class Play:
    """ansible-playbook on the lab's inventory, from this checkout."""

    def __init__(self, inventory=INVENTORY):
        self.inventory = inventory

    def command(self, playbook, *words):
        return ["ansible-playbook", "-i", str(self.inventory), str(CHECKOUT / playbook), *words]

    def run(self, playbook, *words, limit=600):
        """The completed run, whatever its exit status; output and errors together."""
        return subprocess.run(
            self.command(playbook, *words), env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=limit, check=False,
        )

    def ok(self, playbook, *words):
        done = self.run(playbook, *words)
        assert done.returncode == 0, failures(done.stdout)
        return done.stdout

    def refused(self, playbook, *words):
        done = self.run(playbook, *words)
        assert done.returncode != 0, "This should have been refused:\n%s" % done.stdout
        return " ".join(done.stdout.split())

    def run_module(self, host, module, arguments):
        """One module on one host."""
        return subprocess.run(
            ["ansible", "-i", str(self.inventory), host, "-m", module, "-a", arguments], env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )

    def at(self, moment, action, playbook, *words, limit=600):
        """Start a run, call action(process) once a line contains the moment, and return its output after it ended."""
        process = subprocess.Popen(
            self.command(playbook, *words), env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )
        watchdog = threading.Timer(limit, self.kill, [process])
        watchdog.start()
        lines, reached = [], False
        try:
            for line in process.stdout:
                lines.append(line)
                if moment in line and not reached:
                    reached = True
                    action(process)
            process.wait()
            assert not watchdog.finished.is_set(), "The run did not end within %d s:\n%s" % (limit, "".join(lines))
        finally:
            watchdog.cancel()
            if process.poll() is None:
                self.kill(process)
                process.wait()
        assert reached, "The run never came to '%s':\n%s" % (moment, "".join(lines))
        return "".join(lines)

    @staticmethod
    def kill(process):
        """SIGKILL to a play and everything that it started here, as when its terminal's machine dies."""
        os.killpg(process.pid, signal.SIGKILL)


class Load:
    """A client of molecule/load that writes, inside the lab's network, while something is done to the cluster."""

    def __init__(self, system, limit, addresses):
        self._command = [CHECKOUT / "lab" / "lab", "exec", "python3", CHECKOUT / "molecule" / "load" / ("%s.py" % system), str(limit)]
        self._command += addresses
        self.acknowledged = []
        self.longest = 0.0
        self.lost = False

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        Lab.wait_for(lambda: self.acknowledged or self.lost, "the client's first write was acknowledged")
        return self

    def __exit__(self, *exc):
        self._process.stdin.close()
        self._reader.join(timeout=120)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _read(self):
        for line in self._process.stdout:
            word, number, *seconds = line.split()
            if word == "lost":
                self.lost = True
            else:
                self.acknowledged.append(int(number))
                self.longest = max(self.longest, float(seconds[0]))


class WatchedPlay:
    """Plays at a high verbosity, in whose output no secret of the swarm may be, however they end."""

    def __init__(self, play):
        self._play = play

    def run(self, playbook, *words):
        done = self._play.run(playbook, "-vvv", *words)
        without_secrets(done.stdout)
        return done

    def at(self, moment, action, playbook, *words):
        return without_secrets(self._play.at(moment, action, playbook, "-vvv", *words))

    def killed(self, moment, begun, goal, playbook):
        """Kill a run that has come to a moment, once begun() says that the hosts are at work on it."""

        def kill(process):
            Lab.wait_for(begun, goal)
            self._play.kill(process)

        assert "PLAY RECAP" not in self.at(moment, kill, playbook), "The run ended before it was killed."


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


def without_secrets(output):
    leaks = [line for line in output.splitlines() if any(secret in line for secret in SECRETS)]
    assert not leaks, "The output tells a token or key: %s" % leaks
    return output


def failures(output):
    """A failed run without what went well, so that the reason is read first."""
    return "\n".join(line for line in output.splitlines() if line and not line.startswith(("ok:", "skipping:", "FAILED - RETRYING")))


def environment():
    return dict(
        os.environ,
        ANSIBLE_CONFIG=str(CHECKOUT / "ansible.cfg"),
        ANSIBLE_HOST_PATTERN_MISMATCH="error",
        ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true",
        # Molecule asks for colours, which would stand between the words that are looked for.
        ANSIBLE_FORCE_COLOR="false",
        ANSIBLE_NOCOLOR="1",
        COLUMNS="500",
    )


@pytest.fixture(scope="session")
def checkout():
    return CHECKOUT


@pytest.fixture(scope="session")
def lab():
    return Lab()


@pytest.fixture(scope="session")
def play():
    return Play()


@pytest.fixture(scope="session")
def play_clusters():
    """Plays on the lab's inventory with the stateful clusters in it."""
    return Play(INVENTORY.parent)


@pytest.fixture(scope="session")
def swarm(lab, play):
    return Swarm(lab, play)


@pytest.fixture(scope="session")
def watched(play):
    return WatchedPlay(play)


@pytest.fixture
def mend(request, lab, watched, swarm):
    return Mending(lab, watched, swarm, "%s/%s" % (request.path.parents[1].name, request.node.name))


@pytest.fixture(scope="session")
def unfinished(play):
    """Leaves of a host what a run does that ended between writing the engine's configuration and restarting the engine."""

    def write(host):
        config = {"labels": ["written=%d" % time.time_ns()]}
        done = play.run_module(host, "quorate.swarm.engine_config", json.dumps({"config": config}))
        assert done.returncode == 0, done.stdout

    return write


@pytest.fixture(scope="session")
def snapshot(lab, swarm):
    """The hosts as the scenario's converge left them."""
    lab("snapshot", SNAPSHOT, limit=600)
    swarm.wait_until_ready()


@pytest.fixture
def whole_hosts(request, lab, swarm, snapshot):
    """A test that failed may have left anything behind: those after it begin from the snapshot."""
    if request.session.testsfailed:
        lab("restore", SNAPSHOT, limit=600)
        swarm.wait_until_ready()


@pytest.fixture
def load(addresses):
    """A client that writes meanwhile: with load("elasticsearch", 30, ["node2"]) as client."""
    return lambda system, limit, hosts: Load(system, limit, [addresses[host] for host in hosts])


@pytest.fixture
def play_on(tmp_path):
    """Plays on a given inventory, a dictionary: play_on({...}).run(...)."""

    def make(groups):
        path = tmp_path / "hosts.json"
        path.write_text(json.dumps(groups), encoding="utf-8")
        (tmp_path / "group_vars").mkdir(exist_ok=True)
        variables = (INVENTORY.parent / "group_vars" / "all.yml").read_text(encoding="utf-8")
        variables = variables.replace("{{ inventory_dir }}/../..", str(CHECKOUT)).replace("inventory_dir ~ '/../..", "'%s" % CHECKOUT)
        (tmp_path / "group_vars" / "all.yml").write_text(variables, encoding="utf-8")
        return Play(path)

    return make


@pytest.fixture(scope="session")
def addresses():
    listed = subprocess.run(
        ["ansible-inventory", "-i", INVENTORY, "--list"], env=environment(), capture_output=True, text=True, check=True
    )
    hostvars = json.loads(listed.stdout)["_meta"]["hostvars"]
    return {host: hostvars[host]["ansible_host"] for host in HOSTS}
