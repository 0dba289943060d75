#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_networks
short_description: Overlay networks of a Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Creates, compares and removes all listed overlay networks in one task. Runs on any manager.
  - Options that are left out take the engine's default when a network is created, and are not compared afterwards.
    Networks that are not listed are not touched.
  - The engine cannot change a network. One that differs from what was asked for is an error that names the difference, or
    with O(recreate=unused) is removed and created anew, if nobody uses it.
  - All networks are checked before the first of them is changed.
options:
  networks:
    description: The networks that are meant.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the network.
        type: str
        required: true
      state:
        description: V(absent) removes the network. One that is in use is refused with its users, a missing one is fine.
        type: str
        choices: [present, absent]
        default: present
      attachable:
        description: Whether standalone containers may join the network, not only services.
        type: bool
      encrypted:
        description: Whether what crosses between hosts is encrypted with IPsec. It needs IP protocol 50 (ESP) between the hosts.
        type: bool
      mtu:
        description:
          - Largest packet that the network between the hosts carries, as the driver option C(com.docker.network.driver.mtu).
          - The containers get less, since each packet travels in another one. The engine's default is 1500.
        type: int
      subnets:
        description:
          - Subnets of the network. The default is one from the swarm's address pool.
          - IPv6 is refused, since it does not cross between the hosts of an overlay (U(https://github.com/moby/moby/issues/47125)).
        type: list
        elements: dict
        suboptions:
          subnet:
            description: Subnet as address and prefix length. It must overlap no other network of the swarm or of the manager.
            type: str
            required: true
          gateway:
            description: Address of the gateway inside of the subnet.
            type: str
          ip_range:
            description: Part of the subnet from which containers get their addresses. The rest is free for static addresses.
            type: str
      internal:
        description: Whether the containers of the network reach nothing outside of it.
        type: bool
      ingress:
        description:
          - Whether this is the network over which all hosts answer on published ports. A swarm has one of them.
          - With V(true) it is compared with the ingress network that the swarm has, whatever its name.
          - Engines extend an ingress network that was created later than their swarm only to hosts that run a task of a service with
            published ports (U(https://github.com/moby/moby/issues/40184)). The other hosts do not answer, so the module warns.
        type: bool
      labels:
        description: Labels that the network must have. It may have others. Values are turned into text.
        type: dict
      driver_options:
        description:
          - Other options of the driver that the network must have. It may have others. Values are turned into text.
          - Encryption and MTU have options of their own and are refused here.
        type: dict
  recreate:
    description:
      - What to do with a network that differs from what was asked for.
      - V(never) refuses it.
      - V(unused) removes it and creates it anew, unless services, tasks or containers use it. These are named.
        For the ingress network the services that publish ports through it count.
      - A network that has settings which the task leaves out, and which a new one would not get by itself, is refused, so that
        a run that ends half-way loses nothing.
    type: str
    choices: [never, unused]
    default: never
  wait_timeout:
    description: Seconds until one network must be gone, or be ready for use.
    type: int
    default: 60
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.swarm
  - module: quorate.swarm.swarm_info
  - module: community.docker.docker_network
"""

EXAMPLES = r"""
- name: A network for containers and services, encrypted, and one with room for static addresses
  quorate.swarm.overlay_networks:
    networks:
      - name: demo
        attachable: true
        encrypted: true
      - name: data
        attachable: true
        subnets:
          - subnet: 10.20.0.0/24
            gateway: 10.20.0.1
            ip_range: 10.20.0.128/25

- name: Make a network anew if it differs and nobody uses it
  quorate.swarm.overlay_networks:
    recreate: unused
    networks:
      - name: demo
        attachable: true
        encrypted: true
        mtu: 1400

- name: Give the ingress network a subnet that clashes with nothing
  quorate.swarm.overlay_networks:
    recreate: unused
    networks:
      - name: ingress
        ingress: true
        subnets:
          - subnet: 10.200.0.0/22

- name: Remove a network
  quorate.swarm.overlay_networks:
    networks:
      - name: demo
        state: absent
"""

RETURN = r"""
networks:
  description: The networks that were asked for and exist, after the task; in check mode as they are.
  returned: success
  type: list
  elements: dict
  contains:
    network_id:
      description: ID of the network.
      type: str
      sample: 7vpw0bf2w4ip3b5i7q8m1jzvn
    name:
      description: Name of the network.
      type: str
      sample: demo
    attachable:
      description: Whether standalone containers may join.
      type: bool
      sample: true
    encrypted:
      description: Whether what crosses between hosts is encrypted.
      type: bool
      sample: true
    internal:
      description: Whether nothing outside is reached.
      type: bool
      sample: false
    ingress:
      description: Whether it is the swarm's ingress network.
      type: bool
      sample: false
    mtu:
      description: The MTU that was set, none where it was left to the engine.
      type: int
      sample: 1400
    subnets:
      description: The subnets.
      type: list
      elements: dict
      sample: [{"subnet": "10.20.0.0/24", "gateway": "10.20.0.1", "ip_range": "10.20.0.128/25"}]
    labels:
      description: The labels.
      type: dict
      sample: {}
    driver_options:
      description: The other options of the driver.
      type: dict
      sample: {"com.docker.network.driver.overlay.vxlanid_list": "4097"}
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["create the network demo"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import networks
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import host_name, local_routes
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.membership import membership_of, require_manager
from ansible_collections.quorate.swarm.plugins.module_utils.network_settings import summary
from ansible_collections.quorate.swarm.plugins.module_utils.network_users import Workload, ending_on, held_here, users_of
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until


def execute(engine, params, check_mode):
    networks.refuse_invalid(params["networks"])
    require_manager(membership_of(engine.info()), "change the swarm's networks", host_name)
    current = read(engine, params)
    plan = networks.plan(current, params["networks"], params["recreate"])
    seen = current.networks
    if plan.steps and not check_mode:
        for step in plan.steps:
            STEPS[step.action](engine, step, params["wait_timeout"])
        seen = engine.networks()
    meant = [networks.find(seen, wish) for wish in params["networks"]]
    return Outcome.of(plan, networks=[summary(network) for network in meant if network])


def read(engine, params):
    """What is needed to decide; what runs in the swarm is asked for only if a network is to go."""
    seen = settled(engine, params)
    current = {"networks": tuple(seen), "routes": tuple(local_routes())}
    if networks.in_the_way(seen, params["networks"]):
        cluster = engine.swarm()
        current["workload"] = read_workload(engine)
        current["pools"] = tuple(cluster.get("DefaultAddrPool") or ())
        current["pool_prefix_length"] = cluster.get("SubnetSize")
    return networks.Current(**current)


def read_workload(engine):
    return Workload(
        services=tuple(engine.services()),
        tasks=tuple(engine.tasks() + engine.attachments()),
        nodes=tuple(engine.nodes()),
        containers=tuple(engine.containers()),
    )


def settled(engine, params):
    """The network list, once networks that an earlier run has just asked for are complete."""
    return wait_until(
        engine.networks,
        lambda seen: not networks.unallocated(seen, params["networks"]),
        params["wait_timeout"],
        "the swarm's managers had given every network its driver and subnet, which fails where a subnet is taken. Remove with "
        "state=absent what cannot be completed",
        describe=lambda seen: "nothing yet for %s" % ", ".join(networks.unallocated(seen, params["networks"])),
    )


def remove(engine, step, limit):
    await_ending_users(engine, step, limit)

    def attempt():
        known_to_swarm = ask_for_removal(engine, step)
        listed = any(network["Id"] == step.network["Id"] for network in engine.networks())
        return known_to_swarm, listed

    wait_until(
        attempt,
        lambda seen: not seen[1],
        limit,
        "the network %s (%s) was gone" % (step.name, step.network["Id"]),
        describe=lambda seen: "the swarm is about to remove it"
        if seen[0]
        else "the swarm no longer has it, but this manager's engine holds on to it. Restart that engine (systemctl restart docker) "
        "and run again",
    )


def await_ending_users(engine, step, limit):
    """An engine that loses a network while a container still holds it keeps a ghost of that network."""
    wait_until(
        lambda: ending_on(step.network, read_workload(engine)) + holders_here(engine, step.network),
        lambda users: not users,
        limit,
        "what was told to end had let go of the network %s" % step.name,
        describe=", ".join,
    )


def holders_here(engine, network):
    try:
        return held_here(engine.network(network["Id"]))
    except EngineError as exc:
        if exc.is_missing:
            return []
        raise


def ask_for_removal(engine, step):
    """Whether the swarm still knew the network."""
    try:
        engine.network_remove(step.network["Id"])
    except EngineError as exc:
        if exc.is_missing:
            return False
        if exc.status is None or exc.status >= 500:
            raise
        users = users_of(step.network, read_workload(engine))
        raise Refusal(
            "The network %s was not removed. %s It is in use by %s; stop or remove these first."
            % (step.name, exc, ", ".join(users) or "somebody whom this manager does not see"),
            users=users,
        ) from exc
    return True


def create(engine, step, limit):
    network_id = engine.network_create(step.name, **step.request)
    try:
        wait_until(
            engine.networks,
            lambda seen: any(network["Id"] == network_id and networks.is_allocated(network) for network in seen),
            limit,
            "the network %s had its driver and subnet" % step.name,
            describe=lambda seen: "the managers have not completed it",
        )
    except TimeLimitExceeded as exc:
        engine.network_remove(network_id)
        raise TimeLimitExceeded(
            "%s It was removed again. 'journalctl -u docker' on the leading manager tells the reason, such as an address pool "
            "that is used up." % exc
        ) from exc


STEPS = {"remove": remove, "create": create}

ARGUMENTS = {
    "networks": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "attachable": {"type": "bool"},
            "encrypted": {"type": "bool"},
            "mtu": {"type": "int"},
            "subnets": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "subnet": {"type": "str", "required": True},
                    "gateway": {"type": "str"},
                    "ip_range": {"type": "str"},
                },
            },
            "internal": {"type": "bool"},
            "ingress": {"type": "bool"},
            "labels": {"type": "dict"},
            "driver_options": {"type": "dict"},
        },
    },
    "recreate": {"type": "str", "choices": ["never", "unused"], "default": "never"},
    "wait_timeout": {"type": "int", "default": 60},
}


def main():
    run_module(execute, ARGUMENTS)


if __name__ == "__main__":
    main()
