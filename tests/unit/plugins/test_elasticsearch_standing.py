# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a cluster of Elasticsearch stands, and what is done to it for that, from what its members and their disks say."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.quorate.swarm.plugins.filter.member_rollout import member_rollout


def member(name, *roles, state="present"):
    return {"name": name, "cluster": "fruit", "state": state, "roles": list(roles), "settled_status": "green", "version": "7.17.29"}


def commit(version="7172999", accepted="6", term="1"):
    """As the newest Lucene commit of a node has it."""
    told = {"node_version": version, "last_accepted_version": accepted, "oldest_index_version": "7172999", "current_term": term}
    data = b"".join(bytes([len(word)]) + word.encode() for pair in told.items() for word in pair)
    return {"base64": base64.b64encode(b"\x3f\xd7\x6c\x17\x00" + data + b"\xc0\x28\x93\xe8\x00\x00").decode()}


ONE_MASTER = {"node1": member("m", "master"), "node2": member("d1", "data"), "node3": member("d2", "data")}
THREE_MASTERS = {host: member(name, "master", "data") for host, name in (("node1", "a"), ("node2", "b"), ("node3", "c"))}


JOINED = commit()


def look(exists=True, running=True, differs=False, state=JOINED, log=None):
    return {
        "exists": exists,
        "running": running,
        "restart_needed": differs,
        "differs": ["elasticsearch.yml differs"] * differs,
        "refusals": [],
        "evidence": {"state": state, "log": log},
    }


BARE = look(exists=False, running=False, state=None)
OFF = look(running=False)
GONE = look(exists=False, running=False)


def view(members, master, uuid="u1", status="green", moving=0, marks=(), versions=("7.17.29",), settings=None, nonvoting=()):
    names = [said["name"] for said in members.values()]
    return {
        "state": {
            "cluster_name": "fruit",
            "cluster_uuid": uuid,
            "master": master,
            "nodes": [{"name": name, "version": versions[number % len(versions)]} for number, name in enumerate(names)],
            "status": status,
            "shards": {"relocating": moving, "initializing": 0, "delayed": 0, "unassigned": 2 if status != "green" else 0},
            "marks": dict.fromkeys(marks, "d1"),
            "allocation": {"persistent": settings or {}, "transient": {}},
            "voting_exclusions": list(nonvoting),
        }
    }


SILENT = {"state": None}
STOPPED = {"cluster.routing.allocation.enable": "none"}


def decide(members, looks, live):
    hosts = list(members)
    return member_rollout(members, "elasticsearch", dict(zip(hosts, looks, strict=True)), dict(zip(hosts, live, strict=True)))


@pytest.mark.parametrize(
    "looks, live, sentences",
    [
        ([BARE] * 3, [{}] * 3, ["form the cluster of m, d1, d2, side by side"]),
        ([look()] * 3, [view(ONE_MASTER, "m")] * 3, ["nothing is to be done"]),
        ([look(differs=True)] * 3, [view(ONE_MASTER, "m")] * 3, ["replace d1, then d2; leader m last"]),
        # Killed while the first members looked for others: they have been in no cluster.
        (
            [look(state=commit(accepted="0", term="0")), BARE, BARE],
            [SILENT, {}, {}],
            ["form the cluster of d1, d2, side by side"],
        ),
        ([OFF] * 3, [{}] * 3, ["start m, d1, d2, side by side"]),
        # The containers are gone, the data are there: without them nobody may serve.
        ([GONE] * 3, [{}] * 3, ["start m, d1, d2, side by side"]),
        ([GONE, look(), look()], [{}, SILENT, SILENT], ["start m, side by side"]),
        ([look(), GONE, GONE], [view({"node1": ONE_MASTER["node1"]}, "m", status="red"), {}, {}], ["start d1, d2, side by side"]),
        # A run was killed between the removal of a container and the next one.
        (
            [look(), GONE, look()],
            [view({"node1": ONE_MASTER["node1"], "node3": ONE_MASTER["node3"]}, "m", status="red", marks=["change"]), {}, SILENT],
            ["finish what an earlier run has left undone", "start d1, side by side"],
        ),
        # A data host was built anew, and shards have no place: what the cluster lacks is what is to be added.
        (
            [look(), look(differs=True), BARE],
            [view({host: ONE_MASTER[host] for host in ("node1", "node2")}, "m", status="red")] * 2 + [{}],
            ["start d2, side by side", "replace d1"],
        ),
        (
            [look(), look(), BARE],
            [view({host: ONE_MASTER[host] for host in ("node1", "node2")}, "m", status="red", moving=1)] * 2 + [{}],
            ["start d2, side by side"],
        ),
        # Where all is well, it is added in its turn, and where somebody has stopped the allocation, it would get nothing.
        (
            [look(), look(differs=True), BARE],
            [view({host: ONE_MASTER[host] for host in ("node1", "node2")}, "m")] * 2 + [{}],
            ["replace d1", "add d2"],
        ),
        (
            [look(), look(), BARE],
            [view({host: ONE_MASTER[host] for host in ("node1", "node2")}, "m", status="red", settings=STOPPED)] * 2 + [{}],
            [
                "add d2",
                "blocked, since somebody has set cluster.routing.allocation.enable to none, and a change would set it back. Set it to null "
                "first",
            ],
        ),
        # A run was killed while it replaced a member.
        (
            [look(), OFF, look(differs=True)],
            [view(dict(ONE_MASTER, node2=member("x")), "m", status="yellow", marks=["change"]), {}, SILENT],
            ["finish what an earlier run has left undone", "start d1, side by side", "replace d2"],
        ),
        (
            [look(), look(differs=True), look()],
            [view(ONE_MASTER, "m", status="yellow")] * 3,
            ["replace d1", "blocked, since the cluster is yellow and not green, with 2 shards unassigned"],
        ),
        (
            [look(), look(differs=True), look()],
            [view(ONE_MASTER, "m", moving=3)] * 3,
            ["wait until the cluster is whole, since 3 shards are on the move", "replace d1"],
        ),
    ],
)
def test_what_is_done(looks, live, sentences):
    assert decide(ONE_MASTER, looks, live)["sentences"] == sentences


def test_a_single_member_whose_container_is_gone_is_started_with_its_data():
    single = {"node1": member("m", "master", "data")}
    assert decide(single, [GONE], [{}])["sentences"] == ["start m, side by side"]


def test_a_third_copy_waits_for_the_host_that_was_built_anew():
    two = {host: THREE_MASTERS[host] for host in ("node1", "node2")}
    decided = decide(THREE_MASTERS, [look(differs=True), look(), BARE], [view(two, "a", status="yellow")] * 2 + [{}])
    assert (decided["sentences"], decided["blocked"]) == (["start c, side by side", "replace leader a last"], "")


def test_of_three_masters_two_may_be_gone():
    assert decide(THREE_MASTERS, [GONE, look(), GONE], [{}, SILENT, {}])["sentences"] == ["start a, c, side by side"]


@pytest.mark.parametrize(
    "going, replicas, sentence",
    [
        (["node3"], {"fruit": 1, "own": 0}, "Without d2 1 member with data would be left, and fruit wants more copies than that, of which "
         "no two have a place on the same one. Lower number_of_replicas of fruit to 0 first, or add members with data"),
        (["node3"], {"fruit": 0}, None),
        (["node3"], {}, None),
        ([], {"fruit": 5}, None),
    ],
)
def test_shards_that_would_have_nowhere_to_go_are_told_before_they_are_to_go(going, replicas, sentence):
    members = {host: dict(said, state="absent" if host in going else "present") for host, said in ONE_MASTER.items()}
    live = view(members, "m")
    live["state"]["replicas"] = replicas
    decided = decide(members, [look()] * 3, [live] * 3)
    assert decided["refusal"] == (sentence and sentence + ". Nothing was changed.")


def test_who_comes_makes_room_for_who_goes():
    members = dict(ONE_MASTER, node3=member("d2", "data", state="absent"), node4=member("d3", "data"))
    live = view(ONE_MASTER, "m")
    live["state"]["replicas"] = dict.fromkeys("abcdefg", 1)
    assert decide(members, [look()] * 3 + [BARE], [live] * 3 + [{}])["sentences"] == ["add d3", "remove d2"]
    members["node4"] = member("d3", "data", state="absent")
    refusal = decide(members, [look()] * 3 + [BARE], [live] * 3 + [{}])["refusal"]
    assert "and a, b, c, d, e, 2 more want more copies than that" in refusal and "number_of_replicas of each to 0" in refusal
    # A node that the inventory does not know has room as well.
    live["state"]["nodes"].append({"name": "stranger", "version": "7.17.29", "roles": ["data_hot"]})
    assert decide(members, [look()] * 3 + [BARE], [live] * 3 + [{}])["refusal"] is None


def test_where_the_versions_keep_their_state():
    of_7 = dict(look(running=False), evidence={"state": None, "state7": JOINED})
    assert decide(ONE_MASTER, [of_7, OFF, OFF], [{}] * 3)["sentences"] == ["start m, d1, d2, side by side"]
    newer = {"state": commit(version="8170199"), "state7": JOINED}
    decided = decide(ONE_MASTER, [look(), look(), dict(OFF, evidence=newer)], [view(ONE_MASTER, "m")] * 2 + [{}])
    assert "On node3 the data directory was written by version 8.17.1, and the image has 7.17.29" in decided["refusal"]
    assert "Use an image of 8.17.1 or later, or move the data away" in decided["refusal"]


def test_of_three_masters_the_elected_one_is_last():
    decided = decide(THREE_MASTERS, [look(differs=True)] * 3, [view(THREE_MASTERS, "b")] * 3)
    assert decided["sentences"] == ["replace a, then c; leader b last"]
    assert decided["warnings"] == []


@pytest.mark.parametrize(
    "looks, live, refusal",
    [
        (
            [look()] * 3,
            [view(ONE_MASTER, "m"), view(ONE_MASTER, "m"), view(ONE_MASTER, "d2", uuid="u2")],
            "The members are in 2 clusters: u1 of m, d1; u2 of d2.",
        ),
        (
            [look(), look(), look(running=False, state=commit(version="8010099"))],
            [view(ONE_MASTER, "m"), view(ONE_MASTER, "m"), {}],
            "On node3 the data directory was written by version 8.1.0, and the image has 7.17.29.",
        ),
        (
            [look(), look(), look(exists=False, running=False, log='{"cluster.uuid": "u7", "node.id": "x"}\n')],
            [view(ONE_MASTER, "m"), view(ONE_MASTER, "m"), {}],
            "On node3 the data directory is one of the cluster u7, and the others are in u1.",
        ),
        (
            [look(), look(), look(exists=False, running=False, log='{"elasticsearch.cluster.uuid":"u7","elasticsearch.node.id":"x"}\n')],
            [view(ONE_MASTER, "m"), view(ONE_MASTER, "m"), {}],
            "On node3 the data directory is one of the cluster u7, and the others are in u1.",
        ),
        ([BARE, OFF, OFF], [{}] * 3, "d1, d2 have data of a cluster, and no member that can be master has any"),
    ],
)
def test_what_is_refused(looks, live, refusal):
    assert refusal in decide(ONE_MASTER, looks, live)["refusal"]


def test_what_stops_the_allocation_is_undone_though_the_cluster_is_not_green():
    live = [view(ONE_MASTER, "m", status="yellow", marks=["change"])] * 3
    decided = decide(ONE_MASTER, [look(), look(), look(differs=True)], live)
    assert decided["sentences"] == ["finish what an earlier run has left undone", "replace d2"]
    leaving = dict(ONE_MASTER, node3=member("d2", "data", state="absent"))
    assert decide(leaving, [look()] * 3, live)["finish"] == ["after_change"]


def test_what_the_only_master_would_tell_is_asked_for_after_its_start():
    decided = decide(ONE_MASTER, [OFF, look(), look()], [{}, view(ONE_MASTER, None), view(ONE_MASTER, None)])
    assert (decided["sentences"], decided["finish"], decided["resume"]) == (["start m, side by side"], [], True)


def test_yellow_is_whole_in_the_middle_of_an_upgrade():
    live = [view(ONE_MASTER, "m", status="yellow", versions=["7.17.29", "7.17.28"])] * 3
    decided = decide(ONE_MASTER, [look(), look(differs=True), look()], live)
    assert (decided["sentences"], decided["blocked"]) == (["replace d1"], "")


ENABLE, EXCLUDE = ("cluster.routing.allocation.%s" % name for name in ("enable", "exclude._name"))


@pytest.mark.parametrize(
    "state, standing, blocked",
    [
        ("present", {"settings": {ENABLE: "none"}}, "somebody has set %s to none" % ENABLE),
        ("present", {"settings": {ENABLE: "all"}}, ""),
        ("present", {"settings": {EXCLUDE: "d2"}}, ""),
        ("absent", {"settings": {EXCLUDE: "d2"}}, "somebody has excluded d2 from holding shards"),
        ("absent", {"nonvoting": ["m"]}, "somebody has excluded m from voting"),
    ],
)
def test_what_others_have_set_is_not_set_back(state, standing, blocked):
    members = dict(ONE_MASTER, node3=member("d2", "data", state=state))
    decided = decide(members, [look(), look(differs=True), look()], [view(ONE_MASTER, "m", **standing)] * 3)
    assert decided["blocked"].startswith(blocked) and bool(decided["blocked"]) == bool(blocked)


def test_what_a_killed_run_has_set_is_its_own():
    members = dict(ONE_MASTER, node3=member("d2", "data", state="absent"))
    standing = {"settings": {EXCLUDE: "d2"}, "nonvoting": ["d2"], "marks": ["leaving"]}
    assert decide(members, [look()] * 3, [view(ONE_MASTER, "m", **standing)] * 3)["blocked"] == ""


def test_data_of_several_clusters_are_told_apart_though_nobody_serves():
    logs = ['{"cluster.uuid": "%s", "node.id": "n"}' % uuid for uuid in ("u1", "u1", "u2")]
    told = decide(ONE_MASTER, [look(running=False, log=log) for log in logs], [{}] * 3)
    assert "The data directories are of 2 clusters: on node1 that of u1, on node2 that of u1, on node3 that of u2." in told["refusal"]


def renamed(members):
    return {host: dict(said, cluster="vegetables") for host, said in members.items()}


def test_a_cluster_that_serves_keeps_its_name():
    differing = [look(differs=True)] * 3
    refusal = "The cluster's name is fruit, and shall be vegetables: of members that are replaced one after the other"
    assert refusal in decide(renamed(ONE_MASTER), differing, [view(ONE_MASTER, "m")] * 3)["refusal"]
    # The first was replaced, finds nobody, and knows of no cluster.
    alone = {"state": dict(view(ONE_MASTER, None, uuid=None)["state"], cluster_name="vegetables")}
    assert refusal in decide(renamed(ONE_MASTER), differing, [view(ONE_MASTER, "m"), alone, view(ONE_MASTER, "m")])["refusal"]
    assert decide(ONE_MASTER, differing, [view(ONE_MASTER, "m"), alone, view(ONE_MASTER, "m")])["refusal"] is None


def test_a_cluster_gets_another_name_where_all_its_members_start_together():
    off = [look(running=False, differs=True)] * 3
    assert decide(renamed(ONE_MASTER), off, [{}] * 3)["sentences"] == ["start m, d1, d2, side by side"]
    assert decide(renamed(ONE_NODE), [look(differs=True)], [view(ONE_NODE, "m")])["sentences"] == ["replace leader m last"]


ONE_NODE = {"node1": member("m", "master", "data")}


def test_one_node_with_data_is_whole_without_its_replicas():
    assert not decide(ONE_NODE, [look(differs=True)], [view(ONE_NODE, "m", status="yellow")])["blocked"]
    assert decide(ONE_NODE, [look(differs=True)], [view(ONE_NODE, "m", status="red")])["blocked"]
    three = dict(ONE_NODE, node2=member("b", "master", "data"), node3=member("c", "master", "data"))
    decided = decide(three, [look(differs=True), BARE, BARE], [view(ONE_NODE, "m", status="yellow"), {}, {}])
    assert (decided["sentences"], decided["blocked"]) == (["replace leader m last", "add b, then c"], "")


@pytest.mark.parametrize(
    "absent, refusal",
    [
        (["node1"], "Without m no member that can be master would be left."),
        (["node2", "node3"], "Without d1, d2 no member with data would be left."),
    ],
)
def test_the_last_one_of_a_kind_does_not_leave(absent, refusal):
    members = {host: dict(said, state="absent" if host in absent else "present") for host, said in ONE_MASTER.items()}
    assert refusal in decide(members, [look()] * 3, [view(ONE_MASTER, "m")] * 3)["refusal"]


def test_where_version_8_keeps_its_state_is_looked_at_too():
    off = look(running=False, state=None)
    off["evidence"]["state"] = commit(version="8150099")
    members = {host: dict(said, version="8.15.0") for host, said in ONE_MASTER.items()}
    assert decide(members, [off] * 3, [{}] * 3)["sentences"] == ["start m, d1, d2, side by side"]


@pytest.mark.parametrize(
    "members, warning",
    [
        (ONE_MASTER, "m is the only member that can be master: while it is away, the cluster takes no write. Take three"),
        (
            {host: THREE_MASTERS[host] for host in ("node1", "node2")},
            "2 members can be master, and that many bear the loss of no more than 1 would. Take an odd number",
        ),
    ],
)
def test_warnings(members, warning):
    master = next(iter(members.values()))["name"]
    assert decide(members, [look()] * len(members), [view(members, master)] * len(members))["warnings"] == [warning]


def test_a_node_that_no_group_has_is_told():
    strange = dict(ONE_MASTER, node9=member("z", "data"))
    assert "z is in the cluster, and in no group of the inventory" in decide(ONE_MASTER, [look()] * 3, [view(strange, "m")] * 3)["warnings"]
