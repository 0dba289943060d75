# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role galera hands to the decision of a recovery, of what hosts told, and what it tells at the end."""

from __future__ import annotations

from ansible_collections.quorate.swarm.tests.unit.roles import templates

HOSTS = ["node1", "node2", "node3"]
LOOK = {"running": True, "data": "filled"}
HEALTH = {"reachable": True, "state": {"cluster_uuid": "u", "seqno": 9, "size": 2}}


def worked_out(names, hosts, **variables):
    hostvars = {host: dict({"inventory_hostname": host}, **hosts.get(host, {})) for host in HOSTS}
    known = {"groups": {"galera": HOSTS}, "hostvars": hostvars, "ansible_play_hosts_all": HOSTS, "inventory_hostname": "node1"}
    return templates.worked_out("galera", names, [known | variables])[0]


def test_who_told_what_and_who_answered_without_telling():
    hosts = {
        "node1": {"__galera_evidence": {"evidence": LOOK}, "__galera_health": HEALTH},
        "node2": {"__galera_evidence": {"unreachable": True, "msg": "no route"}},
        "node3": {"__galera_evidence": {"failed": True, "msg": "There is no engine."}},
    }
    looks, live, unseen = worked_out(["__galera_looks", "__galera_live", "__galera_unseen"], hosts)
    assert (looks, live, unseen) == ({"node1": LOOK}, {"node1": HEALTH}, {"node3": "There is no engine."})


def test_hosts_that_are_left_out_told_nothing():
    looks, unseen = worked_out(["__galera_looks", "__galera_unseen"], {"node1": {"__galera_evidence": {"evidence": LOOK}}})
    assert looks == {"node1": LOOK}
    assert unseen == {"node2": "it was not looked at", "node3": "it was not looked at"}


def test_the_end_tells_every_member_and_the_copy():
    hosts = {host: {"__galera_verified": HEALTH} for host in HOSTS[:2]}
    plan = {"acting": HOSTS[:2]}
    told = ["galera-%s is synced at u:9 in a component of 2" % host for host in HOSTS[:2]]
    assert worked_out(["__galera_recovered"], hosts, __galera_recovery=plan) == [told]
    [with_copy] = worked_out(["__galera_recovered"], hosts, __galera_recovery=plan, __galera_copy="/srv/galera/backups/data-1 on node1")
    assert with_copy[:2] == told and "are in /srv/galera/backups/data-1 on node1; no run deletes a copy" in with_copy[2]
