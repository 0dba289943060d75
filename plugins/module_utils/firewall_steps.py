# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the backends of the firewall have in common. No I/O."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from dataclasses import dataclass, field

from ansible_collections.quorate.swarm.plugins.module_utils.firewall_openings import ESP, short

DIRECTORY = "/etc/quorate"
UNITS = "/etc/systemd/system"
# Marks what is the collection's own, where a backend has room for a word.
MARK = "quorate"


@dataclass
class Steps:
    """Files to write, then commands to run; C(undo) takes an activation back."""

    files: dict = field(default_factory=dict)
    commands: list = field(default_factory=list)
    sentences: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    undo: list = field(default_factory=list)

    def add(self, other):
        self.files.update(other.files)
        for name in ("commands", "sentences", "warnings", "undo"):
            getattr(self, name).extend(getattr(other, name))


def changed_files(report, files):
    """Of C({path: content}) what the host does not have like that."""
    return {path: text for path, text in files.items() if report["files"].get(path) != hashlib.sha256(text.encode()).hexdigest()}


def mark_of(lines):
    """The mark of every rule of one set, by which a set of other rules is recognised."""
    return "%s %s" % (MARK, hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12])


def is_loaded(rules, mark, number):
    """Whether of the own rules all are loaded and no others are."""
    own = [rule.comment for rule in rules if rule.comment.split(" ")[0] == MARK]
    return own == [mark] * number


def is_active(report, unit):
    return report["units"].get(unit, {}).get("ActiveState") == "active"


def is_enabled(report, unit):
    return report["units"].get(unit, {}).get("UnitFileState") == "enabled"


def by_port(openings, family=None):
    """C({(protocol, port): sources}), sources none where everybody is meant, without those that are part of another."""
    found = {}
    for opening in openings:
        if family in (None, opening.family) or not opening.source:
            found.setdefault((opening.protocol, opening.port), []).append(opening.source)
    return {port: [] if "" in sources else collapsed(sources) for port, sources in found.items()}


def collapsed(sources):
    """Sorted, without those that are part of another, which a set of nftables would not take."""
    networks = {ipaddress.ip_network(source) for source in sources}
    found = [one for one in networks if not any(_contains(other, one) for other in networks)]
    return [short(network) for network in sorted(found, key=lambda network: (network.version, network))]


def _contains(network, part):
    return network.version == part.version and network != part and part.subnet_of(network)


def name_of(opening):
    """7946/tcp from 10.10.10.76"""
    port = "IP protocol 50 (ESP)" if opening.protocol == ESP else "%s/%s" % (opening.port, opening.protocol)
    return "%s from %s" % (port, opening.source or "everywhere")


def told(verb, openings):
    """A sentence a port, with all its sources."""
    found = {}
    for opening in sorted(openings):
        port, source = name_of(opening).split(" from ")
        found.setdefault(port, []).append(source)
    return ["%s %s from %s" % (verb, port, ", ".join(sources)) for port, sources in found.items()]


def unit_file(name):
    return os.path.join(UNITS, name)


def own_file(name):
    return os.path.join(DIRECTORY, name)
