# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the built collection holds, and what its metadata promises."""

import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]

SHIPPED = {
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "changelogs",
    "docs",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    directory = tmp_path_factory.mktemp("built")
    subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", directory, CHECKOUT], check=True, timeout=120)
    (artifact,) = directory.glob("*.tar.gz")
    with tarfile.open(artifact) as tar:
        return [Path(name) for name in tar.getnames()]


def test_only_what_users_need_is_shipped(shipped):
    assert {path.parts[0] for path in shipped} == SHIPPED


def test_only_the_example_inventory_is_shipped(shipped):
    assert {path.parts[1] for path in shipped if path.parts[0] == "inventories" and len(path.parts) > 1} == {"example"}


def test_module_defaults_reach_every_module_that_speaks_to_an_engine():
    """Connection options are given once for all of them through the action group."""
    runtime = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text())
    modules = sorted(path.stem for path in CHECKOUT.glob("plugins/modules/*.py") if "quorate.swarm.connection" in path.read_text())
    assert runtime["action_groups"]["swarm"] == modules
