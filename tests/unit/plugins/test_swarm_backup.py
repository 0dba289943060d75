# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy of what an engine keeps of its swarm: whole or not at all."""

from __future__ import annotations

import dataclasses
import os
import socket

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import copies
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.modules import swarm_backup

SECRET = "a key that nobody sees"


class Engine:
    """An engine with a data directory."""

    def __init__(self, root):
        self.root = root

    def info(self):
        return {"DockerRootDir": str(self.root)}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "PAUSE", 0)
    directory = tmp_path / "docker" / "swarm" / "certificates"
    directory.mkdir(parents=True)
    (directory / "swarm-node.key").write_text(SECRET)
    (directory / "swarm-node.key").chmod(0o600)
    log = directory.parent / "raft"
    log.mkdir()
    (log / "0.wal").write_bytes(b"entries" + bytes(8 << 20))
    (log / "link").symlink_to("0.wal")
    return tmp_path / "docker"


def run(root, dest, check_mode=False):
    return swarm_backup.execute(Engine(root), {"dest": str(dest)}, check_mode)


def contents(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_the_copy_is_whole_and_for_its_owner_only(root, tmp_path):
    dest = tmp_path / "backups" / "one"
    outcome = run(root, dest)
    assert contents(dest) == contents(root / "swarm")
    assert (dest.stat().st_mode & 0o777, dest.parent.stat().st_mode & 0o777) == (0o700, 0o700)
    assert (dest / "certificates" / "swarm-node.key").stat().st_mode & 0o777 == 0o600
    assert os.readlink(dest / "raft" / "link") == "0.wal"
    assert outcome.changed and outcome.actions == ["copy %s to %s" % (root / "swarm", dest)]
    assert SECRET not in str(dataclasses.asdict(outcome))


def test_what_is_only_allocated_takes_no_room(root, tmp_path):
    run(root, tmp_path / "copy")
    assert (tmp_path / "copy" / "raft" / "0.wal").stat().st_blocks * 512 < 1 << 20


def test_times_are_kept(root, tmp_path):
    os.utime(root / "swarm" / "raft" / "0.wal", (1, 1))
    run(root, tmp_path / "copy")
    assert (tmp_path / "copy" / "raft" / "0.wal").stat().st_mtime == 1


def test_a_second_run_changes_nothing(root, tmp_path):
    run(root, tmp_path / "copy")
    (root / "swarm" / "raft" / "0.wal").write_bytes(b"later")
    assert not run(root, tmp_path / "copy").changed
    assert (tmp_path / "copy" / "raft" / "0.wal").read_bytes() != b"later"


def test_check_mode_copies_nothing(root, tmp_path):
    outcome = run(root, tmp_path / "backups" / "copy", check_mode=True)
    assert outcome.changed and not (tmp_path / "backups").exists()


def test_what_is_written_meanwhile_is_copied_again(root, tmp_path, monkeypatch):
    """The engine writes during the first and the second copy."""
    writes = iter([b"first", b"second"])
    copied = copies._copied

    def disturbed(source, dest):
        done = copied(source, dest)
        for text in writes:
            (root / "swarm" / "raft" / "0.wal").write_bytes(text)
            break
        return done

    monkeypatch.setattr(copies, "_copied", disturbed)
    run(root, tmp_path / "copy")
    assert (tmp_path / "copy" / "raft" / "0.wal").read_bytes() == b"second"


@pytest.mark.parametrize("change", ["written", "gone"])
def test_what_never_rests_is_not_kept(root, tmp_path, monkeypatch, change):
    def disturbed(source, dest):
        os.mkdir(dest)
        (root / "swarm" / "raft" / "0.wal").write_bytes(os.urandom(8))
        return change == "written"

    monkeypatch.setattr(copies, "_copied", disturbed)
    with pytest.raises(QuorateError, match="changed each of the 10 times"):
        run(root, tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docker"]


def test_a_file_that_goes_is_looked_for_again(root, tmp_path, monkeypatch):
    gone = iter([True])

    def copy_file(source, dest, copy=copies._copy_file):
        if next(gone, False):
            raise FileNotFoundError(source)
        copy(source, dest)

    monkeypatch.setattr(copies, "_copy_file", copy_file)
    run(root, tmp_path / "copy")
    assert contents(tmp_path / "copy") == contents(root / "swarm")


def test_a_disk_that_cannot_take_it(root, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(QuorateError, match="could not be copied to .*: .* No copy was kept"):
        run(root, tmp_path / "file" / "copy")


def test_sockets_are_left_out(root, tmp_path, monkeypatch):
    monkeypatch.chdir(root / "swarm")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("control.sock")
        run(root, tmp_path / "copy")
    assert not (tmp_path / "copy" / "control.sock").exists()


def test_a_copy_within_itself_is_refused(root):
    with pytest.raises(Refusal, match="would lie in what is copied"):
        run(root, root / "swarm" / "copy")


def test_a_host_without_a_swarm(tmp_path):
    with pytest.raises(Refusal, match="has no directory"):
        run(tmp_path, tmp_path / "copy")
