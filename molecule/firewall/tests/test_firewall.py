# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A swarm between hosts each of which has a firewall of another kind; what is open, what stays closed, and what outlives what."""

from __future__ import annotations

import contextlib
import json

import pytest

CONVERGE = "molecule/firewall/converge.yml"
HOSTS = ("node1", "node2", "node3", "node4")
MANAGERS = HOSTS[:3]
IMAGE = "busybox:1.35"
OPENED_BY_ROLE = {
    "node1": "firewall-cmd --list-rich-rules | grep -c 'priority=\"-23770\"'",
    "node2": "ufw show added | grep -c \"comment 'quorate'\"",
    "node3": "nft list chain inet filter quorate | grep -c 'comment \"quorate '",
    "node4": "iptables -S QUORATE | grep -c 'comment \"quorate '",
}
# All that filters on a host, as text; counters would differ.
RULES = {
    "node1": "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones",
    "node2": "ufw show added; iptables -S",
    "node3": "nft list table inet filter; iptables -S",
    "node4": "iptables -S",
}
DOCKERS_RULES = "for table in filter nat mangle; do iptables -t $table -S; done | grep -E 'DOCKER|u32|bpf|docker'"
CONNECT = "import socket; socket.create_connection(('%s', %d), 3).close()"


def opening(*entries):
    """Words for a play that opens these ports besides."""
    wanted = [{"name": "test", "port": 9100, "from": "swarm_workers"}, *entries]
    return ("-e", json.dumps({"firewall_open": wanted}))


@pytest.fixture(scope="module", autouse=True)
def published(lab):
    """A service with one task, on node2, that every host has to answer for on 8100."""
    lab.sh(
        "node1",
        "docker service create --detach --name test-web --constraint node.hostname==node2 --publish 8100:80 %s "
        "sh -c 'echo here > /index.html; exec httpd -f -p 80 -h /'" % IMAGE,
    )
    yield
    lab.sh("node1", "docker service rm test-web")


def fetch(lab, url):
    """What the machine outside of the swarm (10.10.10.1) gets, nothing where nobody answers."""
    try:
        return lab("exec", "curl", "--silent", "--max-time", "3", url)
    except AssertionError:
        return ""


def silent_hosts(lab, addresses):
    return [host for host in HOSTS if "here" not in fetch(lab, "http://%s:8100/" % addresses[host])]


def wait_for_answers(lab, addresses, limit=120):
    lab.wait_for(lambda: not silent_hosts(lab, addresses), "every host answered on the published port", limit)


def connects(lab, source, address, port):
    """Whether a connection comes about from a host, or from the machine outside of the swarm."""
    program = CONNECT % (address, port)
    if source is None:
        try:
            lab("exec", "python3", "-c", program)
        except AssertionError:
            return False
        return True
    return lab.host(source).run("python3 -c \"%s\"" % program).rc == 0


@contextlib.contextmanager
def listening(lab, host, port):
    """Somebody who would answer on a port, if it were open."""
    unit = "test-listen-%d" % port
    lab.sh(host, "systemd-run --quiet --collect --unit=%s python3 -m http.server %d" % (unit, port))
    lab.wait_for(lambda: lab.host(host).run("ss -Hltn | grep -q ':%d '" % port).rc == 0, "somebody listened")
    try:
        yield
    finally:
        lab.sh(host, "systemctl stop %s" % unit)


@contextlib.contextmanager
def container(lab, host, name):
    lab.sh(host, "docker run --detach --name %s --network demo %s sleep 3600" % (name, IMAGE))
    try:
        yield
    finally:
        lab.sh(host, "docker rm --force %s" % name)


def rules(lab, host):
    return lab.sh(host, RULES[host])


def plain(output):
    """What a run says, without the line breaks and quotes of YAML."""
    return " ".join(output.split()).replace("''", "'")


def other(host):
    return HOSTS[(HOSTS.index(host) + 1) % len(HOSTS)]


# What is open, and what is not


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_has_the_openings_in_the_firewall_that_it_had(lab, host):
    assert int(lab.sh(host, OPENED_BY_ROLE[host])) > 0


def test_the_swarm_was_formed_through_the_firewalls(lab):
    assert [node["Status"]["State"] for node in lab.nodes()] == ["ready"] * 4


@pytest.mark.parametrize("host", HOSTS)
def test_the_swarms_ports_are_open_to_its_hosts_and_to_nobody_else(lab, addresses, host):
    for port in (7946, 2377) if host in MANAGERS else (7946,):
        assert connects(lab, other(host), addresses[host], port)
        assert not connects(lab, None, addresses[host], port)


@pytest.mark.parametrize("host", HOSTS)
def test_the_engines_api_stays_closed(lab, addresses, host):
    with listening(lab, host, 2376):
        assert not connects(lab, other(host), addresses[host], 2376)
        assert not connects(lab, None, addresses[host], 2376)


@pytest.mark.parametrize("host", HOSTS)
def test_existing_rules_are_kept(lab, addresses, host):
    with listening(lab, host, 9999):
        assert connects(lab, None, addresses[host], 9999)
    assert connects(lab, None, addresses[host], 22)


@pytest.mark.parametrize("host", MANAGERS)
def test_what_a_role_declares_is_open_to_whom_it_names(lab, addresses, host):
    with listening(lab, host, 9100):
        assert connects(lab, "node4", addresses[host], 9100)
        assert not connects(lab, next(name for name in MANAGERS if name != host), addresses[host], 9100)


def test_every_host_answers_on_a_published_port(lab, addresses):
    wait_for_answers(lab, addresses)


def test_verify_passes(play):
    """With it the overlay demo, which is encrypted: names, gossip, packets of full size."""
    play.ok("playbooks/verify.yml", *opening())


def test_verify_finds_a_port_that_is_refused_though_somebody_listens(lab, play, addresses):
    rule = "INPUT -p tcp --dport 7946 -s %s -j REJECT" % addresses["node1"]
    lab.sh("node4", "iptables -I %s" % rule)
    try:
        told = plain(play.refused("playbooks/verify.yml", "--tags", "firewall", *opening()))
    finally:
        lab.sh("node4", "iptables -D %s" % rule)
    assert "From node1 %s:7946 (node4) is not reached: something listens there" % addresses["node4"] in told
    assert "From node2" not in told and "From node3" not in told


# Runs


def test_a_second_run_changes_nothing_and_says_so(play):
    assert "Nothing changed." in play.ok(CONVERGE)
    assert "Nothing would change." in play.ok(CONVERGE, "--check", "--diff")


def test_check_mode_tells_what_would_be_opened_and_opens_nothing(lab, play, addresses):
    more = ("-e", json.dumps({"application_firewall_open": [{"name": "more", "port": "9200-9201", "from": "any"}]}))
    before = {host: rules(lab, host) for host in HOSTS}
    told = play.ok(CONVERGE, "--check", "--diff", *more)
    assert "Would change:" in told
    assert "Tell what is done: node1, node2, node3, node4" in told
    assert {host: rules(lab, host) for host in HOSTS} == before

    assert "Changed:" in play.ok(CONVERGE, *more)
    for host in HOSTS:
        with listening(lab, host, 9201):
            assert connects(lab, None, addresses[host], 9201)
    with listening(lab, "node1", 9100):
        assert connects(lab, "node4", addresses["node1"], 9100), "what firewall_open says stays open"
    assert "Nothing changed." in play.ok(CONVERGE, *more)
    assert silent_hosts(lab, addresses) == []

    play.ok(CONVERGE)
    for host in HOSTS:
        with listening(lab, host, 9201):
            assert not connects(lab, None, addresses[host], 9201)
        assert sorted(rules(lab, host).split("\n")) == sorted(before[host].split("\n"))


def test_hosts_outside_of_the_run_stay_let_in(lab, play, addresses):
    assert "Nothing changed." in play.ok(CONVERGE, "--limit", "node4")
    assert connects(lab, "node1", addresses["node4"], 7946)


@pytest.mark.parametrize(
    "words, sentence",
    [
        (opening({"name": "api", "port": 2376, "from": "any"}), "the engine's API, which makes everybody who reaches it root"),
        (opening({"name": "odd", "port": 99, "from": "no_such_group"}), "'no_such_group' is no group of the inventory"),
        (("-e", '{"application_firewall_open": [{"name": "odd", "from": "any"}]}'), "of application_firewall_open lacks port."),
        (("-e", "firewall_backend=nftables", "--limit", "node1"), "On node1 firewalld is at work, not nftables"),
        (("-e", "firewall_backend=firewalld", "--limit", "node4"), "On node4 iptables is at work, not firewalld"),
        (("-e", json.dumps({"firewall_backend": "none", "firewall_published_from": ["10.10.10.0/24"]})), "so no filter would be made"),
    ],
)
def test_what_cannot_work_is_refused_and_changes_nothing(lab, play, words, sentence):
    before = {host: rules(lab, host) for host in HOSTS}
    assert sentence in play.refused(CONVERGE, *words)
    assert {host: rules(lab, host) for host in HOSTS} == before


# Firewalls that are loaded anew


def test_published_ports_answer_and_overlays_stay_encrypted_after_a_firewalld_reload(lab, addresses):
    with container(lab, "node1", "test-a"), container(lab, "node4", "test-b"):
        ping = "docker exec test-a ping -c 1 -W 2 test-b"
        lab.wait_for(lambda: lab.host("node1").run(ping).rc == 0, "test-b answered")
        before = set(lab.sh("node1", DOCKERS_RULES).splitlines())
        for word in ("MARK", "DOCKER-INGRESS", "DOCKER-ISOLATION"):
            assert any(word in rule for rule in before)
        lab.sh("node1", "firewall-cmd --reload")
        lab.wait_for(
            lambda: not before - set(lab.host("node1").run(DOCKERS_RULES).stdout.splitlines()), "all of Docker's rules were there again"
        )
        assert lab.host("node1").run(ping).rc == 0
    wait_for_answers(lab, addresses)
    assert int(lab.sh("node1", OPENED_BY_ROLE["node1"])) > 0


def test_what_a_firewalld_reload_costs_without_the_watch_the_role_repairs(lab, play, addresses):
    lab.sh("node1", "systemctl stop quorate-docker-rules")
    lab.sh("node1", "firewall-cmd --reload")
    lab.wait_for(lambda: lab.host("node1").run("iptables -t nat -S DOCKER").rc == 0, "the engine had restored its part")
    assert silent_hosts(lab, addresses) == ["node1"], "this engine does not restore the routing mesh by itself"
    refused = plain(play.refused("playbooks/verify.yml", "--tags", "firewall", *opening()))
    assert "restores Docker's rule -t nat -I PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS" in refused
    assert "restores Docker's rule" in plain(play.ok(CONVERGE))
    wait_for_answers(lab, addresses)
    ingress = lab.sh("node1", "iptables -S DOCKER-INGRESS").splitlines()
    assert len(ingress) == len(set(ingress)), "the watch and the role have both restored them"
    assert lab.host("node1").service("quorate-docker-rules").is_running
    assert "Nothing changed." in play.ok(CONVERGE)


@pytest.mark.parametrize("verb", ["reload", "restart"])
def test_dockers_chains_outlive_flush_ruleset(lab, addresses, verb):
    before = lab.sh("node3", DOCKERS_RULES)
    lab.sh("node3", "nft add rule inet filter input tcp dport 9997 accept")
    lab.sh("node3", "systemctl %s nftables" % verb)
    assert lab.sh("node3", DOCKERS_RULES) == before
    loaded = lab.sh("node3", "nft list table inet filter")
    assert "9997" not in loaded, "the file was loaded"
    assert loaded.count("jump quorate") == 1 and 'tcp dport 9999 accept comment "mine"' in loaded
    assert silent_hosts(lab, addresses) == []
    assert connects(lab, "node4", addresses["node3"], 2377)


def test_a_host_whose_chains_only_the_engine_can_restore_is_refused_with_what_to_do(lab, play, addresses):
    lab.sh("node3", "nft flush ruleset")
    assert "The chains of Docker's engine are gone on node3" in play.refused(CONVERGE, "--limit", "node3")
    lab.sh("node3", "systemctl restart docker && systemctl reload nftables")
    play.ok(CONVERGE)
    wait_for_answers(lab, addresses)


def test_a_reload_of_ufw_costs_nothing(lab, addresses):
    lab.sh("node2", "ufw reload")
    assert silent_hosts(lab, addresses) == []
    assert connects(lab, "node4", addresses["node2"], 2377)


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_lost_its_power_comes_back_with_its_openings(lab, play, addresses, host):
    lab("power-off", host)
    lab("power-on", host)
    manager = "node2" if host == "node1" else "node1"
    lab.wait_for(lambda: {node["Status"]["State"] for node in lab.nodes(manager)} == {"ready"}, "all nodes were ready")
    wait_for_answers(lab, addresses, 240)
    with listening(lab, host, 2376):
        assert not connects(lab, other(host), addresses[host], 2376)
    assert "Nothing changed." in play.ok(CONVERGE)


# Published ports


def test_published_ports_are_reached_by_those_who_are_named_on_request(lab, play, addresses):
    words = ("-e", json.dumps({"firewall_published_from": ["192.0.2.0/24"]}))
    try:
        assert "Changed:" in play.ok(CONVERGE, *words)
        assert silent_hosts(lab, addresses) == list(HOSTS), "not from outside"
        for host in HOSTS:
            answer = "curl --silent --max-time 5 http://%s:8100/" % addresses[host]
            assert "here" in lab.host(other(host)).run(answer).stdout, "from a host of the swarm"
        lab.sh("node1", "firewall-cmd --reload")
        lab.wait_for(lambda: lab.host("node1").run("iptables -S DOCKER-USER | grep -q QUORATE-PUBLISHED").rc == 0, "the filter was back")
        assert "Nothing changed." in play.ok(CONVERGE, *words)
        lab.sh("node2", "iptables -I FORWARD -j ACCEPT")
        assert "DOCKER-USER lets only" in plain(play.ok(CONVERGE, *words))
        assert lab.sh("node2", "iptables -S FORWARD | grep -m 1 -e ^-A") == "-A FORWARD -j DOCKER-USER"
        assert silent_hosts(lab, addresses) == list(HOSTS)
    finally:
        lab.host("node2").run("iptables -D FORWARD -j ACCEPT")
        play.ok(CONVERGE)
    wait_for_answers(lab, addresses)
    assert "Nothing changed." in play.ok(CONVERGE)


def test_a_filter_of_published_ports_through_which_nothing_comes_is_refused(lab, play):
    words = ("-e", json.dumps({"firewall_published_from": ["192.0.2.0/24"]}), "--limit", "node2")
    lab.sh("node2", "iptables -D FORWARD -j DOCKER-USER")
    try:
        assert "has no jump from the chain FORWARD to DOCKER-USER" in plain(play.refused(CONVERGE, *words))
    finally:
        lab.sh("node2", "iptables -I FORWARD -j DOCKER-USER")
    assert lab.host("node2").run("iptables -S QUORATE-PUBLISHED").rc != 0


# Activation


@pytest.fixture
def open_host(lab):
    """node4 without any firewall."""
    lab.sh(
        "node4",
        "apt-get purge --yes iptables-persistent netfilter-persistent; systemctl disable --now quorate-firewall nftables; "
        "for ip in iptables ip6tables; do $ip -P INPUT ACCEPT; $ip -F INPUT; $ip -F QUORATE; $ip -X QUORATE; done; "
        "nft delete table inet quorate; rm -rf /etc/quorate /etc/systemd/system/nftables.service.d; systemctl daemon-reload; "
        "systemctl restart docker",
    )
    return "node4"


def test_a_host_on_which_nothing_filters_is_told_and_left_alone(lab, play, addresses, open_host):
    assert "Nothing keeps anything out of node4" in plain(play.ok(CONVERGE))
    wait_for_answers(lab, addresses)


@pytest.mark.parametrize("backend", ["nftables", "iptables"])
def test_a_firewall_is_activated_when_it_is_named_and_ssh_stays_open(lab, play, addresses, open_host, backend):
    words = ("-e", "firewall_backend=%s" % backend, "--limit", open_host)
    assert "Would change:" in play.ok(CONVERGE, "--check", *words)
    with listening(lab, open_host, 9999):
        assert connects(lab, None, addresses[open_host], 9999)
        assert "Changed:" in play.ok(CONVERGE, *words)
        assert not connects(lab, None, addresses[open_host], 9999)
    assert connects(lab, None, addresses[open_host], 22)
    assert connects(lab, "node1", addresses[open_host], 7946)
    assert "Nothing changed." in play.ok(CONVERGE, *words)
    assert "Nothing changed." in play.ok(CONVERGE), "also when it is no longer named"
    wait_for_answers(lab, addresses)
    lab("power-off", open_host)
    lab("power-on", open_host)
    wait_for_answers(lab, addresses, 240)
    assert not connects(lab, None, addresses[open_host], 9999)
    assert "Nothing changed." in play.ok(CONVERGE)


def test_an_activation_that_would_cut_ssh_off_is_taken_back(lab, play, addresses, open_host):
    wrong = json.dumps({"firewall_backend": "nftables", "firewall_ssh_ports": [2222], "firewall_undo_timeout": 30})
    done = play.run(CONVERGE, "-e", wrong, "--limit", open_host)
    assert done.returncode == 4, "Ansible's own sign of an unreachable host:\n%s" % done.stdout
    lab.wait_for(lambda: connects(lab, None, addresses[open_host], 22), "SSH was open again")
    lab.wait_for(lambda: lab.host(open_host).run("nft list table inet quorate").rc != 0, "the table was gone")


def test_firewalld_is_activated_and_the_engine_restarted(lab, play, addresses, open_host):
    lab.sh(open_host, "apt-get install --yes --no-install-recommends firewalld")
    lab.sh(open_host, "systemctl disable --now firewalld; systemctl restart docker")
    words = ("-e", "firewall_backend=firewalld", "--limit", open_host)
    told = play.ok(CONVERGE, *words)
    assert "Restart the engine of node4" in told
    assert lab.host(open_host).service("firewalld").is_running and lab.host(open_host).service("firewalld").is_enabled
    assert "docker0" in lab.sh(open_host, "firewall-cmd --zone=docker --list-interfaces")
    wait_for_answers(lab, addresses, 240)
    assert "Nothing changed." in play.ok(CONVERGE, *words)
    lab.sh(open_host, "firewall-cmd --reload")
    wait_for_answers(lab, addresses)
