# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings in a chain of iptables of the collection's own, and the filter of published ports in another. No I/O.

A unit of their own loads them at the start of the host, after whatever loads the host's other rules and before the engine. They
are not put into the file of iptables-persistent, because what it saves holds the engine's rules as they were at that moment.
"""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import firewall_steps as steps
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_openings import ESP
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_report import closes

UNIT = "quorate-firewall.service"
PROGRAM = "iptables.sh"
CHAIN = "QUORATE"
PUBLISHED = "QUORATE-PUBLISHED"
# The engine's chain for rules of others.
USER = "DOCKER-USER"
COMMANDS = {4: "iptables", 6: "ip6tables"}
ALWAYS = {
    4: ("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-i lo -j ACCEPT", "-p icmp -j ACCEPT"),
    6: (
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-i lo -j ACCEPT",
        "-p ipv6-icmp -j ACCEPT",
        "-s fe80::/10 -p udp -m udp --dport 546 -j ACCEPT",
    ),
}
# What containers of the host send to its published ports.
FROM_CONTAINERS = ("-i docker0 -j RETURN", "-i docker_gwbridge -j RETURN", "-i br-+ -j RETURN")


def is_active(report):
    return bool(closing_families(report)) or filters_by_own_chain(report)


def closing_families(report):
    """The IP versions whose chain INPUT keeps out what no rule lets in."""
    found = []
    for family, chains in report["iptables"].items():
        if "INPUT" in chains and closes(chains["INPUT"], chains):
            found.append(family)
    return found


def filters_by_own_chain(report):
    """Whether an earlier run was asked to keep out everything else."""
    chains = report["iptables"][4]
    return CHAIN in chains and any(rule.verdict == "drop" and not rule.limit for rule in chains[CHAIN].rules)


def refusal(report):
    """Why a filter in DOCKER-USER would let everybody reach published ports; none where it would not, or where no engine tells."""
    if not steps.is_active(report, "docker.service"):
        return None
    if not report["docker"].get("iptables", True):
        return (
            "makes no rules of iptables (it was started with iptables=false, or firewall-backend is not iptables), so nothing that is "
            "forwarded comes through DOCKER-USER. Let it make them, or leave firewall_published_from empty and filter by other means"
        )
    if not _jumps(report["iptables"][4]):
        return (
            "has no jump from the chain FORWARD to DOCKER-USER, so what is forwarded to published ports does not come through it. Restart "
            "it (systemctl restart docker), one host at a time, which makes the jump"
        )
    return None


def _jumps(chains):
    """The places in FORWARD at which every packet comes to DOCKER-USER."""
    rules = chains["FORWARD"].rules if "FORWARD" in chains else []
    return [place for place, rule in enumerate(rules) if rule.target == USER and rule.limit is None]


def _is_passed_by(chains):
    """Whether something lets packets through before DOCKER-USER has seen them: a rule for all of them, or one of the engine's chains."""
    before = chains["FORWARD"].rules[: _jumps(chains)[0]] if _jumps(chains) else []
    return any(
        (rule.verdict == "accept" and rule.limit is None) or ((rule.target or "").startswith("DOCKER") and _accepts(rule.target, chains))
        for rule in before
    )


def _accepts(name, chains, above=()):
    rules = chains[name].rules if name in chains and name not in above else []
    return any(rule.verdict == "accept" or (rule.target and _accepts(rule.target, chains, (*above, name))) for rule in rules)


def plan(report, openings, programs, families, own_chain_closes, published, ssh_openings=()):
    """C(families) are those in which there are openings; C(published) none, or the sources that reach published ports."""
    found = steps.Steps()
    wanted = {steps.own_file(PROGRAM): programs[PROGRAM], steps.unit_file(UNIT): programs[UNIT]}
    loaded = True
    for family, command in COMMANDS.items():
        opened = [*ssh_openings, *openings] if family in families else None
        mark, lines, number = rules(family, opened, own_chain_closes, published)
        wanted[steps.own_file("rules.%s" % command)] = "\n".join(lines) + "\n"
        if command in report["programs"]:
            present = [rule for chain in report["iptables"][family].values() for rule in chain.rules]
            jumps = {rule.target for rule in present} & {CHAIN, PUBLISHED}
            expected = ({CHAIN} if opened is not None else set()) | ({PUBLISHED} if published else set())
            loaded = loaded and steps.is_loaded(present, mark, number) and jumps == expected
            loaded = loaded and not (published and _is_passed_by(report["iptables"][family]))
    found.files = steps.changed_files(report, wanted)
    if found.files or not loaded or not steps.is_enabled(report, UNIT):
        found.commands += ["systemctl daemon-reload", "systemctl enable %s" % UNIT, "systemctl restart %s" % UNIT]
        found.sentences += steps.told("chain %s lets in" % CHAIN, [*openings, *ssh_openings]) if families else []
        if published:
            found.sentences.append("DOCKER-USER lets only %s reach published ports" % ", ".join(published))
        elif PUBLISHED in report["iptables"][4]:
            found.sentences.append("DOCKER-USER lets everybody reach published ports")
    if own_chain_closes and not filters_by_own_chain(report):
        found.sentences.append("closes everything else, in chain %s" % CHAIN)
        found.undo += ["%s -D INPUT -j %s" % (command, CHAIN) for command in COMMANDS.values()] + ["systemctl disable %s" % UNIT]
    return found


def is_needed(report, published):
    """Whether there are own rules to load or to take away though another backend holds the openings."""
    own = [chain for chains in report["iptables"].values() for chain in chains if chain in (CHAIN, PUBLISHED)]
    return bool(published or own)


def rules(family, opened, closes_rest, published):
    """The mark of the rules, what iptables-restore reads, and how many of them bear the mark."""
    lines = []
    if opened is not None:
        lines += ["-A %s %s" % (CHAIN, rule) for rule in (ALWAYS[family] if closes_rest else ())]
        lines += ["-A %s %s" % (CHAIN, rule) for rule in _accepting(opened, family)]
        lines += ["-A %s -j DROP" % CHAIN] if closes_rest else []
    if published:
        lines += ["-A %s %s" % (PUBLISHED, rule) for rule in _reaching_published(published, family)]
    mark = steps.mark_of(lines)
    chains = ([CHAIN] if opened is not None else []) + ([PUBLISHED] if published else [])
    marked = [line.replace(" -j ", ' -m comment --comment "%s" -j ' % mark) for line in lines]
    return mark, ["*filter", *(":%s - [0:0]" % chain for chain in chains), *marked, "COMMIT"], len(marked)


def _accepting(openings, family):
    found = []
    for (protocol, port), sources in sorted(steps.by_port(openings, family).items()):
        match = "-p 50" if protocol == ESP else "-p %s -m %s --dport %s" % (protocol, protocol, port.replace("-", ":"))
        found += ["%s%s -j ACCEPT" % (source and "-s %s " % source, match) for source in sources or [""]]
    return found


def _reaching_published(sources, family):
    """A packet of a connection that was redirected to a container is one to a published port."""
    mine = [source for source in steps.collapsed(sources) if (":" in source) == (family == 6)]
    return [
        "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
        "-m conntrack ! --ctstate DNAT -j RETURN",
        *FROM_CONTAINERS,
        *("-s %s -j RETURN" % source for source in mine),
        "-j DROP",
    ]
