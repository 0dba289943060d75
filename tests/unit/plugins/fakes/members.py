# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of clusters on this machine's loopback: servers in a thread, and the options with which modules reach them."""

from __future__ import annotations

import contextlib
import socket
import threading

LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def served(serve):
    """A port on which serve(connection) is called for each connection, one after the other."""

    def work(server):
        with contextlib.suppress(OSError):
            while True:
                connection, _peer = server.accept()
                with connection, contextlib.suppress(OSError):
                    serve(connection)

    with socket.create_server((LOOPBACK, 0)) as server:
        worker = threading.Thread(target=work, args=(server,), daemon=True)
        worker.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            worker.join()


@contextlib.contextmanager
def closed():
    """A port on which nobody listens, for as long as it lasts."""
    with socket.socket() as keeper:
        keeper.bind((LOOPBACK, 0))
        yield keeper.getsockname()[1]


def at(port, **options):
    """The options that all modules have that reach a member."""
    base = {"container": None, "address": LOOPBACK, "port": port, "request_timeout": 5, "docker_host": "unix:///var/run/docker.sock"}
    return dict(base, **options)


def no_engine():
    raise AssertionError("There is no engine to be asked where an address is given.")
