# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings as rich rules of firewalld. No I/O.

They are added to what is running and to what is kept, so that firewalld need not be loaded anew, which would cost the engine its
rules. A priority that nobody else has tells the own rules from others.
"""

from __future__ import annotations

import re
import shlex

from ansible_collections.quorate.swarm.plugins.module_utils import firewall_steps as steps
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_openings import ESP, Opening

UNIT = "firewalld.service"
WATCH = "quorate-docker-rules.service"
PROGRAM = "docker_rules.py"
PRIORITY = "-23770"
ESP_NUMBER = "50"


def is_active(report):
    return steps.is_active(report, UNIT)


def own_openings(report):
    """What is open by this role."""
    found = set()
    for zones in (report["firewalld"]["runtime"], report["firewalld"]["permanent"]):
        for zone in zones.values():
            found.update(opening_of(rule) for rule in zone["rules"] if is_own(rule))
    return found


def plan(report, openings, programs):
    firewalld = report["firewalld"]
    active = is_active(report)
    found = steps.Steps()
    layers = [("firewall-cmd", firewalld["runtime"])] if active else []
    layers.append(("firewall-cmd --permanent" if active else "firewall-offline-cmd", firewalld["permanent"]))
    opened = zones_to_open(firewalld, active)
    to_open, to_close = set(), set()
    for command, zones in layers:
        for zone, settings in sorted(zones.items()):
            own = {opening_of(rule): rule for rule in settings["rules"] if is_own(rule)}
            wanted = set(openings) if zone in opened else set()
            words = ["--add-rich-rule=%s" % rule_of(opening) for opening in sorted(wanted - set(own))]
            words += ["--remove-rich-rule=%s" % own[opening] for opening in sorted(set(own) - wanted)]
            if words:
                found.commands.append("%s --zone=%s %s" % (command, zone, " ".join(map(shlex.quote, words))))
            to_open |= {(zone, opening) for opening in wanted - set(own)}
            to_close |= {(zone, opening) for opening in set(own) - wanted}
    for verb, differing in (("opens", to_open), ("closes", to_close)):
        for zone in sorted({zone for zone, _opening in differing}):
            sentences = steps.told(verb, [opening for name, opening in differing if name == zone])
            found.sentences += ["zone %s %s" % (zone, sentence) for sentence in sentences]
    if "docker.service" in report["units"]:
        _watch(found, report, programs)
    if not active:
        found.commands.append("systemctl enable --now firewalld")
        found.undo.append("systemctl disable --now firewalld")
    return found


def zones_to_open(firewalld, active):
    """Where packets of other hosts may arrive: the default zone, and those with interfaces or sources, unless they let in all."""
    zones = firewalld["runtime" if active else "permanent"]
    return {
        name
        for name, zone in zones.items()
        if zone["target"] != "ACCEPT" and (zone["used"] or name == firewalld["default_zone"])
    }


def _watch(found, report, programs):
    """What restores the engine's rules after firewalld was loaded anew."""
    wanted = {steps.own_file(PROGRAM): programs[PROGRAM], steps.unit_file(WATCH): programs[WATCH]}
    found.files.update(steps.changed_files(report, wanted))
    if found.files or not (steps.is_active(report, WATCH) and steps.is_enabled(report, WATCH)):
        found.commands += ["systemctl daemon-reload", "systemctl enable %s" % WATCH, "systemctl restart %s" % WATCH]
        found.sentences.append("%s restores Docker's rules whenever firewalld is loaded anew" % WATCH)


def warnings(report):
    zones = report["firewalld"]["runtime"]
    makes_rules = steps.is_active(report, "docker.service") and report["docker"].get("iptables", True)
    if is_active(report) and makes_rules and not zones.get("docker", {}).get("interfaces"):
        return [
            "firewalld's zone docker has no interface, so the engine does not know of firewalld; it looks for it only when it starts. "
            "Restart it (systemctl restart docker), one host at a time."
        ]
    return []


def is_own(rule):
    return 'priority="%s"' % PRIORITY in rule


def rule_of(opening):
    """As firewalld itself writes it."""
    words = ['rule priority="%s"' % PRIORITY]
    if opening.source:
        words.append('family="ipv%d" source address="%s"' % (opening.family, opening.source))
    if opening.protocol == ESP:
        words.append('protocol value="%s"' % ESP_NUMBER)
    else:
        words.append('port port="%s" protocol="%s"' % (opening.port, opening.protocol))
    return " ".join([*words, "accept"])


def opening_of(rule):
    settings = dict(re.findall(r'(\w+)="([^"]*)"', rule))
    if "value" in settings:
        return Opening(ESP, "", settings.get("address", ""))
    return Opening(settings["protocol"], settings["port"], settings.get("address", ""))
