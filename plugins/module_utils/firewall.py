# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firewall of a host gets the openings, and what has to be done there. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils import firewall_firewalld as firewalld
from ansible_collections.quorate.swarm.plugins.module_utils import firewall_iptables as iptables
from ansible_collections.quorate.swarm.plugins.module_utils import firewall_nftables as nftables
from ansible_collections.quorate.swarm.plugins.module_utils import firewall_steps as steps
from ansible_collections.quorate.swarm.plugins.module_utils import firewall_ufw as ufw
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_openings import Opening

AUTO = "auto"
# In the order in which they are looked for: the first two keep their rules in the other two.
BACKENDS = {"firewalld": firewalld, "ufw": ufw, "nftables": nftables, "iptables": iptables}
OWN_FILTERS = {"nftables": nftables.filters_by_own_table, "iptables": iptables.filters_by_own_chain}
PROGRAMS = {"firewalld": "firewall-cmd", "ufw": "ufw", "nftables": "nft", "iptables": "iptables"}


def plan(host, report, openings, backend=AUTO, published=(), ssh_ports=(), programs=None):
    """What to do on C(host), whose C(report) is understood already; C(published) none, or the only sources of published ports.

    C(programs) are the files that the role brings, by their names.
    """
    _refuse_lost_chains(host, report)
    _refuse_vain_filter(host, report, published)
    chosen = choose(host, report, backend)
    activates = chosen is not None and not BACKENDS[chosen].is_active(report)
    closes_rest = activates or (chosen in OWN_FILTERS and OWN_FILTERS[chosen](report))
    ssh_openings = _ssh_openings(report, chosen, closes_rest, ssh_ports)
    if closes_rest and not ssh_openings:
        raise Refusal(
            "%s keeps out everything on %s that is not opened, and the port of SSH there is not known, because this connection is not "
            "SSH; nothing was changed. Name it with firewall_ssh_ports." % (chosen, host)
        )
    found = _plan_of(host, report, chosen, openings, ssh_openings, closes_rest, published, programs or {})
    if activates:
        found.sentences.insert(0, "is activated, and keeps out what is not opened")
    _repair(found, report, programs or {})
    return {
        "backend": chosen,
        "activates": activates,
        "restarts_engine": activates and chosen == "firewalld" and steps.is_active(report, "docker.service"),
        "files": [{"path": path, "content": content} for path, content in sorted(found.files.items())],
        "commands": found.commands,
        "undo": found.undo,
        "sentences": ["%s: %s" % (chosen or "Docker", sentence) for sentence in found.sentences],
        "warnings": ["%s: %s" % (host, warning) for warning in found.warnings],
        "differs": bool(found.files or found.commands),
    }


def choose(host, report, backend=AUTO):
    """The name of the backend, none where nothing filters and nothing was named."""
    active = [name for name, module in BACKENDS.items() if module.is_active(report)]
    managers = [name for name in active if name in ("firewalld", "ufw")]
    # What these two have loaded is theirs, not somebody's rules beside them.
    active = managers or active
    others = [name for name in active if name != backend]
    if len(active) > 1 or (backend != AUTO and others):
        raise Refusal(
            "On %s %s at work%s. What one of them lets in the other still drops; nothing was changed. Keep one, and stop the other."
            % (host, " and ".join(active) + (" are" if len(active) > 1 else " is"), "" if backend == AUTO else ", not %s" % backend)
        )
    chosen = active[0] if backend == AUTO and active else None if backend == AUTO else backend
    if chosen and PROGRAMS[chosen] not in report["programs"]:
        raise Refusal("%s was named as the firewall of %s, but is not installed there. Install it." % (chosen, host))
    return chosen


def _ssh_openings(report, chosen, closes_rest, ssh_ports):
    """SSH for everybody, where this role keeps out everything else; where it once opened SSH in another's rules, that stays."""
    ports = [Opening("tcp", str(port)) for port in ssh_ports or report["ssh_ports"]]
    if closes_rest or chosen not in ("firewalld", "ufw"):
        return ports if closes_rest else []
    own = BACKENDS[chosen].own_openings(report)
    return sorted(opening for opening in own if opening in ports or (not ports and opening.protocol == "tcp" and not opening.source))


def _plan_of(host, report, chosen, openings, ssh_openings, closes_rest, published, programs):
    found, families = steps.Steps(), ()
    if steps.is_enabled(report, nftables.UNIT) or (chosen == "nftables" and closes_rest):
        found.add(_guard(host, report, chosen, programs))
    if chosen == "firewalld":
        found.add(firewalld.plan(report, sorted({*openings, *ssh_openings}), programs))
        found.warnings += firewalld.warnings(report)
    elif chosen == "ufw":
        found.add(ufw.plan(report, sorted({*openings, *ssh_openings})))
    elif chosen == "nftables":
        found.add(nftables.plan(report, openings, programs, closes_rest, ssh_openings))
        found.warnings += nftables.warnings(report)
    elif chosen == "iptables":
        families = (4, 6) if closes_rest else tuple(iptables.closing_families(report))
    if families or iptables.is_needed(report, published):
        found.add(iptables.plan(report, openings, programs, families, bool(families) and closes_rest, published, ssh_openings))
    return found


def _guard(host, report, chosen, programs):
    refusal = nftables.refusal(report)
    if not refusal:
        return nftables.guard(report, programs)
    if chosen == "nftables":
        raise Refusal("On %s %s Nothing was changed." % (host, refusal))
    return steps.Steps(warnings=[refusal])


def _refuse_lost_chains(host, report):
    if report["docker"].get("lost"):
        raise Refusal(
            "The chains of Docker's engine are gone on %s: somebody emptied iptables while it ran, so published ports and the routing "
            "mesh do not work there. Only the engine can restore them; nothing was changed. Restart it (systemctl restart docker), one "
            "host at a time, and run again." % host
        )


def _refuse_vain_filter(host, report, published):
    refusal = iptables.refusal(report) if published else None
    if refusal:
        raise Refusal(
            "firewall_published_from would not keep anybody from published ports of %s: the engine there %s. Nothing was changed."
            % (host, refusal)
        )


def _repair(found, report, programs):
    missing = report["docker"].get("missing") or []
    if missing:
        path = steps.own_file(firewalld.PROGRAM)
        found.files.update(steps.changed_files(report, {path: programs[firewalld.PROGRAM]}))
        found.commands.append("python3 %s repair" % path)
        found.sentences += ["restores Docker's rule %s" % rule for rule in missing]
