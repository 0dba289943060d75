# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module swarm_info on hosts in memory."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import views
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, Refusal
from ansible_collections.quorate.swarm.plugins.modules import swarm_info
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm

REQUESTS = ("nodes", "services", "tasks", "networks", "containers", "join_tokens", "raft")


def ask(host, *requested, quorum_timeout=0, addresses=()):
    params = dict({name: name in requested for name in REQUESTS}, quorum_timeout=quorum_timeout, addresses=addresses)
    outcome = swarm_info.execute(Engine(host), params, False)
    assert not outcome.changed
    return outcome.facts


@pytest.fixture
def swarm(world):
    return Swarm(world)


@pytest.fixture
def manager(world, swarm):
    return Host(world, "m1", "10.0.0.1").become(swarm, "manager")


@pytest.fixture
def worker(world, swarm, manager):
    return Host(world, "w4", "10.0.0.4").become(swarm)


def test_a_manager(manager, swarm):
    facts = ask(manager, "nodes")
    assert (facts["swarm"]["role"], facts["swarm"]["cluster_id"], facts["quorum"]) == ("manager", swarm.cluster_id, True)
    assert facts["engine"] == {"id": "engine-m1", "hostname": "m1", "version": None, "operating_system": None}
    assert [(node["hostname"], node["leader"], node["manager_addr"]) for node in facts["nodes"]] == [("m1", True, "10.0.0.1:2377")]
    assert facts["cluster"]["id"] == swarm.cluster_id


def test_the_settings_of_the_swarm_are_told_and_no_secret(manager, swarm):
    swarm.settings.spec.update(
        CAConfig={"NodeCertExpiry": 720 * 3600 * 10**9, "SigningCACert": "hush", "SigningCAKey": "hush"},
        EncryptionConfig={"AutoLockManagers": True},
        Labels={"site": "north"},
    )
    swarm.settings.unlock_key = "SWMKEY-1-hush"
    told = ask(manager)["cluster"]
    assert [told[key] for key in ("node_cert_expiry", "autolock", "labels")] == ["720h", True, {"site": "north"}]
    assert [told[key] for key in ("task_history_retention_limit", "root_rotation_in_progress", "subnet_size")] == [5, False, 24]
    secrets = ["hush", "CERTIFICATE", *swarm.tokens.values()]
    assert not [secret for secret in secrets if secret in str(told)]


def test_a_worker_tells_its_cluster_from_its_disk(worker, swarm):
    facts = ask(worker, "nodes", "services", "tasks")
    assert (facts["swarm"]["role"], facts["swarm"]["cluster_id"]) == ("worker", swarm.cluster_id)
    assert [facts[key] for key in ("quorum", "cluster", "nodes", "services", "tasks")] == [False, None, None, None, None]


@pytest.fixture
def leaderless(manager, swarm, clock):
    """A manager whose fellow comes back after 20 seconds."""
    fellow = swarm.add("m2", "10.0.0.2", "manager")
    swarm.lose(fellow)
    clock.events.append((20, lambda: swarm.entries[fellow]["ManagerStatus"].update(Reachability="reachable")))
    return manager


def test_managers_are_given_time_to_elect_a_leader(leaderless, clock):
    assert ask(leaderless, "nodes", quorum_timeout=60)["quorum"] is True
    assert 20 <= clock.now < 25


def test_a_quorum_that_does_not_come_is_not_waited_for_beyond_the_limit(leaderless, clock):
    assert ask(leaderless, "nodes", quorum_timeout=10)["nodes"] is None
    assert clock.now == 10


def test_a_manager_without_quorum(manager, swarm):
    for n in (2, 3):
        swarm.lose(swarm.add("m%d" % n, "10.0.0.%d" % n, "manager"))
    facts = ask(manager, "nodes")
    assert [facts[key] for key in ("quorum", "cluster", "nodes")] == [False, None, None]
    assert facts["swarm"]["cluster_id"] == swarm.cluster_id


def test_a_join_that_nobody_answers_is_not_waited_for(world, clock):
    host = Host(world, "h4", "10.0.0.4")
    host.state = "pending"
    assert ask(host, quorum_timeout=60)["swarm"]["state"] == "pending"
    assert clock.now == 0


def test_a_host_in_no_swarm(world):
    facts = ask(Host(world, "h4", "10.0.0.4"), "nodes", "networks", "containers")
    assert facts["swarm"]["state"] == "inactive"
    assert [facts[key] for key in ("quorum", "nodes", "networks", "containers")] == [False, None, [], []]


def test_only_what_was_asked_for_is_told(manager):
    assert set(ask(manager)) == {"swarm", "engine", "cluster", "quorum", "foreign_addresses"}


def test_addresses_that_are_not_the_hosts_own(manager):
    foreign = ["192.0.2.1", "192.0.2.1:2377", "no-such-interface"]
    assert ask(manager, addresses=["127.0.0.1", "127.0.0.1:2377", "lo", *foreign])["foreign_addresses"] == foreign


def test_join_tokens_are_asked_of_managers_only(worker, manager, swarm):
    assert ask(manager, "join_tokens")["join_tokens"] == {"worker": swarm.tokens["Worker"], "manager": swarm.tokens["Manager"]}
    with pytest.raises(Refusal, match="cannot tell the join tokens: it is a worker .* 10.0.0.1:2377"):
        ask(worker, "join_tokens")


PENDING_TASK = {"ID": "t1", "ServiceID": "s1", "Slot": 1, "DesiredState": "running", "Status": {"State": "pending", "Message": "no node"}}
RUNNING_TASK = {
    "ID": "t2",
    "ServiceID": "s1",
    "NodeID": "w4",
    "DesiredState": "running",
    "Status": {"State": "running", "ContainerStatus": {"ContainerID": "c1"}},
}


def test_a_task_that_waits_for_a_node(manager):
    manager.raw["tasks"] = [PENDING_TASK, RUNNING_TASK]
    waiting, running = ask(manager, "tasks")["tasks"]
    assert [waiting[key] for key in ("state", "message", "node_id", "container_id")] == ["pending", "no node", None, None]
    assert [running[key] for key in ("state", "message", "node_id", "container_id", "slot")] == ["running", None, "w4", "c1", None]


OVERLAY = {
    "Id": "n1",
    "Name": "demo",
    "Driver": "overlay",
    "Attachable": True,
    "Options": {"encrypted": "", "com.docker.network.driver.overlay.vxlanid_list": "4097"},
    "IPAM": {"Config": [{"Subnet": "10.0.1.0/24", "Gateway": "10.0.1.1"}]},
    "Peers": [{"Name": "b", "IP": "10.0.0.4"}, {"Name": "a", "IP": "10.0.0.1"}],
    "Containers": {"c1": {"Name": "web.1"}, "lb-demo": {"Name": "demo-endpoint"}},
}


def test_networks_are_overlays_with_their_peers(manager):
    manager.raw["networks"] = [OVERLAY, {"Id": "n2", "Name": "bridge", "Driver": "bridge"}]
    [network] = ask(manager, "networks")["networks"]
    assert [network[key] for key in ("name", "attachable", "encrypted", "ingress", "internal")] == ["demo", True, True, False, False]
    assert [network[key] for key in ("subnets", "peers", "containers")] == [
        [{"subnet": "10.0.1.0/24", "gateway": "10.0.1.1"}],
        ["10.0.0.1", "10.0.0.4"],
        ["demo-endpoint", "web.1"],
    ]


def test_a_network_that_goes_while_it_is_looked_at(manager):
    manager.raw["networks"] = [OVERLAY, dict(OVERLAY, Id="n2", Name="passing", gone=True)]
    assert [network["name"] for network in ask(manager, "networks")["networks"]] == ["demo"]


def test_a_network_that_goes_on_a_manager_that_forwards_the_question(manager):
    manager.raw["networks"] = [OVERLAY]
    manager.inspect_network = lambda *arguments, **options: refuse(500, "rpc error: code = NotFound desc = network n1 not found")
    assert ask(manager, "networks")["networks"] == []


def test_a_network_that_cannot_be_looked_at_is_not_passed_over(manager):
    manager.raw["networks"] = [OVERLAY]
    manager.inspect_network = lambda *arguments, **options: refuse(500, "database is locked")
    with pytest.raises(EngineError, match="database is locked"):
        ask(manager, "networks")


def test_a_network_without_anything_in_it():
    unused = {"Id": "n1", "Name": "demo", "Options": None, "IPAM": {"Config": None}, "Peers": None, "Containers": None, "Labels": None}
    assert views.network(unused) == {
        "network_id": "n1",
        "name": "demo",
        "attachable": False,
        "ingress": False,
        "internal": False,
        "encrypted": False,
        "mtu": None,
        "subnets": [],
        "labels": {},
        "driver_options": {},
        "peers": [],
        "containers": [],
    }


def test_containers_of_the_host(manager):
    manager.raw["containers"] = [
        {
            "Id": "c1",
            "Names": ["/mariadb"],
            "Image": "mariadb:10.11",
            "State": "exited",
            "NetworkSettings": {"Networks": {"demo": {}, "bridge": {}}},
        },
        {"Id": "c2", "Names": None, "Image": "x", "State": "created", "Labels": {"com.docker.swarm.service.id": "s1"}},
    ]
    first, second = ask(manager, "containers")["containers"]
    assert [first[key] for key in ("name", "state", "networks", "service_id")] == ["mariadb", "exited", ["bridge", "demo"], None]
    assert [second[key] for key in ("name", "networks", "service_id")] == ["", [], "s1"]


@pytest.mark.parametrize(
    "spec, expected",
    [
        ({"Mode": {"Replicated": {"Replicas": 3}}}, ("replicated", 3)),
        ({"Mode": {"Replicated": {"Replicas": 0}}}, ("replicated", 0)),
        ({"Mode": {"Global": {}}}, ("global", None)),
        ({"Mode": {"ReplicatedJob": {}}}, ("replicated-job", None)),
        ({"Mode": {"GlobalJob": {}}}, ("global-job", None)),
    ],
)
def test_modes_of_services(manager, spec, expected):
    manager.raw["services"] = [{"ID": "s1", "Spec": dict({"Name": "web"}, **spec)}]
    [service] = ask(manager, "services")["services"]
    assert (service["mode"], service["replicas"]) == expected
    assert [service[key] for key in ("image", "networks", "ports", "labels")] == [None, [], [], {}]


@pytest.mark.parametrize(
    "raw, told",
    [
        (
            {"Protocol": "udp", "TargetPort": 53, "PublishedPort": 5353, "PublishMode": "host"},
            {"protocol": "udp", "target_port": 53, "published_port": 5353, "publish_mode": "host"},
        ),
        # The managers have not chosen the port yet.
        ({"TargetPort": 80}, {"protocol": "tcp", "target_port": 80, "published_port": None, "publish_mode": "ingress"}),
    ],
)
def test_ports_of_services(manager, raw, told):
    manager.raw["services"] = [{"ID": "s1", "Spec": {"Name": "web"}, "Endpoint": {"Ports": [raw]}}]
    assert ask(manager, "services")["services"][0]["ports"] == [told]


def test_a_refusal_that_is_not_the_quorums_is_not_hidden(manager, monkeypatch):
    def refuse(self):
        raise EngineError("The engine refused: client version is too new.", status=400)

    monkeypatch.setattr(Engine, "swarm", refuse)
    with pytest.raises(EngineError, match="too new"):
        ask(manager)


def test_the_raft_log_is_told_on_request(manager, monkeypatch):
    monkeypatch.setattr(swarm_info, "raft_state", lambda root: {"last_index": 7} if root == "m1" else None)
    assert ask(manager, "raft")["raft"] == {"last_index": 7}
