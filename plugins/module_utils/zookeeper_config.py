# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The membership of a ZooKeeper ensemble, as its servers write it. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PARTICIPANT, OBSERVER = "participant", "observer"
ANY_ADDRESS = "0.0.0.0"
LINE = re.compile(r"(?:server\.)?(\d+)\s*=\s*(\S+)")
PORTS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:;|\[\]]+):(?P<peer>\d+):(?P<election>\d+)(?::(?P<role>\w+))?")
CLIENT = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:;|\[\]]+):)?(?P<port>\d+)")


@dataclass(frozen=True)
class Member:
    """One server; C(servers) and C(client) are written as servers write them, whatever was left out. C(client) may be none."""

    id: int
    servers: str
    role: str = PARTICIPANT
    client: str | None = None

    @property
    def votes(self):
        return self.role == PARTICIPANT

    @property
    def spec(self):
        return "%s:%s%s" % (self.servers, self.role, ";%s" % self.client if self.client else "")

    def line(self):
        return "server.%d=%s" % (self.id, self.spec)

    def is_like(self, other):
        """Where a server has its client port from another file, its membership does not tell it."""
        clients = {client for client in (self.client, other.client) if client}
        return (self.id, self.servers, self.role) == (other.id, other.servers, other.role) and len(clients) < 2


@dataclass(frozen=True)
class Membership:
    """All servers by number, and the version that a change names; no version where there is no ensemble."""

    members: dict = field(default_factory=dict)
    version: int | None = None
    grouped: bool = False

    @property
    def voters(self):
        return {member.id for member in self.members.values() if member.votes}

    def specs(self):
        return {"server.%d" % member.id: member.spec for _id, member in sorted(self.members.items())}

    def told(self):
        return [{"id": member.id, "role": member.role, "spec": member.spec} for _id, member in sorted(self.members.items())]


def member(text):
    """What C(server.1=zoo1:2888:3888:participant;2181) says, also without C(server.), role or client port; none where it says nothing."""
    line = LINE.fullmatch(text.strip())
    if not line:
        return None
    servers, _semicolon, client = line.group(2).partition(";")
    parts = [PORTS.fullmatch(part) for part in servers.split("|")]
    client_part = CLIENT.fullmatch(client) if client else None
    if not all(parts) or bool(client) != bool(client_part):
        return None
    roles = {part.group("role").lower() for part in parts if part.group("role")} or {PARTICIPANT}
    if len(roles) > 1 or not roles <= {PARTICIPANT, OBSERVER}:
        return None
    return Member(
        int(line.group(1)),
        "|".join(sorted("%(host)s:%(peer)s:%(election)s" % part.groupdict() for part in parts)),
        roles.pop(),
        "%s:%s" % (client_part.group("host") or ANY_ADDRESS, client_part.group("port")) if client_part else None,
    )


def membership(text):
    """The content of /zookeeper/config, or the end of the answer to C(conf)."""
    lines = [line.strip() for line in text.splitlines()]
    members = [member(line) for line in lines if line.startswith("server.")]
    versions = [line.partition("=")[2] for line in lines if re.fullmatch(r"version=[0-9a-fA-F]+", line)]
    return Membership(
        {known.id: known for known in members if known},
        int(versions[-1], 16) if versions else None,
        any(line.startswith("group.") for line in lines),
    )
