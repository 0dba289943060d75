# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests on the lab's hosts have in common, as fixtures."""

from __future__ import annotations

import json
import subprocess
import time

import fault_figures
import pytest
from cluster_clients import Elasticsearch, Etcd, Galera, Load, Redis, ZooKeeper
from lab_hosts import CHECKOUT, HOSTS, INVENTORY, Lab
from plays import Play, WatchedPlay, environment
from swarm_state import Mending, Swarm

SNAPSHOT = "whole"


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
def waited(request):
    """Note for how long a client that wrote meanwhile had to wait at most: waited(client)."""
    return lambda client: fault_figures.note_wait("%s/%s" % (request.path.parents[1].name, request.node.name), client.longest)


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

    def make(system, limit, hosts, port=None):
        return Load(system, limit, [addresses[host] + (":%d" % port if port else "") for host in hosts])

    return make


@pytest.fixture(scope="session")
def elasticsearch(lab, addresses):
    return Elasticsearch(lab, addresses)


@pytest.fixture(scope="session")
def galera(lab, addresses):
    return Galera(lab, addresses)


@pytest.fixture(scope="session")
def etcd(lab, addresses):
    return Etcd(lab, addresses)


@pytest.fixture(scope="session")
def redis(lab, addresses):
    return Redis(lab, addresses)


@pytest.fixture(scope="session")
def zookeeper(lab, addresses):
    return ZooKeeper(lab, addresses)


@pytest.fixture(scope="session")
def clusters_with(tmp_path_factory):
    """Words for a play on the lab's inventory with groups added or told otherwise: clusters_with({"zookeeper": {"hosts": ...}})."""

    def make(groups):
        path = tmp_path_factory.mktemp("inventory") / "groups.json"
        path.write_text(json.dumps(groups), encoding="utf-8")
        return "-i", str(path)

    return make


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
