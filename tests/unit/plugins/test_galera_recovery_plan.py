# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done for a Galera cluster of which no member serves any more, and with whom it is begun."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.plugins.filter.galera_recovery_plan import FilterModule
from ansible_collections.quorate.swarm.plugins.module_utils import galera_recovery
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

ONE, TWO = "13001a35-ed17-11f1-9859-ca4f6a8fe43a", "83fd8316-ed16-11f1-ae7e-2b56e9de6e37"
HOSTS = ("node1", "node2", "node3")
MEMBERS = {host: {"name": "galera-%s" % host, "state": "present"} for host in HOSTS}
GIB = 1 << 30


def down(seqno=7, uuid=ONE, safe=False, **other):
    """A member that does not run, with data."""
    look = {
        "running": False,
        "unit_active": False,
        "listens": False,
        "data": "filled",
        "uuid": uuid,
        "seqno": seqno,
        "safe_to_bootstrap": safe,
        "view": None,
        "trouble": None,
        "backup": None,
        "size": 2 * GIB,
        "free": 9 * GIB,
    }
    return dict(look, **other)


def up(seqno=-1, **other):
    """A member whose container runs, or is started again and again."""
    return down(seqno, **dict({"running": True, "unit_active": True}, **other))


def bare(data="empty"):
    return down(-1, None, data=data)


def view(host, members=HOSTS, seq=3):
    return {"name": ["first", seq], "own": host, "members": sorted(members)}


def says(kind, *unresolved):
    return {"kind": kind, "line": "a line", "unresolved": list(unresolved)}


def told(status="non-Primary", seqno=7, uuid=ONE, local_state=None):
    """What galera_health returns of a member that answers."""
    primary = status == "Primary"
    state = {
        "cluster_status": status,
        "cluster_uuid": uuid,
        "seqno": seqno,
        "connected": True,
        "ready": primary,
        "local_state": local_state if local_state is not None else 4 if primary else 0,
        "members": [],
    }
    return {"reachable": True, "state": state}


SILENT = {"reachable": False, "state": None}
PRIMARY = told("Primary", 9)


def plan(looks, live=None, **options):
    members = options.pop("members", MEMBERS)
    asked = dict.fromkeys(looks, SILENT)
    return galera_recovery.plan(members, looks, dict(asked, **(live or {})), **options)


def looks(first, second, third):
    return {host: look for host, look in zip(HOSTS, (first, second, third), strict=True) if look}


def seen(decided):
    return {key: decided[key] for key in ("action", "source", "start", "stop", "kill", "read", "join") if decided[key]}


WAITING = looks(*(up(view=view(host), trouble=says("waiting")) for host in HOSTS))


@pytest.mark.parametrize(
    "found, live, options, expected",
    [
        pytest.param(
            looks(up(), up(), up()), dict.fromkeys(HOSTS, PRIMARY), {}, {"action": "nothing"}, id="all are in one primary component"
        ),
        pytest.param(
            looks(up(), up(), down()), dict.fromkeys(HOSTS[:2], PRIMARY), {}, {"action": "join", "join": ["node3"]}, id="one is not in"
        ),
        pytest.param(
            looks(up(), up(view=view("node2")), up()),
            {"node3": PRIMARY},
            {},
            {"action": "join", "join": ["node1", "node2"]},
            id="a recovery was interrupted once the first one served",
        ),
        pytest.param(
            looks(up(), up(), up()),
            {"node1": PRIMARY, "node2": PRIMARY, "node3": told("Primary", 9, local_state=2)},
            {},
            {"action": "join", "join": ["node3"]},
            id="one gives its data",
        ),
        pytest.param(WAITING, {}, {}, {"action": "wait", "join": list(HOSTS)}, id="all of the last view are there"),
        pytest.param(
            looks(*(down(-1, view=view(host)) for host in HOSTS)),
            {},
            {},
            {"action": "wait", "start": list(HOSTS), "join": list(HOSTS)},
            id="and were not started",
        ),
        pytest.param(
            looks(up(view=view("node1", HOSTS[:2])), up(view=view("node2", HOSTS[:2])), up()),
            {},
            {},
            {"action": "wait", "join": list(HOSTS)},
            id="one had left before, and has no view",
        ),
        pytest.param(
            WAITING,
            {},
            {"waited": True},
            {"action": "settle", "stop": list(HOSTS), "kill": list(HOSTS), "read": list(HOSTS), "join": list(HOSTS)},
            id="they had time to find each other",
        ),
        pytest.param(
            looks(up(view=view("node1", HOSTS[:2], 4)), up(view=view("node2", HOSTS[:2], 4)), up(view=view("node3"))),
            {},
            {},
            {"action": "settle", "stop": list(HOSTS), "kill": list(HOSTS), "read": list(HOSTS), "join": list(HOSTS)},
            id="an older view is in their way",
        ),
        pytest.param(
            looks(up(view=view("node1")), up(view=view("node2")), down(-1)),
            {},
            {},
            {
                "action": "settle",
                "stop": ["node1", "node2"],
                "kill": ["node1", "node2"],
                "read": list(HOSTS),
                "join": list(HOSTS),
            },
            id="one of the last view has lost its file",
        ),
        pytest.param(
            looks(*(up(view=view(host), trouble=says("no_address", "a", "b")) for host in HOSTS)),
            {},
            {},
            {"action": "settle", "stop": list(HOSTS), "kill": list(HOSTS), "read": list(HOSTS), "join": list(HOSTS)},
            id="they have no address at which to look for each other",
        ),
        pytest.param(
            looks(down(-1), down(7), up(trouble=says("timed_out"))),
            {},
            {},
            {"action": "settle", "stop": ["node3"], "kill": ["node3"], "read": ["node1", "node3"], "join": list(HOSTS)},
            id="a run was killed while it stopped them and read positions",
        ),
        pytest.param(
            looks(down(7), up(7), down(7)),
            {},
            {},
            {"action": "settle", "stop": ["node2"], "kill": ["node2"], "read": ["node2"], "join": list(HOSTS)},
            id="what one that runs has noted is not its last word",
        ),
        pytest.param(
            looks(down(7), down(9), down(8)),
            {},
            {},
            {"action": "bootstrap", "source": "node2", "join": ["node1", "node3"]},
            id="the highest position",
        ),
        pytest.param(
            looks(down(7), down(9), down(8, safe=True)),
            {},
            {},
            {"action": "bootstrap", "source": "node2", "join": ["node1", "node3"]},
            id="safe_to_bootstrap is nothing against a higher one",
        ),
        pytest.param(
            looks(down(7), down(9), down(9)),
            {},
            {},
            {"action": "bootstrap", "source": "node2", "join": ["node1", "node3"]},
            id="a tie goes to the first of the group",
        ),
        pytest.param(
            looks(down(7), down(9), down(9, safe=True)),
            {},
            {},
            {"action": "bootstrap", "source": "node3", "join": ["node1", "node2"]},
            id="unless another one was the last to leave",
        ),
        pytest.param(
            looks(bare(), down(0), bare("missing")),
            {},
            {},
            {"action": "bootstrap", "source": "node2", "join": ["node1", "node3"]},
            id="an empty directory is not chosen",
        ),
        pytest.param(
            looks(down(-1, None), down(3), bare("partial")),
            {},
            {},
            {"action": "bootstrap", "source": "node2", "join": ["node1", "node3"]},
            id="nor one with the zero UUID, or a transfer that was cut off",
        ),
        pytest.param(
            looks(down(9, safe=True, backup="/srv/galera/backups/data-1"), down(8), down(8)),
            {},
            {},
            {"action": "bootstrap", "source": "node1", "join": ["node2", "node3"]},
            id="a run was killed after the copy, or after the mark",
        ),
        pytest.param(
            looks(down(-1, safe=True, view=view("node1", ["node1"])), down(8), down(8)),
            {},
            {"waited": True},
            {"action": "settle", "read": ["node1"], "join": list(HOSTS)},
            id="the first one lost its power after it had begun",
        ),
        pytest.param(
            looks(up(), down(7), down(7)),
            {"node1": told(seqno=9)},
            {},
            {"action": "promote", "source": "node1", "join": ["node2", "node3"]},
            id="one is left, the others are down",
        ),
        pytest.param(
            looks(up(), down(9), down(7)),
            {"node1": told(seqno=9)},
            {},
            {"action": "promote", "source": "node1", "join": ["node2", "node3"]},
            id="of equal ones the one that runs",
        ),
        pytest.param(
            looks(up(), up(), down(7)),
            {"node1": told(seqno=8), "node2": told(seqno=9)},
            {},
            {"action": "promote", "source": "node2", "join": ["node1", "node3"]},
            id="exactly one of two that are left",
        ),
        pytest.param(
            looks(up(), up(trouble=says("timed_out")), down(-1)),
            {"node1": told(seqno=9)},
            {},
            {"action": "settle", "stop": ["node2"], "kill": ["node2"], "read": ["node2", "node3"], "join": list(HOSTS)},
            id="one is left, and how far the others are nobody knows yet",
        ),
        pytest.param(
            looks(up(), down(12), down(7)),
            {"node1": told(seqno=9)},
            {},
            {"action": "settle", "stop": ["node1"], "read": ["node1"], "join": list(HOSTS)},
            id="one is left, and another one is ahead",
        ),
        pytest.param(
            looks(down(7), down(9), down(12)),
            {},
            {"source": "node1"},
            {"action": "bootstrap", "source": "node1", "join": ["node2", "node3"]},
            id="the user says with whom to begin",
        ),
        pytest.param(
            looks(down(-1, None), down(-1, TWO), up()),
            {},
            {"source": "node1"},
            {"action": "settle", "stop": ["node3"], "kill": ["node3"], "join": list(HOSTS)},
            id="the user says so, and one runs",
        ),
        pytest.param(
            {"node1": down(7), "node2": down(9)},
            {},
            {"gone": ["node3"]},
            {"action": "bootstrap", "source": "node2", "join": ["node1"]},
            id="one is gone for good",
        ),
        pytest.param(
            {"node1": down(7), "node2": down(9)},
            {},
            {"members": dict(MEMBERS, node3={"name": "galera-node3", "state": "absent"})},
            {"action": "bootstrap", "source": "node2", "join": ["node1"]},
            id="one is absent and does not answer",
        ),
        pytest.param(
            {"node1": down(7)}, {}, {"members": {"node1": MEMBERS["node1"]}}, {"action": "bootstrap", "source": "node1"}, id="one"
        ),
    ],
)
def test_what_comes_next(found, live, options, expected):
    assert seen(plan(found, live, **options)) == expected


ABSENT = dict(MEMBERS, node3={"name": "galera-node3", "state": "absent"})


@pytest.mark.parametrize(
    "found, live, options, sentences",
    [
        pytest.param(looks(down(), down(), None), {}, {}, ["node3 does not answer, and unreachable is not absent"], id="unreachable"),
        pytest.param(
            looks(down(), down(), None), {}, {"failed": {"node3": "There is no engine."}}, ["not be seen on node3 (There is no engine)"],
            id="a host that answers and tells nothing",
        ),
        pytest.param(
            looks(down(), down(), down()), {}, {"gone": ["node3"]}, ["node3 answers, so what is on the disk there is not"], id="not gone"
        ),
        pytest.param(looks(down(), down(), down()), {}, {"gone": ["node9"]}, ["node9, which is no host of the group: node1"], id="nobody"),
        pytest.param(looks(down(), down(), down()), {}, {"source": "node9"}, ["says node9, which is no host"], id="begin with nobody"),
        pytest.param(
            looks(down(), down(), None), {}, {"gone": ["node3"], "source": "node3"}, ["which is named as gone"], id="with what is gone"
        ),
        pytest.param(
            looks(down(), down(), down()), {}, {"source": "node3", "members": ABSENT}, ["which is to be absent"], id="with what is absent"
        ),
        pytest.param(looks(down(), bare(), down()), {}, {"source": "node2"}, ["no whole database (the data dir"], id="with nothing"),
        pytest.param({}, {}, {"gone": HOSTS}, ["No member would be left"], id="all gone"),
        pytest.param(
            looks(down(9), down(9, TWO), up()),
            {},
            {},
            ["The data are of 2 clusters: %s on node1, node3; %s on node2" % (ONE, TWO), "nothing was changed"],
            id="two clusters on the disks",
        ),
        pytest.param(
            looks(up(), down(9, TWO), down(9, TWO)),
            {"node1": told()},
            {},
            ["%s on node1; %s on node2, node3" % (ONE, TWO)],
            id="one runs, and the others have another cluster's",
        ),
        pytest.param(
            looks(up(), up(uuid=TWO), down()),
            {"node1": PRIMARY, "node2": told("Primary", 3, TWO)},
            {},
            ["Members are in 2 clusters that serve: %s with galera-node1; %s with galera-node2" % (ONE, TWO)],
            id="two clusters serve",
        ),
        pytest.param(
            looks(up(), up(), up()),
            dict.fromkeys(HOSTS, told("Primary", 1, None)),
            {},
            ["are in a primary component without the UUID of any cluster", "galera_recover_from"],
            id="a cluster that nobody has compared",
        ),
        pytest.param(
            looks(up(listens=True), up(), up()),
            {"node1": {"reachable": False, "state": None, "error": "the port 3306 did not answer: timed out"}},
            {},
            ["galera-node1 takes connections and has not answered", "it serves: node1: the port 3306 did not answer: timed out. Cure that"],
            id="a member too busy to answer",
        ),
        pytest.param(
            looks(bare(), bare("missing"), down(-1, None)),
            {},
            {},
            ["on node1 the data directory is empty; on node2 there is no data directory; on node3 the UUID of the cluster is zero"],
            id="no data",
        ),
        pytest.param(
            looks(down(7), down(9), down(12)),
            {},
            {"members": ABSENT},
            ["node3 is to be absent, and its data go farther than those of all others: %s:12" % ONE],
            id="the one that is ahead is to be absent",
        ),
        pytest.param(
            looks(down(7), down(9), up(-1)),
            {"node3": told()},
            {"members": ABSENT},
            ["node3 is to be absent, and its member runs"],
            id="one that is to be absent runs",
        ),
        pytest.param(
            looks(down(7), down(9, size=3 * GIB, free=GIB), down(8)),
            {},
            {},
            ["The data of galera-node2 take 3 GiB on node2, and only 1 GiB are free there", "galera_recover_backup_dir"],
            id="no room for the copy",
        ),
    ],
)
def test_what_is_refused(found, live, options, sentences):
    with pytest.raises(Refusal) as refused:
        plan(found, live, **options)
    for sentence in sentences:
        assert sentence in str(refused.value)


def test_a_copy_that_is_there_needs_no_room():
    decided = plan(looks(down(9, free=0, backup="/srv/galera/backups/data-1"), down(), down()))
    assert "the copy /srv/galera/backups/data-1 of an earlier run is still true, and no other one is made" in decided["sentences"]


@pytest.mark.parametrize(
    "found, live, sentence",
    [
        pytest.param(looks(down(7), down(9), down(8)), {}, "galera-node2 is ahead of all others", id="ahead"),
        pytest.param(
            looks(down(7), down(9), down(9)), {}, "galera-node2 is as far as galera-node3, and is taken since it comes first in the group",
            id="first",
        ),
        pytest.param(
            looks(down(9), down(9), down(9, safe=True)), {},
            "galera-node3 is as far as galera-node1, galera-node2, and is taken since it was the last one to leave the cluster "
            "(safe_to_bootstrap)",
            id="last to leave",
        ),
        pytest.param(
            looks(down(9), up(), down(9)), {"node2": told(seqno=9)},
            "galera-node2 is as far as galera-node1, galera-node3, and is taken since it runs", id="runs",
        ),
        pytest.param(looks(bare(), down(9), bare()), {}, "galera-node2 alone has data of the cluster", id="alone"),
    ],
)
def test_why_it_is_begun_with_that_one(found, live, sentence):
    assert sentence in plan(found, live)["sentences"]


def test_the_plan_of_a_beginning_in_sentences():
    assert plan(looks(down(7), down(9), bare()))["sentences"] == [
        "the positions are: galera-node1 %s:7; galera-node2 %s:9; galera-node3 none, the data directory is empty" % (ONE, ONE),
        "galera-node2 is ahead of all others",
        "its data (2 GiB) are copied first",
        "it forms the cluster alone (safe_to_bootstrap: 1, and no addresses), and is given its list again",
        "then galera-node1, galera-node3 join, one after the other, each until it is synced",
    ]


def test_the_two_failures_are_told_apart():
    trouble = (says("no_address", "galera-node8"), says("timed_out"), says("waiting"))
    told_first = plan(looks(*(up(trouble=said) for said in trouble)))["sentences"][:3]
    assert told_first == [
        "the log of galera-node1 on node1 says 131, no address to connect: no usable address was left in its list of members, since names "
        "that do not resolve are dropped (nobody knew galera-node8)",
        "the log of galera-node2 on node2 says 110, timed out: it found no member that is in a cluster, as where all wait for each other",
        "the log of galera-node3 on node3 says no primary view: it waits for the members that it saw last",
    ]


def test_who_is_gone_is_left_out():
    decided = plan({"node1": down(7), "node2": down(9)}, gone=["node3"])
    assert (decided["acting"], decided["absent"]) == (["node1", "node2"], ["node3"])
    assert decided["warnings"] == ["node3 is left out, since galera_recover_without says so"]


def test_the_filter_returns_a_refusal_and_does_not_raise_it():
    decide = FilterModule().filters()["galera_recovery_plan"]
    live = dict.fromkeys(HOSTS, SILENT)
    assert decide(MEMBERS, looks(down(), down(), down()), live)["refusal"] is None
    assert "node3 does not answer" in decide(MEMBERS, looks(down(), down(), None), live)["refusal"]
