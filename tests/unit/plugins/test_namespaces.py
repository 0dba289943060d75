# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way into another process's network, and always back."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import namespaces
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, QuorateError, Refusal


@pytest.fixture
def entered(monkeypatch):
    """The namespaces that were entered, by their inode; nothing is really entered, which would take root."""
    entered = []
    monkeypatch.setattr(namespaces, "setns", lambda descriptor: entered.append(os.fstat(descriptor).st_ino))
    return entered


def inode(pid="self"):
    return os.stat("/proc/%s/ns/net" % pid).st_ino


def failing(at, number):
    """A setns whose call number C(at) fails."""
    calls = []

    def setns(_descriptor):
        calls.append(None)
        if len(calls) == at:
            raise OSError(number, os.strerror(number))

    return setns


def test_there_and_back(entered):
    with namespaces.network_of(os.getpid()):
        assert entered == [inode()]
    assert entered == [inode()] * 2


def test_back_also_after_a_failure(entered):
    with pytest.raises(KeyError), namespaces.network_of(os.getpid()):
        raise KeyError
    assert len(entered) == 2


def test_a_process_that_has_ended_is_no_answer(entered):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(NoAnswer, match="the process behind /proc/%d/ns/net has ended" % ended.pid), namespaces.network_of(ended.pid):
        pass
    assert entered == []


@pytest.mark.parametrize(
    "at, number, error, sentence",
    [
        (1, errno.EPERM, Refusal, r"Only root may enter the network of a container \(Operation not permitted\). Run the task as root"),
        (1, errno.ENOSYS, QuorateError, "does not let this module into the network of the container: Function not implemented"),
        (2, errno.EPERM, QuorateError, "does not let this module back from the network of the container: Operation not permitted"),
    ],
)
def test_what_the_kernel_refuses(monkeypatch, at, number, error, sentence):
    monkeypatch.setattr(namespaces, "setns", failing(at, number))
    with pytest.raises(error, match=sentence), namespaces.network_of(os.getpid()):
        pass


def test_a_namespace_that_only_root_may_open(monkeypatch):
    def open_for_root(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(namespaces.os, "open", open_for_root)
    with pytest.raises(Refusal, match="or name a published address of the member instead of its container"), namespaces.network_of(1):
        pass


def test_the_kernel_s_word_is_told(tmp_path):
    """The call itself, on what is no namespace: the kernel says so to everybody."""
    with open(tmp_path / "file", "w") as file, pytest.raises(OSError) as error:
        namespaces.setns(file.fileno())
    assert error.value.errno == errno.EINVAL
