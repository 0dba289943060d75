# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts' calls say about ports that are closed and packets that are too large. No I/O.

Only what was seen is told. Where a host was not there long enough to answer, or something else has the port, nothing is said.
"""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.call_sheet import SILENT, STRANGER, UNTESTED, is_stream
from ansible_collections.quorate.swarm.plugins.module_utils.finding import Finding, names
from ansible_collections.quorate.swarm.plugins.module_utils.preflight_clocks import offset

LONG_ENOUGH = 3.0
SPOKEN = {"esp": "IP protocol 50 (ESP)"}


def findings(looks, sizes, opened=()):
    """C(looks) are those of one round, C(sizes) the packets that each network needs, C(opened) the hosts whose firewall is opened next."""
    closed, late, unknown, smaller = {}, [], {}, {}
    for caller, peer, label, call in calls(looks):
        there = looks[peer]
        if call["result"] == SILENT and caller not in there["heard"].get(label, ()):
            if call["address"] not in there["addresses"]:
                unknown.setdefault(peer, "%s, under which %s called it, is no address of its own" % (call["address"], caller))
            elif label in there["listening"] and together(looks, caller, peer) < LONG_ENOUGH:
                late.append((caller, peer))
            elif label in there["listening"] or (is_stream(label) and label in there["taken"]):
                closed.setdefault((peer, call["address"], caller), []).append((label, call["detail"]))
        elif call["result"] == STRANGER:
            unknown.setdefault(peer, "from %s the address %s leads to %s" % (caller, call["address"], call["detail"]))
        elif call["result"] == UNTESTED and call["detail"]:
            unknown.setdefault(peer, "on %s %s" % (caller, call["detail"]))
        elif "largest" in call and call["largest"] < max(sizes.values()):
            smaller.setdefault((caller, call["largest"]), []).append(peer)
    yield from of_closed_ports(closed, opened)
    yield from of_small_packets(smaller, sizes)
    yield from of_untested(late, unknown)


def calls(looks):
    for caller, look in looks.items():
        for peer, ports in look["calls"].items():
            if peer in looks:
                for label, call in ports.items():
                    yield caller, peer, label, call


def together(looks, caller, peer):
    """For how many seconds, at the least, both hosts were at it: as they heard of each other, or by the controller's clock."""
    one, other = looks[caller], looks[peer]
    heard = [one["presence"].get(peer, 0.0), other["presence"].get(caller, 0.0)]
    if one["met"] and other["met"]:
        (begin, end), (other_begin, other_end) = surely_there(one), surely_there(other)
        heard.append(min(end, other_end) - max(begin, other_begin))
    return max(heard)


def surely_there(look):
    least, most = offset(look)
    return look["began"] - least, look["ended"] - most


def of_closed_ports(closed, opened):
    """One sentence for all callers that miss the same ports of a host."""
    groups = {}
    for (peer, address, caller), ports in closed.items():
        labels = tuple(sorted(label for label, _detail in ports))
        callers, details = groups.setdefault((peer, address, labels), ([], set()))
        callers.append(caller)
        details.update(detail for _label, detail in ports if detail)
    for (peer, address, labels), (callers, details) in groups.items():
        ports = names(SPOKEN.get(label, label) for label in labels)
        seen = "From %s nothing gets through to %s (%s) on %s%s." % (
            names(callers), peer, address, ports, " (%s)" % ", ".join(sorted(details)) if details else "",
        )
        if peer in opened:
            yield Finding("%s The firewall of %s is opened next; whatever filters in between is not." % (seen, peer))
        else:
            advice = "Open %s on %s for all hosts of the swarm, in its firewall and in whatever filters in between." % (ports, peer)
            yield Finding("%s %s" % (seen, advice), True, peer)


def of_small_packets(smaller, sizes):
    for (caller, largest), peers in smaller.items():
        needing = [network for network, size in sizes.items() if size > largest]
        needed = max(sizes.values())
        yield Finding(
            "From %s to %s packets of %d bytes do not pass uncut, of %d bytes they do. The overlay %s of up to %d: raise the MTU "
            "between the hosts, or give %s 'mtu: %d' in overlay_networks, which can be changed later only by making the network anew."
            % (
                caller, names(peers), needed, largest,
                "network %s sends packets" % needing[0] if len(needing) == 1 else "networks %s send packets" % names(needing),
                needed, "it" if len(needing) == 1 else "each of them", largest,
            )
        )


def of_untested(late, unknown):
    if late:
        pairs = names("%s to %s" % pair for pair in dict.fromkeys(late))
        yield Finding(
            "Whether the ports are open from %s was not seen: these hosts were not at it together for long enough. Run again, with a "
            "greater preflight_timeout if need be." % pairs
        )
    for peer, reason in unknown.items():
        yield Finding(
            "Whether the ports of %s are open was not seen: %s. Say in swarm_advertise_addr by which of its addresses the others reach it."
            % (peer, reason)
        )
