# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a benchmark: medians, ratios within the same run, executions, and how each limit was met."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import statistics
import subprocess

RAW, COMMUNITY, OURS, PING = "docker CLI", "community.docker", "quorate.swarm", "ansible -m ping"

CHAIN = (
    "five executions one after the other (read, create, join, nodes, overlays), each of which spends seconds on these hosts on Python and "
    "the import of the Docker SDK before it asks the engine anything"
)
CARE = (
    "five executions one after the other against its four: every host is asked before a swarm is created, and the nodes are waited for "
    "until they are what they shall be"
)
# Why a limit may be missed; printed where it is.
REASONS = {"forming, x docker CLI": CHAIN, "forming, x community.docker": CARE}


def table(measured, rounds, versions):
    lines = [
        "# Forming a swarm, and finding it formed",
        "",
        "Written by `make bench` on %s. %s" % (datetime.date.today().isoformat(), versions),
        "",
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
            spread = [seconds for seconds, _executions in samples]
            executions = sorted({count for _seconds, count in samples})
            lines.append(
                "| %s, %s | %.1f (%.1f to %.1f) | %s | %s | %s | %s |"
                % (name, phase, own, min(spread), max(spread), *ratios, " to ".join(map(str, executions)))
            )
        lines += ["", "| figure | at most | aim | measured | |", "| --- | --- | --- | --- | --- |"]
        lines += ["| %s | %s | %s | %.2f | %s |" % (*row, verdict(*row)) for row in limits(size, results)]
    return "\n".join(lines) + "\n"


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
    return max(count for _seconds, count in results[(OURS, phase)])


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
