# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Elasticsearch is asked for, so that it sends what is read and no more. No I/O."""

from __future__ import annotations

from urllib.parse import quote, urlencode

ROOT = "/"
FLUSH = "/_flush"
# Why one shard is where it is.
EXPLAIN = "/_cluster/allocation/explain"
# A look is not to wait for a master; the member's own default are 30 s.
LOOK = 1


def health():
    return _path("/_cluster/health", master_timeout=_seconds(LOOK))


def nodes(limit):
    """With a C(limit) in seconds, after which nodes that do not answer are left out."""
    wanted = ",".join("nodes.*.%s" % key for key in ("name", "ip", "roles", "version"))
    return _path("/_nodes/http", timeout=_seconds(limit), filter_path=wanted)


def settings():
    return _path("/_cluster/settings", flat_settings="true", master_timeout=_seconds(LOOK))


def coordination():
    wanted = "master_node,metadata.cluster_coordination"
    return _path("/_cluster/state/master_node,metadata", master_timeout=_seconds(LOOK), filter_path=wanted)


def replicas():
    wanted = ",".join("metadata.indices.*.settings.index.%s" % key for key in ("number_of_replicas", "auto_expand_replicas"))
    return _path("/_cluster/state/metadata", master_timeout=_seconds(LOOK), filter_path=wanted)


def routing(node_id, *keys):
    """What of each shard on the node is asked for; its number where nothing is said."""
    wanted = ",".join("routing_nodes.nodes.%s.%s" % (node_id, key) for key in keys or ("shard",))
    return _path("/_cluster/state/routing_nodes", master_timeout=_seconds(LOOK), filter_path=wanted)


def new_settings(limit):
    """C(limit) are the seconds that the member may wait for a master, and for the other nodes; so below."""
    return _path("/_cluster/settings", flat_settings="true", master_timeout=_seconds(limit), timeout=_seconds(limit))


def new_exclusions(names, limit):
    return _path("/_cluster/voting_config_exclusions", node_names=",".join(names), timeout=_seconds(limit))


def no_exclusions():
    """At once, whether or not the nodes have left: otherwise an exclusion that was given up could not be taken back."""
    return _path("/_cluster/voting_config_exclusions", wait_for_removal="false")


def _seconds(number):
    return "%ds" % max(1, number)


def _path(path, **query):
    return "%s?%s" % (path, urlencode(query, safe=",*", quote_via=quote))
