# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs of the lab that other scenarios do not use."""

from __future__ import annotations

import contextlib
import socket
import subprocess

import pytest

SNAPSHOT = "test"
HOSTS = ("node1", "node2", "node3", "node4")


def test_a_cut_host_is_out_of_reach_until_it_is_healed(lab, addresses):
    ping = "ping -c 1 -W 2 %s" % addresses["node4"]
    assert lab.host("node1").run(ping).rc == 0
    lab("cut", "node4")
    try:
        assert lab.host("node1").run(ping).rc != 0
    finally:
        lab("heal", "node4")
    lab.wait_for(lambda: lab.host("node1").run(ping).rc == 0, "node4 answered again")


def test_a_snapshot_brings_disks_and_swarm_back(lab):
    before = lab.swarm("node1")["Cluster"]["ID"]
    lab.sh("node1", "echo old > /root/state && sync")
    lab("snapshot", SNAPSHOT)
    assert lab.sh("node1", "cat /root/state") == "old", "a snapshot leaves the hosts as they were"
    lab.sh("node1", "echo new > /root/state && docker swarm leave --force")
    lab("restore", SNAPSHOT)
    assert lab.sh("node1", "cat /root/state") == "old"
    lab.wait_for(lambda: lab.host("node1").run("docker node ls").rc == 0, "the managers had elected a leader")
    assert lab.swarm("node1")["Cluster"]["ID"] == before


def test_a_browser_on_this_machine_reaches_a_hosts_port(checkout):
    process = subprocess.Popen([checkout / "lab" / "lab", "forward", "18022:node2:22"], stdout=subprocess.PIPE, text=True)
    try:
        assert "18022" in process.stdout.readline()
        with contextlib.closing(socket.create_connection(("127.0.0.1", 18022), timeout=20)) as connection:
            assert connection.recv(8).startswith(b"SSH-2.0")
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.mark.parametrize("host", HOSTS)
def test_status_tells_every_host(lab, addresses, host):
    line = next(line for line in lab("status").splitlines() if line.startswith(host))
    assert addresses[host] in line and " up " in line


def test_a_host_that_does_not_exist_is_refused_in_a_sentence(checkout):
    done = subprocess.run([checkout / "lab" / "lab", "cut", "node9"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0 and "node9" in done.stderr
