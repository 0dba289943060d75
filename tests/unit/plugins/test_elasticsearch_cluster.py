# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings and votes of an Elasticsearch cluster: the plan, and the module on a member of this machine."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quorate.swarm.plugins.module_utils import elasticsearch_settings as settings
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.modules import elasticsearch_cluster
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes import elasticsearch as fake
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.http import over_http
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import no_engine

ENABLE, EXCLUDE = "cluster.routing.allocation.enable", "cluster.routing.allocation.exclude._name"
MASTERS = tuple({"name": name, "roles": ["master"]} for name in ("m1", "m2", "m3"))
OTHERS = ({"name": "d1", "roles": ["data"]}, {"name": "v1", "roles": ["master", "voting_only"]})
PATH = "/_cluster/voting_config_exclusions"


def wish(**options):
    return dict({"settings": None, "exclude_from_voting": [], "include_in_voting": False, "flush": False}, **options)


def current(persistent=None, transient=None, excluded=(), nodes=MASTERS + OTHERS):
    return settings.Current(persistent or {}, transient or {}, excluded, nodes)


# Decisions


@pytest.mark.parametrize(
    "persistent, wanted, changes",
    [
        ({}, None, {}),
        ({}, {}, {}),
        ({}, {ENABLE: "primaries"}, {ENABLE: "primaries"}),
        ({ENABLE: "primaries"}, {ENABLE: "primaries"}, {}),
        ({ENABLE: "primaries", "a.b": "1"}, {ENABLE: None}, {ENABLE: None}),
        ({}, {ENABLE: None}, {}),
        ({}, {"cluster": {"routing": {"allocation.enable": "none"}}}, {ENABLE: "none"}),
        ({"a": "true", "b": "5", "c": "0.85"}, {"a": True, "b": 5, "c": 0.85}, {}),
        ({"a": "true"}, {"a": False}, {"a": "false"}),
        ({"a": ["x", "y"]}, {"a": "x,y"}, {}),
        ({"a": "x, y"}, {"a": ["x", "y"]}, {}),
        ({"a": ["x"]}, {"a": ["x", 2]}, {"a": ["x", "2"]}),
        ({"a": ""}, {"a": ""}, {}),
        ({}, {"a": ""}, {"a": ""}),
        ({ENABLE: "all", EXCLUDE: "d1", "a": "1"}, {"cluster.routing.*": None}, {ENABLE: None, EXCLUDE: None}),
        ({"a": "1"}, {"cluster.routing.*": None}, {}),
    ],
)
def test_settings(persistent, wanted, changes):
    plan = settings.plan(current(persistent), wish(settings=wanted))
    assert [step.settings for step in plan.steps] == ([changes] if changes else [])
    assert (plan.before, plan.after) == ({name: persistent.get(name) for name in changes}, changes)
    written = {name: value for name, value in {**persistent, **changes}.items() if value is not None}
    assert settings.plan(current(written), wish(settings=wanted)).steps == ()


@pytest.mark.parametrize(
    "wanted, sentence",
    [
        ({"cluster.routing.allocation": None}, "cluster.routing.allocation is no setting, but the begin of %s. Remove these, or" % ENABLE),
        ({"cluster.*": "all"}, r"The setting cluster.\* has a \*, which can only be removed"),
    ],
)
def test_settings_that_are_refused(wanted, sentence):
    with pytest.raises(Refusal, match=sentence):
        settings.plan(current({ENABLE: "all"}), wish(settings=wanted))


@pytest.mark.parametrize("value, warns", [("all", True), (None, True), ("none", False)])
def test_a_transient_setting_goes_before(value, warns):
    plan = settings.plan(current(transient={ENABLE: "none"}), wish(settings={ENABLE: value}))
    assert [warning.partition(" goes")[0] for warning in plan.warnings] == ["The transient setting %s, none," % ENABLE] * warns


@pytest.mark.parametrize(
    "excluded, options, actions, after",
    [
        ((), {"exclude_from_voting": ["m3"]}, ["exclude m3 from voting"], ["m3"]),
        (("m3",), {"exclude_from_voting": ["m3"]}, [], None),
        (("m3",), {"exclude_from_voting": ["m2"]}, ["exclude m2 from voting"], ["m2", "m3"]),
        (("m3",), {"include_in_voting": True}, ["let all nodes vote again"], []),
        ((), {"include_in_voting": True}, [], None),
        ((), {"flush": True}, ["flush all indices"], None),
    ],
)
def test_votes_and_actions(excluded, options, actions, after):
    plan = settings.plan(current(excluded=excluded), wish(**options))
    assert [step.sentence() for step in plan.steps] == actions
    assert plan.after.get("voting_exclusions") == after


def test_all_at_once_is_in_order():
    plan = settings.plan(
        current({EXCLUDE: "d1"}), wish(settings={ENABLE: "primaries", EXCLUDE: None}, exclude_from_voting=["m1"], flush=True)
    )
    assert [step.sentence() for step in plan.steps] == [
        "set %s primaries, remove %s" % (ENABLE, EXCLUDE), "exclude m1 from voting", "flush all indices",
    ]


@pytest.mark.parametrize("excluded, names", [((), ["m1", "m2", "m3"]), (("m1", "m2"), ["m3"])])
def test_the_last_that_could_be_elected_stays(excluded, names):
    with pytest.raises(Refusal, match="no node could be elected master: of the nodes in the cluster only m1, m2, m3 can be. Add one that"):
        settings.plan(current(excluded=excluded), wish(exclude_from_voting=names))


@pytest.mark.parametrize("name, warns", [("m1", False), ("d1", True), ("typo", True)])
def test_who_could_not_be_elected_anyway_is_a_warning(name, warns):
    assert bool(settings.plan(current(), wish(exclude_from_voting=[name])).warnings) is warns


# The module


class Cluster(fake.Member):
    """A member that keeps what it is told."""

    def __init__(self, persistent=None, excluded=()):
        super().__init__()
        self.persistent = dict(persistent or {})
        self.excluded = list(excluded)
        known = fake.nodes(A="master1", B="master2")
        self.answers.update({
            "GET /_cluster/settings": lambda *_asked: fake.settings(self.persistent),
            "GET /_cluster/state/master_node,metadata": lambda *_asked: fake.coordination([("x", name) for name in self.excluded]),
            "GET /_nodes/http": known,
            "PUT /_cluster/settings": self.write,
            "POST " + PATH: lambda query, _body: (200, self.excluded.extend(query["node_names"].split(",")) or b""),
            "DELETE " + PATH: lambda *_asked: (200, self.excluded.clear() or b""),
            "POST /_flush": {"_shards": {"total": 4, "successful": 4, "failed": 0}},
        })

    def write(self, _query, body):
        self.persistent.update(body["persistent"])
        self.persistent = {name: value for name, value in self.persistent.items() if value is not None}
        return {"acknowledged": True, "persistent": body["persistent"], "transient": {}}

    def writes(self):
        return [what for what, _query, _body in self.asked if not what.startswith("GET ")]


def run(member, check_mode=False, wait_timeout=60, **said):
    with member.serving() as port:
        params = dict(over_http(port), **wish(wait_timeout=wait_timeout, **said))
        return elasticsearch_cluster.execute(no_engine, params, check_mode)


ALL = {"settings": {ENABLE: "primaries", EXCLUDE: None}, "exclude_from_voting": ["master2"], "flush": True}


def test_what_differs_is_written():
    member = Cluster({EXCLUDE: "d1", "kept": "1"})
    outcome = run(member, **ALL)
    assert member.writes() == ["PUT /_cluster/settings", "POST " + PATH, "POST /_flush"]
    assert (member.persistent, member.excluded) == ({ENABLE: "primaries", "kept": "1"}, ["master2"])
    assert outcome.changed and outcome.before == {ENABLE: None, EXCLUDE: "d1", "voting_exclusions": []}
    assert outcome.facts == {
        "settings": {ENABLE: "primaries", EXCLUDE: None},
        "voting_exclusions": ["master2"],
        "flushed": {"total": 4, "successful": 4, "failed": 0},
    }


def test_the_second_run_changes_nothing():
    member = Cluster({ENABLE: "primaries"}, ["master2"])
    outcome = run(member, settings={ENABLE: "primaries"}, exclude_from_voting=["master2"])
    assert (outcome.changed, outcome.actions, outcome.before, member.writes()) == (False, [], {}, [])


def test_check_mode_tells_and_does_nothing():
    member = Cluster({EXCLUDE: "d1"})
    outcome = run(member, check_mode=True, **ALL)
    assert outcome.changed and len(outcome.actions) == 3 and member.writes() == []
    assert outcome.facts == {"settings": {ENABLE: None, EXCLUDE: "d1"}, "voting_exclusions": [], "flushed": None}
    assert outcome.after == {ENABLE: "primaries", EXCLUDE: None, "voting_exclusions": ["master2"]}


def test_all_nodes_vote_again():
    member = Cluster(excluded=["master2"])
    assert run(member, include_in_voting=True).facts["voting_exclusions"] == []
    assert ("DELETE " + PATH, {"wait_for_removal": "false"}, None) in member.asked


def test_a_flush_that_failed_in_part_is_a_warning():
    member = Cluster()
    member.answers["POST /_flush"] = {"_shards": {"total": 4, "successful": 3, "failed": 1}}
    assert run(member, flush=True).warnings == [
        "1 of 4 shards were not flushed. They recover more slowly after a restart; flush again once nothing is written to them."
    ]


def failing_first(answers, then):
    left = list(answers)
    return lambda query, body: left.pop(0) if left else then(query, body)


@pytest.mark.parametrize(
    "failures", [[fake.NO_MASTER], [(200, {"acknowledged": False})], [(429, {"error": "x"}), (500, {"error": {"reason": "timed out"}})]]
)
def test_what_may_pass_is_tried_again(clock, failures):
    member = Cluster()
    member.answers["PUT /_cluster/settings"] = failing_first(failures, member.write)
    assert run(member, settings={ENABLE: "none"}).changed
    assert member.persistent == {ENABLE: "none"} and len(member.writes()) == len(failures) + 1


def test_what_the_cluster_refuses_is_told_at_once(clock):
    member = Cluster()
    member.answers["PUT /_cluster/settings"] = 400, {"error": {"reason": "illegal value can't update [x] from [null] to [y]."}}
    with pytest.raises(QuorateError, match=r"Elasticsearch did not do what was asked for: .* HTTP status 400: illegal .* to \[y\]\.$"):
        run(member, settings={"x": "y"})
    assert clock.now == 0


def test_a_cluster_without_a_master_is_waited_for_and_told(clock):
    with pytest.raises(TimeLimitExceeded, match="Waited 10 s until the cluster had a master; seen last: port .* HTTP status 503"):
        run(Cluster().loses_its_master(), wait_timeout=10, settings={})


def test_a_password_is_in_no_output(capsys):
    member = Cluster()
    member.answers["PUT /_cluster/settings"] = 400, {"error": {"reason": "not with hushhush"}}
    with member.serving() as port:
        options = {"address": "127.0.0.1", "port": port, "user": "elastic", "password": "hushhush", "settings": {"x": "y"}}
        with patch_module_args(options), pytest.raises(SystemExit):
            elasticsearch_cluster.main()
    result = json.loads(capsys.readouterr().out)
    assert result["failed"] and "did not do what was asked for" in result["msg"] and "hushhush" not in json.dumps(result)
