# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories of the host: read, and written whole with their owner and mode. The local disk only."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal

FILE, DIRECTORY, OTHER, MISSING = "file", "directory", "neither file nor directory", "missing"
# What a file system has in its topmost directory is nobody's data.
NOBODYS = ("lost+found",)


@dataclass(frozen=True)
class Found:
    """What lies at a path, links followed: C(content) of a file; C(names) of a directory, and the owners of what it holds."""

    kind: str = MISSING
    uid: int = -1
    gid: int = -1
    mode: int = 0
    content: bytes = b""
    names: tuple = ()
    owners: tuple = ()
    is_mount: bool = False


def look(path):
    with _told("read", path):
        try:
            seen = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return Found()
        owner = {"uid": seen.st_uid, "gid": seen.st_gid, "mode": stat.S_IMODE(seen.st_mode)}
        if stat.S_ISREG(seen.st_mode):
            with open(path, "rb") as file:
                return Found(FILE, content=file.read(), **owner)
        if stat.S_ISDIR(seen.st_mode):
            entries = [entry for entry in os.scandir(path) if entry.name not in NOBODYS]
            owners = {entry.stat(follow_symlinks=False).st_uid for entry in entries}
            names = tuple(sorted(entry.name for entry in entries))
            return Found(DIRECTORY, names=names, owners=tuple(sorted(owners)), is_mount=os.path.ismount(path), **owner)
        return Found(OTHER, **owner)


def beginning(path, limit):
    """At most C(limit) bytes of a file, the names of a directory's entries, or None where there is nothing."""
    with _told("read", path):
        try:
            if os.path.isdir(path):
                return sorted(os.listdir(path))
            with open(path, "rb") as file:
                return file.read(limit)
        except (FileNotFoundError, NotADirectoryError):
            return None


def write(path, content, uid, gid, mode):
    """Replace the file in one step, so that an interruption leaves the old one or the new one."""
    path = os.path.realpath(path)
    with _told("write", path):
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".%s." % os.path.basename(path), dir=os.path.dirname(path))
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchown(file.fileno(), uid, gid)
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise


def make_directory(path):
    """For root alone until it has its owner and mode. Members of one host may make what they share at the same time."""
    with _told("make", path):
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        if not os.path.isdir(path):
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, 0o700)


def own(path, uid, gid, mode):
    """The owner first: to give a file away takes bits off its mode."""
    with _told("give its owner and mode to", path):
        seen = os.stat(path)
        if (seen.st_uid, seen.st_gid) != (uid, gid):
            os.chown(path, uid, gid)
        os.chmod(path, mode)


def remove(path):
    with _told("remove", path), contextlib.suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def remove_directory(path, with_content=False):
    """A directory on which something is mounted is emptied and stays."""
    with _told("remove", path), contextlib.suppress(FileNotFoundError):
        if with_content:
            for entry in list(os.scandir(path)):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
        if not os.path.ismount(path):
            os.unlink(path) if os.path.islink(path) else os.rmdir(path)


def uid_of(owner):
    return _number_of(owner, "user", lambda name: pwd.getpwnam(name).pw_uid)


def gid_of(group):
    return _number_of(group, "group", lambda name: grp.getgrnam(name).gr_gid)


def _number_of(name, kind, lookup):
    if name.isdigit():
        return int(name)
    try:
        return lookup(name)
    except KeyError as exc:
        raise Refusal("This host has no %s %s. Give its number, or create it first; nothing was changed." % (kind, name)) from exc


@contextlib.contextmanager
def _told(what, path):
    try:
        yield
    except OSError as exc:
        raise QuorateError("This host could not %s %s: %s. Cure that and run again." % (what, path, exc.strerror or exc)) from exc
