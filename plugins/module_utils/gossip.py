# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes part in an overlay's gossip, as each host sees it. No I/O.

Managers hold a host for ready although it may be outside of an overlay's gossip: no name resolves there, and nobody is told
of its containers. Only the hosts' own lists of peers show it.
"""

from __future__ import annotations


def gaps(views, addresses, everywhere=(), in_part=(), excused=()):
    """Where a host does not see another one that it must see.

    C(views) are the networks of each host as swarm_info returns them, C(addresses) the advertised addresses of the hosts in
    use. All of these but those C(excused) must be in the gossip of the networks C(everywhere); of the networks C(in_part) those
    that use them.
    """
    found = []
    for network in list(everywhere) + list(in_part):
        peers = {host: set(peers_of(networks, network)) for host, networks in views.items()}
        users = [host for host in addresses if (host not in excused if network in everywhere else peers.get(host))]
        for host in sorted(set(users) & set(views)):
            missing = sorted(other for other in users if addresses[other] not in peers[host])
            if missing:
                found.append({"host": host, "network": network, "missing": missing, "sentence": sentence(host, network, missing)})
    return found


def peers_of(networks, name):
    return next((network["peers"] for network in networks if network["name"] == name), ())


def outsiders(found):
    """The hosts to heal: those that are out of touch with more others than the rest is, or if all are alike, all of them.

    Of a swarm in two parts each host of the smaller part misses more others, so that part is it. Of two equal halves neither is the rest.
    """
    out_of_touch = {}
    for gap in found:
        for other in gap["missing"]:
            out_of_touch.setdefault(gap["host"], set()).add(other)
            out_of_touch.setdefault(other, set()).add(gap["host"])
    fewest = min(map(len, out_of_touch.values()), default=0)
    return sorted(host for host, others in out_of_touch.items() if len(others) > fewest) or sorted(out_of_touch)


def sentence(host, network, missing):
    return "On %s the peers of the overlay %s lack %s" % (host, network, ", ".join(missing))


def repair_refusal(outside, asked, hosts):
    """Why the engines of the hosts C(outside) are not to be restarted, empty if they are. C(asked) are those of all C(hosts) that told."""
    in_touch = [host for host in asked if host not in outside]
    if not outside or 2 * len(in_touch) >= len(hosts):
        return ""
    not_asked = [host for host in hosts if host not in asked]
    return (
        "Out of touch with others are %s; of %d hosts fewer than half (%s) are in touch with each other%s. So rather the network between "
        "the hosts is at fault than their engines, and none was restarted. See that 7946/tcp and 7946/udp are open between all hosts."
        % (
            ", ".join(outside),
            len(hosts),
            ", ".join(in_touch) or "none",
            ", and %s could not be asked or were left out of the run" % ", ".join(not_asked) if not_asked else "",
        )
    )
