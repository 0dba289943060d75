# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario that reaches no host must fail: Ansible by itself ends well where the inventory is wrong or empty."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]

HOST = "node: {ansible_connection: local, ansible_python_interpreter: '{{ ansible_playbook_python }}'}"
PLAY = """
- hosts: swarm_managers
  gather_facts: false
  tasks:
    - ansible.builtin.ping:
"""
HOST_TEST = """
def test_host(host):
    assert host.file("/").is_directory
"""


@pytest.fixture
def project(tmp_path):
    """The project's Molecule and Ansible settings, with a smallest scenario and an inventory to be given."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for path in (".config/molecule/config.yml", "ansible.cfg", "pyproject.toml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / path, tmp_path / path)
    scenario = tmp_path / "molecule" / "smallest"
    (scenario / "tests").mkdir(parents=True)
    (scenario / "molecule.yml").write_text("scenario: {test_sequence: [converge, verify]}")
    (scenario / "converge.yml").write_text(PLAY)
    (scenario / "tests" / "test_host.py").write_text(HOST_TEST)
    return tmp_path


def molecule_test(project):
    environment = {
        **os.environ,
        "MOLECULE_EPHEMERAL_DIRECTORY": str(project / "state"),
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
    }
    command = ["molecule", "test", "--scenario-name", "smallest"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120)


def give_inventory(project, hosts):
    inventory = project / "inventories" / "lab" / "hosts.yml"
    inventory.parent.mkdir(parents=True)
    inventory.write_text(hosts)


def test_a_host_that_is_there_passes(project):
    give_inventory(project, f"swarm_managers: {{hosts: {{{HOST}}}}}")
    done = molecule_test(project)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param("swarm_managers: [", id="not an inventory"),
        pytest.param(f"managers: {{hosts: {{{HOST}}}}}", id="other group"),
        pytest.param("swarm_managers: {hosts: {}}", id="group without hosts"),
    ],
)
def test_an_inventory_without_the_hosts_fails(project, hosts):
    give_inventory(project, hosts)
    assert molecule_test(project).returncode != 0


def test_a_path_without_inventory_fails(project):
    assert molecule_test(project).returncode != 0


def test_every_scenario_looks_at_its_hosts():
    """Molecule passes over a verify step that finds no test."""
    scenarios = {path.parent for path in CHECKOUT.glob("molecule/*/molecule.yml")} - {CHECKOUT / "molecule" / "default"}
    assert [scenario.name for scenario in sorted(scenarios) if not list(scenario.glob("tests/**/test_*.py"))] == []
