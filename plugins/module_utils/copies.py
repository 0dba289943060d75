# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a directory that something may be writing to: whole or not at all. The local disk only."""

from __future__ import annotations

import os
import shutil
import stat
import time

from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError

ATTEMPTS = 10
PAUSE = 1.0
BLOCK = 1 << 16
# In which st_blocks counts, whatever the file system's own are.
STAT_BLOCK = 512
PART = ".part"


def copy_whole(source, dest, pause=time.sleep):
    """Copy C(source) to C(dest), which must not be there yet, again while anything in it changed meanwhile; its files and bytes."""
    part = dest + PART
    try:
        os.makedirs(os.path.dirname(dest), mode=0o700, exist_ok=True)
        for _attempt in range(ATTEMPTS):
            shutil.rmtree(part, ignore_errors=True)
            before = fingerprint(source)
            if _copied(source, part) and fingerprint(source) == before:
                break
            pause(PAUSE)
        else:
            raise QuorateError(
                "%s could not be copied: something in it changed each of the %d times. Stop what writes there, and run again; no copy was "
                "kept." % (source, ATTEMPTS)
            )
        os.chmod(part, 0o700)
        os.rename(part, dest)
    except OSError as exc:
        raise QuorateError("%s could not be copied to %s: %s. No copy was kept." % (source, dest, exc.strerror)) from exc
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return len(before), sum(size for _mode, size, _modified, _inode in before.values())


def fingerprint(root):
    """What tells whether a file was written: nothing of its content is looked at."""
    found = {}
    for directory, _names, files in os.walk(root):
        for name in files:
            path = os.path.join(directory, name)
            try:
                seen = os.lstat(path)
            except FileNotFoundError:
                continue
            found[os.path.relpath(path, root)] = (seen.st_mode, seen.st_size, seen.st_mtime_ns, seen.st_ino)
    return found


def is_copy(source, dest, apart=()):
    """Whether the files of both were last written when the copy was made, but for those named in C(apart)."""
    return _written(source, apart) == _written(dest, apart)


def _written(root, apart):
    """Of links the time is their own, which a copy does not take over; what is no file is in no copy."""
    return {
        name: (mode, size, modified if stat.S_ISREG(mode) else None)
        for name, (mode, size, modified, _inode) in fingerprint(root).items()
        if name not in apart and (stat.S_ISREG(mode) or stat.S_ISLNK(mode))
    }


def taken(root):
    """The bytes that the files take on the disk, holes left out."""
    total = 0
    for directory, _names, files in os.walk(root):
        for name in files:
            try:
                total += os.lstat(os.path.join(directory, name)).st_blocks * STAT_BLOCK
            except FileNotFoundError:
                continue
    return total


def room(path):
    """The bytes that are free where a directory lies, or will."""
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    seen = os.statvfs(path)
    return seen.f_bavail * seen.f_frsize


def _copied(source, dest):
    try:
        _copy_directory(source, dest)
    except FileNotFoundError:
        return False
    return True


def _copy_directory(source, dest):
    os.mkdir(dest, 0o700)
    for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
        target = os.path.join(dest, entry.name)
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), target)
        elif entry.is_dir():
            _copy_directory(entry.path, target)
        elif stat.S_ISREG(entry.stat().st_mode):
            _copy_file(entry.path, target)
    shutil.copystat(source, dest)


def _copy_file(source, dest):
    """Leave holes where there are only zeros: a raft log allocates far more than it fills."""
    with open(source, "rb") as reader, open(os.open(dest, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writer:
        while True:
            block = reader.read(BLOCK)
            if not block:
                break
            if block.count(0) == len(block):
                writer.seek(len(block), os.SEEK_CUR)
            else:
                writer.write(block)
        writer.truncate(writer.tell())
        writer.flush()
        os.fsync(writer.fileno())
    shutil.copystat(source, dest)
    seen = os.stat(source)
    os.chown(dest, seen.st_uid, seen.st_gid)
