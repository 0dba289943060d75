# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's hosts, as tests act on them and look at them."""

from __future__ import annotations

import json
import pathlib
import subprocess
import time

import testinfra

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
INVENTORY = CHECKOUT / "inventories" / "lab" / "hosts.yml"
HOSTS = ("node1", "node2", "node3", "node4")


class Lab:
    """The verbs of lab/lab."""

    def __call__(self, *words, limit=300):
        done = subprocess.run([CHECKOUT / "lab" / "lab", *words], capture_output=True, text=True, timeout=limit, check=False)
        assert done.returncode == 0, "lab/lab %s: %s%s" % (" ".join(map(str, words)), done.stdout, done.stderr)
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
