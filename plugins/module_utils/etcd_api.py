# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to one member of an etcd cluster, over its JSON gateway."""

from __future__ import annotations

import contextlib

from ansible_collections.quorate.swarm.plugins.module_utils import etcd_state, member_http
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer
from ansible_collections.quorate.swarm.plugins.module_utils.member_http import Declined

SYSTEM = "etcd"
PORT = 2379
UNHEALTHY = 503
PERMISSION_DENIED, UNAUTHENTICATED = 7, 16
# With these words, and the code of what is wrong in a request, it asks for a user.
NO_USER = ("user name is empty", "user name not found", "authentication failed", "invalid auth token", "permission denied")
WITHOUT_USERS = "authentication is not enabled"
ONLY_VOTERS = "not supported for learner"


def caller(reach, params):
    """A function that opens the API of the member, as a context. Where there is a user, it logs in first."""
    call = member_http.caller(reach, params, SYSTEM)

    @contextlib.contextmanager
    def opened():
        with call() as member:
            api = Api(member)
            if params["user"]:
                api.log_in(params["user"], params["password"])
            yield api

    return opened


class Api:
    def __init__(self, member):
        self._member = member

    def log_in(self, user, password):
        try:
            token = self.ask("auth/authenticate", {"name": user, "password": password}).get("token")
        except Declined as exc:
            if WITHOUT_USERS not in str(exc):
                raise
            return
        self._member.headers["Authorization"] = token

    def status(self):
        return self.ask("maintenance/status")

    def members(self):
        """As the member lists them; a learner may not."""
        try:
            return self.ask("cluster/member/list").get("members") or []
        except Declined as exc:
            if ONLY_VOTERS in str(exc):
                return []
            raise

    def is_healthy(self):
        """Whether the cluster agrees to a request that is made for the purpose."""
        try:
            return etcd_state.is_healthy(self._member.get("/health"))
        except Declined as exc:
            if exc.status == UNHEALTHY:
                return False
            raise

    def version(self):
        return self._member.get("/version")

    def ask(self, method, body=None):
        try:
            return self._member.ask("POST", "/v3/%s" % method, body or {})
        except Declined as exc:
            if is_denied(exc):
                raise NoAnswer("%s. It wants another user or password" % str(exc).rstrip("."), denied=True) from exc
            raise


def is_denied(exc):
    content = exc.content if isinstance(exc.content, dict) else {}
    if content.get("code") in (PERMISSION_DENIED, UNAUTHENTICATED):
        return True
    return any(words in str(content.get("error")) for words in NO_USER)
