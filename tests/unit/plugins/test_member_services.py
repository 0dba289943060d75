# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members as services of the swarm: what is done in which order, what is refused, what is told."""

from __future__ import annotations

import copy
import json

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import member_services
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse, response
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import Killed

NETWORK = "id-of-host"


def node(name, **labels):
    return {
        "ID": "id-" + name,
        "Version": {"Index": 7},
        "Spec": {"Role": "worker", "Availability": "active", "Labels": labels or None, "Name": "kept"},
        "Description": {"Hostname": name},
        "Status": {"State": "ready"},
    }


class Managers:
    """The SDK's APIClient on a manager, as far as it concerns services. A task follows what its service says one look later."""

    api_version = "1.41"
    base_url = "http+docker://localhost"
    timeout = 60

    def __init__(self, world):
        self.world = world
        self.entries = {}
        self.listed = {name: node(name) for name in ("node1", "node2", "node3")}
        self.all_tasks = []
        self.state = "running"
        self.manager = True

    def info(self):
        return {"Swarm": {"LocalNodeState": "active", "ControlAvailable": self.manager, "NodeID": "id-node1", "Cluster": {"ID": "c"}}}

    def services(self):
        return copy.deepcopy(list(self.entries.values()))

    def inspect_service(self, name):
        return copy.deepcopy(self.entries.get(name) or refuse(404, "service %s not found" % name))

    def nodes(self):
        return copy.deepcopy(list(self.listed.values()))

    def inspect_node(self, node_id):
        return copy.deepcopy(next(found for found in self.listed.values() if found["ID"] == node_id))

    def update_node(self, node_id, version, spec):
        with self.world.write("label %s %s" % (node_id, json.dumps(spec["Labels"]))):
            next(found for found in self.listed.values() if found["ID"] == node_id)["Spec"] = spec

    def inspect_network(self, network_id):
        return {"Name": "host", "Id": network_id} if network_id == NETWORK else refuse(404, "network %s not found" % network_id)

    def tasks(self):
        told = copy.deepcopy(self.all_tasks)
        self._pass_time()
        return told

    def post(self, url, json, params, timeout):
        path = url.partition("/v%s" % self.api_version)[2]
        spec = copy.deepcopy(json)
        for network in spec["TaskTemplate"]["Networks"]:
            network["Target"] = NETWORK
        if path == "/services/create":
            # what the engine adds of its own
            spec["TaskTemplate"]["ContainerSpec"].update({"Isolation": "default", "DNSConfig": {}})
            with self.world.write("create %s" % spec["Name"]):
                self.entries[spec["Name"]] = {"ID": "s-" + spec["Name"], "Version": {"Index": 1}, "Spec": spec}
            answer = response(201)
            answer._content = b'{"ID": "x", "Warnings": ["no digest"]}'
            return answer
        name = path.split("/")[2]
        assert params["version"] == self.entries[name]["Version"]["Index"]
        with self.world.write("update %s to %d" % (name, spec["Mode"]["Replicated"]["Replicas"])):
            self.entries[name]["Spec"] = spec
            self.entries[name]["Version"]["Index"] += 1
        return response(200)

    def remove_service(self, name):
        with self.world.write("remove %s" % name):
            service = self.entries.pop(name)
            self.all_tasks = [task for task in self.all_tasks if task["ServiceID"] != service["ID"]]

    def _pass_time(self):
        for service in self.entries.values():
            own = [task for task in self.all_tasks if task["ServiceID"] == service["ID"]]
            live = [task for task in own if task["Status"]["State"] not in ("shutdown", "failed", "rejected")]
            if not service["Spec"]["Mode"]["Replicated"]["Replicas"]:
                for task in live:
                    task["Status"]["State"] = "shutdown" if task["DesiredState"] == "remove" else task["Status"]["State"]
                    task["DesiredState"] = "remove"
            elif not live:
                self._start(service)
            else:
                live[0]["Status"]["State"] = self.state
                live[0]["Status"]["Err"] = "task: non-zero exit (1)" if self.state == "failed" else None

    def _start(self, service):
        (constraint,) = service["Spec"]["TaskTemplate"]["Placement"]["Constraints"]
        label, value = constraint.replace("node.labels.", "").split(" == ")
        fitting = [found["ID"] for found in self.listed.values() if (found["Spec"]["Labels"] or {}).get(label) == value]
        self.all_tasks.append({
            "ID": self.world.new_id("t"),
            "CreatedAt": "2026-01-01T00:00:%02dZ" % len(self.all_tasks),
            "ServiceID": service["ID"],
            "NodeID": fitting[0] if fitting else None,
            "DesiredState": "running",
            "Status": {"State": "preparing", "Message": "preparing"},
        })


class Swarm:
    def __init__(self, managers):
        self.managers = managers
        self.options = [self.option(number) for number in (1, 2)]

    @staticmethod
    def option(number):
        return {
            "name": "zoo%d" % number,
            "node_id": "id-node%d" % number,
            "value": str(number),
            "image": "zoo:1",
            "container": {
                "hostname": "zoo%d" % number,
                "env": {"A": "1", "ZOO_PASSWORD": "open-sesame"},
                "labels": {"team": "blue"},
                "mounts": [{"source": "/srv/zoo%d/data" % number, "target": "/data"}],
                "memory": "512M",
                "stop_timeout": 60,
                "network_mode": "host",
                "extra_hosts": {"db": "10.0.0.9"},
            },
        }

    @property
    def journal(self):
        return self.managers.world.journal

    def spec(self, name="zoo1"):
        return self.managers.entries[name]["Spec"]

    def run(self, state="started", check_mode=False, services=None, **options):
        given = dict(options, state=state, services=copy.deepcopy(self.options if services is None else services))
        checked = ArgumentSpecValidator(member_services.ARGUMENTS).validate(given)
        assert not checked.error_messages
        return member_services.execute(Engine(self.managers), checked.validated_parameters, check_mode)


@pytest.fixture
def swarm(world):
    return Swarm(Managers(world))


@pytest.fixture
def held(swarm):
    swarm.run()
    swarm.journal.clear()
    return swarm


# From nothing, and again


def test_services_are_made_from_nothing(swarm):
    outcome = swarm.run()
    assert outcome.actions == [
        "give the node id-node1 the label node_index=1", "create the service zoo1",
        "give the node id-node2 the label node_index=2", "create the service zoo2",
    ]
    assert outcome.warnings == ["The managers say of the service %s: no digest" % name for name in ("zoo1", "zoo2")]
    assert [(told["running"], told["node_id"], told["differs"]) for told in outcome.facts["services"]] == [
        (True, "id-node1", []), (True, "id-node2", []),
    ]
    template = swarm.spec()["TaskTemplate"]
    container = template["ContainerSpec"]
    assert template["Placement"] == {"Constraints": ["node.labels.node_index == 1"]} and template["Networks"] == [{"Target": NETWORK}]
    assert template["RestartPolicy"]["Condition"] == "any" and swarm.spec()["UpdateConfig"]["Order"] == "stop-first"
    assert (container["StopGracePeriod"], container["Mounts"], container["Hosts"], container["Labels"]) == (
        60 * 10**9, [{"Type": "bind", "Source": "/srv/zoo1/data", "Target": "/data"}], ["10.0.0.9 db"], {"team": "blue"},
    )
    assert template["Resources"] == {"Limits": {"MemoryBytes": 512 << 20}} and "EndpointSpec" not in swarm.spec()


def test_a_second_run_changes_nothing(held):
    outcome = held.run()
    assert (outcome.changed, outcome.actions, held.journal, outcome.before, outcome.after) == (False, [], [], {}, {})
    assert [told["restart_needed"] for told in held.run("seen").facts["services"]] == [False, False]


def test_check_mode_foretells_all_and_does_nothing(swarm):
    foretold = swarm.run(check_mode=True)
    assert swarm.journal == []
    done = swarm.run()
    assert (foretold.actions, foretold.before, foretold.after) == (done.actions, done.before, done.after)


def test_a_node_keeps_its_other_labels(swarm):
    swarm.managers.listed["node1"] = node("node1", disk="ssd")
    swarm.run()
    assert swarm.journal[0] == 'label id-node1 {"disk": "ssd", "node_index": "1"}'


# Changes


def test_a_service_that_differs_is_stopped_before_it_is_changed(held):
    old = held.run("seen").facts["services"][0]
    held.options[0]["container"].update(memory="1G", env={"A": "2", "ZOO_PASSWORD": "open-sesame-2"})
    seen = held.run("seen").facts["services"]
    assert seen[0]["differs"] == [
        "service: env A is 1, not 2", "service: env ZOO_PASSWORD is another one (not told)",
        "service: memory is 536870912, not 1073741824",
    ]
    assert [told["restart_needed"] for told in seen] == [True, False]
    outcome = held.run()
    assert outcome.actions == ["stop the service zoo1", "update the service zoo1"]
    assert held.journal == ["update zoo1 to 0", "update zoo1 to 1"] and "open-sesame" not in str((outcome.before, outcome.after))
    assert outcome.facts["services"][0]["running"] and old["running"] and not held.run().changed


def test_what_is_asked_for_no_more_is_taken_away(held):
    del held.options[0]["container"]["memory"], held.options[0]["container"]["labels"]
    assert held.run().changed
    assert held.spec()["TaskTemplate"]["Resources"] == {} and "Labels" not in held.spec()["TaskTemplate"]["ContainerSpec"]
    assert not held.run().changed


def test_what_somebody_else_set_stays(held):
    held.spec()["TaskTemplate"].update(ForceUpdate=3)
    held.spec()["TaskTemplate"]["Resources"]["Reservations"] = {"MemoryBytes": 1}
    held.spec()["TaskTemplate"]["ContainerSpec"]["Image"] += "@sha256:1"
    assert not held.run().changed
    held.options[0]["container"]["env"]["A"] = "3"
    held.run()
    assert held.spec()["TaskTemplate"]["ForceUpdate"] == 3
    assert held.spec()["TaskTemplate"]["Resources"]["Reservations"] == {"MemoryBytes": 1}


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec["UpdateConfig"].update(Order="start-first"),
        lambda spec: spec["Labels"].update({"other": "x"}) or spec["UpdateConfig"].update(Parallelism=2),
    ],
)
def test_what_concerns_no_container_is_changed_without_a_stop(held, change):
    change(held.spec())
    assert held.run("seen").facts["services"][0]["restart_needed"] is False
    assert held.run().actions == ["update the service zoo1"] and not held.run().changed


def test_a_published_port_is_taken_away(held):
    held.spec()["EndpointSpec"] = {"Mode": "vip", "Ports": [{"PublishedPort": 2181, "TargetPort": 2181}]}
    assert held.run("seen").facts["services"][0]["differs"] == ["service: published port 2181 is not asked for"]
    held.run()
    assert held.spec()["EndpointSpec"] == {"Mode": "vip"} and not held.run().changed


def test_a_member_is_stopped_started_and_removed(held):
    one = [{"name": "zoo1"}]
    assert held.run("stopped", services=one).actions == ["stop the service zoo1"]
    assert not held.run("stopped", services=one).changed
    told = held.run("seen").facts["services"][0]
    assert (told["exists"], told["running"], told["differs"]) == (True, False, ["service: replicas is 0, not 1"])
    assert held.run().actions == ["update the service zoo1"]
    assert held.run("absent", services=one).actions == ["stop the service zoo1", "remove the service zoo1"]
    assert not held.run("absent", services=one).changed and list(held.managers.entries) == ["zoo2"]
    assert held.managers.listed["node1"]["Spec"]["Labels"] == {"node_index": "1"}


@pytest.mark.parametrize("moment", range(3))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_killed_anywhere_is_repeated(held, moment, when):
    held.options[0]["container"]["memory"] = "1G"
    held.managers.world.kill = (moment, when)
    if moment < 2:
        with pytest.raises(Killed):
            held.run()
    held.managers.world.kill = None
    held.run()
    assert held.run("seen").facts["services"][0]["running"] and not held.run().changed
    assert held.spec()["TaskTemplate"]["Resources"]["Limits"]["MemoryBytes"] == 1 << 30


# What does not come up


def test_a_service_of_which_tasks_fail_is_told_with_the_last_ones_words(swarm):
    swarm.managers.state = "failed"
    with pytest.raises(QuorateError) as failure:
        swarm.run(services=swarm.options[:1], wait_timeout=600)
    assert str(failure.value).startswith(
        "Not every service stays up: zoo1, its latest task is failed: task: non-zero exit (1). See 'docker service ps --no-trunc zoo1'"
    )
    assert len(swarm.managers.all_tasks) <= 4


def test_a_task_that_stays_pending_is_told(swarm):
    swarm.managers.state = "pending"
    with pytest.raises(QuorateError, match="zoo1, its latest task is pending"):
        swarm.run(services=swarm.options[:1], wait_timeout=30)


def test_a_container_that_does_not_end_is_told(held):
    held.managers._pass_time = lambda: None
    with pytest.raises(TimeLimitExceeded, match="Waited 180 s until no container of the service zoo1 was left; seen last: its latest task"):
        held.run("stopped", services=[{"name": "zoo1"}])


# Refused


def test_a_service_made_by_hand(held):
    held.spec()["Labels"] = {}
    for state in ("started", "stopped", "absent"):
        with pytest.raises(Refusal, match="There is a service zoo1 that no run of this module has made.*Nothing was changed"):
            held.run(state, services=held.options[:1])
    assert held.journal == []


@pytest.mark.parametrize(
    "nodes, sentence",
    [
        ({"node3": node("node3", node_index="1")}, "The node node3 has the label node_index=1, too, so that zoo1 could be moved there"),
        ({"node1": node("node1", node_index="9")}, "The node node1 has the label node_index=9, and the member zoo1 needs node_index=1"),
    ],
)
def test_labels_that_would_move_somebody(swarm, nodes, sentence):
    swarm.managers.listed.update(nodes)
    assert swarm.run("seen").facts["services"][0]["refusals"][0].startswith(sentence)
    for check_mode in (True, False):
        with pytest.raises(Refusal, match=sentence):
            swarm.run(check_mode=check_mode)
    assert swarm.journal == []


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"node_id": "id-node2"}, "zoo1 and zoo2 are on one host"),
        ({"node_id": "id-gone"}, "zoo1 cannot be a service, since its host is the node id-gone, which is not in this swarm"),
        ({"value": None}, "The service zoo1 cannot be started without value"),
        ({"name": "zoo2"}, "zoo2 is the name of more than one service"),
        ({"container": {"ports": [{"published": 1, "target": 1}]}}, "The service zoo1 cannot be given ports"),
        ({"container": {"network_mode": "none"}}, "The service zoo1 has the host's network, and network_mode says none"),
        ({"container": {"colour": "red"}}, "The container of zoo1 is invalid: colour. Supported parameters include"),
    ],
)
def test_what_no_service_can_be(swarm, change, sentence):
    swarm.options[0].update(change)
    with pytest.raises(Refusal, match=sentence):
        swarm.run()
    assert swarm.journal == []


def test_a_host_without_a_node_is_told_by_a_look(swarm):
    swarm.options[0]["node_id"] = None
    assert swarm.run("seen").facts["services"][0]["refusals"] == [
        "zoo1 cannot be a service, since its host is in no swarm. Let the host join the swarm first."
    ]


def test_only_a_manager_can(swarm):
    swarm.managers.manager = False
    with pytest.raises(Refusal, match="cannot hold services of members: it is a worker"):
        swarm.run()


def test_values_with_secret_names_are_secret(swarm):
    assert member_services.secrets({"services": [dict(option) for option in swarm.options]}) == {"open-sesame"}
