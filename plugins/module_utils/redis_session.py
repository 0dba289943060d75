# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to a Redis server at its plain port."""

from __future__ import annotations

import contextlib

from ansible_collections.quorate.swarm.plugins.module_utils import redis_wire as wire
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer

WRONG, NEEDED = "WRONGPASS", "NOAUTH"
# How a server answers to a password that wants none.
UNWANTED = ("without any password configured", "no password is set")


class Declined(NoAnswer):
    """The server answered with an error; C(code) is its first word."""

    def __init__(self, name, text):
        self.code = text.partition(" ")[0]
        self.text = text
        super().__init__("%s answered with %s" % (name, text.rstrip(".")))


@contextlib.contextmanager
def session(dial, name):
    """A Session. C(name) is the server in words."""
    with dial() as connection, connection.makefile("rb") as answers:
        yield Session(connection, answers, name)


class Session:
    def __init__(self, connection, answers, name):
        self._connection = connection
        self._answers = answers
        self._name = name

    def log_in(self, passwords, user=None):
        """With the first of the passwords that the server takes. One that wants none is talked to without."""
        for password in passwords:
            try:
                self.ask("AUTH", *([user] if user else []), password)
                return
            except Declined as exc:
                if any(words in exc.text for words in UNWANTED):
                    return
                if exc.code != WRONG and "invalid password" not in exc.text:
                    raise
        if passwords:
            raise NoAnswer(
                "%s wants another user or password (%s); while a password is being changed, the earlier one has to be given as well"
                % (self._name, WRONG),
                denied=True,
            )

    def ask(self, *words):
        """The answer as a text, none where there is none."""
        try:
            self._connection.sendall(wire.command(*words))
            kind, text = wire.head(self._line())
            if kind == "$":
                size = wire.length(text)
                return None if size is None else self._content(size)
        except wire.Malformed as exc:
            raise NoAnswer("%s says what no Redis does: %s" % (self._name, exc)) from exc
        except OSError as exc:
            raise NoAnswer("%s did not answer: %s" % (self._name, exc.strerror or exc)) from exc
        if kind != "-":
            return text
        if text.startswith(NEEDED):
            raise NoAnswer("%s wants a password (%s)" % (self._name, NEEDED), denied=True)
        raise Declined(self._name, text)

    def _line(self):
        line = self._answers.readline(wire.LONGEST)
        if not line.endswith(wire.END):
            raise NoAnswer("%s ended the connection, as one for TLS does, and one with too many connections" % self._name)
        return line[: -len(wire.END)]

    def _content(self, size):
        content = self._answers.read(size + len(wire.END))
        if len(content) < size + len(wire.END):
            raise NoAnswer("%s ended the connection in the middle of an answer" % self._name)
        return content[:size].decode("utf-8", "replace")
