# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of another process: what is opened in it reaches ports that are published nowhere."""

from __future__ import annotations

import contextlib
import ctypes
import os

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, QuorateError, Refusal

# Of the thread, since setns(2) moves just that one.
OWN = "/proc/thread-self/ns/net"
OTHER = "/proc/%d/ns/net"
CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def network_of(pid):
    """Within it sockets are opened in the network namespace of the process C(pid); they stay there afterwards."""
    with _namespace(OWN) as own, _namespace(OTHER % pid) as other:
        _enter(other)
        try:
            yield
        finally:
            _return(own)


@contextlib.contextmanager
def _namespace(path):
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError) as exc:
        raise NoAnswer("the process behind %s has ended" % path) from exc
    except PermissionError as exc:
        raise _needs_root(exc) from exc
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _enter(descriptor):
    try:
        setns(descriptor)
    except PermissionError as exc:
        raise _needs_root(exc) from exc
    except OSError as exc:
        raise QuorateError("The kernel does not let this module into the network of the container: %s." % exc.strerror) from exc


def _return(descriptor):
    try:
        setns(descriptor)
    except OSError as exc:
        raise QuorateError("The kernel does not let this module back from the network of the container: %s." % exc.strerror) from exc


def _needs_root(exc):
    return Refusal(
        "Only root may enter the network of a container (%s). Run the task as root (become: true), or name a published address of the "
        "member instead of its container." % exc.strerror
    )


def setns(descriptor):
    """Not os.setns, which came with Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
