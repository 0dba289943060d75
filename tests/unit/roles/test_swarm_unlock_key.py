# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unlock key on the controller: what the role leaves of the file in which it keeps the key, plain or encrypted."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
KEY, OTHER_KEY = "SWMKEY-1-present", "SWMKEY-1-before"
PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: quorate.swarm.swarm
        tasks_from: %s
"""


class Controller:
    """A directory with the file of the key, and a password for ansible-vault that may be known to a run or not."""

    def __init__(self, directory):
        self.directory = directory
        self.file = directory / "unlock_key"
        self.password = directory / "password"
        self.password.write_text("hush", encoding="ascii")

    def has(self, content):
        self.file.write_text(content, encoding="ascii")
        self.file.chmod(0o600)

    def encrypts(self):
        secret = VaultSecret(self.password.read_bytes())
        self.has(VaultLib([("default", secret)]).encrypt(self.file.read_text(encoding="ascii")).decode())

    def environment(self, knows_password=True):
        known = {"ANSIBLE_VAULT_PASSWORD_FILE": str(self.password)} if knows_password else {}
        return dict(os.environ, ANSIBLE_CONFIG=str(CHECKOUT / "ansible.cfg"), ANSIBLE_NOCOLOR="1", COLUMNS="500", **known)

    def run(self, *words, tasks="write_unlock_key", knows_password=True, **variables):
        play = self.directory / "play.yml"
        play.write_text(PLAY % tasks, encoding="ascii")
        variables.update(swarm_unlock_key_file=str(self.file), ansible_python_interpreter=sys.executable)
        variables.update(__swarm_key={"unlock_key": KEY}, swarm_manager="localhost")
        (self.directory / "variables.json").write_text(json.dumps(variables), encoding="ascii")
        done = subprocess.run(
            ["ansible-playbook", "-i", "localhost,", "-c", "local", "-vv", "--diff", "-e", "@%s" % (self.directory / "variables.json"),
             *words, play],
            env=self.environment(knows_password), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        )
        told = " ".join((done.stdout + done.stderr).split())
        assert KEY not in told and OTHER_KEY not in told
        return done.returncode, told

    def ok(self, *words, **options):
        code, told = self.run(*words, **options)
        assert code == 0, told
        return told

    def seen(self):
        return self.file.read_text(encoding="ascii"), self.file.stat().st_mode & 0o777


@pytest.fixture
def controller(tmp_path):
    return Controller(tmp_path)


def test_a_key_is_written_for_its_owner_and_closed_again_where_others_can_read_it(controller):
    for _run in range(2):
        assert "Changed:" in controller.ok()
        assert controller.seen() == (KEY + "\n", 0o600)
        controller.file.chmod(0o644)


def test_an_encrypted_file_that_has_the_key_stays_encrypted(controller):
    controller.has(KEY)
    controller.encrypts()
    encrypted = controller.seen()
    assert "Nothing changed." in controller.ok()
    assert controller.seen() == encrypted


def test_an_encrypted_file_with_another_key_is_replaced_and_that_is_said(controller):
    controller.has(OTHER_KEY)
    controller.encrypts()
    encrypted = controller.seen()
    sentence = "is not encrypted. Encrypt it again: ansible-vault encrypt %s" % controller.file
    assert sentence in controller.ok("--check") and controller.seen() == encrypted
    assert sentence in controller.ok()
    assert controller.seen() == (KEY + "\n", 0o600)


def test_an_encrypted_file_that_the_run_cannot_read_is_left_alone(controller):
    controller.has(KEY)
    controller.encrypts()
    encrypted = controller.seen()
    code, told = controller.run(knows_password=False)
    assert code != 0 and "vault" in told and "has been hidden" not in told
    assert controller.seen() == encrypted


def test_a_key_that_is_still_to_be_made_is_foretold(controller):
    told = controller.ok("--check", tasks="keep_unlock_key", __swarm_rotates_unlock_key=True)
    assert "it would be written into %s" % controller.file in told and "Would change:" in told
    assert not controller.file.exists()


def test_a_key_that_cannot_be_written_is_told_with_the_reason(controller):
    controller.file = pathlib.Path("/proc/unlock_key")
    code, told = controller.run()
    assert code != 0 and "Say why the key was not kept" in told
    sentence = told.partition("unlock key was not written into /proc/unlock_key on the controller: ")[2]
    assert "/proc" in sentence.partition(" Until a run keeps it")[0] and "docker swarm unlock-key" in sentence


@pytest.mark.parametrize(
    "name, seen, sentence",
    [
        ("absent/unlock_key", {}, "there is no directory {directory}/absent. Name a file"),
        ("password/unlock_key", {}, "there is no directory {directory}/password. Name a file"),
        ("", {}, "that is a directory itself. Name a file"),
        ("unlock_key", {"isdir": True, "writeable": False}, "the user who runs Ansible cannot write into {directory}. Name a file"),
    ],
)
def test_a_file_that_could_not_be_written_is_refused(controller, name, seen, sentence):
    controller.file = controller.directory / name
    variables = {"__swarm_unlock_key_directory": {"stat": seen}} if seen else {}
    for words in ([], ["--check"]):
        code, told = controller.run(*words, tasks="check_unlock_key_file", **variables)
        assert code != 0 and sentence.format(directory=controller.directory) in told


def test_a_file_that_can_be_written_is_not_refused(controller):
    assert "Nothing changed." in controller.ok(tasks="check_unlock_key_file")
    assert not controller.file.exists()
    controller.has(KEY)
    assert "Nothing changed." in controller.ok(tasks="check_unlock_key_file")
