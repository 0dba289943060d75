# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a Galera cluster stands, and what is done to it for that, from what its members and their disks say."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.member_rollout import member_rollout
from ansible_collections.quorate.swarm.plugins.module_utils import galera_disk as disk

OURS, OTHERS = "b9f7bf71-ed15-11f1-9c2e-72eed756da22", "11111111-ed15-11f1-9c2e-72eed756da22"
NONE = "00000000-0000-0000-0000-000000000000"
MEMBERS = {
    "node%d" % number: {"name": "galera-node%d" % number, "state": "present", "cluster": "galera", "version": "10.11", "writer": False}
    for number in (1, 2, 3)
}
NAMES = [said["name"] for said in MEMBERS.values()]
ALL = ",".join(NAMES)
SAVED = "# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   %d\nsafe_to_bootstrap: %d\n"
CONFIG = "[mysqld]\nwsrep_cluster_address=gcomm://%s\nbinlog_format=ROW\n"


def look(exists=True, running=True, differs=False, uuid=OURS, names=ALL, **evidence):
    """A member's host; C(uuid) is what Galera has noted on its disk, C(names) what its configuration says of its cluster."""
    known = {
        "state": None if uuid is None else SAVED % (uuid, -1, 0),
        "tables": None if uuid is None else ["db.frm", "user.frm"],
        "config": None if names is None else CONFIG % names,
    }
    return {
        "exists": exists,
        "running": running,
        "restart_needed": differs,
        "differs": ["galera.cnf differs"] * differs,
        "refusals": [],
        "evidence": dict(known, **evidence),
    }


BARE = look(exists=False, running=False, uuid=None, names=None)
DOWN = look(running=False)
NO_CONTAINER = look(exists=False, running=False)
# Its volume was replaced by an empty one.
EMPTY = look(running=False, uuid=None)
# Its container runs for the first time, and has made its database; or it is the only one of its cluster yet.
MADE = look(uuid=None, names="", tables=["db.frm"])
BEGUN = look(names="")
# A database of before, from which somebody wants to make a cluster.
DATABASE = look(exists=False, running=False, uuid=None, names=None, tables=["db.frm"])


def says(status="Primary", members=NAMES, local=4, uuid=OURS, ready=True, name="galera", conf=3):
    comment = {4: "Synced", 2: "Donor/Desynced", 1: "Joining", 0: "Initialized"}[local]
    return {
        "state": {
            "cluster_status": status,
            "members": list(members),
            "local_state": local,
            "local_state_comment": comment,
            "connected": True,
            "ready": ready,
            "cluster_uuid": uuid,
            "cluster_name": name,
            "conf_id": conf,
        }
    }


IN = says()
LOST = says("non-Primary", NAMES[:1], local=0, ready=False)
SILENT = {"state": None}


def decide(looks, live, members=None, waited=False):
    members = members or MEMBERS
    hosts = list(members)
    known = {host: seen for host, seen in zip(hosts, looks, strict=True) if seen is not None}
    return member_rollout(members, "galera", known, {host: said for host, said in zip(hosts, live, strict=True) if host in known}, waited)


def of(*hosts, **said):
    """Some hosts' members, with what is said of single ones."""
    return {host: dict(MEMBERS.get(host) or dict(MEMBERS["node1"], name="galera-" + host), **said.get(host, {})) for host in hosts}


GONE = {"state": "absent"}
LEFT = "no member is in a primary component"


@pytest.mark.parametrize(
    "looks, live, sentences",
    [
        # One alone forms the cluster; nobody else could be in it.
        ([BARE] * 3, [SILENT] * 3, ["form the cluster with galera-node1 alone", "add galera-node2, then galera-node3"]),
        # A run was killed while the first one made its database, or before it had formed the cluster.
        (
            [MADE, BARE, BARE],
            [SILENT] * 3,
            ["wait until the cluster is whole, since no member is in a primary component", "add galera-node2, then galera-node3"],
        ),
        (
            [look(running=False, uuid=NONE, names=""), BARE, BARE],
            [SILENT] * 3,
            ["form the cluster with galera-node1 alone", "add galera-node2, then galera-node3"],
        ),
        # It had formed it, and its power was cut before anybody else came: Galera lets it form its own cluster again.
        (
            [look(running=False, names=""), BARE, BARE],
            [SILENT] * 3,
            ["form the cluster with galera-node1 alone", "add galera-node2, then galera-node3"],
        ),
        # The containers are gone, the data are there.
        ([NO_CONTAINER] * 3, [SILENT] * 3, ["start galera-node1, galera-node2, galera-node3, side by side"]),
        ([DOWN, NO_CONTAINER, BARE], [SILENT] * 3, ["start galera-node1, galera-node2, side by side", "add galera-node3"]),
        ([look(), look(), NO_CONTAINER], [IN, IN, SILENT], ["add galera-node3"]),
        # The same in a group whose order somebody has changed, or with a database that was there before: not the first of the group.
        (
            [BARE, look(running=False, names=""), BARE],
            [SILENT] * 3,
            ["form the cluster with galera-node2 alone", "add galera-node1, then galera-node3"],
        ),
        ([BARE, DATABASE, BARE], [SILENT] * 3, ["form the cluster with galera-node2 alone", "add galera-node1, then galera-node3"]),
        # The cluster is formed, and the run was killed before the first one's file was written again, or later.
        (
            [dict(BEGUN, differs=["galera.cnf differs"]), BARE, BARE],
            [says(members=NAMES[:1]), SILENT, SILENT],
            ["add galera-node2, then galera-node3", "write what needs no restart on node1"],
        ),
        (
            [look(), look(uuid=None, tables=[]), BARE],
            [says(members=NAMES[:1]), SILENT, SILENT],
            ["bring back galera-node2", "add galera-node3"],
        ),
        ([look()] * 3, [IN] * 3, ["nothing is to be done"]),
        ([look(differs=True)] * 3, [IN] * 3, ["replace galera-node1, then galera-node2, then galera-node3"]),
        # Beside a component that serves nobody is started side by side, and before any other is touched.
        ([look(differs=True), look(), DOWN], [says(members=NAMES[:2])] * 2 + [SILENT], ["bring back galera-node3", "replace galera-node1"]),
        ([look(), DOWN, DOWN], [says(members=NAMES[:1]), SILENT, SILENT], ["bring back galera-node2, then galera-node3"]),
        # Also one whose data are gone, one that systemd has started by itself, and one that does not stay up for its settings.
        ([look(), look(), EMPTY], [says(members=NAMES[:2])] * 2 + [SILENT], ["bring back galera-node3"]),
        ([look(), look(), look()], [IN, IN, says(local=1, ready=False)], ["bring back galera-node3"]),
        ([look(), look(), look(running=False, differs=True)], [says(members=NAMES[:2])] * 2 + [SILENT], ["bring back galera-node3"]),
        # One that gives its data away is not to be ended.
        (
            [look(differs=True), look(), look()],
            [IN, says(local=2), IN],
            ["wait until the cluster is whole, since galera-node2 (Donor/Desynced) is not synced", "replace galera-node1"],
        ),
        # All hosts were off. What is down is started as it is, and what runs is given time; nobody is told to form a cluster.
        ([DOWN] * 3, [SILENT] * 3, ["start galera-node1, galera-node2, galera-node3, side by side"]),
        ([look()] * 3, [SILENT] * 3, ["wait until the cluster is whole, since %s" % LEFT]),
        ([look()] * 3, [LOST, SILENT, SILENT], ["wait until the cluster is whole, since %s" % LEFT]),
        ([look(), look(), DOWN], [LOST, LOST, SILENT], ["start galera-node3, side by side"]),
        # To end what differs would take from its disk what it could find the others by.
        ([look(differs=True)] * 3, [LOST, SILENT, SILENT], ["wait until the cluster is whole, since %s" % LEFT]),
        # One that lost its data then waits for the others.
        ([DOWN, DOWN, EMPTY], [SILENT] * 3, ["start galera-node1, galera-node2, side by side", "add galera-node3"]),
    ],
)
def test_what_is_done(looks, live, sentences):
    assert decide(looks, live)["sentences"] == sentences


def test_the_first_forms_the_cluster_and_nobody_else():
    decided = decide([BARE] * 3, [SILENT] * 3)
    assert (decided["form"], decided["start"], decided["join"]) == (["node1"], ["node1"], ["node2", "node3"])


@pytest.mark.parametrize("looks", [[DOWN] * 3, [look()] * 3, [EMPTY, DOWN, DOWN], [BARE, DOWN, DOWN]])
def test_nobody_forms_a_cluster_where_there_has_been_one(looks):
    decided = decide(looks, [SILENT] * 3)
    assert (decided["way"], decided["form"]) == ("keep", [])


def test_whom_clients_write_to_is_changed_last():
    members = of("node1", "node2", "node3", node1={"writer": True})
    assert decide([look(differs=True)] * 3, [IN] * 3, members)["sentences"] == [
        "replace galera-node2, then galera-node3; leader galera-node1 last"
    ]


def test_one_member_alone_is_a_cluster():
    members = of("node1")
    one = says(members=NAMES[:1])
    assert decide([BARE], [SILENT], members)["sentences"] == ["form the cluster of galera-node1, side by side"]
    assert decide([look(differs=True, names=NAMES[0])], [one], members)["sentences"] == ["replace galera-node1"]
    # Nobody else can know more, and the change may be what mends it.
    assert decide([look(differs=True, names=NAMES[0])], [SILENT], members, waited=True)["mend"] == ["node1"]


@pytest.mark.parametrize(
    "looks, live, members, sentences",
    [
        ([look()] * 3, [IN] * 3, of("node1", "node2", "node3", node3=GONE), ["remove galera-node3"]),
        ([look()] * 3, [IN] * 3, of("node1", "node2", "node3", node2=GONE, node3=GONE), ["remove galera-node2, then galera-node3"]),
        # What serves nobody goes first, and then there is one less to be waited for.
        (
            [look(), look(), DOWN],
            [says(members=NAMES[:2])] * 2 + [SILENT],
            of("node1", "node2", "node3", node3=GONE),
            ["remove galera-node3"],
        ),
        # Of three that have a place two would be away.
        (
            [look(), look(), None],
            [says(members=NAMES[:2])] * 2 + [SILENT],
            of("node1", "node2", "node3", node2=GONE),
            ["remove galera-node2", "blocked, since node3 could not be looked at"],
        ),
        (
            [look()] * 3,
            [LOST] * 3,
            of("node1", "node2", "node3", node3=GONE),
            ["wait until the cluster is whole, since %s" % LEFT, "remove galera-node3"],
        ),
        # Whose host is gone for good is in nobody's way: the others have formed a component without it.
        (
            [look(), look(), None],
            [says(members=NAMES[:2])] * 2 + [SILENT],
            of("node1", "node2", "node3", node3=GONE),
            ["nothing is to be done"],
        ),
        # Its data stay, and never form a cluster again.
        (
            [look(), dict(BARE, evidence=look()["evidence"])],
            [says(members=NAMES[:1]), SILENT],
            of("node1", "node2", node2=GONE),
            ["nothing is to be done"],
        ),
        ([look(), dict(BARE, evidence=look()["evidence"])], [says(members=NAMES[:1]), SILENT], of("node1", "node2"), ["add galera-node2"]),
    ],
)
def test_who_goes_and_comes(looks, live, members, sentences):
    assert decide(looks, live, members)["sentences"] == sentences


def test_a_removal_that_would_cost_the_majority_waits_for_the_one_that_is_away():
    members = of("node1", "node2", "node3", node2=GONE)
    decided = decide([look(), look(), DOWN], [says(members=NAMES[:2])] * 2 + [SILENT], members)
    assert decided["sentences"] == ["bring back galera-node3", "remove galera-node2"]


@pytest.mark.parametrize(
    "looks, live, members, refusal",
    [
        (
            [DOWN, DOWN, look(running=False, uuid=OTHERS)],
            [SILENT] * 3,
            MEMBERS,
            "The data are of 2 clusters: of %s on node1, node2; of %s on node3. Move away" % (OURS, OTHERS),
        ),
        # Galera would replace them without a question.
        (
            [look(), look(), look(running=False, uuid=OTHERS)],
            [says(members=NAMES[:2])] * 2 + [SILENT],
            MEMBERS,
            "On node3 the data directory is one of the cluster %s, and the members that serve are in %s: to join would destroy it"
            % (OTHERS, OURS),
        ),
        (
            [look(), look(uuid=OTHERS)],
            [says(members=NAMES[:1]), says(members=NAMES[1:2], uuid=OTHERS)],
            of("node1", "node2"),
            "The data are of 2 clusters",
        ),
        (
            [look()] * 3,
            [says(members=NAMES[:1]), says(members=NAMES[1:]), says(members=NAMES[1:])],
            MEMBERS,
            "galera-node1 and galera-node2 are in two primary components of the same cluster (galera-node1; galera-node2, galera-node3)",
        ),
        ([DATABASE, DATABASE, BARE], [SILENT] * 3, MEMBERS, "node1, node2 have databases that are in no cluster, and one alone can become"),
        (
            [look(), look(), DATABASE],
            [says(members=NAMES[:2])] * 2 + [SILENT],
            MEMBERS,
            "On node3 lies a database that was in no cluster, and to join would destroy it",
        ),
        ([look(running=False, names=""), DATABASE, BARE], [SILENT] * 3, MEMBERS, "On node2 lies a database that was in no cluster"),
        # What was to be mounted is not, and a new cluster would take its place.
        (
            [EMPTY] * 3,
            [SILENT] * 3,
            MEMBERS,
            "By the configuration on node1, node2, node3 galera-node1 and galera-node2 and galera-node3 were in a cluster",
        ),
        (
            [EMPTY],
            [SILENT],
            of("node1"),
            "By the configuration on node1 galera-node1 was in a cluster, and none of the hosts has data of it. Put the data back",
        ),
        (
            [dict(BARE, evidence=look()["evidence"]), BARE],
            [SILENT] * 2,
            of("node1", "node2", node1=GONE),
            "node1 alone has data of a cluster, and is to be absent",
        ),
        (
            [look(version="11.4.2-MariaDB")] * 3,
            [SILENT] * 3,
            MEMBERS,
            "On node1 the data directory was written by version 11.4, and the image has 10.11. No server",
        ),
        (
            [look(), look(), look(backup="tool_version = 1\nserver_version = 10.12.1-MariaDB")],
            [IN] * 3,
            MEMBERS,
            "On node3 the data directory was written by version 10.12",
        ),
        ([look()] * 3, [says(name="library")] * 3, MEMBERS, "The cluster's name is library, and shall be galera: of members"),
        ([look(), look()], [says(members=NAMES[:2])] * 2, of("node1", "node2", node1=GONE, node2=GONE), "No member would be left"),
        ([BARE, BARE, None], [SILENT] * 3, MEMBERS, "node3 could not be looked at, and the others know of no cluster"),
    ],
)
def test_what_is_refused(looks, live, members, refusal):
    assert refusal in decide(looks, live, members)["refusal"]


@pytest.mark.parametrize(
    "looks, live",
    [
        # The data are wiped while others are taken, and Galera's note stays beside what there is of them.
        ([look(), look(), look(uuid=NONE, transfer="")], [says(members=NAMES[:2])] * 2 + [SILENT]),
        ([look(), look(), look(uuid=None, tables=["db.frm"], transfer="")], [says(members=NAMES[:2])] * 2 + [SILENT]),
        ([look(version="10.11.2-MariaDB")] * 3, [IN] * 3),
        ([look(version="10.6.16-MariaDB")] * 3, [IN] * 3),
        # One was asked before the membership changed, the others after it.
        ([look()] * 3, [says(members=NAMES[:2], conf=2), says(), says()]),
    ],
)
def test_what_is_not_refused(looks, live):
    assert decide(looks, live)["refusal"] is None


@pytest.mark.parametrize(
    "members, live, warning",
    [
        (of("node1", "node2"), [says(members=NAMES[:2])] * 2, "Of 2 members none may fail"),
        (of("node1", "node2", "node3", "node4"), [IN] * 4, "4 members bear the loss of no more at once than 3 would. Take an odd number"),
        (
            of("node1", "node2", "node3"),
            [says(members=NAMES + ["galera-node9"])] * 3,
            "galera-node9 is in the cluster, and in no group of the inventory",
        ),
    ],
)
def test_what_is_warned_of(members, live, warning):
    assert any(warning in sentence for sentence in decide([look()] * len(members), live, members)["warnings"])


@pytest.mark.parametrize(
    "evidence, expected",
    [
        ({}, disk.Disk()),
        ({"state": SAVED % (NONE, -1, 1)}, disk.Disk(is_state=True)),
        ({"state": SAVED % (OURS, 48, 0), "tables": []}, disk.Disk(uuid=OURS, is_state=True)),
        ({"state": {"base64": "AAAA"}, "tables": ["user.frm"], "transfer": ""}, disk.Disk(is_filled=True, is_partial=True)),
        ({"config": CONFIG % ""}, disk.Disk(addresses=())),
        ({"config": CONFIG % "a,b"}, disk.Disk(addresses=("a", "b"))),
        ({"version": "10.11.6-MariaDB"}, disk.Disk(version=(10, 11))),
        (
            {"version": "10.6.1-MariaDB", "backup": "tool_version = 10.11.19-MariaDB\nserver_version = 10.11.19-MariaDB-0+deb12u1\n"},
            disk.Disk(version=(10, 11)),
        ),
        ({"version": "/usr/sbin/mysqld  Ver 8.0.36-28.1 for Linux on x86_64"}, disk.Disk(version=(8, 0))),
        ({"version": "no version"}, disk.Disk()),
    ],
)
def test_a_disk(evidence, expected):
    assert disk.read(evidence) == expected
