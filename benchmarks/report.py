# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of a benchmark: medians, ratios within the same run, executions, and how each limit was met."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import re
import statistics
import subprocess

FORMING = "Forming a swarm, and finding it formed"
SETTLED = "Finding the whole swarm part as asked for"
ENGINES = "Changing the configuration of engines, one after the other"
CLUSTERS = "Clusters on a swarm, and finding them as asked for"
SITE = "The whole site, found as asked for"
RAW, COMMUNITY, OURS, PING, PLAIN = "docker CLI", "community.docker", "quorate.swarm", "ansible -m ping", "plain script"
SYSTEMS = ("elasticsearch", "zookeeper")
# At most, and the aim; of a cluster's playbook 8.
SITE_LIMITS = {"site": (40, 25)}

CHAIN = (
    "five executions one after the other (read, create, join, nodes, overlays), each of which spends seconds on these hosts on Python and "
    "the import of the Docker SDK before it asks the engine anything"
)
CARE = (
    "five executions one after the other against its four: every host is asked before a swarm is created, and the nodes are waited for "
    "until they are what they shall be"
)
BRIEF = (
    "a look at every member, the start and the wait are three executions one after the other, each of which spends seconds on these hosts "
    "on Python, beside a whole job that takes nine by hand"
)
# Why a limit may be missed; printed where it is.
REASONS = {"forming, x docker CLI": CHAIN, "forming, x community.docker": CARE, "zookeeper, forming, x plain script": BRIEF}


def table(measured, rounds, versions):
    lines = [
        *heading(FORMING, versions),
        "Each contender forms the same swarm on the same hosts, in turn, %d rounds: 3 managers, the others workers, a label each," % rounds,
        "one encrypted attachable overlay. Medians of the rounds (smallest to largest). An execution is one run of ssh.",
    ]
    for size, results in measured.items():
        lines += ["", "## %d hosts" % size, "", "| | seconds | x docker CLI | x community.docker | x ping | executions |"]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        for (name, phase), samples in results.items():
            base = {
                RAW: median(results, RAW, "form") if phase == "form" else None,
                COMMUNITY: median(results, COMMUNITY, phase) if phase != "once" else None,
                PING: median(results, PING, "once"),
            }
            own = median(results, name, phase)
            ratios = [ratio(own, base[other]) for other in (RAW, COMMUNITY, PING)]
            lines.append(line(name, phase, samples, ratios))
        lines += held_against(limits(size, results))
    return "\n".join(lines) + "\n"


def settled(measured, rounds, versions):
    lines = [
        *heading(SETTLED, versions),
        "A run of the roles `swarm` and `overlay` with labels of all nodes, settings and labels of the swarm and an overlay, where all",
        "of that is as asked for. Medians of %d rounds (smallest to largest), beside `ansible -m ping` in the same rounds." % rounds,
    ]
    for size, results in measured.items():
        lines += ["", "## %d hosts" % size, "", "| | seconds | x ping | executions |", "| --- | --- | --- | --- |"]
        ping, again = median(results, PING, "once"), median(results, OURS, "no-op")
        for (name, phase), samples in results.items():
            lines.append(line(name, phase, samples, [ratio(median(results, name, phase), ping)]))
        lines += held_against(
            [
                ("no-op with settings, x ping", 3.5, 3.0, again / ping),
                ("executions of it (N + 4)", size + 4, "", executions(results, "no-op")),
            ]
        )
    return "\n".join(lines) + "\n"


def engines(measured, rounds, versions):
    lines = [
        *heading(ENGINES, versions),
        "One more setting in `daemon.json` on every host of a swarm of 3 managers and workers, and the engines restarted one after the",
        "other, the next one only after the last one was ready again. The docker CLI does what a careful person types for each host over",
        "kept connections: write the file, restart the engine, wait until it answers and a manager holds the node for ready. Medians of",
        "%d rounds (smallest to largest), in turn, each in a new swarm." % rounds,
    ]
    for size, results in measured.items():
        lines += ["", "## %d hosts" % size, "", "| | seconds | x docker CLI | executions |", "| --- | --- | --- | --- |"]
        by_hand = median(results, RAW, "change")
        for (name, phase), samples in results.items():
            lines.append(line(name, phase, samples, [ratio(median(results, name, phase), by_hand)]))
        lines += held_against([("changing the engines, x docker CLI", 1.25, "", median(results, OURS, "change") / by_hand)])
    return "\n".join(lines) + "\n"


def clusters(measured, rounds, versions):
    lines = [
        *heading(CLUSTERS, versions),
        "Elasticsearch with one master and three members with data, and ZooKeeper with three members, a member a host, each from a swarm",
        "with an overlay and no cluster until it is whole: green with four nodes; one leader and two followers. The plain script does what",
        "a careful person writes down, with the same images, heaps, settings and addresses: on all hosts side by side directories, files",
        "and `docker run` in one connection, then the same waits. Before each forming the clusters are removed with their data, and the",
        "hosts' page caches are emptied. Medians of %d rounds (smallest to largest), in turn. Delegated executions count as well." % rounds,
    ]
    for size, results in measured.items():
        lines += ["", "## %d hosts" % size, "", "| | seconds | x plain script | x ping | executions | a member |"]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        for (name, phase), samples in results.items():
            system = phase.partition(",")[0]
            plain = median(results, PLAIN, phase) if phase.endswith("form") else None
            own = median(results, name, phase)
            ratios = [ratio(own, plain), ratio(own, median(results, PING, "%s, once" % system))]
            lines.append("%s %s |" % (line(name, phase, samples, ratios), ratio(most(samples), hosts_of(results, system))))
        for system in SYSTEMS:
            lines += held_against(cluster_limits(system, results))
    return "\n".join(lines) + "\n"


def site(measured, rounds, versions):
    lines = [
        *heading(SITE, versions),
        "Runs of `site.yml` on `inventories/lab`, and of the playbook of each cluster, that find everything as it shall be, beside",
        "`ansible -m ping` of the same hosts. Medians of %d rounds (smallest to largest)." % rounds,
    ]
    for size, results in measured.items():
        lines += ["", "## %d hosts" % size, "", "| | seconds | x ping | executions |", "| --- | --- | --- | --- |"]
        figures = []
        for (name, phase), samples in results.items():
            part = phase.partition(",")[0]
            times = median(results, name, phase) / median(results, PING, "%s, once" % part)
            lines.append(line(name, phase, samples, ["%.2f" % times]))
            if phase.endswith("no-op"):
                figures.append(("%s, x ping" % phase, *SITE_LIMITS.get(part, (8, "")), times))
        lines += held_against(figures)
    return "\n".join(lines) + "\n"


def cluster_limits(system, results):
    form, again = "%s, form" % system, "%s, no-op" % system
    hosts = hosts_of(results, system)
    return [
        ("%s, forming, x plain script" % system, 1.5, "", median(results, OURS, form) / median(results, PLAIN, form)),
        ("%s, no-op, x ping" % system, 8, "", median(results, OURS, again) / median(results, PING, "%s, once" % system)),
        ("%s, executions a member to form" % system, 8, "", executions(results, form) / hosts),
        ("%s, executions a member of the no-op" % system, 5, "", executions(results, again) / hosts),
    ]


def hosts_of(results, system):
    """A ping is one execution a host, and a host has one member."""
    return most(results[(PING, "%s, once" % system)])


def most(samples):
    return max(count for _seconds, count in samples)


def renewed(text, sections):
    """A page of sections that begin with their headings, with those that were measured anew in their places."""
    earlier = re.split(r"^(?=# )", text, flags=re.MULTILINE)[1:]
    page = {section.splitlines()[0]: section.strip() for section in [*earlier, *sections]}
    known = ["# " + name for name in (FORMING, SETTLED, ENGINES, CLUSTERS, SITE)]
    return "\n\n".join(page[name] for name in known if name in page) + "\n"


def heading(name, versions):
    return ["# %s" % name, "", "Written by `make bench` on %s. %s" % (datetime.date.today().isoformat(), versions), ""]


def line(name, phase, samples, ratios):
    spread = [seconds for seconds, _executions in samples]
    counts = sorted({count for _seconds, count in samples})
    cells = ["%.1f (%.1f to %.1f)" % (statistics.median(spread), min(spread), max(spread)), *ratios, " to ".join(map(str, counts))]
    return "| %s, %s | %s |" % (name, phase, " | ".join(cells))


def held_against(figures):
    lines = ["", "| figure | at most | aim | measured | |", "| --- | --- | --- | --- | --- |"]
    return lines + ["| %s | %s | %s | %.2f | %s |" % (*row, verdict(*row)) for row in figures]


def limits(size, results):
    form, again = median(results, OURS, "form"), median(results, OURS, "no-op")
    return [
        ("forming, x docker CLI", 2.0, 1.5, form / median(results, RAW, "form")),
        ("forming, x community.docker", 0.7, "", form / median(results, COMMUNITY, "form")),
        ("no-op, x ping", 3.5, 3.0, again / median(results, PING, "once")),
        ("executions to form (2N + 4)", 2 * size + 4, "", executions(results, "form")),
        ("executions of the no-op (N + 4)", size + 4, "", executions(results, "no-op")),
    ]


def verdict(name, limit, aim, measured):
    if measured > limit:
        return "missed: %s" % REASONS[name] if name in REASONS else "missed"
    return "met, the aim missed" if aim and measured > aim else "met"


def median(results, name, phase):
    return statistics.median(seconds for seconds, _executions in results[(name, phase)])


def executions(results, phase):
    return most(results[(OURS, phase)])


def ratio(own, base):
    return "%.2f" % (own / base) if base else ""


def versions(checkout):
    status = subprocess.run([checkout / "lab" / "lab", "status"], check=True, capture_output=True, text=True).stdout
    engines = sorted({word for line in status.split("\n") for word in line.split() if word[:3] in ("20.", "26.", "28.")})
    return "ansible-core %s, community.docker as in ansible %s, Python %s, engines %s." % (
        importlib.metadata.version("ansible-core"),
        importlib.metadata.version("ansible"),
        platform.python_version(),
        " and ".join(engines) or "unknown",
    )


SECTIONS = {"forming": table, "settled": settled, "engines": engines, "clusters": clusters, "site": site}
