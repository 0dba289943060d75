#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run make targets one after the other, all of them whatever fails, and say at the end which passed and how long each took."""

import argparse
import subprocess
import sys
import time


def run_part(target):
    begin = time.monotonic()
    passed = subprocess.run(["make", "--no-print-directory", target], check=False).returncode == 0
    return passed, time.monotonic() - begin


def duration(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    targets = parser.parse_args().targets

    lines = []
    failed = 0
    for number, target in enumerate(targets, start=1):
        print(f"\n=== {target} ({number} of {len(targets)})", flush=True)
        passed, seconds = run_part(target)
        failed += not passed
        lines.append(f"{'passed' if passed else 'FAILED'}  {target}  {duration(seconds)}")

    print("\n=== summary", *lines, f"{len(targets) - failed} passed, {failed} failed", sep="\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
