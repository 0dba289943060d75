# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlay networks as their users notice them, on four hosts."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re

import pytest
import yaml

HOSTS = ("node1", "node2", "node3", "node4")
CONVERGE = "molecule/overlay/converge.yml"
PROVE = "molecule/overlay/prove.yml"
REPAIR = "playbooks/repair.yml"
VARIABLES = pathlib.Path(__file__).parent.parent / "vars" / "networks.yml"
NETWORKS = yaml.safe_load(VARIABLES.read_text(encoding="utf-8"))["overlay_networks"]
IMAGE = "busybox:1.35"
ONE_NETWORK = ("-e", json.dumps({"overlay_networks": NETWORKS[:1], "overlay_verify_timeout": 10}))
NO_NETWORK = ("-e", json.dumps({"overlay_networks": [], "overlay_verify_timeout": 10}))
GOSSIP = ("tcp dport 7946", "tcp sport 7946", "udp dport 7946")


def asking(name, **changes):
    """Words for a play in which one of the networks is asked for differently."""
    networks = [dict(network, **changes) if network["name"] == name else network for network in NETWORKS]
    return ("-e", json.dumps({"overlay_networks": networks}))


def network(lab, name, host="node1"):
    return json.loads(lab.sh(host, "docker network inspect %s" % name))[0]


@contextlib.contextmanager
def container(lab, host, network, name, options=""):
    lab.sh(host, "docker run --detach --name %s --network %s %s %s sleep 600" % (name, network, options, IMAGE))
    try:
        yield
    finally:
        lab.sh(host, "docker rm --force %s" % name)


@contextlib.contextmanager
def service(lab, network, options=""):
    lab.sh("node1", "docker service create --detach --name test-web --network %s %s %s sleep 600" % (network, options, IMAGE))
    try:
        yield
    finally:
        lab.sh("node1", "docker service rm test-web")


def dropping(*rules):
    chain = "nft add table inet fault; nft add chain inet fault in '{ type filter hook input priority -300; }'"
    return "; ".join([chain, *("nft add rule inet fault in %s drop" % rule for rule in rules)])


@contextlib.contextmanager
def fault(lab, host, *rules):
    """Packets that the host does not let in, as a wrong firewall would do."""
    lab.sh(host, dropping(*rules))
    try:
        yield
    finally:
        lab.sh(host, "nft delete table inet fault")


@contextlib.contextmanager
def outside(lab, *hosts):
    """Hosts that are out of the gossip until their engines start anew; docs/tested.md says why in this way."""
    drop_in = "/run/systemd/system/docker.service.d/fault.conf"
    lines = r"[Service]\nExecStartPre=-/usr/sbin/nft delete table inet fault\n"
    with contextlib.ExitStack() as faults:
        for host in hosts:
            lab.sh(host, "mkdir --parents $(dirname %s); printf '%s' > %s; systemctl daemon-reload" % (drop_in, lines, drop_in))
            faults.callback(lab.sh, host, "nft delete table inet fault; rm %s; systemctl daemon-reload" % drop_in)
            lab.sh(host, dropping(*GOSSIP))
        for host in hosts:
            lab.wait_for(lambda host=host: alone(lab, host), "%s had lost the others" % host)
        yield


def alone(lab, host):
    """Whether the host has noticed that it is; every host is on the ingress network."""
    return [peer["IP"] for peer in network(lab, "ingress", host)["Peers"]] == [lab.swarm(host)["NodeAddr"]]


def unfolded(told):
    """Long sentences are shown on several lines."""
    return " ".join(told.split()).replace("''", "'")


def engine_starts(lab):
    return {host: lab.sh(host, "systemctl show docker --property ActiveEnterTimestampMonotonic") for host in HOSTS}


def wait_until_ready(lab):
    lab.wait_for(lambda: {node["Status"]["State"] for node in lab.nodes()} == {"ready"}, "all nodes were ready")


def wait_until_no_probe_is_left(lab):
    """The container of a service ends a little after it."""
    lab.wait_for(
        lambda: all(lab.sh(host, "docker ps --all --quiet --filter name=quorate-probe") == "" for host in HOSTS), "all were gone", 20
    )


def esp_bytes(lab, host, peer):
    """What the host has sent to a peer through its security associations."""
    states = lab.sh(host, "ip -s xfrm state list dst %s" % peer)
    assert "proto esp" in states
    return sum(int(number) for number in re.findall(r"lifetime current:\s+(\d+)\(bytes\)", states))


def test_networks_are_what_was_asked_for(lab):
    secret, static, inner = (network(lab, entry["name"]) for entry in NETWORKS)
    assert secret["Attachable"] and "encrypted" in secret["Options"]
    assert not inner["Attachable"] and inner["Internal"] and "encrypted" not in inner["Options"]
    assert static["Options"]["com.docker.network.driver.mtu"] == "1400"
    assert static["Labels"] == {"purpose": "test"}
    assert static["IPAM"]["Config"] == [{"Subnet": "10.220.0.0/24", "IPRange": "10.220.0.128/25", "Gateway": "10.220.0.1"}]


def test_packets_cross_encrypted_between_hosts(lab, addresses):
    with container(lab, "node1", "secret", "test-a"), container(lab, "node4", "secret", "test-b"):
        lab.wait_for(lambda: lab.host("node1").run("docker exec test-a ping -c 1 -W 2 test-b").rc == 0, "test-b answered")
        before = esp_bytes(lab, "node1", addresses["node4"])
        lab.sh("node1", "docker exec test-a ping -c 5 -s 1000 test-b")
        assert esp_bytes(lab, "node1", addresses["node4"]) - before > 5 * 1000
        assert "proto esp" in lab.sh("node4", "ip xfrm state list dst %s" % addresses["node1"])


def test_addresses_outside_of_the_range_are_free_for_static_ones(lab):
    with container(lab, "node4", "static", "test-a", "--ip 10.220.0.5"), container(lab, "node2", "static", "test-b"):
        lab.wait_for(lambda: lab.host("node2").run("docker exec test-b ping -c 1 -W 2 10.220.0.5").rc == 0, "10.220.0.5 answered")
        own = network(lab, "static", "node2")["Containers"].values()
        assert all(int(entry["IPv4Address"].split("/")[0].split(".")[3]) >= 128 for entry in own)


def test_verify_passes_and_leaves_nothing_behind(lab, play):
    told = unfolded(play.ok(PROVE))
    assert "Not proved" not in told
    assert "node1, node2, node3, node4 are peers, resolve each other's names and exchange packets of full size on secret, static" in told
    assert "Only the peers were compared, between the hosts that use them, of inner" in told
    assert re.search(r"node1, node2, node3, node4 answer each other on port \d+ of quorate-probe-ingress\.", told)
    assert lab.sh("node1", "docker service ls --quiet") == ""
    wait_until_no_probe_is_left(lab)


def test_verify_removes_what_a_killed_run_left(lab, play):
    play.at("See that the host knows all its peers", play.kill, PROVE)
    assert any(lab.sh(host, "docker ps --quiet --filter name=quorate-probe") for host in HOSTS)
    play.ok(PROVE)
    wait_until_no_probe_is_left(lab)


def test_verify_in_check_mode_starts_nothing(lab, play):
    told = unfolded(play.ok(PROVE, "--check"))
    assert "Would start a probe of %s on node1, node2, node3, node4" % IMAGE in told
    assert "Would ask from each of node1, node2, node3, node4 all others on the TCP ports that services publish" in told


def test_verify_names_the_pairs_between_which_only_small_packets_cross(lab, play):
    with fault(lab, "node3", "ip protocol esp meta length gt 1000"):
        told = play.refused(PROVE, "-e", "overlay_verify_timeout=10")
    assert "From node3 not every host is reached" in told
    assert "node3 on secret: packets of 1424 bytes do not cross, though small ones do. Give the network a smaller mtu." in told
    assert "node2 on secret" in told and "node1 on secret: " in told
    assert not re.search(r"From node1 not every host is reached\.\s+node[24] ", told)


def test_verify_finds_a_host_that_is_ready_but_outside_of_the_gossip(lab, play):
    with fault(lab, "node3", *GOSSIP):
        lab.wait_for(
            lambda: "has failed" in lab.sh("node1", "journalctl --unit docker --since -2min --grep 'has failed|Suspect' || true"),
            "node1 missed node3 in the gossip",
        )
        assert {node["Status"]["State"] for node in lab.nodes()} == {"ready"}
        told = play.refused(PROVE, "-e", "overlay_verify_timeout=10")
    assert "On node1 the peers of the overlay secret lack node3" in told
    assert "restart the engine of node3 (systemctl restart docker)" in told
    lab.sh("node3", "systemctl restart docker")
    wait_until_ready(lab)
    play.ok(PROVE)


def test_repair_restarts_the_engine_of_a_host_outside_and_no_other(lab, play):
    before = engine_starts(lab)
    with outside(lab, "node3"):
        assert {node["Status"]["State"] for node in lab.nodes()} == {"ready"}
        told = unfolded(play.ok(REPAIR, "--check", *ONE_NETWORK))
        assert "On node1 the peers of the overlay ingress lack node3" in told
        assert "Would change:" in told and "Restart the engine of node3" in told
        assert engine_starts(lab) == before

        told = unfolded(play.ok(REPAIR, *ONE_NETWORK))
        assert "On node1 the peers of the overlay secret lack node3" in told
        assert "node3 came back into the gossip" in told
        assert [host for host, start in engine_starts(lab).items() if start != before[host]] == ["node3"]
        assert not alone(lab, "node3")
    told = unfolded(play.ok(REPAIR, *ONE_NETWORK))
    assert "No host of node1, node2, node3, node4 is outside of the gossip." in told and "Nothing changed." in told


def test_repair_restarts_nothing_where_rather_the_network_is_at_fault(lab, play):
    before = engine_starts(lab)
    with outside(lab, "node2", "node3", "node4"):
        told = play.refused(REPAIR, *NO_NETWORK)
        assert "of 4 hosts fewer than half (none) are in touch with each other" in told
        assert "With overlay_repair_force=true" in told
        assert engine_starts(lab) == before
        told = play.ok(REPAIR, *NO_NETWORK, "-e", "overlay_repair_force=true")
        assert "came back into the gossip" in unfolded(told)


def test_verify_names_the_hosts_that_do_not_answer_on_a_published_port(lab, play):
    lab.sh("node1", "docker service create --detach --name test-web --publish 8100:80 %s httpd -f -p 80" % IMAGE)
    try:
        lab.wait_for(lambda: "running" in lab.sh("node1", "docker service ps test-web --format '{{.CurrentState}}'").lower(), "it ran")
        told = unfolded(play.ok(PROVE, *NO_NETWORK))
        assert "answer each other on port 8100 of test-web." in told and "Not proved: that encrypted packets" in told

        # What a reload of a firewall does, and what a wrong rule in it does.
        lab.sh("node3", "iptables --table nat --flush DOCKER-INGRESS")
        lab.sh("node4", "iptables --table raw --insert PREROUTING --protocol tcp --dport 8100 --jump DROP")
        told = play.refused(PROVE, *NO_NETWORK)
        lab.sh("node4", "iptables --table raw --delete PREROUTING --protocol tcp --dport 8100 --jump DROP")
        for host in ("node1", "node2"):
            start = "From %s the port 8100 of the service test-web does not answer on " % host
            assert start + "node3: node3 takes the connection, but no container gets it." in told
            assert start + "node4: nothing comes back." in told
        assert "not answer on node1" not in told and "not answer on node2" not in told

        lab.sh("node3", "systemctl restart docker")
        wait_until_ready(lab)
        play.ok(PROVE, *NO_NETWORK)
    finally:
        lab.sh("node1", "docker service rm test-web")


def test_check_mode_tells_the_drift_and_changes_nothing(lab, play):
    before = network(lab, "static")["Id"]
    told = play.ok(CONVERGE, "--check", "--diff", "-e", "overlay_recreate=unused", *asking("static", mtu=1300))
    assert re.search(r"-\s+mtu: 1400\n\+\s+mtu: 1300\n", told)
    assert "Would change:" in told
    assert network(lab, "static")["Id"] == before


def test_drift_is_refused_unless_making_anew_is_allowed(lab, play):
    before = network(lab, "static")["Id"]
    assert "The network static is not as asked for: mtu is 1400, not 1300" in play.refused(CONVERGE, *asking("static", mtu=1300))
    assert network(lab, "static")["Id"] == before


def test_a_network_in_use_is_never_made_anew_and_its_users_are_named(lab, play):
    words = ("-e", "overlay_recreate=unused", *asking("static", mtu=1300))
    before = network(lab, "static")["Id"]
    far, near = container(lab, "node4", "static", "test-far"), container(lab, "node1", "static", "test-near")
    with service(lab, "static", "--replicas 2"), far, near:
        far_id = lab.sh("node4", "docker inspect --format '{{.Id}}' test-far")[:12]
        for told in (play.refused(CONVERGE, *words), play.refused(CONVERGE, *asking("static", state="absent"))):
            assert "in use by container %s on node4, container test-near on node1, service test-web" % far_id in told
    assert network(lab, "static")["Id"] == before

    play.ok(CONVERGE, *words)
    made = network(lab, "static")
    assert made["Id"] != before and made["Options"]["com.docker.network.driver.mtu"] == "1300"
    assert "Nothing changed." in play.ok(CONVERGE, *words)
    play.ok(CONVERGE, "-e", "overlay_recreate=unused")


def test_the_ingress_network_gets_another_subnet_only_while_nothing_is_published(lab, play, addresses):
    def words(subnet):
        return ("-e", "overlay_recreate=unused", "-e", json.dumps({
            "overlay_networks": [{"name": "ingress", "ingress": True, "subnets": [{"subnet": subnet}]}]
        }))

    def answers():
        codes = [lab.host("node1").run("curl --silent --max-time 3 http://%s:8100/" % addresses[host]).rc for host in HOSTS]
        return codes == [0] * len(HOSTS)

    # A task on each host: the others do not get an ingress network that was made anew (moby#40184).
    published = "docker service create --detach --name test-web --mode global --publish 8100:80 %s httpd -f -p 80" % IMAGE
    lab.sh("node1", published)
    assert "while it is in use by service test-web" in play.refused(CONVERGE, *words("10.221.0.0/24"))
    lab.sh("node1", "docker service rm test-web")

    play.ok(CONVERGE, *words("10.221.0.0/24"))
    assert network(lab, "ingress")["IPAM"]["Config"][0]["Subnet"] == "10.221.0.0/24"
    lab.sh("node1", published)
    lab.wait_for(answers, "every host answered on the published port")
    lab.sh("node1", "docker service rm test-web")
    play.ok(CONVERGE, *words("10.0.0.0/24"))


@pytest.mark.parametrize(
    "host, networks, sentence",
    [
        ("node1", [{"name": "test-a", "subnets": [{"subnet": "10.10.10.0/25"}]}], "overlaps 10.10.10.0/24 of this host's interface eth0"),
        ("node1", [{"name": "test-b", "subnets": [{"subnet": "10.220.0.0/16"}]}], "overlaps 10.220.0.0/24 of network static"),
        ("node1", [{"name": "test-c", "subnets": [{"subnet": "fd00::/64"}]}], "moby#47125"),
        ("node1", [{"name": "docker_gwbridge"}], "is no overlay of the swarm"),
        ("node4", [{"name": "test-d"}], "only a manager can. Run it on one of its managers: node1 at 10.10.10.88:2377, node2 at"),
    ],
)
def test_bad_input_is_refused_with_a_sentence_before_anything_is_made(lab, play, host, networks, sentence):
    done = play.run_module(host, "quorate.swarm.overlay_networks", json.dumps({"networks": [{"name": "test-first"}, *networks]}))
    assert done.returncode != 0 and sentence in " ".join(done.stdout.split())
    assert "test-" not in lab.sh("node1", "docker network ls --format '{{.Name}}'")
