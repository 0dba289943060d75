# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests over HTTP to one member of a cluster, wherever its port is reached; the answers are its own JSON."""

from __future__ import annotations

import base64
import http.client
import json
import ssl

from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import dialler, member_arguments, named

UNAUTHORIZED = 401
IN_CONTAINER = "localhost"


class Declined(NoAnswer):
    """The member answered with an error, whose JSON is the C(content)."""

    def __init__(self, message, status, content=None):
        super().__init__(message, denied=status == UNAUTHORIZED)
        self.status = status
        self.content = content

    @property
    def may_pass(self):
        """Whether the fault is not the request's; a member that finds no leader answers with 503."""
        return self.status >= 500 or self.status in (408, 429)


def http_arguments(port):
    """Options of the doc fragments quorate.swarm.member and quorate.swarm.http; those of TLS differ from the engine's by name."""
    return dict(
        member_arguments(port),
        scheme={"type": "str", "choices": ["http", "https"], "default": "http"},
        user={"type": "str"},
        password={"type": "str", "no_log": True},
        https_ca_path={"type": "path"},
        https_validate_certs={"type": "bool", "default": True},
        https_hostname={"type": "str"},
        https_client_cert={"type": "path"},
        https_client_key={"type": "path"},
    )


TOGETHER = [("user", "password"), ("https_client_cert", "https_client_key")]


def caller(reach, params, system, headers=None):
    """A function that makes a new Member, which connects with its first request. C(system) is what it is a member of, by its name."""
    dial, context = dialler(reach, params), _context(params)
    return lambda: Member(dial, context, params, system, headers)


def basic(params):
    """Headers with user and password, where there are any."""
    if not params["user"]:
        return {}
    credentials = "%s:%s" % (params["user"], params["password"])
    return {"Authorization": "Basic %s" % base64.b64encode(credentials.encode()).decode()}


class Member:
    """One connection to one member. C(headers) go with each request."""

    def __init__(self, dial, context, params, system, headers=None):
        host = params["address"] or IN_CONTAINER
        self._name = named(params)
        self._system = system
        self._patience = params["request_timeout"]
        self._connection = _Connection(host, dial, context, params["https_hostname"] or host)
        self.headers = dict({"Accept": "application/json"}, **(headers or {}))

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._connection.close()

    def get(self, path, patience=0):
        return self.ask("GET", path, patience=patience)

    def ask(self, method, path, body=None, patience=0):
        """C(patience) is the time in seconds that the member itself may wait, beyond that of any request."""
        headers = dict(self.headers, **({"Content-Type": "application/json"} if body is not None else {}))
        try:
            if self._connection.sock is None:
                self._connection.connect()
            self._connection.sock.settimeout(self._patience + patience)
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = self._connection.getresponse()
            status, text = response.status, response.read()
        except (OSError, http.client.HTTPException) as exc:
            raise NoAnswer("%s did not answer: %s" % (self._name, getattr(exc, "strerror", None) or exc)) from exc
        return _content(self._name, self._system, status, text)


class _Connection(http.client.HTTPConnection):
    def __init__(self, host, dial, context, hostname):
        super().__init__(host)
        self._dial = dial
        self._context = context
        self._hostname = hostname

    def connect(self):
        wire = self._dial()
        if self._context:
            try:
                wire = self._context.wrap_socket(wire, server_hostname=self._hostname)
            except OSError:
                wire.close()
                raise
        self.sock = wire


def _context(params):
    if params["scheme"] != "https":
        return None
    try:
        context = ssl.create_default_context(cafile=params["https_ca_path"])
    except OSError as exc:
        raise Refusal(
            "The https_ca_path %s holds no certificates that can be read: %s. Name a file with certificates in PEM form on this host."
            % (params["https_ca_path"], exc.strerror or exc)
        ) from exc
    if not params["https_validate_certs"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if params["https_client_cert"]:
        try:
            context.load_cert_chain(params["https_client_cert"], params["https_client_key"])
        except OSError as exc:
            raise Refusal(
                "The https_client_cert %s and the https_client_key %s are no certificate with its key: %s. Name both, in PEM form on this "
                "host." % (params["https_client_cert"], params["https_client_key"], exc.strerror or exc)
            ) from exc
    return context


def _content(name, system, status, text):
    try:
        # Some requests are answered with nothing but their status.
        content = json.loads(text) if text.strip() else {}
    except ValueError:
        content = None
    if status == UNAUTHORIZED:
        raise Declined("%s wants another user or password (HTTP status 401)" % name, status, content)
    if status >= 300:
        raise Declined("%s answered with HTTP status %d: %s" % (name, status, _reason(content)), status, content)
    if not isinstance(content, (dict, list)):
        raise NoAnswer("%s says what no %s does: %r" % (name, system, text[:80].decode("utf-8", "replace")))
    return content


def _reason(content):
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict):
        return error.get("reason") or error.get("type") or "no reason"
    return error or "no reason"
