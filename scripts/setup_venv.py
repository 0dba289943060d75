#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make .venv: the pinned tools, and this checkout as the collection quorate.swarm among the installed collections."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
STAMP = VENV / "made-of"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
OLDEST_PYTHON = (3, 11)

# Debian package -> what is there once it is installed
PROGRAMS = {"git": "git", "openssh-client": "ssh", "shellcheck": "shellcheck"}


class SetupError(Exception):
    """Told to the user as it is."""


def missing_packages():
    packages = [package for package, program in PROGRAMS.items() if not shutil.which(program)]
    if not can_make_venv():
        packages.append("python3-venv")
    return packages


def can_make_venv():
    """Debian's Python comes without the parts that a virtual environment is made of."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def install_packages(packages):
    names = " ".join(packages)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(f"These Debian packages are missing: {names}. Install them as root with: apt-get install {names}")
    print(f"Installing Debian packages: {names}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], env=environment)
    run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], env=environment)
    still_missing = missing_packages()
    if still_missing:
        raise SetupError(
            f"{sys.executable} still lacks what these packages bring: {' '.join(still_missing)}. "
            "Put Debian's own python3 first in PATH, or install the missing parts for the one that is there."
        )


def made_of():
    """What .venv depends on; a difference means that it has to be made again."""
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix} {CHECKOUT}".encode())
    for name in REQUIREMENTS:
        digest.update((CHECKOUT / name).read_bytes())
    return digest.hexdigest()


def make_venv():
    print(f"Making {VENV} (a few minutes the first time)", flush=True)
    begin = time.monotonic()
    # The base interpreter: a link from .venv into itself would be left where this runs within the activated .venv.
    python = getattr(sys, "_base_executable", sys.executable)
    run([python, "-m", "venv", "--clear", VENV])
    pip = [VENV / "bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
    run([*pip, "--progress-bar", "off", "--quiet", "-r", CHECKOUT / REQUIREMENTS[-1]])
    link_collection()
    STAMP.write_text(made_of())
    print(f"Made {VENV} in {time.monotonic() - begin:.0f} s", flush=True)


def link_collection():
    """Tools and tests see the checkout as ansible_collections.quorate.swarm."""
    packages = VENV / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    link = packages / "ansible_collections" / "quorate" / "swarm"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(CHECKOUT, target_is_directory=True)


def run(command, **options):
    done = subprocess.run(command, check=False, **options)
    if done.returncode:
        raise SetupError(f"This command ended with status {done.returncode}: {' '.join(map(str, command))}. Its own words are above.")


def main():
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(
            f"{sys.executable} is Python {sys.version.split()[0]}; 3.11 or newer is needed. Debian 12 and 13 have it as /usr/bin/python3."
        )
    packages = missing_packages()
    if packages:
        install_packages(packages)
    if not STAMP.is_file() or STAMP.read_text() != made_of():
        make_venv()


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"setup: {error}")
    except KeyboardInterrupt:
        sys.exit("setup: interrupted; run it again and it begins where it has to.")
