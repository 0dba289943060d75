#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the table of faults in docs/tested.md from what the tests on the lab have noted, or say with --print what it would be."""

import argparse
import datetime
import json
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
NOTES = CHECKOUT / ".cache" / "faults.json"
DOCUMENT = CHECKOUT / "docs" / "tested.md"
BEGIN, END = "<!-- faults: written by make faults -->", "<!-- faults: end -->"

# Every fault and the test that makes it happen: scenario/test in molecule/.
FAULTS = {
    "a run killed while it installs an engine": "kill/test_killed_while_it_installs_an_engine",
    "a run killed while it creates the swarm": "kill/test_killed_while_it_creates_the_swarm",
    "a run killed while it joins hosts, and the next one while it labels nodes":
        "faults/test_a_play_killed_twice_while_it_forms_the_swarm",
    "a run killed while it makes an overlay": "kill/test_killed_while_it_makes_an_overlay",
    "the leader without power in mid-play": "faults/test_the_leader_loses_its_power_during_the_play",
    "the leader cut from the network in mid-play": "cable/test_the_leader_is_cut_off_in_mid_play",
    "a node cut from the network while it is drained": "cable/test_a_node_is_cut_off_while_it_is_drained",
    "the leader's disk full during changes": "disk/test_changes_while_the_leader_has_no_room",
    "a manager's disk full while engines are restarted": "disk/test_engines_are_restarted_while_a_manager_has_no_room",
    "a manager's disk full while it joins": "disk/test_a_manager_joins_without_room",
    "the clock of a joining worker an hour ahead": "clock/test_a_host_joins_while_a_clock_is_off[worker-ahead]",
    "the clock of a joining worker an hour behind": "clock/test_a_host_joins_while_a_clock_is_off[worker-behind]",
    "the leader's clock an hour ahead while a worker joins": "clock/test_a_host_joins_while_a_clock_is_off[leader-ahead]",
    "the leader's clock an hour behind while a worker joins": "clock/test_a_host_joins_while_a_clock_is_off[leader-behind]",
    "the clocks of the leader and a worker an hour ahead during changes":
        "clock/test_a_run_changes_the_swarm_while_the_clocks_of_two_members_are_off[ahead]",
    "the clocks of the leader and a worker an hour behind during changes":
        "clock/test_a_run_changes_the_swarm_while_the_clocks_of_two_members_are_off[behind]",
    "all hosts off and on": "power/test_all_hosts_off_and_on",
    "all hosts off and on, with autolock":
        "autolock/test_the_next_run_with_the_key_unlocks_after_the_power_of_all_hosts_was_lost",
    "the first manager rebuilt from an empty disk":
        "disk/test_the_first_manager_rebuilt_from_an_empty_disk_joins_and_its_old_entry_goes",
    "a second swarm planted on one host": "faults/test_a_second_swarm_planted_on_one_host_is_refused_by_name",
    "the power of all managers fails, two of three are gone for good, and the run that recovers is killed":
        "recover/test_a_run_that_was_killed_is_gone_on_with",
}

# Where clients write meanwhile, and how long is told that one of them had to wait at most.
WAITS = {
    "a setting rolled, with the run and the only master of Elasticsearch killed":
        "elasticsearch/test_a_setting_is_rolled_under_load_and_goes_on_after_the_master_and_the_run_were_killed",
    "a setting rolled, with the run and the leader of ZooKeeper killed":
        "zookeeper/test_a_setting_is_rolled_under_load_and_goes_on_after_the_leader_and_the_run_were_killed",
}


def note(test, seconds, runs, engines, path=NOTES):
    """Keep the figure of a test in place of an older one."""
    _keep(test, {"seconds": round(seconds), "runs": runs, "engines": sorted(engines)}, path)


def note_wait(test, seconds, path=NOTES):
    """Keep for how long a write had to wait at most."""
    _keep(test, {"seconds": round(seconds)}, path)


def _keep(test, figure, path):
    notes = read(path)
    notes[test] = dict(figure, day=datetime.date.today().isoformat())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notes, indent=2) + "\n", encoding="utf-8")


def read(path=NOTES):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def table(notes):
    """Every fault with its test, and with its figures where there are any."""
    lines = ["| fault | scenario: test | seconds | runs | when |", "| --- | --- | --- | --- | --- |"]
    for fault, test in FAULTS.items():
        found = notes.get(test)
        figures = "%d | %d | %s" % (found["seconds"], found["runs"], found["day"]) if found else "not measured | | "
        lines.append("| %s | `%s` | %s |" % (fault, test.replace("/", "`: `"), figures))
    engines = sorted({engine for test in FAULTS.values() if test in notes for engine in notes[test]["engines"]})
    if engines:
        lines += ["", "Engines: %s." % ", ".join(engines)]
    lines += ["", "| clients write meanwhile | scenario: test | longest wait of a write, seconds | when |", "| --- | --- | --- | --- |"]
    for fault, test in WAITS.items():
        found = notes.get(test)
        figures = "%d | %s" % (found["seconds"], found["day"]) if found else "not measured | "
        lines.append("| %s | `%s` | %s |" % (fault, test.replace("/", "`: `"), figures))
    return "\n".join(lines)


def replaced(text, section):
    """The document with another section between its two marks."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(END) < text.index(BEGIN):
        raise ValueError("The document must hold these lines once and in this order: %s %s" % (BEGIN, END))
    before, _, rest = text.partition(BEGIN)
    return "%s%s\n%s\n%s%s" % (before, BEGIN, section, END, rest.partition(END)[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print the table and leave the document alone")
    section = table(read())
    if parser.parse_args().print:
        print(section)
        return
    try:
        text = replaced(DOCUMENT.read_text(encoding="utf-8"), section)
    except ValueError as exc:
        sys.exit("%s: %s" % (DOCUMENT, exc))
    DOCUMENT.write_text(text, encoding="utf-8")
    print("The table of faults is written to %s." % DOCUMENT.relative_to(CHECKOUT))


if __name__ == "__main__":
    main()
