# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.network_users import Workload, ending_on, held_here, users_of

DEMO = {"Id": "net1", "Name": "demo"}
INGRESS = {"Id": "net0", "Name": "ingress", "Ingress": True}
NODES = (
    {"ID": "n2", "Description": {"Hostname": "node2"}, "Status": {"State": "ready"}},
    {"ID": "n3", "Description": {"Hostname": "node3"}, "Status": {"State": "down"}},
)


def service(name, networks=(), ports=None, mode="vip"):
    spec = {"Name": name, "TaskTemplate": {"Networks": [{"Target": target} for target in networks]}}
    if ports is not None:
        spec["EndpointSpec"] = {"Mode": mode, "Ports": ports}
    return {"ID": "id-" + name, "Spec": spec}


def task(desired="running", state="running", service_id="", container=None, attached="net1", node="n2"):
    spec = {"NetworkAttachmentSpec": {"ContainerID": container}} if container else {}
    return {
        "ID": "task1",
        "ServiceID": service_id,
        "NodeID": node,
        "Spec": spec,
        "DesiredState": desired,
        "Status": {"State": state},
        "NetworksAttachments": [{"Network": {"ID": attached}}],
    }


def container(container_id="c0ffee000000beef", name="/db", state="running", network="net1"):
    return {
        "Id": container_id,
        "Names": [name],
        "State": state,
        "NetworkSettings": {"Networks": {"demo": {"NetworkID": network}}},
    }


@pytest.mark.parametrize(
    "workload, users",
    [
        ({}, []),
        ({"services": (service("web", ["net1"]), service("other", ["net2"]))}, ["service web"]),
        ({"services": (service("byname", ["demo"]),)}, ["service byname"]),
        (
            {"services": ({"ID": "s", "Spec": {"Name": "old", "TaskTemplate": {}, "Networks": [{"Target": "net1"}]}},)},
            ["service old"],
        ),
        ({"services": (service("web", ["net1"]),), "tasks": (task(service_id="id-web"),)}, ["service web"]),
        ({"tasks": (task(service_id="gone"),)}, ["task task1 of service (removed) on node2"]),
        ({"tasks": (task(service_id="gone", desired="shutdown"),)}, []),
        ({"tasks": (task(service_id="gone", state="failed"),)}, []),
        ({"tasks": (task(service_id="gone", state="pending", node=""),)}, ["task task1 of service (removed) on no node yet"]),
        ({"tasks": (task(container="c0ffee000000beef"),)}, ["container c0ffee000000 on node2"]),
        ({"tasks": (task(container="c0ffee000000beef"),), "containers": (container(),)}, ["container db on node2"]),
        ({"containers": (container(),)}, ["container db on this manager"]),
        ({"containers": (container(state="exited"),)}, []),
        ({"containers": (container(network="net2"),)}, []),
    ],
)
def test_users_of_a_network_are_named(workload, users):
    assert users_of(DEMO, Workload(nodes=NODES, **workload)) == users


@pytest.mark.parametrize(
    "published, users",
    [
        (service("web", ports=[{"TargetPort": 80, "PublishMode": "ingress"}]), ["service web"]),
        (service("web", ports=[{"TargetPort": 80}]), ["service web"]),
        (service("web", ports=[{"TargetPort": 80, "PublishMode": "host"}]), []),
        (service("web", ports=[{"TargetPort": 80, "PublishMode": "ingress"}], mode="dnsrr"), []),
        (service("web", ports=[]), []),
        (service("web"), []),
    ],
)
def test_users_of_the_ingress_network_are_the_services_that_publish_through_it(published, users):
    assert users_of(INGRESS, Workload(services=(published,))) == users


@pytest.mark.parametrize(
    "given, names",
    [
        (task(desired="remove"), ["task task1 on node2"]),
        (task(desired="shutdown", state="starting"), ["task task1 on node2"]),
        (task(desired="shutdown", state="shutdown"), []),
        (task(), []),
        (task(desired="remove", attached="net2"), []),
        # What a host that is down holds is not waited for: nobody can tell when it lets go.
        (task(desired="remove", node="n3"), []),
        (task(desired="remove", state="pending", node=""), []),
    ],
)
def test_tasks_that_still_have_to_let_go_are_named(given, names):
    assert ending_on(DEMO, Workload(nodes=NODES, tasks=(given,))) == names


def test_containers_that_hold_a_network_are_told_from_the_engines_own_endpoints():
    containers = {
        "ingress-sbox": {"Name": "ingress-endpoint"},
        "lb-demo": {"Name": "demo-endpoint"},
        "c0ffee": {"Name": "web.1.x"},
    }
    assert held_here({"Containers": containers}) == ["container web.1.x on this manager"]
    assert held_here({"Containers": None}) == []
