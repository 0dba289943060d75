#!/bin/sh
# Write requirements-dev.txt: the newest versions that requirements-dev.in allows, and all that they bring.
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
cd "$(dirname "$0")/.."

venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT

# the oldest Python that is supported: what it can install, newer ones can too
python3.11 -m venv "$venv"
"$venv/bin/pip" install --quiet -r requirements-dev.in
{
  echo "# Written by make pins from requirements-dev.in"
  "$venv/bin/pip" freeze
} >requirements-dev.txt
