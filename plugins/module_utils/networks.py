# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlay networks of a swarm: which ones are meant, and the steps from what was found to what was asked for. No I/O.

The engine cannot change a network. Whatever differs can only be had by removing the network and creating it anew, and an
interruption between the two must lose nothing: so a network is made anew only if what was asked for tells all that it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ansible_collections.quorate.swarm.plugins.module_utils import subnets
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.network_settings import (
    ENCRYPTED_OPTION,
    MTU_OPTION,
    OVERLAY,
    differences,
    in_plain_words,
    in_words,
    ipv4_subnets,
    request,
    said,
    settings_of,
    unsaid,
)
from ansible_collections.quorate.swarm.plugins.module_utils.network_users import Workload, users_of
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan

NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$")
LONGEST_NAME = 63
SWARM_SCOPE = "swarm"
SMALLEST_MTU = 68
LARGEST_MTU = 65535
NEVER = "never"
ABSENT = "absent"


@dataclass(frozen=True)
class Current:
    """What was found: C(workload) and the address pool are read only where a network is in the way of the wish."""

    networks: tuple = ()
    routes: tuple = ()
    workload: Workload = Workload()
    pools: tuple = ()
    pool_prefix_length: int = 24


@dataclass(frozen=True)
class Step:
    """One removal or creation; C(request) are the arguments of the engine's create call."""

    action: str
    name: str
    network: dict = field(default_factory=dict)
    request: dict = field(default_factory=dict)

    def sentence(self):
        if self.action == "remove":
            return "remove the network %s (%s)" % (self.name, self.network["Id"])
        return "create the network %s" % self.name


def plan(current, desired, recreate=NEVER):
    """Steps from what was found to the C(desired) networks, which C(refuse_invalid) let pass; all removals first."""
    refuse_ambiguous(current.networks, desired)
    removals, creations, before, after = [], [], {}, {}
    for wish in desired:
        network = find(current.networks, wish, desired)
        if wish["state"] == ABSENT:
            if network:
                _refuse_used(network, current.workload, "removed")
                removals.append(Step("remove", network["Name"], network))
                before[wish["name"]], after[wish["name"]] = settings_of(network), {"state": ABSENT}
            continue
        if network is None:
            before[wish["name"]], after[wish["name"]] = {"state": ABSENT}, dict(said(wish), state="present")
            after[wish["name"]].pop("name")
            creations.append(Step("create", wish["name"], request=request(wish)))
            continue
        found, asked = differences(settings_of(network), wish)
        if not asked:
            continue
        _refuse_drift(network, wish, found, asked, current, recreate)
        before[wish["name"]], after[wish["name"]] = found, asked
        removals.append(Step("remove", network["Name"], network))
        creations.append(Step("create", wish["name"], request=request(wish)))
    _refuse_clashing_subnets(current, desired, removals, creations)
    return Plan(tuple(removals + creations), before, after, _warnings(creations))


def in_the_way(networks, desired):
    """The networks that differ from the wish, or that it wants gone: those whose users matter."""
    found = [(wish, find(networks, wish, desired)) for wish in desired]
    return [
        network for wish, network in found if network and (wish["state"] == ABSENT or differences(settings_of(network), wish)[1])
    ]


def are_as_wanted(told, desired):
    """Whether the overlays C(told), as C(settings_of) tells them, are what is wished for. A removal needs a closer look."""
    try:
        refuse_invalid(desired)
    except Refusal:
        return False
    for wish in desired:
        named = [settings for settings in told if settings["name"] == wish["name"]]
        if wish["state"] == ABSENT or len(named) != 1 or differences(named[0], wish)[1]:
            return False
    return True


def unallocated(networks, desired):
    """Names of wanted networks that the managers have taken note of, but not yet given a driver and a subnet."""
    wanted = {wish["name"] for wish in desired if wish["state"] != ABSENT}
    return sorted(network["Name"] for network in networks if network["Name"] in wanted and not is_allocated(network))


def is_allocated(network):
    return bool(network.get("Driver"))


def find(networks, wish, desired=()):
    """The network that is meant: the one of its name, or for a wished ingress network the one that the swarm has."""
    named = next((network for network in networks if network["Name"] == wish["name"]), None)
    if not wish["ingress"] or wish["state"] == ABSENT:
        return named
    leaving = {other["name"] for other in desired if other["state"] == ABSENT}
    ingress = next((n for n in networks if n.get("Ingress") and n["Name"] not in leaving), None)
    return ingress or named


def refuse_invalid(desired):
    """Refuse what no swarm could be asked for, before anything is looked at."""
    seen, wanted_subnets = set(), []
    for wish in desired:
        name = wish["name"]
        if name in seen:
            raise Refusal("The network %s is listed twice; list it once." % name)
        seen.add(name)
        if not NAME.match(name) or len(name) > LONGEST_NAME:
            raise Refusal(
                "The network name %r is invalid: it has at most %d letters and digits, with '_' and '-' between them."
                % (name, LONGEST_NAME)
            )
        _refuse_invalid_options(wish)
        if wish["state"] != ABSENT:
            wanted_subnets += [("network %s" % name, subnets.parse(name, entry)) for entry in wish["subnets"] or ()]
    ingress = [wish["name"] for wish in desired if wish["ingress"] and wish["state"] != ABSENT]
    if len(ingress) > 1:
        raise Refusal("A swarm has one ingress network, %d were asked for: %s." % (len(ingress), ", ".join(ingress)))
    subnets.refuse_clashes(wanted_subnets)


def refuse_ambiguous(networks, desired):
    """Refuse where a name does not mean exactly one overlay network of the swarm."""
    meant_by = {}
    for wish in desired:
        named = [network for network in networks if network["Name"] == wish["name"]]
        if len(named) > 1:
            raise Refusal(
                "There are %d networks with the name %s: %s. Remove those that should not be with 'docker network rm ID'."
                % (len(named), wish["name"], ", ".join(sorted(_identity(network) for network in named)))
            )
        for network in named:
            if is_allocated(network) and (network["Driver"], network.get("Scope")) != (OVERLAY, SWARM_SCOPE):
                raise Refusal(
                    "The network %s exists, but is no overlay of the swarm: %s. Choose another name, or remove it with 'docker "
                    "network rm'." % (wish["name"], _identity(network))
                )
        meant = find(networks, wish, desired)
        if named and meant is not named[0]:
            raise Refusal(
                "The network %s (%s) is not the ingress network, which is called %s here. Ask for the ingress network under "
                "a name that no other network has." % (wish["name"], named[0]["Id"], meant["Name"])
            )
        if meant and meant["Id"] in meant_by:
            raise Refusal(
                "%s and %s both mean the network %s (%s). List it once."
                % (meant_by[meant["Id"]], wish["name"], meant["Name"], meant["Id"])
            )
        if meant:
            meant_by[meant["Id"]] = wish["name"]


def _refuse_invalid_options(wish):
    name = wish["name"]
    for option in ("labels", "driver_options"):
        for key, value in (wish[option] or {}).items():
            if not key or isinstance(value, (dict, list)):
                raise Refusal("The %s of network %s must be names with plain texts; %r is not." % (option, name, {key: value}))
    for key, instead in ((ENCRYPTED_OPTION, "encrypted"), (MTU_OPTION, "mtu")):
        if key in (wish["driver_options"] or {}):
            raise Refusal("Say %s of network %s with the option %s, not among the driver_options." % (key, name, instead))
    if wish["mtu"] is not None and not SMALLEST_MTU <= wish["mtu"] <= LARGEST_MTU:
        raise Refusal("The mtu %d of network %s is not between %d and %d." % (wish["mtu"], name, SMALLEST_MTU, LARGEST_MTU))
    if wish["ingress"] and wish["attachable"]:
        raise Refusal("The ingress network %s cannot be attachable: the engine does not allow it." % name)


def _refuse_used(network, workload, fate):
    users = users_of(network, workload)
    if users:
        raise Refusal(
            "The network %s cannot be %s while it is in use by %s; nothing was changed. Stop or remove these first."
            % (network["Name"], fate, ", ".join(users)),
            users=users,
        )


def _refuse_drift(network, wish, found, asked, current, recreate):
    differing = in_words(found, asked)
    users = users_of(network, current.workload)
    if recreate == NEVER:
        raise Refusal(
            "The network %s is not as asked for: %s. A network cannot be changed, only made anew; nothing was done. Ask for what "
            "it is, or say recreate=unused to have it made anew while nobody uses it (%s)."
            % (network["Name"], differing, "in use now by %s" % ", ".join(users) if users else "nobody does now"),
            users=users,
        )
    _refuse_used(network, current.workload, "made anew (%s)" % differing)
    lost = unsaid(network, wish, current)
    if lost:
        raise Refusal(
            "The network %s cannot be made anew (%s) without losing what the task does not say of it: %s. Say these too, or "
            "remove the network first (state=absent)."
            % (network["Name"], differing, "; ".join("%s %s" % (option, in_plain_words(value)) for option, value in lost.items()))
        )


def _refuse_clashing_subnets(current, desired, removals, creations):
    leaving = {step.network["Id"] for step in removals}
    taken = [
        ("network %s" % network["Name"], subnet)
        for network in current.networks
        if network["Id"] not in leaving
        for subnet in ipv4_subnets(network)
    ]
    created = {step.name for step in creations}
    wanted = [
        ("network %s" % wish["name"], subnets.parse(wish["name"], entry))
        for wish in desired
        if wish["name"] in created
        for entry in wish["subnets"] or ()
    ]
    subnets.refuse_clashes(wanted, taken + list(current.routes))


def _warnings(creations):
    return tuple(
        "The engines will extend the ingress network %s only to hosts that run a task of a service with published ports "
        "(moby#40184). The other hosts do not answer on these ports: let a service with published ports run on every host "
        "(mode global)." % step.name
        for step in creations
        if step.request.get("ingress")
    )


def _identity(network):
    return "%s (driver %s, scope %s)" % (network["Id"], network.get("Driver") or "none yet", network.get("Scope"))
