# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of the stateful clusters: one that writes all the time, and those that look."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import threading

from lab_hosts import CHECKOUT, Lab

CLIENTS = CHECKOUT / "molecule" / "clients"
# What a system's client is given before the addresses: files with passwords, so that no command line has them.
LOGINS = {"galera": [str(CHECKOUT / ".lab" / "galera_password")]}


class Load:
    """A client of molecule/clients that writes, inside the lab's network, while something is done to the cluster."""

    def __init__(self, system, limit, addresses):
        program = CLIENTS / ("%s_load.py" % system)
        self._command = [CHECKOUT / "lab" / "lab", "exec", sys.executable, program, str(limit), *LOGINS.get(system, ()), *addresses]
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


class Elasticsearch:
    """The members of a cluster, asked from outside of the swarm by their hosts' ports."""

    def __init__(self, lab, addresses):
        self._lab = lab
        self._addresses = addresses

    def ask(self, host, path, method="GET", body=None):
        words = ["--silent", "--fail-with-body", "--max-time", "20", "--request", method]
        words.append("http://%s:9200%s" % (self._addresses[host], path))
        if body is not None:
            words += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
        return json.loads(self._lab("exec", "curl", *words))

    def nodes(self, host):
        """Names to what C(_cat/nodes) says of them."""
        return {node["name"]: node for node in self.ask(host, "/_cat/nodes?format=json&h=name,master,node.role")}

    def master(self, host):
        return next(name for name, node in self.nodes(host).items() if node["master"] == "*")

    def status(self, host):
        return self.ask(host, "/_cluster/health?wait_for_status=green&timeout=15s")["status"]

    def wait_until_green(self, host, members, limit=300):
        def is_green():
            with contextlib.suppress(AssertionError, ValueError):
                return len(self.nodes(host)) == members and self.status(host) == "green"

        Lab.wait_for(is_green, "the cluster of %d members was green" % members, limit)

    def assert_there(self, host, client):
        """All that the load's client was told to be written."""
        assert client.acknowledged
        ids = [str(number) for number in client.acknowledged]
        documents = self.ask(host, "/load/_mget", "POST", {"ids": ids})["docs"]
        assert [document["_id"] for document in documents if not document["found"]] == []

    def is_clean(self, host):
        """Whether no run has left a setting in the cluster."""
        settings = self.ask(host, "/_cluster/settings?flat_settings=true")
        return settings["persistent"] == settings["transient"] == {}


class ZooKeeper:
    """The members of an ensemble, asked from outside of the swarm by their hosts' ports."""

    def __init__(self, lab, addresses):
        self._lab = lab
        self._addresses = addresses

    def ask(self, host, word, port=2181):
        """A word of four letters; what the member answers, nothing where it does not."""
        asked = [sys.executable, CLIENTS / "four_letters.py", self._addresses[host], str(port), word]
        return self._lab("exec", *asked)

    def modes(self, hosts, port=2181):
        told = {host: self.ask(host, "srvr", port).splitlines() for host in hosts}
        return {host: next((line.split()[-1] for line in lines if line.startswith("Mode:")), "none") for host, lines in told.items()}

    def leader(self, hosts, port=2181):
        return next(host for host, mode in self.modes(hosts, port).items() if mode == "leader")

    def wait_until_whole(self, hosts, port=2181, limit=120):
        wanted = ["follower"] * (len(hosts) - 1) + ["leader"]
        Lab.wait_for(lambda: sorted(self.modes(hosts, port).values()) == wanted, "one member leads and all others follow", limit)

    def put(self, host, path, text, port=2181):
        return self._client(host, port, "put", path, text)

    def get(self, host, path, port=2181):
        return self._client(host, port, "get", path)

    def children(self, host, path, port=2181):
        return self._client(host, port, "children", path)

    def assert_there(self, host, client):
        """All that the load's client was told to be written."""
        assert client.acknowledged
        found = set(self.children(host, "/load"))
        assert [number for number in client.acknowledged if str(number) not in found] == []

    def _client(self, host, port, *words):
        server = "%s:%d" % (self._addresses[host], port)
        return json.loads(self._lab("exec", sys.executable, CLIENTS / "zookeeper.py", server, *words))


class Galera:
    """The members of a cluster, asked from outside of the swarm by their hosts' ports."""

    def __init__(self, lab, addresses):
        self._lab = lab
        self._addresses = addresses

    def sql(self, host, statement):
        """Rows, as a user of the application gets them."""
        asked = [sys.executable, str(CLIENTS / "galera.py"), "load", *LOGINS["galera"], self._addresses[host], statement]
        return json.loads(self._lab("exec", *asked))

    def status(self, host):
        return dict(self.sql(host, "SHOW GLOBAL STATUS LIKE 'wsrep%'"))

    def members(self, host):
        return sorted(entry.partition(":")[0] for entry in self.status(host)["wsrep_incoming_addresses"].split(","))

    def wait_until_whole(self, hosts, limit=300):
        def are_whole():
            with contextlib.suppress(AssertionError, ValueError):
                told = [self.status(host) for host in hosts]
                views = {(said["wsrep_cluster_state_uuid"], said["wsrep_cluster_conf_id"], said["wsrep_cluster_size"]) for said in told}
                return len(views) == 1 and {said["wsrep_local_state_comment"] for said in told} == {"Synced"} and (
                    int(told[0]["wsrep_cluster_size"]) == len(hosts)
                )

        Lab.wait_for(are_whole, "the members of %s were synced with each other" % ", ".join(hosts), limit)

    def assert_there(self, host, client):
        """All that the load's client was told to be written."""
        assert client.acknowledged
        found = {number for [number] in self.sql(host, "SELECT number FROM `rows`")}
        assert [number for number in client.acknowledged if number not in found] == []


class Etcd:
    """The members of a cluster, asked from outside of the swarm by their hosts' ports."""

    def __init__(self, lab, addresses):
        self._lab = lab
        self._addresses = addresses

    def ask(self, host, method, body=None):
        """A method of the API v3 over its gateway."""
        url = "http://%s:2379/v3/%s" % (self._addresses[host], method)
        words = ["--silent", "--fail-with-body", "--max-time", "20", "--data", json.dumps(body or {})]
        return json.loads(self._lab("exec", "curl", *words, url))

    def get_v2(self, host):
        """The status with which the API v2 is answered."""
        url = "http://%s:2379/v2/keys" % self._addresses[host]
        return self._lab("exec", "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "20", url)

    def status(self, host):
        return self.ask(host, "maintenance/status")

    def leader(self, hosts):
        """The host whose member leads, as all of them say."""
        told = {host: self.status(host) for host in hosts}
        leaders = {status.get("leader") for status in told.values()}
        assert len(leaders) == 1, told
        return next(host for host in hosts if told[host]["header"]["member_id"] in leaders)

    def members(self, host):
        """Names to what the cluster knows of the members."""
        return {member.get("name", ""): member for member in self.ask(host, "cluster/member/list")["members"]}

    def put(self, host, key, value):
        self.ask(host, "kv/put", {"key": _encoded(key), "value": _encoded(value)})

    def get(self, host, key):
        found = self.ask(host, "kv/range", {"key": _encoded(key)}).get("kvs", [])
        return base64.b64decode(found[0]["value"]).decode() if found else None

    def wait_until_whole(self, hosts, limit=120):
        def is_whole():
            with contextlib.suppress(AssertionError, ValueError, KeyError):
                return self.leader(hosts) and all(self.get(host, "any") is None for host in hosts)

        Lab.wait_for(is_whole, "all members have one leader and answer", limit)

    def assert_there(self, host, client):
        """All that the load's client was told to be written."""
        assert client.acknowledged
        found = self.ask(host, "kv/range", {"key": _encoded("load/"), "range_end": _encoded("load0"), "keys_only": True})["kvs"]
        keys = {base64.b64decode(entry["key"]).decode() for entry in found}
        assert [number for number in client.acknowledged if "load/%d" % number not in keys] == []


def _encoded(text):
    return base64.b64encode(text.encode()).decode()


class Redis:
    """The members, asked from outside of the swarm by their hosts' ports, with the lab's own password."""

    def __init__(self, lab, addresses):
        self._lab = lab
        self._addresses = addresses

    def ask(self, host, *words):
        return json.loads(self._lab("exec", sys.executable, CLIENTS / "redis_words.py", self._addresses[host], *words))

    def wait_until_it_serves(self, host, limit=120):
        def serves():
            with contextlib.suppress(AssertionError, ValueError):
                return self.ask(host, "PING") == "PONG"

        Lab.wait_for(serves, "the server answers", limit)

    def assert_there(self, host, client):
        """All that the load's client was told to be written."""
        assert client.acknowledged
        keys = set(self.ask(host, "KEYS", "load:*"))
        assert [number for number in client.acknowledged if "load:%d" % number not in keys] == []
