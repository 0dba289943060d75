#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_cluster
short_description: Persistent settings and votes of a whole Elasticsearch cluster
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Sets and removes persistent settings of the cluster, excludes nodes from voting, and flushes all indices, in this order.
  - Reads first and writes only what differs. Settings that are not named are not touched.
  - Runs once, through any member that is in the cluster. A cluster without a master is waited for.
  - Made for Elasticsearch 7.17 and 8.
options:
  settings:
    description:
      - Persistent settings by name, for example C(cluster.routing.allocation.enable), flat or nested. V(null) removes a setting.
      - A name with C(*) and the value V(null) removes all that are set and fit.
      - A transient setting of the same name goes before the persistent one; it is left as it is, with a warning.
    type: dict
  exclude_from_voting:
    description:
      - Names of nodes that shall not vote, and not be elected, before they are taken away. Who is excluded already stays so.
      - The task ends when the cluster has moved its votes to others. It is refused where nobody could be elected any more.
    type: list
    elements: str
    default: []
  include_in_voting:
    description: Let all nodes vote again, once those that were excluded are gone or shall stay after all.
    type: bool
    default: false
  flush:
    description:
      - Write what all indices hold in memory to the disk, so that a member that restarts recovers faster.
      - It is an action, and takes place each time that it is asked for.
    type: bool
    default: false
  wait_timeout:
    description: Seconds until the cluster must have a master, and until each of the steps must be done.
    type: int
    default: 60
attributes:
  idempotent:
    support: partial
    details:
      - O(flush=true) flushes each time, and is a change.
extends_documentation_fragment:
  - quorate.swarm.member
  - quorate.swarm.elasticsearch
  - quorate.swarm.http
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.elasticsearch_health
"""

EXAMPLES = r"""
- name: Before a member is restarted
  quorate.swarm.elasticsearch_cluster:
    container: elastic-master
    settings:
      cluster.routing.allocation.enable: primaries
    flush: true

- name: Afterwards, through a member that is up
  quorate.swarm.elasticsearch_cluster:
    container: elastic-master
    settings:
      cluster.routing.allocation.enable: null

- name: Move all shards away from a node that shall go
  quorate.swarm.elasticsearch_cluster:
    container: elastic-master
    settings:
      cluster.routing.allocation.exclude._name: elastic-data03

- name: Take the vote from a master that shall go
  quorate.swarm.elasticsearch_cluster:
    container: elastic-master1
    exclude_from_voting: [elastic-master3]

- name: Forget about it after it has gone
  quorate.swarm.elasticsearch_cluster:
    container: elastic-master1
    include_in_voting: true
"""

RETURN = r"""
settings:
  description: Those persistent settings that O(settings) names, after the task; in check mode as they are. None where one is not set.
  returned: success
  type: dict
  sample: {"cluster.routing.allocation.enable": "primaries"}
voting_exclusions:
  description: Names of the nodes that are excluded from voting, after the task; in check mode as they are.
  returned: success
  type: list
  elements: str
  sample: []
flushed:
  description: Numbers of shards in C(total), C(successful) and C(failed); none where nothing was flushed.
  returned: success
  type: dict
  sample: {"total": 4, "successful": 4, "failed": 0}
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["set cluster.routing.allocation.enable primaries", "flush all indices"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import elasticsearch_paths as paths
from ansible_collections.quorate.swarm.plugins.module_utils import elasticsearch_settings as settings
from ansible_collections.quorate.swarm.plugins.module_utils import elasticsearch_state as cluster
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, QuorateError
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.member_http import TOGETHER, Declined, basic, caller, http_arguments
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import MODULE_OPTIONS
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until

# What a member waits for in one request; requests are repeated within wait_timeout.
ONE_REQUEST = 10


def execute(reach, params, check_mode):
    call = caller(reach, params, cluster.SYSTEM, basic(params))
    current = read(call, params)
    plan = settings.plan(current, params)
    flushed = None
    if not check_mode:
        for step in plan.steps:
            done = STEPS[step.action](call, step, params)
            flushed = done if step.action == "flush" else flushed
        current = read(call, params) if plan.before else current
    outcome = Outcome.of(
        plan,
        settings=settings.chosen(current.persistent, params["settings"]),
        voting_exclusions=sorted(current.excluded),
        flushed=flushed,
    )
    outcome.warnings += settings.flush_warnings(flushed or {})
    return outcome


def read(call, params):
    def look(member):
        told, voting = member.get(paths.settings()), member.get(paths.coordination())
        if not voting.get("master_node"):
            raise NoAnswer("the member finds no master")
        known = member.get(paths.nodes(params["request_timeout"] // 2)) if settings.concerns_votes(params) else {}
        exclusions = voting["metadata"]["cluster_coordination"].get("voting_config_exclusions", [])
        return settings.Current(
            told["persistent"],
            told["transient"],
            tuple(cluster.excluded(exclusions)),
            tuple({"name": node["name"], "roles": node["roles"]} for node in known.get("nodes", {}).values()),
        )

    return patiently(call, look, params, "the cluster had a master")


def patiently(call, send, params, goal):
    """What C(send(member)) returns, again until a member answers that has a master; every request here may be repeated."""

    def observe():
        try:
            with call() as member:
                return send(member), None
        except NoAnswer as exc:
            if isinstance(exc, Declined) and not exc.may_pass:
                raise QuorateError("Elasticsearch did not do what was asked for: %s." % str(exc).rstrip(".")) from exc
            return None, str(exc)

    answer, _error = wait_until(
        observe, lambda seen: seen[1] is None, params["wait_timeout"], goal, describe=lambda seen: seen[1].rstrip(".")
    )
    return answer


def write(call, step, params):
    body = {"persistent": step.settings}

    def send(member):
        answer = member.ask("PUT", paths.new_settings(ONE_REQUEST), body, patience=ONE_REQUEST)
        if not answer.get("acknowledged"):
            raise NoAnswer("not all nodes have taken the settings")
        return answer

    return patiently(call, send, params, "all nodes had taken the settings")


def exclude(call, step, params):
    path = paths.new_exclusions(step.names, ONE_REQUEST)
    goal = "the cluster did without the votes of %s" % ", ".join(step.names)
    return patiently(call, lambda member: member.ask("POST", path, patience=ONE_REQUEST), params, goal)


def include(call, _step, params):
    path = paths.no_exclusions()
    return patiently(call, lambda member: member.ask("DELETE", path, patience=ONE_REQUEST), params, "all nodes could vote")


def flush(call, _step, params):
    def send(member):
        return member.ask("POST", paths.FLUSH, patience=params["wait_timeout"])["_shards"]

    return patiently(call, send, params, "all indices were flushed")


STEPS = {"write": write, "exclude": exclude, "include": include, "flush": flush}

ARGUMENTS = dict(
    http_arguments(port=9200),
    settings={"type": "dict"},
    exclude_from_voting={"type": "list", "elements": "str", "default": []},
    include_in_voting={"type": "bool", "default": False},
    flush={"type": "bool", "default": False},
    wait_timeout={"type": "int", "default": 60},
)


def main():
    run_reconnecting_module(
        execute,
        ARGUMENTS,
        required_together=TOGETHER,
        required_one_of=MODULE_OPTIONS["required_one_of"],
        mutually_exclusive=[*MODULE_OPTIONS["mutually_exclusive"], ("exclude_from_voting", "include_in_voting")],
    )


if __name__ == "__main__":
    main()
