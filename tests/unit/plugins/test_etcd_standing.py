# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an etcd cluster stands, and what is done to it for that, from what its members and their disks say."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.quorate.swarm.plugins.filter.member_rollout import member_rollout
from ansible_collections.quorate.swarm.plugins.module_utils import etcd_disk, etcd_state
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.etcd import CLUSTER, member, status, url_of
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.raft_files import message

HOSTS = ("node1", "node2", "node3")
FIRST, LATER = "0000000000000000-0000000000000000.wal", "0000000000000001-0000000000002711.wal"
OTHER = 0xCDF818194E3A8C32


def said(number, **other):
    name = "etcd%d" % number
    return {"name": name, "state": "present", "peer_url": url_of(name), "token": "etcd", "version": "v3.4.23", **other}


MEMBERS = {host: said(number) for number, host in enumerate(HOSTS, 1)}
TOGETHER = int(etcd_disk.cluster_id([[url_of("etcd%d" % number)] for number in (1, 2, 3)], "etcd"), 16)


def log(number, cluster=CLUSTER, formed=True, files=(FIRST,), versions=("3.4.0",)):
    """What lies on the disk of a member with this ID."""
    metadata = message((1, number), (2, cluster))
    return {
        "log": ["0.tmp", *files],
        "metadata": [{"base64": base64.b64encode(metadata).decode()}],
        "terms": ["\x02"] if formed else [],
        "versions": list(versions),
    }


def look(evidence=None, exists=True, running=True, differs=False):
    return {
        "exists": exists, "running": running, "restart_needed": differs, "differs": ["etcd.yml differs"] * differs, "refusals": [],
        "evidence": evidence or {"log": None, "metadata": None, "terms": None, "versions": None},
    }


def says(number, leader=1, known=(1, 2, 3), healthy=True, learner=False, others=(), **told):
    if learner:
        return {"state": etcd_state.state(status(number, leader, isLearner=True))}
    members = [*(member(each) for each in known), *others]
    version = {"etcdcluster": told.pop("cluster_version", "3.4.0")}
    return {"state": etcd_state.state(status(number, leader, **told), members, healthy, version)}


def decide(looks, live, members=None):
    members = members or MEMBERS
    hosts = list(members)
    return member_rollout(members, "etcd", dict(zip(hosts, looks, strict=False)), dict(zip(hosts, live, strict=False)))


BARE = look(exists=False, running=False)
WHOLE = [look(log(number)) for number in (1, 2, 3)]
DOWN = [look(log(number), running=False) for number in (1, 2, 3)]
GONE = [look(log(number), exists=False, running=False) for number in (1, 2, 3)]
SERVE = [says(number) for number in (1, 2, 3)]
SILENT = {"state": None}


def begun(number, **other):
    return log(number, cluster=TOGETHER, formed=False, **other)


@pytest.mark.parametrize(
    "looks, live, sentences",
    [
        ([BARE] * 3, [SILENT] * 3, ["form the cluster of etcd1, etcd2, etcd3, side by side"]),
        # Killed after the first members had started: they wait for the others with which they have begun.
        ([look(begun(1)), BARE, BARE], [SILENT] * 3, ["form the cluster of etcd2, etcd3, side by side"]),
        (WHOLE, SERVE, ["nothing is to be done"]),
        ([look(log(number), differs=True) for number in (1, 2, 3)], SERVE, ["replace etcd2, then etcd3; leader etcd1 last"]),
        # All hosts were off.
        (DOWN, [SILENT] * 3, ["start etcd1, etcd2, etcd3, side by side"]),
        ([look(log(1, files=(LATER,), formed=False), running=False), *DOWN[1:]], [SILENT] * 3, ["start etcd1, etcd2, etcd3, side by side"]),
        # Of those with which a cluster was begun two have formed it before the run was killed.
        ([*WHOLE[:2], BARE], [*SERVE[:2], SILENT], ["add etcd3"]),
        ([*WHOLE[:2], look(log(3, formed=False), running=False)], [*SERVE[:2], SILENT], ["start etcd3, side by side"]),
        # The containers are gone, the logs are there: without them nobody may serve.
        (GONE, [SILENT] * 3, ["start etcd1, etcd2, etcd3, side by side"]),
        ([WHOLE[0], *GONE[1:]], [SILENT] * 3, ["start etcd2, etcd3, side by side"]),
        ([*WHOLE[:2], GONE[2]], [*SERVE[:2], SILENT], ["start etcd3, side by side"]),
        # One that has lost its log comes back under another ID, whether or not it was seen to run.
        ([*WHOLE[:2], look(running=False)], [*SERVE[:2], SILENT], ["add etcd3"]),
        ([*WHOLE[:2], look()], [*SERVE[:2], SILENT], ["add etcd3"]),
        ([*DOWN[:2], look(running=False)], [SILENT] * 3, ["start etcd1, etcd2, side by side", "add etcd3"]),
        # Killed between the place, the start and the vote of a new member.
        (
            [*WHOLE[:2], BARE],
            [says(1, known=(1, 2), others=[member(3, learner=True, started=False)]), says(2, known=(1, 2)), SILENT],
            ["add etcd3"],
        ),
        (WHOLE, [says(1, known=(1, 2), others=[member(3, learner=True)]), says(2), says(3, learner=True)], ["add etcd3"]),
        (
            [*WHOLE[:2], DOWN[2]],
            [*SERVE[:2], SILENT],
            ["start etcd3, side by side"],
        ),
        (
            [look(log(1)), look(log(2), differs=True), look(log(3))],
            [*SERVE[:2], SILENT],
            ["wait until the cluster is whole, since etcd3 does not serve", "replace etcd2"],
        ),
        (
            WHOLE,
            [says(number, leader=0, healthy=False) for number in (1, 2, 3)],
            ["wait until the cluster is whole, since etcd1, etcd2, etcd3 do not serve"],
        ),
    ],
)
def test_what_is_done(looks, live, sentences):
    assert decide(looks, live).get("sentences") == sentences


def test_one_member_alone():
    alone = {"node1": said(1)}
    assert decide([BARE], [SILENT], alone)["sentences"] == ["form the cluster of etcd1, side by side"]
    assert decide([look(log(1))], [says(1, known=(1,))], alone)["sentences"] == ["nothing is to be done"]
    assert decide([look(log(1), differs=True)], [says(1, known=(1,))], alone)["sentences"] == ["replace leader etcd1 last"]
    told = decide([look(log(1)), BARE, BARE], [says(1, known=(1,)), SILENT, SILENT])
    assert told["sentences"] == ["add etcd2, then etcd3"]


def test_a_member_that_leaves_goes_before_the_leader_and_one_whose_host_is_gone_is_taken_out():
    members = dict(MEMBERS, node3=said(3, state="absent"))
    assert decide(WHOLE, SERVE, members)["sentences"] == ["remove etcd3"]
    told = decide(WHOLE[:2], SERVE[:2], members)
    assert told["sentences"] == ["take etcd3 out of the cluster, whose hosts are gone"]
    assert told["warnings"][0].startswith("2 members bear the loss of no more than 1 would")


def test_a_place_of_a_new_member_that_was_taken_out_again_counts():
    members = dict(MEMBERS, node4=said(4, state="absent"))
    others = [member(4, learner=True, started=False)]
    told = decide(WHOLE, [says(number, others=others) for number in (1, 2, 3)], members)
    assert told["forget"] == ["node4"]


@pytest.mark.parametrize(
    "looks, live, members, refusal",
    [
        (
            WHOLE,
            [*SERVE[:2], {"state": dict(SERVE[2]["state"], cluster_id="c")}],
            MEMBERS,
            "The members are in 2 clusters: 38aa27e058110c27 of etcd1, etcd2; c of etcd3. One of them has to be moved away",
        ),
        (
            [*WHOLE[:2], look(log(3, OTHER), running=False)],
            [*SERVE[:2], SILENT],
            MEMBERS,
            "On node3 the data directory is one of the cluster cdf818194e3a8c32, and the others are in 38aa27e058110c27",
        ),
        (
            [*DOWN[:2], look(log(3, OTHER), running=False)],
            [SILENT] * 3,
            MEMBERS,
            "The data directories are of 2 clusters: on node1 that of 38aa27e058110c27, on node2 that of 38aa27e058110c27",
        ),
        (
            [*WHOLE[:2], look(log(9), exists=False, running=False)],
            [says(number, known=(1, 2)) for number in (1, 2)] + [SILENT],
            MEMBERS,
            "On node3 the data directory is that of a member that was taken out of the cluster, and etcd lets none come back with",
        ),
        (
            [look(begun(1)), BARE, BARE],
            [SILENT] * 3,
            dict(MEMBERS, node3=said(4)),
            "On node1 a cluster was begun with other members than those of now, or with another token, and never came about",
        ),
        (
            [DOWN[0], BARE, look(running=False)],
            [SILENT] * 3,
            MEMBERS,
            "node2, node3 have no data, and with the others no majority of 3 members can be had: nobody could take them in again",
        ),
        (
            WHOLE,
            SERVE,
            dict(MEMBERS, node2=said(2, peer_url="https://etcd2:2380")),
            "The cluster knows etcd2 at http://etcd2:2380, and by name and etcd_peer_scheme of the inventory it would be https://etcd2:2380",
        ),
        (
            WHOLE,
            [says(number, cluster_version="3.5.0") for number in (1, 2, 3)],
            MEMBERS,
            "On node1 the data are of version 3.5, and the image has 3.4. etcd reads no data of a newer version",
        ),
        (
            [look(log(1, versions=("3.4.0", "3.5.0")), running=False), *DOWN[1:]],
            [SILENT] * 3,
            MEMBERS,
            "On node1 the data are of version 3.5, and the image has 3.4",
        ),
        (
            WHOLE,
            SERVE,
            {host: dict(known, version="v3.6.1") for host, known in MEMBERS.items()},
            "On node1 the data are of version 3.4, and the image has 3.6. etcd goes on by one minor version at a time: take 3.5 first",
        ),
    ],
)
def test_what_is_refused(looks, live, members, refusal):
    told = decide(looks, live, members)["refusal"]
    assert told and told.startswith(refusal), told


def test_an_upgrade_by_one_minor_version_and_a_tag_that_tells_none_are_taken():
    for version in ("v3.5.21", "", "v3.4.1"):
        members = {host: dict(known, version=version) for host, known in MEMBERS.items()}
        assert decide(WHOLE, SERVE, members)["refusal"] is None


def test_strangers_and_what_members_say_is_wrong_are_told():
    told = decide(WHOLE, [says(number, known=(1, 2, 3, 7, 8), errors=["alarm NOSPACE"]) for number in (1, 2, 3)])
    assert told["warnings"] == [
        "etcd7, etcd8 are in the cluster, and in no group of the inventory; each counts wherever a majority is needed. Bring the host back "
        "with etcd_state=absent, or take it out with the module quorate.swarm.etcd_members",
        *("etcd%d says: alarm NOSPACE" % number for number in (1, 2, 3)),
    ]


def test_reordering_a_group_changes_nothing():
    turned = {host: MEMBERS[host] for host in reversed(MEMBERS)}
    assert decide(WHOLE[::-1], SERVE[::-1], turned)["sentences"] == ["nothing is to be done"]


# The disk


def test_a_disk():
    assert etcd_disk.read(None) == etcd_disk.read({"log": ["0.tmp"]}) == etcd_disk.Disk()
    assert etcd_disk.read(log(0xBE7AD53192D30E7B)) == etcd_disk.Disk(True, True, "be7ad53192d30e7b", "38aa27e058110c27", (3, 4))
    # What the evidence found may be text, or nothing that is understood.
    text = {"log": [FIRST], "metadata": [message((1, 5), (2, 6)).decode()], "terms": []}
    assert etcd_disk.read(text) == etcd_disk.Disk(True, False, "5", "6")
    assert etcd_disk.read({"log": [FIRST], "metadata": ["\x08\x01\x10"]}) == etcd_disk.Disk(True)


def test_the_id_of_a_cluster_that_begins():
    """As etcd 3.4.23 told it of these members."""
    urls = [["http://127.0.0.1:1%d380" % number] for number in (3, 1, 2)]
    assert etcd_disk.cluster_id(urls, "etcd") == "38aa27e058110c27"
