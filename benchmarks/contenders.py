# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared.

Each forms the same swarm: 3 managers, the others workers, a label each, one encrypted attachable overlay; or changes the
configuration of all engines of that swarm, one after the other; or makes a stateful cluster on it.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import yaml

HERE = pathlib.Path(__file__).resolve().parent
SSH = HERE / "counting_ssh"
SSH_CONFIG = HERE.parent / ".lab" / "ssh_config"
LAB_INVENTORY = HERE.parent / "inventories" / "lab"
DAEMON_JSON = "/etc/docker/daemon.json"
SYSTEMS = ("elasticsearch", "zookeeper")
CHANGE = {"max-concurrent-downloads": 7}
READY_LIMIT = 180


class DockerProgram:
    """What a person does by hand with a kept connection to each host."""

    name = "docker CLI"
    repeat = None

    @staticmethod
    def form(work, hosts):
        names = list(hosts)
        first = names[0]
        ssh(first, "docker swarm init --advertise-addr %s" % hosts[first])
        manager_token, worker_token = ssh(
            first, "docker swarm join-token -q manager; docker swarm join-token -q worker"
        ).split()

        def join(host):
            token = manager_token if host in names[:3] else worker_token
            ssh(host, "docker swarm join --advertise-addr %s --token %s %s:2377" % (hosts[host], token, hosts[first]))

        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(join, names[1:]))
        ssh(first, "for host in %s; do docker node update --label-add bench=true $host; done" % " ".join(names))
        ssh(first, "docker network create --driver overlay --attachable --opt encrypted demo")

    @staticmethod
    def change(work, hosts, configurations):
        """Careful: the next engine only once a manager holds the last one for ready, and a manager for reachable."""
        names = list(hosts)
        for host in names:
            ssh(
                host,
                "cat > %s && systemctl restart docker && until docker info >/dev/null 2>&1; do sleep 1; done" % DAEMON_JSON,
                json.dumps(configurations[host], indent=4),
            )
            asked = names[1] if host == names[0] else names[0]
            wanted = "^%s Ready %s" % (host, "(Leader|Reachable)" if host in names[:3] else "")
            looks = "docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}' | grep -qE '%s'" % wanted
            ssh(asked, 'end=$(($(date +%%s) + %d)); until %s; do [ $(date +%%s) -lt $end ] || exit 1; sleep 1; done' % (READY_LIMIT, looks))


class Playbook:
    """A playbook, run again for its no-op."""

    def __init__(self, name, file):
        self.name = name
        self._file = HERE / file

    def form(self, work, hosts):
        ansible(["ansible-playbook", "-i", work / "hosts.yml", self._file])

    repeat = form


class Settled:
    """Our whole swarm part, with settings of the swarm besides labels and an overlay."""

    name = "quorate.swarm"

    @staticmethod
    def run(work):
        ansible(["ansible-playbook", "-i", work / "hosts.yml", HERE / "quorate_settings.yml"])


class Engines:
    """Our role for engines, given the one setting that differs."""

    name = "quorate.swarm"

    @staticmethod
    def change(work, hosts, configurations):
        given = json.dumps({"docker_engine_config": CHANGE})
        ansible(["ansible-playbook", "-i", work / "hosts.yml", HERE / "quorate_engines.yml", "-e", given])


class PlainScript:
    """What a careful person writes down once: each host told all in one connection, side by side, and a wait for the whole cluster."""

    name = "plain script"
    repeat = None

    @staticmethod
    def form(system):
        run([HERE / "plain_cluster", system], os.environ)


class ClusterRole:
    """Our role of the system, with what the lab's inventory says; without the one password that the plain script does without."""

    name = "quorate.swarm"

    @staticmethod
    def form(system):
        given = json.dumps({"zookeeper_superuser_password": ""})
        ansible(["ansible-playbook", "-i", LAB_INVENTORY, HERE.parent / "playbooks" / ("%s.yml" % system), "-e", given])

    repeat = form


class Site:
    """The lab's whole site, with all that its inventory names, or one of its playbooks alone."""

    name = "quorate.swarm"

    @staticmethod
    def run(playbook="site.yml"):
        ansible(["ansible-playbook", "-i", LAB_INVENTORY, HERE.parent / playbook])


class Ping:
    name = "ansible -m ping"

    @staticmethod
    def run(work):
        ansible(["ansible", "-i", work / "hosts.yml", "all", "-m", "ansible.builtin.ping"])

    @staticmethod
    def members(hosts):
        ansible(["ansible", "-i", LAB_INVENTORY, ",".join(hosts), "-m", "ansible.builtin.ping"])


def groups_of_clusters():
    return yaml.safe_load((LAB_INVENTORY / "clusters.yml").read_text(encoding="utf-8"))


def system_of(group):
    return group.partition("_")[0]


def cluster_members():
    """The clusters that are formed beside a plain script: {system: {host: name of its member}}."""
    found = {system: {} for system in SYSTEMS}
    for group, content in groups_of_clusters().items():
        for host, said in content["hosts"].items() if system_of(group) in found else ():
            found[system_of(group)][host] = said.get("elasticsearch_name") or "zoo%d" % said["zookeeper_id"]
    return found


def cluster_hosts():
    """All clusters of the lab: {system: its hosts}."""
    found = {}
    for group, content in groups_of_clusters().items():
        found.setdefault(system_of(group), []).extend(content["hosts"])
    return found


def bare_swarm():
    """Engines, swarm and overlay as the lab's inventory says, and no cluster."""
    nobody = {"%s_group" % group: "nobody" for group in groups_of_clusters()}
    ansible(["ansible-playbook", "-i", LAB_INVENTORY, HERE.parent / "playbooks" / "site.yml", "-e", json.dumps(nobody)])


def image(system):
    defaults = HERE.parent / "roles" / system / "defaults" / "main.yml"
    return yaml.safe_load(defaults.read_text(encoding="utf-8"))["%s_image" % system]


def ssh(host, command, given=""):
    done = subprocess.run([SSH, "-F", SSH_CONFIG, host, command], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("On %s '%s' failed: %s" % (host, command.split(" --token")[0], done.stderr))
    return done.stdout


def ansible(command):
    environment = dict(os.environ, ANSIBLE_SSH_EXECUTABLE=str(SSH), ANSIBLE_CONFIG=str(HERE.parent / "ansible.cfg"))
    run(command, environment)


def run(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("%s failed:\n%s%s" % (command[0], done.stdout, done.stderr))


CHANGING = [DockerProgram, Engines]

FORMING_CLUSTERS = [PlainScript, ClusterRole]

ALL = [
    DockerProgram,
    Playbook("community.docker", "community_docker.yml"),
    Playbook("quorate.swarm", "quorate_swarm.yml"),
]
