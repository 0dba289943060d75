# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings in nftables, and the way nftables.service loads its rules. No I/O.

What one table drops no other table can accept. So where chains of others keep something out, the openings go into a chain of
the collection's own beside them, to which they jump first. Where nothing filters, an own table does, if asked for.
"""

from __future__ import annotations

import re

from ansible_collections.quorate.swarm.plugins.module_utils import firewall_steps as steps
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_openings import ESP
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_report import closes

UNIT = "nftables.service"
PROGRAM = "nftables.sh"
CONF_DROP_IN = "nftables.service.conf"
DROP_IN = steps.unit_file("nftables.service.d/quorate.conf")
RULES = steps.own_file("rules.nft")
CHAIN = "quorate"
TABLE = ("inet", "quorate")
# iptables keeps its chains in these tables, firewalld in its own.
TABLES_OF_IPTABLES = ("filter", "nat", "mangle", "raw", "security")
TABLES_OF_OTHERS = (TABLE, ("inet", "firewalld"))
FAMILIES = {"ip": 4, "ip6": 6, "inet": None}
ALWAYS = (
    "ct state established,related accept",
    "iif lo accept",
    "meta l4proto { icmp, ipv6-icmp } accept",
    "ip6 saddr fe80::/10 udp dport 546 accept",
)


def is_active(report):
    return bool(closing_chains(report)) or filters_by_own_table(report)


def filters_by_own_table(report):
    """Whether an earlier run was asked to keep out everything else."""
    return TABLE in report["nftables"]


def closing_chains(report, hook="input"):
    """The chains of others that keep out what no rule lets in: [(family, table, chain)]."""
    return [
        (family, table, name)
        for (family, table), chains in sorted(report["nftables"].items())
        for name, chain in sorted(chains.items())
        if chain.hook == hook and family in FAMILIES and not _is_known(family, table, name) and closes(chain, chains)
    ]


def _is_known(family, table, chain):
    """Whether a chain is the collection's own, firewalld's, or one that iptables shows."""
    return (family, table) in TABLES_OF_OTHERS or (family != "inet" and table in TABLES_OF_IPTABLES and chain.isupper())


def refusal(report):
    """Why nftables.service cannot be made to leave alone the tables of iptables, in which Docker's chains are."""
    conf = conf_of(report)
    if not conf:
        return (
            "nftables.service loads its rules in a way that the role does not know (%s), so it cannot see to it that Docker's chains are "
            "left alone. Let it be ExecStart=/usr/sbin/nft -f FILE." % report["units"].get(UNIT, {}).get("ExecStart", "no ExecStart")
        )
    files = [_without_comments(text) for text in re.split(r"^#@ .*\n", report["nftables_conf"], flags=re.MULTILINE)[1:]]
    statements = "\n".join(files)
    for family, table in re.findall(r"\btable\s+(?:(ip|ip6|inet|arp|bridge|netdev)\s+)?(\w+)", statements):
        if family in ("", "ip", "ip6") and table in TABLES_OF_IPTABLES:
            return (
                "%s names the table %s %s, which is that of iptables, too, so that loading it would wipe or double what is in it, also "
                "Docker's chains. Give it another name or family, such as inet filter." % (conf, family or "ip", table)
            )
    if re.search(r"\bflush +ruleset +\w", statements) or any("flush ruleset" in text for text in files[1:]):
        return (
            "'flush ruleset' is said in %s for one family, or in a file that it includes; there the role cannot see to it that Docker's "
            "chains are left alone. Say it in %s itself, and for all families." % (conf, conf)
        )
    return None


def _without_comments(text):
    return "\n".join(line.partition("#")[0] for line in text.splitlines())


def warnings(report):
    found = []
    for family, table, chain in closing_chains(report, "forward"):
        found.append(
            "The chain %s of table %s %s drops what is forwarded, and with it what comes to published ports. Let it accept 'ct status "
            "dnat', and what containers send." % (chain, family, table)
        )
    if closing_chains(report) and not steps.is_enabled(report, UNIT):
        found.append(
            "What filters here (%s) was not loaded by nftables.service, so after the next start of the host the openings are missing. Let "
            "it be followed by: sh %s apply" % (", ".join("%s %s %s" % chain for chain in closing_chains(report)), steps.own_file(PROGRAM))
        )
    return found


def guard(report, programs):
    """What makes nftables.service leave Docker's chains alone, whatever its file flushes."""
    drop_in = programs[CONF_DROP_IN].replace("@CONF@", conf_of(report))
    found = steps.Steps(files=steps.changed_files(report, {steps.own_file(PROGRAM): programs[PROGRAM], DROP_IN: drop_in}))
    if DROP_IN in found.files:
        found.commands.append("systemctl daemon-reload")
        found.sentences.append("nftables.service leaves Docker's chains alone, whatever %s flushes" % conf_of(report))
    return found


def plan(report, openings, programs, own_table, ssh_openings=()):
    """With C(own_table) the collection's own table keeps out all that is neither opened nor SSH."""
    mark, lines, number = rules(openings, closing_chains(report), own_table, ssh_openings)
    wanted = {steps.own_file(PROGRAM): programs[PROGRAM], RULES: "\n".join(lines) + "\n"}
    found = steps.Steps(files=steps.changed_files(report, wanted))
    loaded = [rule for chains in report["nftables"].values() for chain in chains.values() for rule in chain.rules]
    if RULES in found.files or not steps.is_loaded(loaded, mark, number):
        found.commands.append("sh %s apply" % steps.own_file(PROGRAM))
        chains = ["%s %s %s" % chain for chain in closing_chains(report)] + (["%s %s input" % TABLE] if own_table else [])
        found.sentences += steps.told("%s lets in" % ", ".join(chains), [*openings, *ssh_openings])
    if own_table and not steps.is_enabled(report, UNIT):
        found.commands.append("systemctl enable --now %s" % UNIT)
    if own_table and not filters_by_own_table(report):
        found.sentences.append("closes everything else, in table inet quorate")
        found.undo += ["nft delete table inet quorate", "rm -f %s" % RULES]
        found.undo += [] if steps.is_enabled(report, UNIT) else ["systemctl disable %s" % UNIT]
    return found


def conf_of(report):
    """The file that nftables.service loads, empty where that is not known."""
    command = report["units"].get(UNIT, {}).get("ExecStart", "")
    match = re.search(r"argv\[\]=(?:/usr)?/sbin/nft (?:-f|--file) (\S+) ;", command)
    own = re.search(r"argv\[\]=\S+ %s load (\S+) ;" % re.escape(steps.own_file(PROGRAM)), command)
    return (match or own or {1: ""})[1]


def rules(openings, chains, own_table, ssh_openings=()):
    """The mark of the rules, the text that loads them, and how many of them bear the mark."""
    lines = []
    for family, table in sorted({chain[:2] for chain in chains}):
        lines += ["add chain %s %s %s" % (family, table, CHAIN), "flush chain %s %s %s" % (family, table, CHAIN)]
        lines += ["add rule %s %s %s %s" % (family, table, CHAIN, rule) for rule in _accepting(openings, FAMILIES[family])]
    lines += ["insert rule %s %s %s jump %s" % (*chain, CHAIN) for chain in chains]
    if own_table:
        own = "%s %s" % TABLE
        lines += ["add table %s" % own, "delete table %s" % own, "add table %s" % own]
        lines.append("add chain %s input { type filter hook input priority filter; policy drop; }" % own)
        lines += ["add rule %s input %s" % (own, rule) for rule in [*ALWAYS, *_accepting([*ssh_openings, *openings])]]
    mark = steps.mark_of(lines)
    marked = [line for line in lines if line.split()[1] == "rule"]
    return mark, ['%s comment "%s"' % (line, mark) if line in marked else line for line in lines], len(marked)


def _accepting(openings, family=None):
    found = []
    for (protocol, port), sources in sorted(steps.by_port(openings, family).items()):
        match = "meta l4proto 50" if protocol == ESP else "%s dport %s" % (protocol, port)
        found += ["%s%s accept" % (source, match) for source in _sources(sources)]
    return found


def _sources(sources):
    if not sources:
        return [""]
    found = []
    for keyword, mine in (("ip", [text for text in sources if ":" not in text]), ("ip6", [text for text in sources if ":" in text])):
        if mine:
            found.append("%s saddr { %s } " % (keyword, ", ".join(mine)))
    return found
