# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figure of a fault: noted once the swarm is what it was, and not before."""

from __future__ import annotations

import importlib.util
import pathlib
from types import SimpleNamespace

import pytest

CONFTEST = pathlib.Path(__file__).resolve().parents[3] / "molecule" / "conftest.py"


@pytest.fixture(scope="module")
def scenarios():
    spec = importlib.util.spec_from_file_location("scenarios", CONFTEST)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def notes(scenarios, monkeypatch):
    noted = []
    monkeypatch.setattr(scenarios.fault_figures, "note", lambda *figure: noted.append(figure))
    return noted


@pytest.fixture
def clock(scenarios, monkeypatch):
    now = SimpleNamespace(seconds=100)
    monkeypatch.setattr(scenarios.time, "monotonic", lambda: now.seconds)
    return now


@pytest.fixture
def mending(scenarios, clock):
    """Two runs of ten seconds, the first of which fails."""
    statuses = iter([2, 0])

    def run(*_words):
        clock.seconds += 10
        return SimpleNamespace(returncode=next(statuses), stdout="")

    lab = SimpleNamespace(nodes=lambda manager: [{"Description": {"Engine": {"EngineVersion": "26.1"}}}])
    swarm = SimpleNamespace(wait_until_ready=lambda: None)
    return scenarios.Mending(lab, SimpleNamespace(run=run), swarm, "a/test_b")


def test_the_time_ends_with_the_swarm_ready_and_not_with_the_proof(mending, notes, clock):
    def prove(_cluster_id):
        assert not notes
        clock.seconds += 50

    mending("id", whole=prove, at_most=2)
    assert notes == [("a/test_b", 20, 2, {"26.1"})]


def test_a_swarm_that_is_not_what_it_was_gives_no_figure(mending, notes):
    def disprove(_cluster_id):
        raise AssertionError

    with pytest.raises(AssertionError):
        mending("id", whole=disprove, at_most=2)
    assert not notes


def test_runs_that_do_not_mend_give_no_figure(mending, notes):
    with pytest.raises(AssertionError, match="not mended after 1 runs"):
        mending("id", at_most=1)
    assert not notes


def test_a_block_that_fails_after_it_was_stopped_gives_no_figure(mending, notes):
    with pytest.raises(AssertionError), mending.measured() as figures:
        figures.stop()
        raise AssertionError
    assert not notes
