# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and directories of a member: what differs, what is in the way, what its end takes away, and how they are written."""

from __future__ import annotations

import base64
import json
import os

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import host_files, member_files
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.host_files import DIRECTORY, FILE, OTHER, Found
from ansible_collections.quorate.swarm.plugins.module_utils.member_files import Wanted

UID, GID = os.geteuid(), os.getegid()
BINARY = base64.b64encode(b"\x3f\xd7\x6c\x17\x00hunter2\xff").decode("ascii")


def wanted(**options):
    return Wanted(**dict({"path": "/srv/a/f", "uid": 1, "gid": 1, "mode": 0o644, "content": b"a\nb\n"}, **options))


def found(**options):
    return Found(**dict({"kind": FILE, "uid": 1, "gid": 1, "mode": 0o644, "content": b"a\nb\n"}, **options))


@pytest.mark.parametrize(
    "want, seen, sentences, restarts",
    [
        (wanted(), found(), [], []),
        (wanted(), Found(), ["/srv/a/f is missing"], [True]),
        (wanted(content=b"a\nc\n"), found(), ["/srv/a/f differs"], [True]),
        (wanted(content=b"a\nc\n", is_secret=True), found(), ["/srv/a/f (secret) differs"], [True]),
        (wanted(content=b"a\n", passing="^b$"), found(), ["/srv/a/f differs, with no need of a restart"], [False]),
        (wanted(content=b"a\nb\n\n", passing="^$"), found(), ["/srv/a/f differs, with no need of a restart"], [False]),
        (wanted(content=b"b\na\n", passing="^c$"), found(), ["/srv/a/f differs"], [True]),
        (wanted(content=b"b\na", is_any_order=True), found(), [], []),
        (wanted(content=b"b\nb\na\n", is_any_order=True), found(), ["/srv/a/f differs"], [True]),
        (wanted(content=b"x\na\n", kept="^[bx]$", is_any_order=True), found(), [], []),
        (wanted(content=b"c\n", passing="^b$"), found(), ["/srv/a/f differs"], [True]),
        (wanted(content=b"a\nx\n", kept="^[bx]$"), found(), [], []),
        (wanted(content=b"x\na\n", kept="^[bx]$"), found(), ["/srv/a/f differs"], [True]),
        (wanted(content=b"c\nx\n", kept="^[bx]$"), found(), ["/srv/a/f differs"], [True]),
        (wanted(content=b"a\nx\n", kept="^x$"), found(), ["/srv/a/f differs"], [True]),
        (wanted(mode=0o600), found(), ["/srv/a/f has mode 0644, not 0600"], [False]),
        (wanted(uid=2), found(), ["/srv/a/f belongs to 1:1, not 2:1"], [False]),
        (wanted(content=b"c", gid=2), found(), ["/srv/a/f differs", "/srv/a/f belongs to 1:1, not 1:2"], [True, False]),
        (wanted(content=b"c", gid=2, is_once=True), found(), [], []),
        (wanted(is_once=True), Found(), ["/srv/a/f is missing"], [True]),
        (wanted(content=None), found(kind=DIRECTORY), [], []),
        (wanted(content=None, mode=0o700), found(kind=DIRECTORY), ["/srv/a/f has mode 0644, not 0700"], [False]),
    ],
)
def test_what_differs(want, seen, sentences, restarts):
    differences = member_files.differences(want, seen)
    assert [difference.sentence() for difference in differences] == sentences
    assert [difference.restarts for difference in differences] == restarts


def test_lines_that_are_kept_are_written_in_place_of_those_asked_for():
    (difference,) = member_files.differences(wanted(content=b"c\nx\nd\n", kept="^[bx]$"), found())
    assert difference.wanted.content == b"c\nb\nd\n"


@pytest.mark.parametrize("seen", [Found(), found(content=b"hunter1")])
@pytest.mark.parametrize("content", [b"hunter2", b"\x00hunter2\xff"])
def test_a_secret_is_in_no_difference(seen, content):
    for difference in member_files.differences(wanted(content=content, is_secret=True), seen):
        assert "hunter" not in repr(difference) and "SHA" not in repr(difference)


@pytest.mark.parametrize(
    "files, secrets",
    [
        ([{"content": "hunter2\n", "secret": True}, {"content": "open", "secret": False}], {"hunter2\n", "hunter2"}),
        ([{"content": "", "secret": True}], set()),
        ([{"content_base64": BINARY, "secret": True}, {"content_base64": "b3Blbg==", "secret": False}], {BINARY}),
        # Somebody may quote the text that was meant.
        ([{"content": None, "content_base64": "aHVudGVyMgo=", "secret": True}], {"aHVudGVyMgo=", "hunter2\n", "hunter2"}),
        ([{"content_base64": "no base64!", "secret": True}], {"no base64!"}),
    ],
)
def test_what_is_secret(files, secrets):
    assert member_files.secrets(files) == secrets


def test_strays_are_what_nobody_names_in_a_directory_of_its_own():
    entries = (
        Wanted("/srv/a", 0, 0, 0o755),
        Wanted("/srv/a/secrets", 0, 0, 0o500, is_exclusive=True),
        Wanted("/srv/a/secrets/key", 0, 0, 0o400, content=b""),
        Wanted("/srv/a/secrets/tls/key", 0, 0, 0o400, content=b""),
    )
    lying = {
        "/srv/a": found(kind=DIRECTORY, names=("other", "secrets")),
        "/srv/a/secrets": found(kind=DIRECTORY, names=("key", "old", "tls")),
    }
    assert member_files.strays(entries, dict(dict.fromkeys((entry.path for entry in entries), Found()), **lying)) == ["/srv/a/secrets/old"]


def test_what_is_no_text_is_told_by_its_digest():
    (difference,) = member_files.differences(wanted(content=base64.b64decode(BINARY)), found(content=b"a\0b"))
    told = json.dumps([difference.before, difference.after])
    assert "\\u" not in told and told.count("(no text, SHA-256 ") == 2
    assert difference.before != difference.after


@pytest.mark.parametrize(
    "want, seen, sentence",
    [
        (wanted(), Found(), ""),
        (wanted(), found(kind=DIRECTORY), "/srv/a/f is a directory, and a file is to be there"),
        (wanted(content=None), found(kind=OTHER), "/srv/a/f is a neither file nor directory, and a directory"),
        (wanted(content=None, is_data=True), found(kind=DIRECTORY, uid=0), ""),
        (wanted(content=None, is_data=True), found(kind=DIRECTORY, names=("x",), owners=(1,)), ""),
        (wanted(content=None, is_data=True), found(kind=DIRECTORY, names=("x",), owners=(0, 1)), "belongs to user 0, and the member"),
        (wanted(content=None), found(kind=DIRECTORY, names=("x",), owners=(0,)), ""),
    ],
)
def test_what_is_in_the_way(want, seen, sentence):
    assert member_files.refusal(want, seen).startswith(sentence) if not sentence else sentence in member_files.refusal(want, seen)
    assert bool(member_files.refusal(want, seen)) is bool(sentence)


OPTION = {
    "path": "/srv/f", "owner": "1000", "group": None, "mode": None, "content": "x", "secret": False, "once": False, "passing": None,
    "kept": None, "any_order": False,
}


@pytest.mark.parametrize("options, mode", [({}, 0o644), ({"secret": True}, 0o400), ({"mode": "0660"}, 0o660), ({"mode": "01777"}, 0o1777)])
def test_owner_and_mode(options, mode):
    made = member_files.file(dict(OPTION, **options), host_files.uid_of, host_files.gid_of)
    assert (made.uid, made.gid, made.mode) == (1000, 1000, mode)


@pytest.mark.parametrize(
    "options, content",
    [
        ({"content": "é\n"}, "é\n".encode()),
        ({"content": "", "content_base64": None}, b""),
        ({"content": None, "content_base64": BINARY}, base64.b64decode(BINARY)),
        ({"content": None, "content_base64": BINARY[:8] + "\n" + BINARY[8:] + "\n"}, base64.b64decode(BINARY)),
        ({"content": None, "content_base64": ""}, b""),
    ],
)
def test_contents(options, content):
    assert member_files.file(dict(OPTION, **options), int, lambda _group: 0).content == content


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"content": None, "content_base64": "hunter2"}, "The content_base64 of /srv/f is no base64"),
        ({"content": None, "content_base64": "hunter2!"}, "The content_base64 of /srv/f is no base64"),
        ({"content": None, "content_base64": "é"}, "The content_base64 of /srv/f is no base64"),
        ({"mode": "416"}, "The mode 416 of /srv/f is none such as '0640'"),
        ({"mode": "u=rw"}, "The mode u=rw"),
        ({"path": "srv/f"}, "does not begin with /"),
        ({"passing": "("}, "The passing of /srv/f is no regular expression"),
    ],
)
def test_options_that_are_refused(options, sentence):
    with pytest.raises(Refusal) as refusal:
        member_files.file(dict(OPTION, **options), int, int)
    assert sentence in str(refusal.value) and "hunter2" not in str(refusal.value)


def test_a_path_is_given_once():
    with pytest.raises(Refusal, match="/srv/a/f is given more than once"):
        member_files.refuse_twice([wanted(), wanted(content=None)])


# The end


def directory(path, is_data=False):
    return wanted(path=path, content=None, is_data=is_data)


TREE = {
    "/srv/m": found(kind=DIRECTORY, names=("conf", "data")),
    "/srv/m/conf": found(kind=DIRECTORY, names=("f",)),
    "/srv/m/conf/f": found(),
    "/srv/m/data": found(kind=DIRECTORY, names=("myid", "x")),
    "/srv/m/data/myid": found(),
}
DIRECTORIES = [directory("/srv/m"), directory("/srv/m/conf"), directory("/srv/m/data", is_data=True)]
FILES = [wanted(path="/srv/m/conf/f"), wanted(path="/srv/m/data/myid")]


@pytest.mark.parametrize(
    "deleted, changes, expected",
    [
        ([], {}, (["/srv/m/conf/f"], [], ["/srv/m/conf"])),
        (["/srv/m/data"], {}, (["/srv/m/conf/f"], ["/srv/m/data"], ["/srv/m/conf", "/srv/m"])),
        (["/srv/m/data"], {"/srv/m/data": Found(), "/srv/m/data/myid": Found()}, (["/srv/m/conf/f"], [], ["/srv/m/conf"])),
        ([], {"/srv/m/conf": found(kind=DIRECTORY, names=("f", "other"))}, (["/srv/m/conf/f"], [], [])),
        ([], {"/srv/m/conf": found(kind=DIRECTORY, names=("f",), is_mount=True)}, (["/srv/m/conf/f"], [], [])),
        (
            ["/srv/m/data"],
            {"/srv/m/data": found(kind=DIRECTORY, is_mount=True), "/srv/m/data/myid": Found()},
            (["/srv/m/conf/f"], [], ["/srv/m/conf"]),
        ),
        (["/srv/m", "/srv/m/data"], {}, ([], ["/srv/m", "/srv/m/data"], [])),
    ],
)
def test_what_the_end_of_a_member_takes_away(deleted, changes, expected):
    assert member_files.left_over(DIRECTORIES, FILES, dict(TREE, **changes), deleted) == expected


@pytest.mark.parametrize(
    "deleted, sentence",
    [(["/srv/x"], "none of the member's directories"), (["/srv/m"], "holds /srv/m/data, which has data and is not. Name both, or neither")],
)
def test_what_must_not_be_deleted(deleted, sentence):
    with pytest.raises(Refusal, match=sentence):
        member_files.refuse_deletion(DIRECTORIES, deleted)


# The disk


def test_what_lies_at_a_path(tmp_path):
    (tmp_path / "f").write_text("x", encoding="utf-8")
    (tmp_path / "f").chmod(0o640)
    (tmp_path / "lost+found").mkdir()
    os.mkfifo(tmp_path / "fifo")
    assert host_files.look(str(tmp_path / "f")) == Found(FILE, UID, GID, 0o640, b"x")
    assert (host_files.look(str(tmp_path)).names, host_files.look(str(tmp_path)).owners) == (("f", "fifo"), (UID,))
    assert host_files.look(str(tmp_path / "fifo")).kind == OTHER
    assert host_files.look(str(tmp_path / "none")) == host_files.look(str(tmp_path / "f" / "none")) == Found()


def test_a_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "new" / "f"
    host_files.write(str(path), b"one", UID, GID, 0o400)
    earlier = path.stat().st_ino
    host_files.write(str(path), b"two", UID, GID, 0o640)
    assert (path.read_bytes(), path.stat().st_mode & 0o7777, path.stat().st_ino == earlier) == (b"two", 0o640, False)
    assert os.listdir(path.parent) == ["f"]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "f").write_text("one", encoding="utf-8")
    (tmp_path / "link").symlink_to("f")
    host_files.write(str(tmp_path / "link"), b"two", UID, GID, 0o600)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "f").read_bytes() == b"two"


def test_a_write_that_fails_leaves_the_earlier_file(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("one", encoding="utf-8")
    monkeypatch.setattr(host_files.os, "fsync", lambda _number: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(QuorateError, match="could not write .*f: No space left on device"):
        host_files.write(str(tmp_path / "f"), b"two", UID, GID, 0o600)
    assert os.listdir(tmp_path) == ["f"] and (tmp_path / "f").read_bytes() == b"one"


def test_names_and_numbers_of_owners():
    assert (host_files.uid_of("0"), host_files.uid_of("root"), host_files.gid_of("4711")) == (0, 0, 4711)
    with pytest.raises(Refusal, match="This host has no group of-nobody"):
        host_files.gid_of("of-nobody")
