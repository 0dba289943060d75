# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and directories of a member: what of them differs, from what was read. No I/O."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass, replace

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.host_files import DIRECTORY, FILE, MISSING

# Without its 0 it may be what YAML has made a decimal number of.
MODE = re.compile(r"0[0-7]{3,4}")
SECRET_MODE, FILE_MODE, DIRECTORY_MODE = "0400", "0644", "0755"
EMPTY, FILLED = "empty", "filled"
NOT_TOLD = "(secret)"


@dataclass(frozen=True)
class Wanted:
    """A file or directory with numbers for its owner and mode. Only files have C(content), which stays out of every repr."""

    path: str
    uid: int
    gid: int
    mode: int
    is_data: bool = False
    is_exclusive: bool = False
    content: bytes | None = None
    is_secret: bool = False
    is_once: bool = False
    passing: str | None = None
    kept: str | None = None
    is_any_order: bool = False

    def __repr__(self):
        return "Wanted(%s)" % self.path

    @property
    def is_directory(self):
        return self.content is None


@dataclass(frozen=True)
class Difference:
    """What of a file or directory differs. C(writes) says that its content is to be written, C(restarts) that a restart is due for it."""

    wanted: Wanted
    what: str
    writes: bool = False
    restarts: bool = False
    before: object = None
    after: object = None

    def sentence(self):
        return "%s %s" % (self.wanted.path, self.what)


def directory(option, uid_of, gid_of):
    return Wanted(
        _path(option["path"]), uid_of(option["owner"]), gid_of(option["group"] or option["owner"]), _mode(option, DIRECTORY_MODE),
        is_data=option["data"], is_exclusive=option.get("exclusive", False),
    )


def file(option, uid_of, gid_of):
    for key in ("passing", "kept"):
        try:
            re.compile(option[key] or "")
        except re.error as exc:
            raise Refusal("The %s of %s is no regular expression: %s." % (key, option["path"], exc)) from exc
    return Wanted(
        _path(option["path"]), uid_of(option["owner"]), gid_of(option["group"] or option["owner"]),
        _mode(option, SECRET_MODE if option["secret"] else FILE_MODE),
        content=_content(option), is_secret=option["secret"], is_once=option["once"], passing=option["passing"],
        kept=option["kept"], is_any_order=option["any_order"],
    )


def _content(option):
    if option.get("content_base64") is None:
        return option["content"].encode("utf-8")
    try:
        return _decoded(option["content_base64"])
    except ValueError:
        # without its cause, which could tell something of a secret
        raise Refusal("The content_base64 of %s is no base64. Encode the file's bytes, as b64encode does." % option["path"]) from None


def _decoded(text):
    """Lines of an encoded text are one."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as exc:
        raise ValueError(str(exc)) from exc


def refuse_twice(entries):
    paths = [entry.path for entry in entries]
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise Refusal("%s is given more than once in directories and files." % ", ".join(twice))


def secrets(files):
    """The contents that are in no output, also without the line's end that a reader would cut off."""
    contents = [content for option in files or () if option.get("secret") for content in _in_all_forms(option)]
    return {text for content in contents for text in (content, content.strip()) if text}


def _in_all_forms(option):
    encoded = option.get("content_base64")
    if not encoded:
        return [option.get("content") or ""]
    try:
        return [encoded, _decoded(encoded).decode("utf-8")]
    except ValueError:
        return [encoded]


def refusal(wanted, found):
    """Why C(wanted) cannot be had, in a sentence; empty where it can."""
    kind = DIRECTORY if wanted.is_directory else FILE
    if found.kind not in (MISSING, kind):
        return "%s is a %s, and a %s is to be there. Move it away by hand." % (wanted.path, found.kind, kind)
    others = sorted(set(found.owners) - {wanted.uid})
    if wanted.is_data and others:
        return (
            "The data in %s belongs to user %s, and the member runs as user %d. If it is this member's, run 'chown -R %d:%d %s' on this "
            "host." % (wanted.path, ", ".join(map(str, others)), wanted.uid, wanted.uid, wanted.gid, wanted.path)
        )
    return ""


def state_of_data(found):
    if found.kind == MISSING:
        return MISSING
    return FILLED if found.names else EMPTY


def differences(wanted, found):
    if found.kind == MISSING:
        return (_missing(wanted),)
    if wanted.is_once:
        return ()
    wanted = _with_kept(wanted, found)
    seen = []
    if not wanted.is_directory and _compared(wanted, wanted.content) != _compared(wanted, found.content):
        seen.append(_of_content(wanted, found))
    if (wanted.uid, wanted.gid) != (found.uid, found.gid):
        owners = ["%d:%d" % owner for owner in ((found.uid, found.gid), (wanted.uid, wanted.gid))]
        seen.append(Difference(wanted, "belongs to %s, not %s" % tuple(owners), before={"owner": owners[0]}, after={"owner": owners[1]}))
    if wanted.mode != found.mode:
        modes = ["%04o" % mode for mode in (found.mode, wanted.mode)]
        seen.append(Difference(wanted, "has mode %s, not %s" % tuple(modes), before={"mode": modes[0]}, after={"mode": modes[1]}))
    return tuple(seen)


def strays(entries, found):
    """Paths of what lies in directories that hold nothing but what is asked for, and is not asked for."""
    known = {entry.path for entry in entries}
    lying = [os.path.join(entry.path, name) for entry in entries if entry.is_exclusive for name in found[entry.path].names]
    return [path for path in lying if path not in known and not any(_is_below(other, path) for other in known)]


def _with_kept(wanted, found):
    """Lines that the server has written itself take the place of those that were meant for its first start."""
    if wanted.kept is None or found.content is None:
        return wanted
    own = [line for line in found.content.splitlines(True) if re.search(wanted.kept, line.decode("utf-8", "replace"))]
    if not own:
        return wanted
    others = [line for line in wanted.content.splitlines(True) if not re.search(wanted.kept, line.decode("utf-8", "replace"))]
    first = next((at for at, line in enumerate(wanted.content.splitlines(True)) if line not in others), len(others))
    return replace(wanted, content=b"".join(others[:first] + own + others[first:]))


def _missing(wanted):
    after = {"owner": "%d:%d" % (wanted.uid, wanted.gid), "mode": "%04o" % wanted.mode}
    if not wanted.is_directory:
        after["content"] = _lines(wanted, wanted.content)
    return Difference(wanted, "is missing", writes=True, restarts=True, before=None, after=after)


def _of_content(wanted, found):
    if wanted.is_secret:
        before, after = {"content": NOT_TOLD}, {"content": "%s differs" % NOT_TOLD}
    else:
        before, after = ({"content": _lines(wanted, content)} for content in (found.content, wanted.content))
    passes = wanted.passing is not None and _lasting(wanted, found.content) == _lasting(wanted, wanted.content)
    what = "%s differs" % NOT_TOLD if wanted.is_secret else "differs, with no need of a restart" if passes else "differs"
    return Difference(wanted, what, writes=True, restarts=not passes, before=before, after=after)


def _lines(wanted, content):
    if wanted.is_secret:
        return NOT_TOLD
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    # Control characters would be told, and nothing be learnt from them.
    return ["(no text, SHA-256 %s)" % hashlib.sha256(content).hexdigest()] if "\0" in text else text.splitlines()


def _lasting(wanted, content):
    return [line for line in _compared(wanted, content).decode("utf-8", "replace").splitlines() if not re.search(wanted.passing, line)]


def _compared(wanted, content):
    return b"\n".join(sorted(content.splitlines())) if wanted.is_any_order else content


# The end of a member


def left_over(directories, files, found, deleted):
    """What a member's end takes away: (files, directories with all they hold, directories that are empty then), by what was C(found).

    Nothing in a directory with data goes, but where the directory is to be C(deleted) as a whole.
    """
    whole = [entry.path for entry in directories if entry.path in deleted and _is_there(found[entry.path])]
    kept = [entry.path for entry in directories if entry.is_data and entry.path not in deleted]
    gone = [
        entry.path for entry in files if found[entry.path].kind == FILE and not any(_is_below(entry.path, path) for path in kept + whole)
    ]
    gone += strays(tuple(directories) + tuple(files), found)
    empty = []
    for entry in sorted(directories, key=lambda entry: entry.path, reverse=True):
        seen = found[entry.path]
        if entry.is_data or entry.path in deleted or seen.kind != DIRECTORY or seen.is_mount:
            continue
        if any(_is_below(entry.path, path) for path in whole):
            continue
        if all(os.path.join(entry.path, name) in whole + gone + empty for name in seen.names):
            empty.append(entry.path)
    return gone, whole, empty


def refuse_deletion(directories, deleted):
    known = {entry.path for entry in directories}
    unknown = sorted(set(deleted) - known)
    if unknown:
        raise Refusal("%s is to be deleted, and is none of the member's directories. Name it in directories, too." % ", ".join(unknown))
    shallow = sorted(path for path in deleted if path.count("/") < 2)
    if shallow:
        raise Refusal("%s is to be deleted, and is no directory of one member alone. Nothing was changed." % ", ".join(shallow))
    for path in deleted:
        inner = sorted(entry.path for entry in directories if entry.is_data and entry.path not in deleted and _is_below(entry.path, path))
        if inner:
            raise Refusal("%s is to be deleted, and holds %s, which has data and is not. Name both, or neither." % (path, ", ".join(inner)))


def _is_there(seen):
    return seen.kind == DIRECTORY and bool(seen.names or not seen.is_mount)


def _is_below(path, directory):
    return path.startswith(directory.rstrip("/") + "/")


def _path(text):
    if not text.startswith("/"):
        raise Refusal("The path %s does not begin with /." % text)
    return os.path.normpath(text)


def _mode(option, default):
    text = str(option["mode"] if option["mode"] is not None else default)
    if not MODE.fullmatch(text):
        raise Refusal("The mode %s of %s is none such as '0640'. Write it in quotes, with its 0." % (text, option["path"]))
    return int(text, 8)
