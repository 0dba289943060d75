#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run make targets one after the other, all of them whatever fails, and say at the end which passed and how long each took."""

import argparse
import subprocess
import sys
import time
from pathlib import Path


def run_part(target):
    begin = time.monotonic()
    passed = subprocess.run(["make", "--no-print-directory", target], check=False).returncode == 0
    return passed, time.monotonic() - begin


def passed_file():
    """Where the parts are noted that passed on this commit; none where files differ from it."""
    commit = git("rev-parse", "HEAD")
    if git("status", "--porcelain"):
        print("Files differ from the last commit, so every part runs.", flush=True)
        return None
    path = Path(".cache") / "passed" / commit
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def git(*words):
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()


def duration(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resume", action="store_true", help="leave out what has passed on this commit of a clean checkout")
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    options = parser.parse_args()
    targets = options.targets
    record = passed_file() if options.resume else None

    lines = []
    failed = 0
    for number, target in enumerate(targets, start=1):
        print(f"\n=== {target} ({number} of {len(targets)})", flush=True)
        if record and target in record.read_text().split():
            lines.append(f"passed  {target}  earlier")
            continue
        passed, seconds = run_part(target)
        if record and passed:
            with record.open("a") as file:
                file.write(f"{target}\n")
        failed += not passed
        lines.append(f"{'passed' if passed else 'FAILED'}  {target}  {duration(seconds)}")

    print("\n=== summary", *lines, f"{len(targets) - failed} passed, {failed} failed", sep="\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
