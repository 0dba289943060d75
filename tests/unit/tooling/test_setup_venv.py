# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import sys

import pytest
import setup_venv


def test_missing_programs_are_named_by_their_package(monkeypatch):
    monkeypatch.setattr(setup_venv.shutil, "which", lambda program: None if program == "ssh" else f"/usr/bin/{program}")
    monkeypatch.setattr(setup_venv, "can_make_venv", lambda: False)
    assert setup_venv.missing_packages() == ["openssh-client", "python3-venv"]


def test_a_plain_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(setup_venv.os, "geteuid", lambda: 1000)
    with pytest.raises(setup_venv.SetupError, match="as root with: apt-get install git openssh-client$"):
        setup_venv.install_packages(["git", "openssh-client"])


def test_packages_that_do_not_help_are_said_so(monkeypatch):
    """As with a Python of one's own, which Debian's python3-venv does not complete."""
    monkeypatch.setattr(setup_venv.os, "geteuid", lambda: 0)
    monkeypatch.setattr(setup_venv.shutil, "which", lambda program: program)
    monkeypatch.setattr(setup_venv, "run", lambda command, **options: None)
    monkeypatch.setattr(setup_venv, "can_make_venv", lambda: False)
    with pytest.raises(setup_venv.SetupError, match=r"still lacks .*python3-venv"):
        setup_venv.install_packages(["python3-venv"])


def test_an_old_python_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(setup_venv.SetupError, match="3.11 or newer is needed"):
        setup_venv.main()


def test_other_requirements_make_another_venv(monkeypatch, tmp_path):
    for name in setup_venv.REQUIREMENTS:
        (tmp_path / name).write_text("a==1\n")
    monkeypatch.setattr(setup_venv, "CHECKOUT", tmp_path)
    before = setup_venv.made_of()
    assert setup_venv.made_of() == before
    (tmp_path / "requirements-dev.txt").write_text("a==2\n")
    assert setup_venv.made_of() != before
