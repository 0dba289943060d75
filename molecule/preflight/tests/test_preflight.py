# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with real hosts before a swarm is made of them, and how it is said."""

from __future__ import annotations

import contextlib

import pytest

PREFLIGHT = "playbooks/preflight.yml"
SITE = "playbooks/site.yml"
VERIFY = "playbooks/verify.yml"
HOSTS = ("node1", "node2", "node3", "node4")
# Each manager calls two managers on five ports and the worker on four; the worker calls three managers on five.
CALLS = 3 * (2 * 5 + 4) + 3 * 5


@pytest.fixture
def fault(lab):
    """A fault on a host for the length of a with statement: what makes it, and what takes it away."""

    @contextlib.contextmanager
    def make(host, command, remedy):
        lab.sh(host, command)
        try:
            yield
        finally:
            lab.sh(host, remedy)

    return make


@pytest.fixture
def drop(fault):
    def make(host, what):
        return fault(host, "iptables -I INPUT %s -j DROP" % what, "iptables -D INPUT %s -j DROP" % what)

    return make


@pytest.fixture
def clock(fault):
    def set_forward(host, seconds):
        turn = 'date --set="@$(( $(date +%%s) %s %d ))"'
        return fault(host, turn % ("+", seconds), turn % ("-", seconds))

    return set_forward


def joined(told):
    """What a run said, without its line breaks."""
    return " ".join(told.split())


class TestHostsWithoutASwarm:
    @pytest.fixture(autouse=True)
    def nothing_changes(self, lab):
        yield
        assert {lab.swarm(host)["LocalNodeState"] for host in HOSTS} == {"inactive"}

    @pytest.mark.parametrize("mode", [(), ("--check",)])
    def test_all_is_well_and_every_host_reached_every_other_one(self, play, mode):
        told = play.ok(PREFLIGHT, "-v", *mode)
        assert told.count("result: open") == CALLS
        assert "not seen" not in told and "not tested" not in told
        assert "overlaps the route" not in told, "the hosts' own network lies where the pool never comes to"

    def test_a_closed_port_is_named_with_the_hosts(self, play, drop):
        with drop("node2", "-p udp --dport 4789"):
            told = play.refused(PREFLIGHT)
        assert "From node1, node3 and node4 nothing gets through to node2 (10.10.10.76) on 4789/udp." in told
        assert "Open 4789/udp on node2" in told and "Nothing changed." in told
        assert "through to node1" not in told and "through to node3" not in told and "through to node4" not in told

    def test_closed_ports_between_two_hosts(self, play, drop):
        with drop("node4", "-p tcp --dport 7946 -s 10.10.10.88"), drop("node4", "-p esp -s 10.10.10.88"):
            told = play.refused(PREFLIGHT)
        assert "From node1 nothing gets through to node4 (10.10.10.78) on 7946/tcp and IP protocol 50 (ESP)" in told
        assert "node3 nothing" not in told

    def test_the_site_goes_no_further_and_the_tag_leaves_the_look_out(self, play, drop):
        with drop("node2", "-p udp --dport 7946"):
            told = play.refused(SITE)
            assert "nothing gets through to node2" in told and "Ask the engine" not in told
            play.ok(PREFLIGHT, "--skip-tags", "preflight")
            play.ok(PREFLIGHT, "-e", "preflight_hosts=false")
            play.ok(PREFLIGHT, "--limit", "node1:node3")

    def test_a_clock_that_is_an_hour_ahead(self, play, clock):
        with clock("node3", 3600):
            told = play.refused(PREFLIGHT)
        assert "The clock of node3 is at least 35" in told and "s ahead of that of node1" in told
        assert "The clock of node1" not in told

    def test_a_clock_that_is_a_little_ahead_is_told(self, play, clock):
        with clock("node3", 50):
            told = joined(play.ok(PREFLIGHT))
        assert "The clock of node3 is at least" in told

    def test_a_small_mtu(self, play, fault):
        with fault("node4", "ip link set eth0 mtu 1400", "ip link set eth0 mtu 1500"):
            told = joined(play.ok(PREFLIGHT))
        assert "From node4 to node1, node2 and node3 packets of 1500 bytes do not pass uncut, of 1400 bytes they do." in told
        assert "mtu: 1400" in told

    def test_a_host_that_was_copied(self, lab, play, fault):
        of_node1 = lab.sh("node1", "cat /etc/machine-id")
        with fault(
            "node2", "cp /etc/machine-id /root/machine-id; echo %s > /etc/machine-id" % of_node1, "cat /root/machine-id > /etc/machine-id"
        ):
            told = play.refused(PREFLIGHT)
        assert "node1 and node2 have the same machine ID." in told and "systemd-machine-id-setup" in told

    def test_a_route_into_the_address_pool(self, play, fault):
        with fault("node3", "ip route add 10.0.0.0/25 dev eth0", "ip route del 10.0.0.0/25"):
            told = play.refused(PREFLIGHT)
            assert "The subnet 10.0.0.0/24 of the ingress network overlaps the route to 10.0.0.0/25 by eth0 of node3" in told
            play.ok(PREFLIGHT, "-e", '{"swarm_default_addr_pool": ["172.20.0.0/16"]}')
        told = joined(play.ok(PREFLIGHT, "-e", '{"swarm_default_addr_pool": ["10.10.0.0/16"]}'))
        assert "overlaps the route to 10.10.10.0/24 by eth0 of node1, node2, node3 and node4. " in told
        assert "after some 10 networks" in told

    @pytest.mark.parametrize("port, kind, more", [("4789/udp", 2, ""), ("7946/tcp", 1, "s.listen(); ")])
    def test_a_port_that_another_program_has(self, play, fault, port, kind, more):
        bound = "s = socket.socket(2, %d); s.bind((str(), %s)); %s" % (kind, port.partition("/")[0], more)
        program = "python3 -c 'import socket, time; %stime.sleep(300)'" % bound
        with fault("node2", "systemd-run --unit=other-program --collect %s" % program, "systemctl stop other-program"):
            told = joined(play.ok(PREFLIGHT, "-v"))
        assert "Something else than a swarm's engine listens on %s of node2" % port in told.replace("''", "'")
        assert "met: false" not in told, "that makes no member of a host"

    def test_a_host_without_power_is_told_by_ansible_alone(self, lab, play):
        lab("power-off", "node4")
        try:
            done = play.run(PREFLIGHT)
        finally:
            lab("power-on", "node4")
        assert done.returncode == 4, "Ansible's own sign of an unreachable host:\n%s" % done.stdout
        assert "nothing gets through" not in done.stdout

    def test_too_few_forks_are_told(self, play):
        assert "--forks 4 or more" in joined(play.ok(PREFLIGHT, "--forks", "3"))


class TestASwarm:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def formed(cls, play):
        play.ok(SITE)

    def test_members_are_looked_at_once_and_do_not_wait_for_each_other(self, play):
        told = play.ok(PREFLIGHT, "-v")
        assert told.count("met: false") == len(HOSTS) and "result:" not in told

    def test_what_is_found_of_members_is_a_warning(self, play, clock):
        with clock("node4", 120):
            told = joined(play.ok(VERIFY))
        assert "The clock of node4 is at least" in told

    def test_a_member_that_comes_anew_is_called_by_all_others(self, lab, play, drop, swarm):
        before = swarm.cluster_id()
        lab.sh("node4", "docker swarm leave")
        with drop("node4", "-p udp --dport 7946"):
            told = play.refused(SITE)
            assert "From node1, node2 and node3 nothing gets through to node4 (10.10.10.78) on 7946/udp." in told
            assert lab.swarm("node4")["LocalNodeState"] == "inactive"
        play.ok(SITE)
        swarm.assert_whole(before)
