# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member of an Elasticsearch cluster on this machine's loopback, with answers of the shape that 7.17 gives."""

from __future__ import annotations

from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.http import HttpMember

MASTER, DATA = "Mt9T5oTFSAmvPqKXx0pRwQ", "aYKYbYLQTgyzGWGqyDIZ7A"
NO_MASTER = 503, {"error": {"type": "master_not_discovered_exception", "reason": None}, "status": 503}


def root(uuid="9qSgp5AVQoOwLBGcHwQ2Rw"):
    version = {"number": "7.17.29", "build_flavor": "default", "lucene_version": "8.11.3"}
    return {"name": "elastic-master", "cluster_name": "demo", "cluster_uuid": uuid, "version": version, "tagline": "You Know, for Search"}


def health(status="green", **numbers):
    shards = dict.fromkeys(("relocating_shards", "initializing_shards", "unassigned_shards", "delayed_unassigned_shards"), 0)
    counted = {"number_of_nodes": 2, "active_shards": 2, "number_of_pending_tasks": 0}
    return {"cluster_name": "demo", "status": status, "timed_out": False, **shards, **counted, **numbers}


def nodes(**names):
    """By ID; the master and one with data where none are given."""
    names = names or {MASTER: "elastic-master", DATA: "elastic-data01"}
    return {
        "nodes": {
            key: {"name": name, "ip": "10.0.1.4", "version": "7.17.29", "roles": ["master"] if "master" in name else ["data", "ingest"]}
            for key, name in names.items()
        }
    }


def coordination(exclusions=()):
    voting = {"term": 1, "last_committed_config": [MASTER], "last_accepted_config": [MASTER]}
    if exclusions:
        voting["voting_config_exclusions"] = [{"node_id": key, "node_name": name} for key, name in exclusions]
    return {"master_node": MASTER, "metadata": {"cluster_coordination": voting}}


def routing(shards):
    listed = [{"index": "fruit", "shard": number, "primary": True} for number in range(shards)]
    return {"routing_nodes": {"nodes": {DATA: listed}}} if shards else {}


def settings(persistent=None, transient=None):
    return {"persistent": persistent or {}, "transient": transient or {}}


class Member(HttpMember):
    def __init__(self):
        super().__init__(
            {
                "GET /": root(),
                "GET /_cluster/health": health(),
                "GET /_nodes/http": nodes(),
                "GET /_cluster/settings": settings(),
                "GET /_cluster/state/master_node,metadata": coordination(),
                "GET /_cluster/state/routing_nodes": routing(1),
            }
        )

    def loses_its_master(self):
        for path in self.answers:
            if path != "GET /":
                self.answers[path] = NO_MASTER
        return self
