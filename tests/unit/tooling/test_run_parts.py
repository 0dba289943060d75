# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import subprocess
from pathlib import Path

import pytest
import run_parts

SCRIPT = Path(run_parts.__file__)
MAKEFILE = "good: ; @echo this is good\nbad: ; @false\n"


def run(directory, *targets):
    (directory / "Makefile").write_text(MAKEFILE)
    return subprocess.run([SCRIPT, *targets], cwd=directory, capture_output=True, text=True, check=False, timeout=60)


def test_a_failure_stops_nothing_and_counts(tmp_path):
    done = run(tmp_path, "bad", "good")
    assert done.returncode == 1
    assert "this is good" in done.stdout
    assert done.stdout.endswith("FAILED  bad  0 s\npassed  good  0 s\n1 passed, 1 failed\n")


def test_all_passed(tmp_path):
    done = run(tmp_path, "good")
    assert done.returncode == 0
    assert done.stdout.endswith("1 passed, 0 failed\n")


def test_a_part_runs_beside_the_others_and_counts(tmp_path):
    (tmp_path / "Makefile").write_text("first: ; @until [ -e made ]; do sleep 0.1; done\nbeside: ; @echo it made; touch made; false\n")
    done = subprocess.run([SCRIPT, "--beside", "beside", "first"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "it made" in done.stdout
    assert done.stdout.endswith("FAILED  beside  0 s\npassed  first  0 s\n1 passed, 1 failed\n")


def test_no_part_is_refused(tmp_path):
    assert run(tmp_path).returncode == 2


def test_parts_that_passed_on_a_commit_are_left_out_on_that_commit_only(tmp_path):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    (tmp_path / ".gitignore").write_text(".cache\nMakefile\n")
    git("add", ".")
    git("commit", "-m", "one")
    run(tmp_path, "--resume", "good", "bad")
    again = run(tmp_path, "--resume", "good", "bad")
    assert "this is good" not in again.stdout
    assert again.stdout.endswith("passed  good  earlier\nFAILED  bad  0 s\n1 passed, 1 failed\n")
    (tmp_path / "new").touch()
    assert "this is good" in run(tmp_path, "--resume", "good").stdout
    git("add", ".")
    git("commit", "-m", "two")
    assert "this is good" in run(tmp_path, "--resume", "good").stdout


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (61, "1 min 01 s"), (3725, "62 min 05 s")])
def test_duration(seconds, words):
    assert run_parts.duration(seconds) == words
