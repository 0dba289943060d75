# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figure of a fault: noted once the swarm is what it was, and not before."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import swarm_state


@pytest.fixture
def notes(monkeypatch):
    noted = []
    monkeypatch.setattr(swarm_state.fault_figures, "note", lambda *figure: noted.append(figure))
    return noted


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100)
    monkeypatch.setattr(swarm_state.time, "monotonic", lambda: now.seconds)
    return now


@pytest.fixture
def mending(clock):
    """Two runs of ten seconds, the first of which fails."""
    statuses = iter([2, 0])

    def run(*_words):
        clock.seconds += 10
        return SimpleNamespace(returncode=next(statuses), stdout="")

    lab = SimpleNamespace(nodes=lambda manager: [{"Description": {"Engine": {"EngineVersion": "26.1"}}}])
    swarm = SimpleNamespace(wait_until_ready=lambda: None)
    return swarm_state.Mending(lab, SimpleNamespace(run=run), swarm, "a/test_b")


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
