#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run make targets one after the other, all of them whatever fails, and say at the end which passed and how long each took.

Those named with --beside run meanwhile, one after the other, with what the machine has left; their output is shown when each ends.
"""

import argparse
import subprocess
import sys
import threading
import time
from pathlib import Path

MAKE = ("make", "--no-print-directory")


class Parts:
    """The targets of one call, in lanes side by side, and what became of each."""

    def __init__(self, targets, record):
        self._record = record
        self._lines = dict.fromkeys(targets)
        self._failed = set()

    def run(self, targets, run_part):
        for target in targets:
            if self._record and target in self._record.read_text().split():
                self._lines[target] = f"passed  {target}  earlier"
                continue
            begin = time.monotonic()
            passed = run_part(target)
            if not passed:
                self._failed.add(target)
            elif self._record:
                with self._record.open("a") as file:
                    file.write(f"{target}\n")
            self._lines[target] = f"{'passed' if passed else 'FAILED'}  {target}  {duration(time.monotonic() - begin)}"

    def summary(self):
        lines = [line or f"FAILED  {target}  did not end" for target, line in self._lines.items()]
        failed = len(self._failed) + list(self._lines.values()).count(None)
        print("\n=== summary", *lines, f"{len(lines) - failed} passed, {failed} failed", sep="\n", flush=True)
        return 1 if failed else 0


def run_shown(target):
    print(f"\n=== {target}", flush=True)
    return subprocess.run([*MAKE, target], check=False).returncode == 0


def run_beside(target):
    print(f"\n=== {target} begins beside; its output follows when it ends", flush=True)
    command = ["nice", "-n", "19", *MAKE, target]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(f"\n=== {target}, which ran beside\n{done.stdout}=== end of {target}", flush=True)
    return done.returncode == 0


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resume", action="store_true", help="leave out what has passed on this commit of a clean checkout")
    parser.add_argument("--beside", action="append", default=[], metavar="TARGET", help="run this one beside the others; may be said again")
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    options = parser.parse_args()
    parts = Parts([*options.beside, *options.targets], passed_file() if options.resume else None)
    beside = threading.Thread(target=parts.run, args=(options.beside, run_beside))
    beside.start()
    parts.run(options.targets, run_shown)
    beside.join()
    return parts.summary()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
