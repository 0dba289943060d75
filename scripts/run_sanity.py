#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection, install the result where ansible-test accepts it, and run all of ansible-test's sanity tests there."""

import ast
import configparser
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
# kept between runs: ansible-test makes a virtual environment for each test in its HOME
HOME = CHECKOUT / ".cache" / "sanity"


def install_collection(directory):
    """What is tested is what a user installs; ansible-test refuses a linked directory anyway."""
    run(["ansible-galaxy", "collection", "build", "--output-path", directory, CHECKOUT])
    (artifact,) = Path(directory).glob("*.tar.gz")
    # force: otherwise the checkout, linked into .venv, counts as installed already
    install = ["ansible-galaxy", "collection", "install", "--offline", "--no-deps", "--force", artifact]
    run(install, env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": directory})
    return Path(directory) / "ansible_collections" / "quorate" / "swarm"


def prepare_home():
    """ansible-test passes no PIP_* variable on and downloads pip's bootstrap script: both are given by files instead."""
    bootstrap = HOME / ".ansible" / "test" / "cache" / "get_pip_24_2.py"
    bootstrap.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CHECKOUT / "scripts" / "get_pip.py", bootstrap)
    configuration = HOME / ".config" / "pip" / "pip.conf"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    # may hold the credentials of a package index
    configuration.touch(mode=0o600)
    with configuration.open("w") as file:
        pip_settings().write(file)


def pip_settings():
    """All that pip uses here, whether from its files or from the environment."""
    listed = run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    settings = parse_pip_settings(listed)
    settings["global"]["quiet"] = "1"
    certificates = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    if certificates and not settings.has_option("global", "cert"):
        settings["global"]["cert"] = certificates
    return settings


def parse_pip_settings(listed):
    """From lines such as :env:.timeout='60' and install.no-index='true'; the environment comes last and wins, as in pip."""
    settings = configparser.RawConfigParser()
    settings["global"] = {}
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, value = line.split("=", 1)
        section, key = name.rsplit(".", 1)
        section = "global" if section == ":env:" else section
        if not settings.has_section(section):
            settings.add_section(section)
        settings[section][key] = ast.literal_eval(value)
    return settings


def run(command, **options):
    return subprocess.run(command, check=True, **options)


def main():
    prepare_home()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["ansible-test", "sanity", "--local", "--python", python, "--color", "no", *sys.argv[1:]]
    # outside the checkout, where ansible-test would test nothing: it asks git for the files, and git ignores built ones
    with tempfile.TemporaryDirectory() as directory:
        collection = install_collection(directory)
        return subprocess.run(command, cwd=collection, env={**os.environ, "HOME": str(HOME)}, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"sanity: this command ended with status {error.returncode}: {' '.join(map(str, error.cmd))}")
