# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of faults: every fault is in it, figures where there are any, and nothing else of the document changes."""

import datetime
import json
import re
from pathlib import Path

import fault_figures
import pytest

CHECKOUT = Path(fault_figures.__file__).parents[1]
FAULT, TEST = next(iter(fault_figures.FAULTS.items()))
FIGURE = {"seconds": 41, "runs": 1, "engines": ["20.10.24", "26.1.5"], "day": "2026-11-21"}


def row(table, fault):
    return next(line for line in table.splitlines() if line.startswith("| %s |" % fault))


def test_a_fault_is_told_with_its_figures():
    scenario, test = TEST.split("/")
    assert row(fault_figures.table({TEST: FIGURE}), FAULT) == "| %s | `%s`: `%s` | 41 | 1 | 2026-11-21 |" % (FAULT, scenario, test)


def test_a_fault_without_figures_is_told_as_such():
    table = fault_figures.table({})
    assert all("not measured" in row(table, fault) for fault in fault_figures.FAULTS)
    assert "Engines" not in table


def test_engines_are_those_of_all_figures_of_the_table():
    second = list(fault_figures.FAULTS.values())[1]
    notes = {TEST: FIGURE, second: dict(FIGURE, engines=["29.1"]), "gone/test": dict(FIGURE, engines=["1.0"])}
    assert "Engines: 20.10.24, 26.1.5, 29.1." in fault_figures.table(notes).splitlines()


def test_for_how_long_a_write_had_to_wait_is_told(tmp_path):
    fault, test = next(iter(fault_figures.WAITS.items()))
    assert row(fault_figures.table({}), fault).endswith("| not measured |  |")
    fault_figures.note_wait(test, 41.6, tmp_path / "faults.json")
    told = row(fault_figures.table(fault_figures.read(tmp_path / "faults.json")), fault)
    assert told.endswith("| 42 | %s |" % datetime.date.today().isoformat())


def test_a_newer_figure_takes_the_place_of_the_older_one(tmp_path):
    path = tmp_path / "cache" / "faults.json"
    fault_figures.note("a/test_b", 12.4, 2, {"26.1.5", "20.10.24"}, path)
    fault_figures.note("a/test_c", 3, 1, {"26.1.5"}, path)
    fault_figures.note("a/test_b", 10.6, 1, {"26.1.5", "20.10.24"}, path)
    notes = fault_figures.read(path)
    assert sorted(notes) == ["a/test_b", "a/test_c"] and json.loads(path.read_text()) == notes
    today = datetime.date.today().isoformat()
    assert notes["a/test_b"] == {"seconds": 11, "runs": 1, "engines": ["20.10.24", "26.1.5"], "day": today}


def test_only_what_is_between_the_marks_is_replaced():
    begin, end = fault_figures.BEGIN, fault_figures.END
    document = "# Title\n\n%s\nold\nlines\n%s\n\n## Next\n" % (begin, end)
    written = fault_figures.replaced(document, "new")
    assert written == "# Title\n\n%s\nnew\n%s\n\n## Next\n" % (begin, end)
    assert fault_figures.replaced(written, "new") == written


@pytest.mark.parametrize(
    "document",
    ["", fault_figures.BEGIN, fault_figures.END + fault_figures.BEGIN, fault_figures.BEGIN * 2 + fault_figures.END],
    ids=["none", "no end", "other order", "twice"],
)
def test_a_document_without_the_marks_is_refused(document):
    with pytest.raises(ValueError, match="once and in this order"):
        fault_figures.replaced(document, "new")


def test_the_document_has_the_marks_and_every_fault():
    text = fault_figures.DOCUMENT.read_text(encoding="utf-8")
    section = text.partition(fault_figures.BEGIN)[2].partition(fault_figures.END)[0]
    assert all(row(section, fault) for fault in fault_figures.FAULTS)


@pytest.mark.parametrize("test", fault_figures.FAULTS.values())
def test_every_fault_names_a_test_that_notes_its_figures(test):
    scenario, _, name = test.partition("/")
    sources = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "molecule" / scenario / "tests").glob("test_*.py"))
    function, _, parameters = name.partition("[")
    body = re.search(r"^( *)def %s\((.*?)^(?=\1def |\1@|class |\Z)" % function, sources, re.MULTILINE | re.DOTALL)
    assert body and re.search(r"    mend\(|with mend\.measured\(", body.group(2))
    for parameter in filter(None, parameters.rstrip("]").split("-")):
        assert '"%s"' % parameter in sources


@pytest.mark.parametrize("test", fault_figures.WAITS.values())
def test_every_wait_names_a_test_that_notes_it(test):
    scenario, _, name = test.partition("/")
    sources = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "molecule" / scenario / "tests").glob("test_*.py"))
    assert re.search(r"^def %s\(.*?^    waited\(" % name, sources, re.MULTILINE | re.DOTALL)


def test_every_scenario_of_a_fault_is_part_of_the_campaign():
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    parts = re.search(r"^FAULT_SCENARIOS := (.*)$", makefile, re.MULTILINE).group(1).split()
    assert {test.split("/")[0] for test in fault_figures.FAULTS.values()} <= set(parts)
