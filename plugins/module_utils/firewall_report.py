# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host tells of its firewalls: the output of the role's files/report.sh, understood. No I/O.

The report consists of parts. Each begins with a line C(@@ NAME); what follows is the unchanged output of one program.
"""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from dataclasses import dataclass, field

ACCEPTED, DROPPED = True, False


@dataclass(frozen=True)
class Rule:
    """One rule as far as it matters here. C(limit): none for what holds for every packet, interface, or some."""

    verdict: str | None
    target: str | None = None
    limit: str | None = None
    comment: str = ""


@dataclass
class Chain:
    """Where the kernel calls it (C(hook)), it has a policy; otherwise rules jump to it."""

    name: str
    rules: list = field(default_factory=list)
    hook: str | None = None
    policy: str = "accept"


def parse(text):
    parts = sections(text)
    return {
        "programs": set(parts.get("programs", "").split()),
        "units": units(parts.get("units", "")),
        "ssh_ports": sorted({int(port) for port in parts.get("ssh", "").split()}),
        "interfaces": interfaces(parts.get("addresses", "")),
        "listeners": listeners(parts.get("listeners", "")),
        "firewalld": {
            "default_zone": parts.get("firewalld default", "").strip(),
            "runtime": zones(parts.get("firewalld runtime", "")),
            "permanent": zones(parts.get("firewalld permanent", "")),
        },
        "ufw": {
            "active": parts.get("ufw status", "").strip() == "Status: active",
            "rules": [line[len("ufw ") :] for line in parts.get("ufw added", "").splitlines() if line.startswith("ufw ")],
        },
        "nftables": nftables(parts.get("nftables", "")),
        "nftables_conf": parts.get("nftables conf", ""),
        "iptables": {4: iptables(parts.get("iptables", "")), 6: iptables(parts.get("ip6tables", ""))},
        "files": dict(line.split(None, 1)[::-1] for line in parts.get("files", "").splitlines()),
        "docker": json.loads(parts.get("docker") or "{}"),
    }


def sections(text):
    found, name = {}, None
    for line in text.splitlines():
        if line.startswith("@@ "):
            name = line[3:]
            found[name] = []
        elif name is not None:
            found[name].append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def units(text):
    """The answer of C(systemctl show) for several units, which an empty line separates."""
    found = {}
    for block in text.split("\n\n"):
        properties = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if properties.get("LoadState", "not-found") != "not-found":
            found[properties["Id"]] = properties
    return found


def interfaces(text):
    """The addresses of each interface, from C(ip -o address)."""
    found = {}
    for name, address in re.findall(r"^\d+: (\S+) +inet6? ([0-9a-f.:]+)", text, re.MULTILINE):
        found.setdefault(name, []).append(address)
    return found


def listeners(text):
    """Where somebody waits for TCP connections: [(address, port)], from the kernel's tables, whose words have their lowest byte first."""
    found = []
    for address, _colon, port in (line.partition(":") for line in text.split()):
        words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
        found.append((ipaddress.ip_address(b"".join(words)), int(port, 16)))
    return found


def listens(found, address, port):
    """Whether somebody waits for connections to this port under this address."""
    wanted = ipaddress.ip_address(address)
    return any(number == port and (own == wanted or own.is_unspecified) for own, number in found)


def zones(text):
    """firewalld's zones, from C(firewall-cmd --list-all-zones)."""
    found = {}
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        if not lines:
            continue
        settings = dict(re.findall(r"^  ([a-z -]+): ?(.*)$", block, re.MULTILINE))
        found[lines[0].split()[0]] = {
            "target": settings.get("target", "default"),
            "used": bool(settings.get("interfaces", "").strip() or settings.get("sources", "").strip()),
            "interfaces": settings.get("interfaces", "").split(),
            "rules": [line.strip() for line in lines if line.startswith("\trule ")],
        }
    return found


def nftables(text):
    """The tables of nftables with their chains, from C(nft --json list ruleset): {(family, table): {name: Chain}}."""
    tables = {}
    for entry in json.loads(text or "{}").get("nftables", []):
        kind, told = next(iter(entry.items()))
        if kind == "table":
            tables.setdefault((told["family"], told["name"]), {})
        elif kind == "chain":
            hook = told.get("hook") if told.get("type") == "filter" else None
            chain = Chain(told["name"], hook=hook, policy=told.get("policy", "accept"))
            tables.setdefault((told["family"], told["table"]), {})[told["name"]] = chain
        elif kind == "rule":
            tables[(told["family"], told["table"])][told["chain"]].rules.append(_nftables_rule(told))
    return tables


def _nftables_rule(told):
    verdict, target, limit = None, None, None
    for expression in told["expr"]:
        kind, value = next(iter(expression.items())) if isinstance(expression, dict) else (expression, None)
        if kind in ("accept", "drop", "reject", "return"):
            verdict = "drop" if kind == "reject" else kind
        elif kind in ("jump", "goto"):
            verdict, target = kind, value["target"]
        elif kind == "match" and _names_an_interface(value):
            limit = limit or "interface"
        elif kind not in ("counter", "log"):
            limit = "some"
    return Rule(verdict, target, limit, told.get("comment", ""))


def _names_an_interface(match):
    left = match["left"]
    key = left.get("meta", {}).get("key") if isinstance(left, dict) else None
    return key in ("iif", "iifname") and (match["op"] == "==") != (match["right"] == "lo")


def iptables(text):
    """The chains of the table filter, from C(iptables -S): {name: Chain}."""
    chains = {}
    for words in (shlex.split(line) for line in text.splitlines() if line.startswith("-")):
        if words[0] == "-P":
            chains[words[1]] = Chain(words[1], hook=words[1].lower(), policy=words[2].lower())
        elif words[0] == "-N":
            chains[words[1]] = Chain(words[1])
        elif words[0] == "-A":
            chains[words[1]].rules.append(_iptables_rule(words[2:]))
    return chains


def _iptables_rule(words):
    verdict, target, limit, comment = None, None, None, ""
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("-j", "-g"):
            name = words.pop(0)
            verdict = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return"}.get(name)
            if verdict is None:
                verdict, target = "jump" if word == "-j" else "goto", name
            break
        if word == "--comment":
            comment = words.pop(0)
        elif word == "-m" and words[:1] == ["comment"]:
            words.pop(0)
        elif (word == "-i" and words[:1] != ["lo"]) or [word, *words[:2]] == ["!", "-i", "lo"]:
            del words[: 2 if word == "!" else 1]
            limit = limit or "interface"
        else:
            limit = "some"
    return Rule(verdict, target, limit, comment)


def closes(chain, chains):
    """Whether a chain that the kernel calls keeps out what no rule lets in."""
    fate = _fate(chain, chains, ())
    return chain.policy == "drop" if fate is None else fate is DROPPED


def _fate(chain, chains, above):
    """What becomes of a packet that no particular rule matches: accepted, dropped, or none where the chain leaves it open."""
    for rule in chain.rules:
        if rule.limit == "some" or rule.verdict is None:
            continue
        fate = None
        if rule.verdict == "drop":
            fate = DROPPED
        elif rule.verdict == "accept":
            fate = ACCEPTED
        elif rule.verdict == "return":
            if rule.limit is None:
                return None
        elif rule.target in chains and rule.target not in above:
            fate = _fate(chains[rule.target], chains, (*above, chain.name))
            if rule.verdict == "goto" and rule.limit is None:
                return fate
        # One interface is enough to keep something out, but not to let everything in.
        if fate is DROPPED or (fate is ACCEPTED and rule.limit is None):
            return fate
    return None
