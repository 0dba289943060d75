# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test runs in a new virtual environment in place of the bootstrap script that it would download."""

import subprocess
import sys

# options of the official script that pip itself does not have
SCRIPT_OPTIONS = {"--no-setuptools", "--no-wheel"}

# a process of its own: ensurepip switches pip's configuration off for the process that it runs in
subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
arguments = [argument for argument in sys.argv[1:] if argument not in SCRIPT_OPTIONS]
sys.exit(subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=False).returncode)
