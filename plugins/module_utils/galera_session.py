# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few questions to a MySQL or MariaDB server: the only file that imports PyMySQL."""

from __future__ import annotations

import contextlib
import ssl
import traceback

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import dialler, member_arguments, named

try:
    import pymysql
except ImportError:
    pymysql = None
    LIBRARY_IMPORT_ERROR = traceback.format_exc()
else:
    LIBRARY_IMPORT_ERROR = None

NO_LIBRARY = (
    "This host has no PyMySQL, with which a member is asked, for the Python that runs modules. Install it: python3-pymysql on Debian, "
    "python3-PyMySQL on hosts of the family of RHEL"
)
# Unknown user or wrong password, no password given, unknown host, account locked.
DENIED = (1045, 1698, 1130, 4151, 3118)
IN_CONTAINER = "localhost"


def galera_arguments():
    """Options of the doc fragment quorate.swarm.member, and of the module galera_health; those of TLS differ from the engine's by name."""
    return dict(
        member_arguments(port=3306),
        user={"type": "str", "required": True},
        password={"type": "str", "required": True, "no_log": True},
        mysql_tls={"type": "bool", "default": False},
        mysql_ca_path={"type": "path"},
        mysql_hostname={"type": "str"},
    )


def lacks_library():
    return pymysql is None


def asker(reach, params, dial=None):
    """A function that opens a session, C(with ask() as session), in which C(session(query)) returns the rows.

    C(dial) opens the connection, where it is not one to the member's port.
    """
    dial, context = dial or dialler(reach, params), _context(params)
    return lambda: _session(dial, context, params)


@contextlib.contextmanager
def _session(dial, context, params):
    if lacks_library():
        raise NoAnswer(NO_LIBRARY)
    name = named(params)
    connection = pymysql.connect(
        host=params["mysql_hostname"] or params["address"] or IN_CONTAINER,
        user=params["user"],
        password=params["password"],
        charset="utf8mb4",
        # None says nothing of it to the server, which may not be ready for anything yet.
        autocommit=None,
        read_timeout=params["request_timeout"],
        write_timeout=params["request_timeout"],
        ssl=context,
        ssl_disabled=context is None,
        defer_connect=True,
    )
    wire = dial()
    try:
        with _understood(name):
            connection.connect(wire)
            yield lambda query: _rows(connection, query)
    finally:
        with contextlib.suppress(Exception):
            connection.close()
        wire.close()


def _rows(connection, query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@contextlib.contextmanager
def _understood(name):
    try:
        yield
    except pymysql.MySQLError as exc:
        number = exc.args[0] if exc.args else None
        said = str(exc.args[-1] if exc.args else exc).rstrip(".")
        if number in DENIED:
            raise NoAnswer("%s wants another user or password: %s" % (name, said), denied=True) from exc
        raise NoAnswer("%s answered with an error: %s" % (name, said)) from exc
    except OSError as exc:
        raise NoAnswer("%s did not answer: %s" % (name, exc.strerror or exc)) from exc
    except RuntimeError as exc:
        # PyMySQL says so where it would need a library of its own for the user's way to prove itself.
        raise Refusal(
            "%s wants its user to prove itself in a way that takes TLS here, or another library (%s). Ask with mysql_tls=true."
            % (name, exc)
        ) from exc


def _context(params):
    """In a container's own network nobody can stand in between, so that a certificate need not be known there."""
    if not params["mysql_tls"]:
        return None
    try:
        context = ssl.create_default_context(cafile=params["mysql_ca_path"])
    except OSError as exc:
        raise Refusal(
            "The mysql_ca_path %s holds no certificates that can be read: %s. Name a file with certificates in PEM form on this host."
            % (params["mysql_ca_path"], exc.strerror or exc)
        ) from exc
    if params["container"] and not params["mysql_ca_path"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
