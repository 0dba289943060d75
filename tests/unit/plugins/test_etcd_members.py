# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of an etcd cluster: the plan, and the module on a member of this machine."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quorate.swarm.plugins.module_utils import etcd_membership as membership
from ansible_collections.quorate.swarm.plugins.module_utils import etcd_state
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import etcd_members
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.etcd import NO_USER, NOT_IN_STEP, UNHEALTHY, Cluster, member, url_of
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.http import over_http
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import no_engine

ALL = ["etcd1", "etcd2", "etcd3"]


def known(*members):
    return etcd_state.told(members or [member(number) for number in (1, 2, 3)])


def one(name, votes=True, url=None):
    return {"name": name, "peer_urls": [url or url_of(name)], "votes": votes}


def wanted(present=(), absent=(), serving=None):
    return membership.wanted({"present": list(present), "absent": list(absent), "serving": serving})


LEARNER, UNSTARTED = member(4, learner=True), member(4, learner=True, started=False)
FOUR = [member(number) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "members, wishes, actions",
    [
        (known(), {}, []),
        (known(), {"present": [one("etcd1"), one("etcd3")]}, []),
        (known(), {"present": [one("etcd1", votes=False)]}, []),
        (known(), {"present": [one("etcd1", url="http://etcd1:2380/")]}, []),
        (known(), {"present": [one("etcd4")]}, ["add etcd4 at http://etcd4:2380"]),
        (known(), {"present": [one("etcd4", votes=False)]}, ["add etcd4 at http://etcd4:2380, as a learner"]),
        (known(*FOUR[:3], UNSTARTED), {"present": [one("etcd4", votes=False)]}, []),
        (known(*FOUR[:3], UNSTARTED), {"present": [one("etcd4")]}, ["let etcd4 vote"]),
        (known(*FOUR[:3], LEARNER), {"present": [one("etcd4")], "serving": ALL}, ["let etcd4 vote"]),
        (known(), {"absent": ["etcd4"], "serving": ALL}, []),
        (known(), {"absent": ["etcd3"], "serving": ALL}, ["remove etcd3"]),
        (known(), {"absent": ["3"], "serving": ALL[:2]}, ["remove etcd3"]),
        (known(), {"absent": ["etcd3", "http://etcd3:2380"], "serving": ALL}, ["remove etcd3"]),
        (known(*FOUR[:3], UNSTARTED), {"absent": ["http://etcd4:2380"], "serving": ALL}, ["remove the member at http://etcd4:2380"]),
        # Who is lost goes before somebody else comes.
        (
            known(),
            {"present": [one("etcd4", votes=False)], "absent": ["etcd3"], "serving": ALL[:2]},
            ["remove etcd3", "add etcd4 at http://etcd4:2380, as a learner"],
        ),
        (known(*FOUR[:2]), {"absent": ["etcd2"], "serving": ALL[:2]}, ["remove etcd2"]),
    ],
)
def test_the_steps(members, wishes, actions):
    plan = membership.plan(members, wanted(**wishes))
    assert [step.sentence() for step in plan.steps] == actions
    assert bool(plan.before) == bool(actions)


@pytest.mark.parametrize(
    "members, wishes, sentence",
    [
        (known(), {"absent": ["etcd3"]}, "A member can leave only where it is known who serves"),
        (known(), {"present": [one("etcd4"), one("etcd4", url="http://other:2380")]}, "More than one thing is asked for of etcd4"),
        (known(), {"present": [one("etcd4")], "absent": ["etcd4"], "serving": ALL}, "More than one thing is asked for of etcd4"),
        (known(), {"present": [{"name": "etcd4", "peer_urls": [], "votes": True}]}, "A member needs the URL at which the others reach it"),
        (known(), {"present": [one("etcd1", url="http://other:2380")]}, "etcd1 is a member at http://etcd1:2380, and shall be one at"),
        (known(), {"present": [one("other", url="http://etcd1:2380")]}, "At http://etcd1:2380 is the member etcd1, and not other"),
        (known(), {"absent": ["etcd2"], "serving": ["etcd1"]}, "The cluster cannot decide on it (remove etcd2): of 3 members with a vote"),
        (
            known(),
            {"absent": ["etcd2"], "serving": ["etcd1", "etcd2"]},
            "The cluster could decide nothing afterwards (remove etcd2): of 2 members with a vote 1 serves (etcd1), and 2 are needed",
        ),
        (known(), {"present": [one("etcd4")], "serving": ["etcd1", "etcd2"]}, "The cluster could decide nothing afterwards (add etcd4"),
        (known(), {"absent": ["etcd3"], "serving": []}, "The cluster cannot decide on it (remove etcd3): of 3 members with a vote none"),
        (known(member(1)), {"absent": ["etcd1"], "serving": ["etcd1"]}, "etcd1 is the only member with a vote"),
    ],
)
def test_what_is_refused(members, wishes, sentence):
    with pytest.raises(Refusal) as refused:
        membership.plan(members, wanted(**wishes))
    assert str(refused.value).startswith(sentence), refused.value


def test_what_a_member_that_starts_is_told():
    members = known(*FOUR[:2], UNSTARTED, member(7, started=False))
    present = wanted([one("etcd4")]).present
    assert membership.initial_cluster(members, present) == (
        "etcd1=http://etcd1:2380,etcd2=http://etcd2:2380,etcd4=http://etcd4:2380,7=http://etcd7:2380"
    )


# The module


def change(cluster, check_mode=False, wait_timeout=60, present=(), absent=(), serving=None, **said):
    with cluster.serving() as port:
        params = over_http(
            port, present=list(present), absent=list(absent), serving=serving, wait_timeout=wait_timeout, **said
        )
        return etcd_members.execute(no_engine, params, check_mode)


def test_a_member_joins_and_leaves(clock):
    cluster = Cluster()
    outcome = change(cluster, present=[one("etcd4", votes=False)], serving=ALL)
    assert outcome.changed and outcome.before == {"members": ALL} and outcome.after == {"members": [*ALL, "etcd4 (learner)"]}
    assert outcome.facts["initial_cluster"].endswith(",etcd4=http://etcd4:2380")
    assert not change(cluster, present=[one("etcd4", votes=False)]).changed
    assert change(cluster, present=[one("etcd4")]).actions == ["let etcd4 vote"]
    assert not change(cluster, present=[one("etcd4")]).changed
    assert change(cluster, absent=["http://etcd4:2380"], serving=ALL).actions == ["remove the member at http://etcd4:2380"]
    assert cluster.changes == ["add", "promote", "remove"] and len(cluster.members) == 3


def test_check_mode_tells_and_changes_nothing():
    cluster = Cluster()
    outcome = change(cluster, check_mode=True, present=[one("etcd4")])
    assert outcome.changed and outcome.actions == ["add etcd4 at http://etcd4:2380"] and cluster.changes == []
    assert [told["name"] for told in outcome.facts["members"]] == ALL


@pytest.mark.parametrize("troubles", [[UNHEALTHY, UNHEALTHY], ["lost"], [(500, {"error": "x"})]])
def test_what_passes_is_waited_for_and_made_once(clock, troubles):
    cluster = Cluster()
    cluster.troubles = list(troubles)
    assert change(cluster, present=[one("etcd4", votes=False)]).changed
    assert cluster.changes == ["add"] and len(cluster.members) == 4


def test_a_learner_that_is_not_in_step_is_waited_for_and_its_reason_told(clock):
    cluster = Cluster(*FOUR[:3], LEARNER)
    cluster.troubles = [NOT_IN_STEP] * 100
    with pytest.raises(TimeLimitExceeded, match="until the cluster had taken the change .let etcd4 vote.; seen last: .* in sync"):
        change(cluster, present=[one("etcd4")], wait_timeout=10)
    cluster.troubles = [NOT_IN_STEP] * 3
    assert change(cluster, present=[one("etcd4")]).changed


def test_somebody_else_who_changes_the_members_meanwhile_costs_no_majority(clock):
    cluster = Cluster(*FOUR, member(5))

    def interfere(_query, _body):
        cluster.members = [one for one in cluster.members if one["name"] != "etcd3"]
        cluster.answers["POST /v3/cluster/member/remove"] = lambda _query, body: cluster.change("remove", body)
        return UNHEALTHY

    cluster.answers["POST /v3/cluster/member/remove"] = interfere
    with pytest.raises(Refusal, match="cannot decide on it .remove etcd4.: of 4 members with a vote 2 serve"):
        change(cluster, absent=["etcd4"], serving=ALL)
    assert cluster.changes == []


def test_who_may_not_change_the_members_is_told_at_once():
    cluster = Cluster()
    cluster.troubles = [NO_USER]
    with pytest.raises(Refusal, match="wants another user or password. Give those of one that may change the cluster"):
        change(cluster, present=[one("etcd4")])


def test_a_password_is_in_no_output(capsys):
    cluster = Cluster()
    cluster.answers["POST /v3/auth/authenticate"] = 400, {"error": "authentication failed for hushhush", "code": 3}
    with cluster.serving() as port:
        options = {"address": "127.0.0.1", "port": port, "user": "root", "password": "hushhush", "wait_timeout": 0}
        with patch_module_args(options), pytest.raises(SystemExit):
            etcd_members.main()
    told = capsys.readouterr().out
    assert json.loads(told)["failed"] and "hushhush" not in told
