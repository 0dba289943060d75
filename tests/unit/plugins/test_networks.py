# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import networks
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.network_users import Workload
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan

MTU = "com.docker.network.driver.mtu"
VXLAN = "com.docker.network.driver.overlay.vxlanid_list"
POOLS = {"pools": ("10.0.0.0/8",), "pool_prefix_length": 24}


def wish(name="demo", **said):
    options = ("attachable", "encrypted", "mtu", "subnets", "internal", "ingress", "labels", "driver_options")
    return dict({"name": name, "state": "present"}, **dict(dict.fromkeys(options), **said))


def network(name="demo", network_id="net1", options=None, subnets=("10.0.1.0/24",), **other):
    config = [
        {"Subnet": s, "Gateway": str(ipaddress.ip_network(s).network_address + 1)} if isinstance(s, str) else s for s in subnets
    ]
    raw = {
        "Id": network_id,
        "Name": name,
        "Driver": "overlay",
        "Scope": "swarm",
        "Attachable": False,
        "Internal": False,
        "Ingress": False,
        "Labels": None,
        "Options": dict({VXLAN: "4097"}, **(options or {})),
        "IPAM": {"Driver": "default", "Config": config},
    }
    return dict(raw, **other)


def plan(found, desired, recreate="never", **current):
    return networks.plan(networks.Current(networks=tuple(found), **dict(POOLS, **current)), desired, recreate)


def using(network_id):
    return Workload(services=({"ID": "s", "Spec": {"Name": "web", "TaskTemplate": {"Networks": [{"Target": network_id}]}}},))


@pytest.mark.parametrize(
    "found, desired",
    [
        (network(), wish()),
        (network(Attachable=True), wish(attachable=True)),
        (network(Attachable=True), wish()),
        (network(options={"encrypted": ""}), wish(encrypted=True)),
        (network(options={"encrypted": "true"}), wish(encrypted=True)),
        (network(options={"encrypted": ""}), wish()),
        (network(options={MTU: "1400"}), wish(mtu=1400)),
        (network(Labels={"a": "1", "b": "2"}), wish(labels={"a": 1})),
        (network(Labels={"on": "true"}), wish(labels={"on": True})),
        (network(), wish(labels={})),
        (network(), wish(subnets=[])),
        (network(subnets=["10.20.0.0/24"]), wish(subnets=[{"subnet": "10.20.0.0/24", "gateway": None, "ip_range": None}])),
        (network(subnets=["10.20.0.0/24"]), wish(subnets=[{"subnet": "10.20.0.0/24", "gateway": "10.20.0.1"}])),
        (
            network(subnets=["10.21.0.0/24", "10.20.0.0/24"]),
            wish(subnets=[{"subnet": "10.20.0.0/24"}, {"subnet": "10.21.0.0/24"}]),
        ),
        (network(options={"x": "1"}), wish(driver_options={"x": 1})),
        (network(Labels=None, Options=None), wish(encrypted=False, internal=False)),
        (network("ingress", Ingress=True), wish("ingress", ingress=True)),
    ],
)
def test_what_is_as_asked_for_or_not_named_is_left_alone(found, desired):
    assert plan([found], [desired]) == Plan()


@pytest.mark.parametrize(
    "found, desired, words",
    [
        (network(), wish(attachable=True), "attachable is false, not true"),
        (network(Attachable=True), wish(attachable=False), "attachable is true, not false"),
        (network(), wish(encrypted=True), "encrypted is false, not true"),
        (network(options={"encrypted": ""}), wish(encrypted=False), "encrypted is true, not false"),
        (network(options={"encrypted": "true"}), wish(encrypted=False), "encrypted is true, not false"),
        # The driver looks at the key alone.
        (network(options={"encrypted": "false"}), wish(encrypted=False), "encrypted is true, not false"),
        (network(), wish(mtu=1400), "mtu is not set, not 1400"),
        (network(options={MTU: "1400"}), wish(mtu=1300), "mtu is 1400, not 1300"),
        (network(), wish(internal=True), "internal is false, not true"),
        (network(Labels={"a": "1"}), wish(labels={"a": "2", "b": "3"}), "labels is a=1, b=not set, not a=2, b=3"),
        (network(), wish(driver_options={"x": "1"}), "driver_options is x=not set, not x=1"),
        (
            network(subnets=["10.20.0.0/24"]),
            wish(subnets=[{"subnet": "10.21.0.0/24"}]),
            "subnets is subnet=10.20.0.0/24, gateway=10.20.0.1, not subnet=10.21.0.0/24",
        ),
        (
            network(subnets=["10.20.0.0/24"]),
            wish(subnets=[{"subnet": "10.20.0.0/24", "gateway": "10.20.0.9"}]),
            "gateway=10.20.0.9",
        ),
        (
            network(subnets=["10.20.0.0/24"]),
            wish(subnets=[{"subnet": "10.20.0.0/24", "ip_range": "10.20.0.128/25"}]),
            "ip_range=10.20.0.128/25",
        ),
        (network(subnets=["10.20.0.0/24", "10.21.0.0/24"]), wish(subnets=[{"subnet": "10.20.0.0/24"}]), "10.21.0.0/24"),
        (network("ingress", Ingress=True), wish("mesh", ingress=True), "name is ingress, not mesh"),
        (network(Driver="", IPAM={}, Options=None), wish(mtu=1400), "mtu is not set, not 1400"),
    ],
)
def test_a_difference_is_an_error_that_names_it(found, desired, words):
    with pytest.raises(Refusal) as refusal:
        plan([found], [desired])
    assert words in str(refusal.value)
    assert "recreate=unused" in str(refusal.value)


def test_a_missing_network_is_created_with_what_is_said_and_nothing_else():
    assert plan([], [wish()]).steps[0].request == {"driver": "overlay", "options": {}}
    full = wish(
        attachable=True,
        encrypted=True,
        mtu=1400,
        internal=False,
        labels={"tier": 1},
        driver_options={"x": True},
        subnets=[{"subnet": "10.20.0.0/24", "gateway": "10.20.0.1", "ip_range": "10.20.0.128/25"}],
    )
    made = plan([], [full])
    assert [step.sentence() for step in made.steps] == ["create the network demo"]
    assert made.steps[0].request == {
        "driver": "overlay",
        "options": {"x": "true", "encrypted": "", MTU: "1400"},
        "attachable": True,
        "internal": False,
        "labels": {"tier": "1"},
        "ipam": {
            "Driver": "default",
            "Config": [{"Subnet": "10.20.0.0/24", "Gateway": "10.20.0.1", "IPRange": "10.20.0.128/25"}],
        },
    }
    assert made.before == {"demo": {"state": "absent"}}
    assert made.after["demo"]["mtu"] == 1400


def test_encryption_that_is_refused_by_name_is_not_asked_of_the_engine():
    # To the driver the mere presence of the key means encryption.
    assert plan([], [wish(encrypted=False)]).steps[0].request["options"] == {}


def test_an_unused_network_is_made_anew_after_all_removals():
    made = plan(
        [network("a", "1", subnets=["10.20.0.0/24"]), network("b", "2", subnets=["10.21.0.0/24"])],
        [wish("a", subnets=[{"subnet": "10.21.0.0/24"}]), wish("b", subnets=[{"subnet": "10.20.0.0/24"}])],
        "unused",
    )
    assert [step.sentence() for step in made.steps] == [
        "remove the network a (1)",
        "remove the network b (2)",
        "create the network a",
        "create the network b",
    ]
    assert made.before == {
        "a": {"subnets": [{"subnet": "10.20.0.0/24", "gateway": "10.20.0.1"}]},
        "b": {"subnets": [{"subnet": "10.21.0.0/24", "gateway": "10.21.0.1"}]},
    }
    assert made.after == {"a": {"subnets": [{"subnet": "10.21.0.0/24"}]}, "b": {"subnets": [{"subnet": "10.20.0.0/24"}]}}


def test_a_network_in_use_is_neither_made_anew_nor_removed():
    for desired, words in ((wish(mtu=1400), "made anew (mtu is not set, not 1400)"), (wish(state="absent"), "removed")):
        with pytest.raises(Refusal) as refusal:
            plan([network()], [desired], "unused", workload=using("net1"))
        assert "The network demo cannot be %s while it is in use by service web" % words in str(refusal.value)
        assert refusal.value.facts == {"users": ["service web"]}
    assert plan([network()], [wish(state="absent")], "unused", workload=using("net2")).steps


def test_the_users_are_named_where_nothing_may_be_made_anew():
    with pytest.raises(Refusal) as refusal:
        plan([network()], [wish(mtu=1400)], workload=using("net1"))
    assert "in use now by service web" in str(refusal.value)


@pytest.mark.parametrize(
    "found, desired, lost",
    [
        (network(Attachable=True), wish(mtu=1400), "attachable true"),
        (network(Internal=True), wish(mtu=1400), "internal true"),
        (network(options={"encrypted": ""}), wish(mtu=1400), "encrypted true"),
        (network(options={MTU: "1400"}), wish(attachable=True), "mtu 1400"),
        (network(Labels={"a": "1", "b": "2"}), wish(mtu=1400, labels={"a": "1"}), "labels b=2"),
        (network(options={"x": "1"}), wish(mtu=1400), "driver_options x=1"),
        (network(subnets=["172.30.0.0/24"]), wish(mtu=1400), "subnets subnet=172.30.0.0/24"),
        (
            network(subnets=[{"Subnet": "172.30.0.0/24", "IPRange": "172.30.0.128/25"}]),
            wish(mtu=1400, subnets=[{"subnet": "172.30.0.0/24"}]),
            "ip_range=172.30.0.128/25",
        ),
        (network("ingress", Ingress=True), wish("ingress", mtu=1400), "ingress true"),
        (network(), wish(mtu=1400), None),
        (network(Attachable=True), wish(attachable=False), None),
        (network(subnets=["172.30.0.0/24"]), wish(subnets=[{"subnet": "172.31.0.0/24"}]), None),
    ],
)
def test_making_anew_loses_nothing_that_the_task_leaves_out(found, desired, lost):
    if lost is None:
        assert [step.action for step in plan([found], [desired], "unused").steps] == ["remove", "create"]
        return
    with pytest.raises(Refusal) as refusal:
        plan([found], [desired], "unused")
    assert lost in str(refusal.value)


def test_absent():
    assert plan([], [wish(state="absent")]) == Plan()
    made = plan([network()], [wish(state="absent")])
    assert [step.sentence() for step in made.steps] == ["remove the network demo (net1)"]
    assert made.before["demo"]["subnets"] == [{"subnet": "10.0.1.0/24", "gateway": "10.0.1.1"}]
    assert made.after == {"demo": {"state": "absent"}}


def test_another_ingress_network_takes_the_place_of_the_one_that_goes():
    found = [network("ingress", "net0", Ingress=True)]
    made = plan(found, [wish("ingress", state="absent"), wish("mesh", ingress=True)])
    assert [step.sentence() for step in made.steps] == ["remove the network ingress (net0)", "create the network mesh"]


def test_a_created_ingress_network_comes_with_a_warning_and_others_with_none():
    made = plan([], [wish("mesh", ingress=True), wish("demo")])
    assert len(made.warnings) == 1 and "the ingress network mesh only to hosts that run a task" in made.warnings[0]


def test_the_ingress_network_is_in_use_while_a_service_publishes_a_port():
    publishing = {"ID": "s", "Spec": {"Name": "web", "EndpointSpec": {"Ports": [{"PublishMode": "ingress"}]}}}
    with pytest.raises(Refusal) as refusal:
        plan(
            [network("ingress", Ingress=True)],
            [wish("ingress", ingress=True, mtu=1400)],
            "unused",
            workload=Workload(services=(publishing,)),
        )
    assert "in use by service web" in str(refusal.value)


@pytest.mark.parametrize(
    "found, desired, words",
    [
        ([network(Driver="bridge", Scope="local")], wish(), "is no overlay of the swarm: net1 (driver bridge, scope local)"),
        ([network(Driver="bridge", Scope="local")], wish(state="absent"), "is no overlay of the swarm"),
        ([network(Scope="local")], wish(), "is no overlay of the swarm"),
        (
            [network(network_id="a"), network(network_id="b")],
            wish(),
            "a (driver overlay, scope swarm), b (driver overlay, scope swarm)",
        ),
        ([network(network_id="a"), network(network_id="b")], wish(state="absent"), "There are 2 networks with the name demo"),
        (
            [network("ingress", "0", Ingress=True), network()],
            wish(ingress=True),
            "is not the ingress network, which is called ingress",
        ),
    ],
)
def test_a_name_that_means_something_else_is_refused(found, desired, words):
    with pytest.raises(Refusal) as refusal:
        plan(found, [desired], "unused")
    assert words in str(refusal.value)


def test_two_names_for_one_network_are_refused():
    with pytest.raises(Refusal) as refusal:
        plan([network("ingress", "net0", Ingress=True)], [wish("ingress"), wish("mesh", ingress=True)], "unused")
    assert "ingress and mesh both mean the network ingress (net0)" in str(refusal.value)


@pytest.mark.parametrize(
    "found, current, owner",
    [
        ([network("other", "2", subnets=["10.20.0.0/16"])], {}, "10.20.0.0/16 of network other"),
        ([network("bridge", "2", subnets=["10.20.0.0/24"], Driver="bridge", Scope="local")], {}, "network bridge"),
        ([], {"routes": (("this host's interface eth0", ipaddress.ip_network("10.20.0.0/24")),)}, "interface eth0"),
        ([network("v6", "2", subnets=["fd00::/64"])], {}, None),
    ],
)
def test_a_subnet_that_is_taken_is_refused_before_anything_is_made(found, current, owner):
    desired = [wish("first"), wish(subnets=[{"subnet": "10.20.0.0/24"}])]
    if owner is None:
        assert len(plan(found, desired, **current).steps) == 2
        return
    with pytest.raises(Refusal) as refusal:
        plan(found, desired, **current)
    assert owner in str(refusal.value)


def test_the_subnet_of_a_network_that_goes_is_free():
    found = [network("old", "2", subnets=["10.20.0.0/24"])]
    assert plan(found, [wish("old", state="absent"), wish(subnets=[{"subnet": "10.20.0.0/24"}])]).steps


@pytest.mark.parametrize(
    "desired, words",
    [
        ([wish(), wish()], "listed twice"),
        ([wish("my net")], "The network name 'my net' is invalid"),
        ([wish("")], "is invalid"),
        ([wish("a.b")], "is invalid"),
        ([wish("-a")], "is invalid"),
        ([wish("a-")], "is invalid"),
        ([wish("a" * 64)], "is invalid"),
        ([wish(mtu=67)], "The mtu 67 of network demo is not between 68 and 65535"),
        ([wish(mtu=65536)], "is not between"),
        ([wish(labels={"a": ["b"]})], "The labels of network demo must be names with plain texts"),
        ([wish(labels={"": "b"})], "The labels of network demo"),
        ([wish(driver_options={"a": {"b": 1}})], "The driver_options of network demo"),
        ([wish(driver_options={"encrypted": ""})], "Say encrypted of network demo with the option encrypted"),
        ([wish(driver_options={MTU: "1400"})], "with the option mtu"),
        ([wish(ingress=True, attachable=True)], "cannot be attachable"),
        ([wish("a", ingress=True), wish("b", ingress=True)], "A swarm has one ingress network, 2 were asked for: a, b"),
        ([wish(subnets=[{"subnet": "fd00::/64"}])], "moby#47125"),
        (
            [wish("a", subnets=[{"subnet": "10.20.0.0/24"}]), wish("b", subnets=[{"subnet": "10.20.0.128/25"}])],
            "The subnet 10.20.0.128/25 of network b overlaps 10.20.0.0/24 of network a",
        ),
        ([wish(subnets=[{"subnet": "10.20.0.0/24"}, {"subnet": "10.20.0.0/24"}])], "overlaps"),
    ],
)
def test_what_no_swarm_could_be_asked_for_is_refused(desired, words):
    with pytest.raises(Refusal) as refusal:
        networks.refuse_invalid(desired)
    assert words in str(refusal.value)


def test_what_a_swarm_can_be_asked_for_is_not_refused():
    networks.refuse_invalid([wish("my_net-1", mtu=1400), wish("b", state="absent", subnets=[{"subnet": "10.0.0.0/24"}]), wish("A")])
