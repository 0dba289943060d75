# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the routing mesh answers: which published ports to ask, and what the answers mean. No I/O.

An engine listens itself on the ports that it passes on with rules of the firewall. Where the rules are gone a connection is taken
all the same, and then nothing comes: that is silence, and no answer.
"""

from __future__ import annotations

ANSWERED, SILENT, REFUSED, LOST = "answered", "silent", "refused", "lost"

CAUSES = {
    SILENT: (
        "{to} takes the connection, but no container gets it. The rules for published ports are gone there, as after a firewall was "
        "reloaded. Restart the engine of {to} (systemctl restart docker)."
    ),
    REFUSED: (
        "{to} refuses the connection. The port is not published there, as where a host is out of the ingress network, or a firewall "
        "rejects it. Restart the engine of {to} (systemctl restart docker), and see that 7946/tcp and 7946/udp are open between the hosts."
    ),
    LOST: (
        "nothing comes back. See that the port is open between the two, and 7946/tcp, 7946/udp and 4789/udp (or the swarm's data path "
        "port) between {to} and the hosts of the containers; where they are, restart the engine of {to} (systemctl restart docker)."
    ),
}
NOWHERE = (
    " Since the port answers on no host, see first that the containers of {service} listen on {target_port}/tcp (docker service logs "
    "{service})."
)


def published(services, tasks):
    """The TCP ports on which every host must answer: those published through the ingress by services of which a task runs."""
    running = {task["service_id"] for task in tasks if task["state"] == "running"}
    return [
        {"service": service["name"], "port": port["published_port"], "target_port": port["target_port"]}
        for service in sorted(services, key=lambda service: service["name"])
        for port in service["ports"]
        if service["id"] in running
        and port["protocol"] == "tcp"
        and port["publish_mode"] == "ingress"
        and port["published_port"]
    ]


def gaps(answers, addresses, ports):
    """Who gets no answer from whom. C(answers) are those that each host was given, C(addresses) those of the hosts that were asked."""
    hosts = {address: host for host, address in addresses.items()}
    by_port = {port["port"]: port for port in ports}
    answering = {given["port"] for told in answers.values() for given in told if given["answer"] == ANSWERED}
    return [
        gap(asker, hosts[given["address"]], by_port[given["port"]], given["answer"], given["port"] in answering)
        for asker in sorted(answers)
        for given in answers[asker]
        if given["answer"] != ANSWERED
    ]


def gap(asker, to, port, answer, answers_elsewhere):
    found = dict(port, to=to, answer=answer)
    found["from"] = asker
    found["sentence"] = "From %s the port %d of the service %s does not answer on %s: %s%s" % (
        asker,
        port["port"],
        port["service"],
        to,
        CAUSES[answer].format(to=to),
        "" if answers_elsewhere else NOWHERE.format(**port),
    )
    return found
