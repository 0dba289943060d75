# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a network under the names of the module's options: as they are, as they are said, how they differ. No I/O."""

from __future__ import annotations

import ipaddress

from ansible_collections.quorate.swarm.plugins.module_utils import subnets
from ansible_collections.quorate.swarm.plugins.module_utils.labels import label_value

OVERLAY = "overlay"
ENCRYPTED_OPTION = "encrypted"
MTU_OPTION = "com.docker.network.driver.mtu"
VXLAN_OPTION = "com.docker.network.driver.overlay.vxlanid_list"
FLAGS = ("attachable", "encrypted", "internal", "ingress")


def settings_of(network):
    """A network's settings under the names of the module's options."""
    options = dict(network.get("Options") or {})
    # The driver goes by the presence of the key: with any value, even "false", the network is encrypted.
    encrypted = ENCRYPTED_OPTION in options
    options.pop(ENCRYPTED_OPTION, None)
    mtu = options.pop(MTU_OPTION, None)
    return {
        "name": network["Name"],
        "attachable": bool(network.get("Attachable")),
        "encrypted": encrypted,
        "internal": bool(network.get("Internal")),
        "ingress": bool(network.get("Ingress")),
        "mtu": int(mtu) if mtu else None,
        "subnets": _subnets_of(network),
        "labels": dict(network.get("Labels") or {}),
        "driver_options": options,
    }


def summary(network):
    return dict(settings_of(network), network_id=network["Id"])


def said(wish):
    """What a wish says, in the form of C(settings_of); what it leaves open is not in it."""
    settings = {option: wish[option] for option in FLAGS + ("mtu",) if wish[option] is not None}
    settings["name"] = wish["name"]
    if wish["subnets"]:
        settings["subnets"] = [subnets.normalized(entry) for entry in wish["subnets"]]
    for option in ("labels", "driver_options"):
        if wish[option] is not None:
            settings[option] = {key: label_value(value) for key, value in wish[option].items()}
    return settings


def differences(current, wish):
    """What is said and differs from the current settings, as it was found and as it was asked for."""
    found, asked = {}, {}
    for option, value in said(wish).items():
        if option in ("labels", "driver_options"):
            differing = {key: text for key, text in value.items() if current[option].get(key) != text}
            if differing:
                found[option] = {key: current[option].get(key) for key in differing}
                asked[option] = differing
        elif option == "subnets":
            if not _same_subnets(current[option], value):
                found[option], asked[option] = current[option], value
        elif current[option] != value:
            found[option], asked[option] = current[option], value
    return found, asked


def unsaid(network, wish, current):
    """Settings of a network that its wish leaves open and that a new one would not get by itself."""
    has, wanted = settings_of(network), said(wish)
    lost = {option: True for option in FLAGS if has[option] and option not in wanted}
    if has["mtu"] is not None and "mtu" not in wanted:
        lost["mtu"] = has["mtu"]
    kept = _unsaid_subnets(has["subnets"], wanted.get("subnets"), current)
    if kept:
        lost["subnets"] = kept
    for option in ("labels", "driver_options"):
        kept = {key: text for key, text in has[option].items() if key not in wanted.get(option, {}) and key != VXLAN_OPTION}
        if kept:
            lost[option] = kept
    return lost


def request(wish):
    """Arguments of the engine's create call; what is not said is left to the engine."""
    options = {key: label_value(value) for key, value in (wish["driver_options"] or {}).items()}
    if wish["encrypted"]:
        options[ENCRYPTED_OPTION] = ""
    if wish["mtu"] is not None:
        options[MTU_OPTION] = str(wish["mtu"])
    arguments = {"driver": OVERLAY, "options": options}
    for option in ("attachable", "internal", "ingress"):
        if wish[option] is not None:
            arguments[option] = wish[option]
    if wish["labels"]:
        arguments["labels"] = {key: label_value(value) for key, value in wish["labels"].items()}
    if wish["subnets"]:
        keys = {"subnet": "Subnet", "gateway": "Gateway", "ip_range": "IPRange"}
        arguments["ipam"] = {
            "Driver": "default",
            "Config": [{keys[key]: text for key, text in subnets.normalized(e).items()} for e in wish["subnets"]],
        }
    return arguments


def in_words(found, asked):
    """'mtu is 1400, not 1300; …' for what differs."""
    return "; ".join("%s is %s, not %s" % (option, in_plain_words(found[option]), in_plain_words(asked[option])) for option in asked)


def _subnets_of(network):
    entries = []
    for config in (network.get("IPAM") or {}).get("Config") or ():
        entry = {"subnet": config.get("Subnet")}
        if config.get("Gateway"):
            entry["gateway"] = config["Gateway"]
        if config.get("IPRange"):
            entry["ip_range"] = config["IPRange"]
        if entry["subnet"]:
            entries.append(entry)
    return entries


def ipv4_subnets(network):
    found = [ipaddress.ip_network(entry["subnet"], strict=False) for entry in _subnets_of(network)]
    return [subnet for subnet in found if subnet.version == 4]


def _same_subnets(current, wanted):
    """Whether each wanted entry is there with all that it says, and no other entry is."""
    by_subnet = {entry["subnet"]: entry for entry in current}
    return len(current) == len(wanted) and all(
        entry["subnet"] in by_subnet and entry.items() <= by_subnet[entry["subnet"]].items() for entry in wanted
    )


def _unsaid_subnets(has, wanted, current):
    if wanted is None:
        return [] if subnets.are_automatic(has, current.pools, current.pool_prefix_length) else has
    said_of = {entry["subnet"]: entry for entry in wanted}
    return [
        entry for entry in has if any(option not in said_of.get(entry["subnet"], entry) for option in subnets.chosen_options(entry))
    ]


def in_plain_words(value):
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join("%s=%s" % (key, in_plain_words(text)) for key, text in value.items()) or "none"
    if isinstance(value, list):
        return " and ".join(in_plain_words(entry) for entry in value) or "none"
    return str(value)
