# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to a member of a cluster: in its container's network, or at an address."""

from __future__ import annotations

import socket

from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, NoAnswer, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.member_place import place_of
from ansible_collections.quorate.swarm.plugins.module_utils.namespaces import network_of

LOCAL_ENGINE = "unix://"
ROOT_OF = "/proc/%d/root"
ONE_OF = ("container", "address")
MODULE_OPTIONS = {"required_one_of": [ONE_OF], "mutually_exclusive": [ONE_OF]}


def member_arguments(port):
    """Options of the doc fragment quorate.swarm.member; each system has a C(port) of its own."""
    return {
        "container": {"type": "str"},
        "address": {"type": "str"},
        "port": {"type": "int", "default": port},
        "request_timeout": {"type": "int", "default": 10},
    }


def dialler(reach, params):
    """A function that opens one connection to the member, or raises NoAnswer. The engine is asked only about containers."""
    if not params["container"]:
        return lambda: _dial((params["address"],), params)
    if not params["docker_host"].startswith(LOCAL_ENGINE):
        raise Refusal(
            "A container's network can be entered only on the host of its engine, and docker_host is %s. Run the task on that host with "
            "its own socket, or name a published address of the member instead of its container." % params["docker_host"]
        )
    engines = []

    def dial():
        if not engines:
            engines.append(reach())
        # Looked up for each connection, since the container may be another one by now.
        place = place_of(params["container"], _inspected(engines[0], params["container"]))
        with network_of(place.pid):
            return _dial(place.addresses, params)

    return dial


def socket_dialler(reach, params):
    """A function that opens one connection to the C(socket) that the member has in its container's file system."""
    if not params["docker_host"].startswith(LOCAL_ENGINE):
        raise Refusal(
            "A container's files are there only on the host of its engine, and docker_host is %s. Run the task on that host with its own "
            "socket." % params["docker_host"]
        )

    def dial():
        place = place_of(params["container"], _inspected(reach(), params["container"]))
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(params["request_timeout"])
            connection.connect(ROOT_OF % place.pid + params["socket"])
        except OSError as exc:
            connection.close()
            raise NoAnswer("no connection to %s came about: %s" % (named(params), exc.strerror or exc)) from exc
        return connection

    return dial


def named(params):
    """The member, in words."""
    if params.get("socket"):
        return "the socket %s in the container %s" % (params["socket"], params["container"])
    if params["container"]:
        return "port %d in the container %s" % (params["port"], params["container"])
    return "port %d at %s" % (params["port"], params["address"])


def _inspected(engine, name):
    try:
        return engine.container(name)
    except EngineError as exc:
        if exc.may_pass:
            raise NoAnswer(str(exc).rstrip(".")) from exc
        raise


def _dial(addresses, params):
    """The first of the addresses at which the port is not closed."""
    for address in addresses:
        try:
            return socket.create_connection((address, params["port"]), params["request_timeout"])
        except ConnectionRefusedError:
            continue
        except OSError as exc:
            raise NoAnswer("no connection to %s came about: %s" % (named(params), exc.strerror or exc)) from exc
    raise NoAnswer("nothing listens on %s" % named(params))
