# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of an etcd cluster, of which one is on this machine's loopback, with answers of the shape that 3.4 gives."""

from __future__ import annotations

import itertools

from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.http import HttpMember

CLUSTER = 0x38AA27E058110C27
NOT_IN_STEP = 412, {"error": "etcdserver: can only promote a learner member which is in sync with leader", "code": 9}
UNHEALTHY = 503, {"error": "etcdserver: unhealthy cluster", "code": 14}
NO_USER = 400, {"error": "etcdserver: user name is empty", "code": 3}


def url_of(name):
    return "http://%s:2380" % name


def member(number, name=None, learner=False, started=True):
    """As the API has it: what is empty is left out, and numbers are texts."""
    name = name or "etcd%d" % number
    told = {"ID": str(number), "peerURLs": [url_of(name)]}
    if started:
        told.update({"name": name, "clientURLs": ["http://%s:2379" % name]})
    return dict(told, isLearner=True) if learner else told


def status(own=1, leader=1, **said):
    header = {"cluster_id": str(CLUSTER), "member_id": str(own), "revision": "42", "raft_term": "2"}
    told = {"header": header, "version": "3.4.23", "dbSize": "20480", "raftIndex": "57", "raftTerm": "2"}
    return {**told, **({"leader": str(leader)} if leader else {"errors": ["etcdserver: no leader"]}), **said}


class Cluster(HttpMember):
    """C(troubles) are what the next changes are answered with, or "lost" for one that is made and not answered."""

    def __init__(self, *members, own=1, leader=1):
        self.members = list(members) or [member(number) for number in (1, 2, 3)]
        self.healthy = True
        self.troubles = []
        self.changes = []
        self._ids = itertools.count(100)
        super().__init__(
            {
                "POST /v3/maintenance/status": status(own, leader),
                "POST /v3/cluster/member/list": lambda _query, _body: {"header": {}, "members": self.members},
                "POST /v3/cluster/member/add": lambda _query, body: self.change("add", body),
                "POST /v3/cluster/member/promote": lambda _query, body: self.change("promote", body),
                "POST /v3/cluster/member/remove": lambda _query, body: self.change("remove", body),
                "GET /health": lambda _query, _body: (200, {"health": "true"}) if self.healthy else (503, {"health": "false"}),
                "GET /version": {"etcdserver": "3.4.23", "etcdcluster": "3.4.0"},
            }
        )

    def change(self, kind, body):
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble and trouble != "lost":
            return trouble
        self.changes.append(kind)
        getattr(self, kind)(body)
        return (504, {"error": "etcdserver: request timed out", "code": 14}) if trouble else {"header": {}}

    def add(self, body):
        name = body["peerURLs"][0].split("/")[2].split(":")[0]
        self.members.append(member(next(self._ids), name, body["isLearner"], started=False))

    def promote(self, body):
        next(one for one in self.members if one["ID"] == body["ID"]).pop("isLearner")

    def remove(self, body):
        self.members = [one for one in self.members if one["ID"] != body["ID"]]
