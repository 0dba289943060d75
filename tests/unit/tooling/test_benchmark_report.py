# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that is published: medians, ratios within one run, and limits that can be missed."""

from __future__ import annotations

import pytest
import report

RESULTS = {
    (report.RAW, "form"): [(10.0, 7), (30.0, 7), (11.0, 7)],
    (report.COMMUNITY, "form"): [(40.0, 9), (41.0, 9), (42.0, 9)],
    (report.COMMUNITY, "no-op"): [(20.0, 9), (21.0, 9), (22.0, 9)],
    (report.OURS, "form"): [(20.0, 10), (22.0, 10), (24.0, 11)],
    (report.OURS, "no-op"): [(8.0, 4), (9.0, 4), (10.0, 4)],
    (report.PING, "once"): [(3.0, 4), (2.0, 4), (4.0, 4)],
}


def line(table, beginning):
    return next(line for line in table.splitlines() if line.startswith("| %s" % beginning))


def test_a_line_holds_the_median_its_range_the_ratios_and_the_executions():
    table = report.table({4: RESULTS}, 3, "Made here.")
    assert line(table, "quorate.swarm, form") == "| quorate.swarm, form | 22.0 (20.0 to 24.0) | 2.00 | 0.54 | 7.33 | 10 to 11 |"
    assert line(table, "quorate.swarm, no-op") == "| quorate.swarm, no-op | 9.0 (8.0 to 10.0) |  | 0.43 | 3.00 | 4 |"
    assert line(table, "ansible -m ping") == "| ansible -m ping, once | 3.0 (2.0 to 4.0) |  |  | 1.00 | 4 |"


@pytest.mark.parametrize(
    "limit, measured",
    [
        ("forming, x docker CLI", "| 2.0 | 1.5 | 2.00 | met, the aim missed |"),
        ("forming, x community.docker", "| 0.7 |  | 0.54 | met |"),
        ("no-op, x ping", "| 3.5 | 3.0 | 3.00 | met |"),
        ("executions to form", "| 12 |  | 11.00 | met |"),
        ("executions of the no-op", "| 8 |  | 4.00 | met |"),
    ],
)
def test_each_limit_is_held_against_what_was_measured(limit, measured):
    assert measured in line(report.table({4: RESULTS}, 3, ""), limit)


def test_a_missed_limit_is_said_with_its_reason_where_one_is_known():
    slow = {**RESULTS, (report.OURS, "no-op"): [(20.0, 9)] * 3, (report.OURS, "form"): [(30.0, 10)] * 3}
    table = report.table({4: slow}, 3, "")
    assert line(table, "no-op, x ping").endswith("| 6.67 | missed |")
    assert line(table, "forming, x docker CLI").endswith("| 2.73 | missed: %s |" % report.CHAIN)
    assert line(table, "executions of the no-op").endswith("| 9.00 | missed |")


SETTLED = {(report.OURS, "no-op"): [(8.0, 4), (9.0, 4), (10.0, 5)], (report.PING, "once"): [(3.0, 4), (2.0, 4), (4.0, 4)]}


def test_a_run_that_changes_nothing_is_held_against_ping_and_the_number_of_hosts():
    table = report.settled({4: SETTLED}, 3, "")
    assert line(table, "quorate.swarm, no-op") == "| quorate.swarm, no-op | 9.0 (8.0 to 10.0) | 3.00 | 4 to 5 |"
    assert line(table, "no-op with settings, x ping").endswith("| 3.5 | 3.0 | 3.00 | met |")
    assert line(table, "executions of it (N + 4)").endswith("| 8 |  | 5.00 | met |")


@pytest.mark.parametrize("seconds, verdict", [(50.0, "1.25 | met |"), (51.0, "1.27 | missed |")])
def test_a_change_of_engines_is_held_against_what_a_person_types(seconds, verdict):
    table = report.engines({4: {(report.RAW, "change"): [(40.0, 8)], (report.OURS, "change"): [(seconds, 16)]}}, 1, "")
    assert line(table, "changing the engines, x docker CLI").endswith(verdict)
    assert line(table, "quorate.swarm, change").startswith("| quorate.swarm, change | %.1f (%.1f to %.1f) | " % ((seconds,) * 3))


CLUSTERS = {
    (report.PLAIN, "elasticsearch, form"): [(60.0, 5), (64.0, 5)],
    (report.OURS, "elasticsearch, form"): [(80.0, 14), (90.0, 10)],
    (report.OURS, "elasticsearch, no-op"): [(15.0, 8), (16.0, 8)],
    (report.PING, "elasticsearch, once"): [(3.0, 4), (4.0, 4)],
    (report.OURS, "zookeeper, form"): [(50.0, 9), (50.0, 9)],
    (report.OURS, "zookeeper, no-op"): [(15.0, 6), (15.0, 6)],
    (report.PLAIN, "zookeeper, form"): [(30.0, 3), (30.0, 3)],
    (report.PING, "zookeeper, once"): [(2.0, 3), (2.0, 3)],
}


def test_a_cluster_is_held_against_the_script_the_ping_of_its_hosts_and_the_number_of_its_members():
    table = report.clusters({4: CLUSTERS}, 2, "")
    assert line(table, "plain script, elasticsearch, form") == (
        "| plain script, elasticsearch, form | 62.0 (60.0 to 64.0) | 1.00 | 17.71 | 5 | 1.25 |"
    )
    assert line(table, "quorate.swarm, elasticsearch, form").endswith("| 1.37 | 24.29 | 10 to 14 | 3.50 |")
    assert line(table, "quorate.swarm, zookeeper, no-op").endswith("|  | 7.50 | 6 | 2.00 |")


@pytest.mark.parametrize(
    "limit, measured",
    [
        ("elasticsearch, forming, x plain script", "| 1.5 |  | 1.37 | met |"),
        ("zookeeper, forming, x plain script", "| 1.5 |  | 1.67 | missed: %s |" % report.BRIEF),
        ("zookeeper, no-op, x ping", "| 8 |  | 7.50 | met |"),
        ("elasticsearch, executions a member to form", "| 8 |  | 3.50 | met |"),
        ("zookeeper, executions a member of the no-op", "| 5 |  | 2.00 | met |"),
    ],
)
def test_each_limit_of_a_cluster_is_held_against_what_was_measured(limit, measured):
    assert line(report.clusters({4: CLUSTERS}, 2, ""), limit).endswith(measured)


def test_what_was_not_measured_anew_stays_in_the_page():
    change = {4: {(report.RAW, "change"): [(40.0, 8)], (report.OURS, "change"): [(50.0, 16)]}}
    page = report.renewed("", [report.engines(change, 1, "Then."), report.table({4: RESULTS}, 3, "Then.")])
    again = report.renewed(page, [report.table({8: RESULTS}, 3, "Now.")])
    assert [text for text in again.splitlines() if text.startswith("# ")] == ["# " + report.FORMING, "# " + report.ENGINES]
    assert "## 8 hosts" in again and again.count("Then.") == again.count("Now.") == 1
    assert report.renewed(again, []) == again


def test_sizes_have_a_table_each():
    table = report.table({4: RESULTS, 8: RESULTS}, 3, "")
    assert "## 4 hosts" in table and "## 8 hosts" in table
    assert "| executions to form (2N + 4) | 20 |" in table


def test_the_site_and_each_cluster_are_held_against_ping_of_their_hosts():
    measured = {
        (report.OURS, "site, no-op"): [(60.0, 30), (64.0, 30)],
        (report.PING, "site, once"): [(2.0, 4), (2.0, 4)],
        (report.OURS, "redis, no-op"): [(9.0, 2), (9.0, 2)],
        (report.PING, "redis, once"): [(1.0, 1), (1.0, 1)],
    }
    table = report.site({4: measured}, 2, "")
    assert line(table, "quorate.swarm, redis, no-op") == "| quorate.swarm, redis, no-op | 9.0 (9.0 to 9.0) | 9.00 | 2 |"
    assert line(table, "site, no-op, x ping").endswith("| 40 | 25 | 31.00 | met, the aim missed |")
    assert line(table, "redis, no-op, x ping").endswith("| 8 |  | 9.00 | missed |")
