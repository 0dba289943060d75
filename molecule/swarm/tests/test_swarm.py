# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The swarm that the role formed, as its users notice it."""

from __future__ import annotations

import json

import pytest

CONVERGE = "molecule/swarm/converge.yml"
HOSTS = ("node1", "node2", "node3", "node4")
MANAGERS = HOSTS[:3]


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_is_an_active_member_in_its_role(lab, addresses, host):
    seen = lab.swarm(host)
    assert seen["LocalNodeState"] == "active"
    assert seen["ControlAvailable"] == (host in MANAGERS)
    assert seen["NodeAddr"] == addresses[host]


def test_managers_see_four_ready_nodes_with_their_labels(lab):
    nodes = {node["Description"]["Hostname"]: node for node in lab.nodes()}
    assert sorted(nodes) == list(HOSTS)
    assert {node["Status"]["State"] for node in nodes.values()} == {"ready"}
    assert [nodes[host]["ManagerStatus"]["Reachability"] for host in MANAGERS] == ["reachable"] * 3
    assert {node["Spec"]["Labels"].get("lab") for node in nodes.values()} == {"true"}


def test_engines_of_different_age_are_in_one_swarm(lab):
    versions = {node["Description"]["Engine"]["EngineVersion"].split(".")[0] for node in lab.nodes()}
    assert len(versions) > 1


def test_check_mode_tells_a_change_and_does_not_make_it(lab, play):
    words = ("-e", json.dumps({"swarm_labels": {"lab": "true", "checked": ""}}))
    foretold = play.ok(CONVERGE, "--check", "--diff", *words)
    assert "Would change:" in foretold and "checked" in foretold
    assert all("checked" not in node["Spec"]["Labels"] for node in lab.nodes())

    assert "Changed:" in play.ok(CONVERGE, *words)
    assert [node["Spec"]["Labels"].get("checked") for node in lab.nodes()] == [""] * 4
    assert "Nothing changed." in play.ok(CONVERGE, *words)

    assert "Changed:" in play.ok(CONVERGE, "-e", "swarm_labels_state=replace")
    assert all("checked" not in node["Spec"]["Labels"] for node in lab.nodes())


def test_only_what_was_said_is_touched(lab, play):
    """A setting that somebody made by hand survives a run that does not name it."""
    lab.sh("node1", "docker node update --label-add by_hand=kept --availability drain node4; docker swarm update --task-history-limit 7")
    play.ok(CONVERGE, "-e", json.dumps({"swarm_labels": {"lab": "true", "other": "x"}}))
    node4 = next(node for node in lab.nodes() if node["Description"]["Hostname"] == "node4")
    assert node4["Spec"]["Labels"]["by_hand"] == "kept" and node4["Spec"]["Availability"] == "drain"
    assert "Task History Retention Limit: 7" in lab.sh("node1", "docker info")
    play.ok(CONVERGE, "-e", "swarm_labels_state=replace", "-e", "swarm_availability=active")


def test_a_drain_ends_when_the_tasks_are_gone_and_names_what_stays(lab, play):
    def drain(**options):
        arguments = dict({"nodes": [{"name": "node4", "availability": "drain"}]}, **options)
        done = play.run_module("node1", "quorate.swarm.swarm_nodes", json.dumps(arguments))
        return done.returncode, " ".join(done.stdout.split())

    def tasks():
        return lab.sh("node4", "docker ps --quiet --filter label=com.docker.swarm.service.name=test-web")

    slow_to_stop = "sh -c 'trap \"sleep 10; exit\" TERM; while :; do sleep 1; done'"
    lab.sh(
        "node1",
        "docker network create --driver overlay --attachable test-net && docker service create --detach --name test-web "
        "--mode global --stop-grace-period 60s busybox:1.35 %s" % slow_to_stop,
    )
    try:
        lab.wait_for(tasks, "the service ran on node4")
        alone = lab.sh("node4", "docker run --detach --name test-alone --network test-net busybox:1.35 sleep 1000")
        code, told = drain(drain_timeout=3, restore_on_failure=True)
        assert code != 0 and "of service test-web on node4 (running)" in told and "have the availability again" in told
        code, told = drain()
        assert code == 0 and tasks() == ""
        assert "A drain does not stop standalone containers: container %s on node4" % alone[:12] in told
    finally:
        lab.sh("node1", "docker service rm test-web; docker node update --availability active node4")
        lab.sh("node4", "docker rm --force test-alone || true")
        lab.wait_for(lambda: lab.host("node1").run("docker network rm test-net").rc == 0, "the network was free")


@pytest.mark.long
def test_a_container_on_no_overlay_is_named_before_its_host_is_drained(lab, play):
    lab.sh("node4", "docker run --detach --name test-alone busybox:1.35 sleep 1000")
    try:
        told = " ".join(play.ok(CONVERGE, "--check", "--limit", "node4", "-e", "swarm_availability=drain").split())
        assert "On node4 there run: test-alone. Stop or move them yourself" in told
    finally:
        lab.sh("node4", "docker rm --force test-alone")


def test_all_managers_become_workers_and_the_worker_their_manager(lab, play_on):
    """The manager that acts is demoted in the run, and the overlay is made by the one that comes after it."""
    moved = play_on(inventory(["node4"], MANAGERS))
    assert "Create, compare and remove the overlay networks: " in moved.ok("playbooks/site.yml")
    assert [lab.swarm(host)["ControlAvailable"] for host in HOSTS] == [False, False, False, True]
    assert "Nothing changed." in moved.ok("playbooks/site.yml")
    play_on(inventory(MANAGERS, ["node4"])).ok(CONVERGE)
    assert [lab.swarm(host)["ControlAvailable"] for host in HOSTS] == [True, True, True, False]


@pytest.mark.long
def test_limit_acts_on_the_named_hosts_only(lab, play):
    words = ("-e", json.dumps({"swarm_labels": {"lab": "true", "limited": "yes"}}))
    play.ok(CONVERGE, "--limit", "node4", *words)
    labelled = {node["Description"]["Hostname"] for node in lab.nodes() if "limited" in node["Spec"]["Labels"]}
    assert labelled == {"node4"}
    play.ok(CONVERGE, "-e", "swarm_labels_state=replace")


def test_leaving_demotes_first_and_keeps_the_quorum(lab, play):
    left = play.run_module("node3", "quorate.swarm.swarm", "state=absent")
    assert left.returncode == 0, left.stdout
    assert lab.swarm("node3")["LocalNodeState"] == "inactive"
    managers = [node for node in lab.nodes() if node.get("ManagerStatus")]
    assert len(managers) == 2 and {node["ManagerStatus"]["Reachability"] for node in managers} == {"reachable"}
    assert play.run_module("node3", "quorate.swarm.swarm", "state=absent").stdout.count("CHANGED") == 0
    play.ok(CONVERGE)
    assert sorted(node["Description"]["Hostname"] for node in lab.nodes()) == list(HOSTS)


def test_a_worker_cannot_do_a_managers_work_and_says_who_can(play, addresses):
    wish = {"name": "node4", "labels": {"a": "b"}}
    refused = play.run_module("node4", "quorate.swarm.swarm_nodes", json.dumps({"nodes": [wish]}))
    assert refused.returncode != 0
    assert "only a manager can" in refused.stdout
    assert all("%s at %s:2377" % (host, addresses[host]) in refused.stdout for host in MANAGERS)


REFUSED = {
    "no manager": (([], HOSTS), {}, "group of managers is empty"),
    "one host twice": ((MANAGERS, ["node3", "node4"]), {}, "node3 is in the group of managers and in the group of workers"),
    "one address for all": ((MANAGERS, ["node4"]), {"swarm_advertise_addr": "10.10.10.88"}, "advertise the same address, 10.10.10.88"),
    "an availability that does not exist": ((MANAGERS, ["node4"]), {"swarm_availability": "idle"}, "swarm_availability must be one of"),
    "a label that no swarm takes": ((MANAGERS, ["node4"]), {"swarm_labels": {"not valid": "x"}}, "'not valid' of node node1 is invalid"),
    "another ClusterID": ((MANAGERS, ["node4"]), {"swarm_cluster_id": "abc"}, "but swarm_cluster_id says abc"),
}


def test_a_site_without_managers_is_refused(play_on):
    assert "a swarm needs at least one manager" in play_on(inventory([], HOSTS)).refused("playbooks/site.yml")


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_in_a_sentence_and_nothing_changes(lab, play_on, case):
    groups, variables, sentence = REFUSED[case]
    before = swarm_without_heartbeats(lab)
    assert sentence in play_on(inventory(*groups)).refused(CONVERGE, "-e", json.dumps(variables))
    assert swarm_without_heartbeats(lab) == before


def test_an_address_that_is_not_the_hosts_own_is_refused(play):
    refused = play.run_module("node4", "quorate.swarm.swarm", "state=join advertise_addr=10.10.10.88 remote_addrs=10.10.10.88:2377")
    assert refused.returncode != 0
    assert "no address and no network interface of this host" in refused.stdout


def test_a_role_that_does_not_exist_is_refused(play):
    refused = play.run_module("node1", "quorate.swarm.swarm_nodes", json.dumps({"nodes": [{"name": "node4", "role": "leader"}]}))
    assert refused.returncode != 0
    assert "manager, worker" in refused.stdout


@pytest.mark.long
def test_two_managers_are_warned_of(play_on):
    told = play_on(inventory(["node1", "node2"], ["node3", "node4"])).ok(CONVERGE, "--check")
    assert "Two managers are not high availability" in " ".join(told.split())


@pytest.mark.long
@pytest.mark.parametrize(
    "variables, sentence",
    [
        ({"swarm_advertise_addr": "10.10.10.88"}, "10.10.10.88 is no address and no network interface of node4"),
        ({"swarm_data_path_port": 80}, "not in valid range"),
    ],
)
def test_a_swarm_that_cannot_be_created_says_why_tells_no_token_and_leaves_nothing(lab, play_on, variables, sentence):
    lab.sh("node4", "docker swarm leave --force || true")
    told = play_on(inventory(["node4"], [])).refused(CONVERGE, "-vvv", "-e", json.dumps(variables))
    assert sentence in told and "SWMTKN-" not in told
    assert lab.swarm("node4")["LocalNodeState"] == "inactive"


def inventory(managers, workers):
    """The lab's hosts in other groups; addresses come from the lab's ssh configuration."""
    addresses = {"node1": "10.10.10.88", "node2": "10.10.10.76", "node3": "10.10.10.77", "node4": "10.10.10.78"}

    def group(names):
        return {"hosts": {name: {"ansible_host": addresses[name]} for name in names}}

    return {"swarm_managers": group(managers), "swarm_workers": group(workers)}


def swarm_without_heartbeats(lab):
    return [(node["ID"], node["Spec"]) for node in lab.nodes()]
