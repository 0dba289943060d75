# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with containers and systemd: an engine in memory, and a program systemctl that leaves what it was told in a directory.

The two know each other through that directory: a container runs while its unit is active.
"""

from __future__ import annotations

import copy
import json

from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse, response

NEVER = "0001-01-01T00:00:00Z"
SYSTEMCTL = """#!/bin/sh
cd %(state)s || exit 1
echo "$*" >> told
case "$1" in
    show)
        active=inactive; enabled=disabled
        [ -e active ] && active=active
        [ -e looping ] && active=activating
        [ -e enabled ] && enabled=enabled
        restarts=0
        [ -e restarts ] && read restarts < restarts
        printf 'LoadState=loaded\\nActiveState=%%s\\nUnitFileState=%%s\\nNRestarts=%%s\\n' $active $enabled $restarts
        [ -e outdated ] && echo NeedDaemonReload=yes
        # systemd tries again
        [ -e looping ] && echo $((restarts + 1)) > restarts
        ;;
    start) [ -e refusing ] && { echo 'Job failed.' >&2; exit 1; }; : > active ;;
    stop) rm -f active looping ;;
    enable) : > enabled ;;
    daemon-reload) rm -f outdated ;;
    disable) rm -f enabled ;;
esac
exit 0
"""


class ContainerHost:
    """The SDK's APIClient, as far as it concerns containers and images."""

    api_version = "1.41"
    base_url = "http+docker://localhost"
    timeout = 60

    def __init__(self, world, state):
        self.world = world
        self.state = state
        self.containers_by_name = {}
        self.images = {}
        self.registry = {}
        self.networks_listed = [self._network("bridge", "local"), self._network("host", "local")]
        self.memory = 4 << 30
        self.swarm = {"LocalNodeState": "active", "ControlAvailable": True}
        self.swap_limit = True
        self.others = []
        self.ids_of_the_managers = {}
        self.warnings = []
        self.end = None
        self.log = b"first\nlast\n"
        self._starts = 0

    @staticmethod
    def _network(name, scope="swarm", attachable=True):
        return {"Name": name, "Id": "id-%s" % name, "Scope": scope, "Attachable": attachable}

    def add_network(self, name, **options):
        self.networks_listed.append(self._network(name, **options))

    def add_image(self, name, image_id, where=None, **config):
        (self.images if where is None else where)[name] = {"Id": image_id, "Config": dict({"Env": ["PATH=/bin"], "Labels": None}, **config)}

    # The SDK's calls

    def info(self):
        return {"MemTotal": self.memory, "Swarm": self.swarm, "MemoryLimit": True, "SwapLimit": self.swap_limit}

    def containers(self, all=False):
        own = [
            {"Id": found["Id"], "Names": ["/%s" % name], "Labels": found["Config"]["Labels"], "State": "running", "Ports": []}
            for name, found in self.containers_by_name.items()
        ]
        return own + self.others

    def networks(self):
        return copy.deepcopy(self.networks_listed)

    def inspect_container(self, container):
        found = self.containers_by_name.get(container) or refuse(404, "No such container: %s" % container)
        self._follow_unit(found)
        return json.loads(json.dumps(found))

    def inspect_image(self, image):
        by_id = {known["Id"]: known for known in self.images.values()}
        return self.images.get(image) or by_id.get(image) or refuse(404, "No such image: %s" % image)

    def pull(self, repository, stream=False, decode=False):
        assert stream and decode
        if repository not in self.registry:
            return iter([{"status": "Pulling"}, {"error": "manifest for %s not found" % repository}])
        with self.world.write("pull %s" % repository):
            self.images[repository] = self.registry[repository]
        return iter([{"status": "Pulling"}])

    def post(self, url, json, params, timeout):
        path = url.partition("/v%s" % self.api_version)[2]
        if path == "/containers/create":
            return self._create(params["name"], json)
        network = path.split("/")[2]
        with self.world.write("connect %s to %s" % (json["Container"], network)):
            self._attach(self.containers_by_name[json["Container"]], network, json["EndpointConfig"])
        return response(200)

    def stop(self, container, timeout=None):
        with self.world.write("stop %s within %s" % (container, timeout)):
            self._end(self._by_id(container), 143)

    def remove_container(self, container):
        found = self._by_id(container)
        if found["State"]["Running"]:
            refuse(409, "You cannot remove a running container")
        with self.world.write("remove %s" % container):
            del self.containers_by_name[found["Name"].lstrip("/")]

    def logs(self, container, tail="all"):
        return b"".join(self.log.splitlines(True)[-tail:])

    # What it does behind them

    def _create(self, name, body):
        if name in self.containers_by_name:
            refuse(409, "The container name /%s is already in use" % name)
        image = self.images.get(body["Image"]) or refuse(404, "No such image: %s" % body["Image"])
        config = {key: value for key, value in body.items() if key not in ("HostConfig", "NetworkingConfig")}
        given = dict(entry.partition("=")[::2] for entry in image["Config"]["Env"] + body["Env"])
        config["Env"] = ["%s=%s" % pair for pair in given.items()]
        config["Labels"] = dict(image["Config"]["Labels"] or {}, **body["Labels"])
        host = copy.deepcopy(body["HostConfig"])
        host["LogConfig"]["Type"] = host["LogConfig"]["Type"] or "json-file"
        if host.get("Memory") and not host.get("MemorySwap"):
            host["MemorySwap"] = 2 * host["Memory"]
        if not self.swap_limit:
            host["MemorySwap"] = -1
        with self.world.write("create %s" % name):
            found = {
                "Id": self.world.new_id("c"),
                "Name": "/%s" % name,
                "Image": image["Id"],
                "Config": dict({"Hostname": "random"}, **config),
                "HostConfig": host,
                "NetworkSettings": {"Networks": {}},
                "State": {"Status": "created", "Running": False, "ExitCode": 0, "StartedAt": NEVER, "Error": ""},
            }
            for network, endpoint in body["NetworkingConfig"]["EndpointsConfig"].items() or [(_plain(host["NetworkMode"]), {})]:
                self._attach(found, network, endpoint)
            self.containers_by_name[name] = found
        answer = response(201)
        answer._content = json.dumps({"Id": found["Id"], "Warnings": self.warnings}).encode()
        return answer

    def _attach(self, found, network, endpoint):
        aliases = endpoint.get("Aliases")
        listed = [known["Id"] for known in self.networks_listed if known["Name"] == network]
        network_id = listed[0] if listed else self.ids_of_the_managers.get(network, "id-%s" % network)
        entry = dict(endpoint, Aliases=aliases and aliases + [found["Id"][:12]], NetworkID=network_id)
        found["NetworkSettings"]["Networks"][network] = entry

    def _by_id(self, container_id):
        return next(found for found in self.containers_by_name.values() if found["Id"] == container_id)

    def _follow_unit(self, found):
        is_up = (self.state / "active").exists()
        if is_up and not found["State"]["Running"]:
            self._starts += 1
            found["State"].update(Running=True, Status="running", StartedAt="2026-01-01T00:00:%02dZ" % self._starts)
            if self.end:
                self.end(found)
        elif not is_up and found["State"]["Running"] and not found.get("by hand"):
            self._end(found, 143)

    @staticmethod
    def _end(found, exit_code):
        found["State"].update(Running=False, Status="exited", ExitCode=exit_code)


def _plain(mode):
    return "bridge" if mode == "default" else mode


class Systemd:
    """What the program was told, and the state in which it holds the one unit."""

    def __init__(self, directory):
        self.state = directory / "systemd"
        self.state.mkdir()
        self.program = directory / "bin" / "systemctl"
        self.program.parent.mkdir()
        self.program.write_text(SYSTEMCTL % {"state": self.state}, encoding="utf-8")
        self.program.chmod(0o755)

    def set(self, *names):
        for name in names:
            (self.state / name).write_text("0\n", encoding="utf-8")

    def unset(self, *names):
        for name in names:
            (self.state / name).unlink(missing_ok=True)

    def has(self, name):
        return (self.state / name).exists()

    def told(self):
        """Without its looks."""
        path = self.state / "told"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [line for line in lines if not line.startswith("show")]
