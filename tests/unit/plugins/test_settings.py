# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for the settings of a whole swarm."""

from __future__ import annotations

import copy
import json
import re

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import settings
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.swarm_spec import PATHS, summary
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.settings import NEW_SWARM, issuer, pem

HOUR = 3600 * 10**9
ROOT, OTHER_ROOT = pem("the root"), pem("another root")
KEY = pem("a key", "PRIVATE KEY")
CA = {"Protocol": "cfssl", "URL": "https://ca:8888", "CACert": ROOT, "Options": {"profile": "node"}}


def swarm(rotating=False, **spec):
    """A swarm as the engine tells it, with sections of its spec replaced in part."""
    merged = copy.deepcopy(NEW_SWARM)
    for section, values in spec.items():
        merged[section] = dict(merged[section], **values)
    return {
        "ID": "ONE",
        "Version": {"Index": 10},
        "Spec": merged,
        "TLSInfo": dict(issuer("new" if rotating else "old"), TrustRoot=ROOT),
        "RootRotationInProgress": rotating,
        "DefaultAddrPool": ["10.0.0.0/8"],
        "SubnetSize": 24,
        "DataPathPort": 4789,
    }


def wish(**options):
    unsaid = dict.fromkeys(list(PATHS) + ["labels_to_remove", "subnet_size", "data_path_port", "signing_ca_cert", "signing_ca_key"])
    rotations = dict.fromkeys(("rotate_worker_token", "rotate_manager_token", "rotate_unlock_key", "rotate_ca"), False)
    return dict(dict(unsaid, labels_state="merge", default_addr_pool=[], **rotations), **options)


def ca(url="https://ca:8888", **options):
    return dict({"url": url, "protocol": "cfssl", "ca_cert": None, "options": None}, **options)


def written(current, desired):
    """What the steps leave of the swarm's spec, in the parts in which it differs from before."""
    settings.refuse_invalid(desired)
    spec = current["Spec"]
    for step in settings.plan(current, desired).steps:
        spec = settings.applied(spec, step, desired)
    return {key: value for key, value in spec.items() if value != current["Spec"].get(key)}


# Settings


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"dispatcher_heartbeat_period": "10s"}, {"Dispatcher": {"HeartbeatPeriod": 10 * 10**9}}),
        ({"snapshot_interval": 500}, {"Raft": dict(NEW_SWARM["Raft"], SnapshotInterval=500)}),
        ({"keep_old_snapshots": 3}, {"Raft": dict(NEW_SWARM["Raft"], KeepOldSnapshots=3)}),
        ({"log_entries_for_slow_followers": 0}, {"Raft": dict(NEW_SWARM["Raft"], LogEntriesForSlowFollowers=0)}),
        ({"election_tick": 30, "heartbeat_tick": 3}, {"Raft": dict(NEW_SWARM["Raft"], ElectionTick=30, HeartbeatTick=3)}),
        ({"task_history_retention_limit": 0}, {"Orchestration": {"TaskHistoryRetentionLimit": 0}}),
        ({"node_cert_expiry": "720h"}, {"CAConfig": {"NodeCertExpiry": 720 * HOUR}}),
        ({"autolock": True}, {"EncryptionConfig": {"AutoLockManagers": True}}),
        ({"labels": {"site": "north", "spare": True, "none": None}}, {"Labels": {"site": "north", "spare": "true", "none": ""}}),
        (
            {"external_cas": [ca(ca_cert=ROOT, options={"profile": "node"})]},
            {"CAConfig": {"NodeCertExpiry": 2160 * HOUR, "ExternalCAs": [CA]}},
        ),
        (
            {"log_driver": {"name": "json-file", "options": {"max-file": 3}}},
            {"TaskDefaults": {"LogDriver": {"Name": "json-file", "Options": {"max-file": "3"}}}},
        ),
    ],
)
def test_only_what_was_said_is_written(options, expected):
    assert written(swarm(), wish(**options)) == expected


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dispatcher_heartbeat_period": "5s"},
        {"dispatcher_heartbeat_period": "5000ms", "node_cert_expiry": "90h2070h"},
        {"snapshot_interval": 10000, "keep_old_snapshots": 0, "log_entries_for_slow_followers": 500},
        {"election_tick": 10, "heartbeat_tick": 1, "task_history_retention_limit": 5},
        {"autolock": False, "external_cas": [], "labels": {}, "labels_to_remove": ["site"]},
        {"labels": {}, "labels_state": "replace"},
        {"default_addr_pool": ["10.0.0.0/8"], "subnet_size": 24, "data_path_port": 4789},
    ],
)
def test_what_is_as_wished_gives_no_step(options):
    settings.refuse_invalid(wish(**options))
    plan = settings.plan(swarm(), wish(**options))
    assert (plan.steps, plan.before, plan.after, plan.warnings) == ((), {}, {}, ())


@pytest.mark.parametrize("option", PATHS)
def test_a_setting_that_the_engine_leaves_out_is_unset(option):
    bare = dict(swarm(), Spec={"Name": "default"})
    unset = {"external_cas": [], "autolock": False, "log_driver": None, "labels": {}}
    assert summary(bare)[option] == ("0s" if option in settings.SHORTEST else unset.get(option, 0))


@pytest.mark.parametrize("rotating", [True, False])
def test_a_rotation_that_is_under_way_is_told(rotating):
    assert summary(swarm(rotating=rotating))["root_rotation_in_progress"] is rotating


LABELLED = swarm(Labels={"site": "north", "old": "1"})


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"labels": {"site": "south"}}, {"site": "south", "old": "1"}),
        ({"labels": {"site": "south"}, "labels_state": "replace"}, {"site": "south"}),
        ({"labels": {}, "labels_state": "replace"}, {}),
        ({"labels_to_remove": ["old"]}, {"site": "north"}),
        ({"labels_to_remove": ["old"], "labels": {"new": 2}}, {"site": "north", "new": "2"}),
    ],
)
def test_labels(options, expected):
    assert written(LABELLED, wish(**options)) == {"Labels": expected}


def test_labels_that_nobody_names_are_not_replaced():
    assert written(LABELLED, wish(labels_state="replace")) == {}


def test_a_step_keeps_what_somebody_else_wrote_after_the_plan():
    desired = wish(labels={"site": "south"}, snapshot_interval=500)
    [step] = settings.plan(LABELLED, desired).steps
    meanwhile = dict(LABELLED["Spec"], Labels={"theirs": "1"}, Raft=dict(NEW_SWARM["Raft"], KeepOldSnapshots=7))
    spec = settings.applied(meanwhile, step, desired)
    assert spec["Labels"] == {"theirs": "1", "site": "south"}
    assert spec["Raft"] == dict(NEW_SWARM["Raft"], KeepOldSnapshots=7, SnapshotInterval=500)
    assert meanwhile["Labels"] == {"theirs": "1"}


def test_all_settings_and_rotations_are_one_write():
    plan = settings.plan(swarm(), wish(autolock=True, snapshot_interval=500, rotate_manager_token=True, rotate_worker_token=True))
    assert [step.sentence() for step in plan.steps] == [
        "set snapshot_interval 500, set autolock true, rotate the join token of workers, rotate the join token of managers"
    ]
    assert plan.before == {"snapshot_interval": 10000, "autolock": False, "worker_token": "in use", "manager_token": "in use"}
    assert plan.after == {"snapshot_interval": 500, "autolock": True, "worker_token": "rotated", "manager_token": "rotated"}


def test_durations_are_told_as_they_are_said():
    plan = settings.plan(swarm(), wish(node_cert_expiry="720h", dispatcher_heartbeat_period="90s"))
    assert plan.before == {"dispatcher_heartbeat_period": "5s", "node_cert_expiry": "2160h"}
    assert plan.after == {"dispatcher_heartbeat_period": "1m30s", "node_cert_expiry": "720h"}


# External CAs

WITH_CA = swarm(CAConfig={"ExternalCAs": [CA]})


@pytest.mark.parametrize(
    "entries",
    [
        [ca()],
        [ca(ca_cert=ROOT)],
        [ca(ca_cert="what openssl prints\n%s" % ROOT.replace("\n", "\r\n"))],
        [ca(options={"profile": "node"})],
    ],
)
def test_an_external_ca_keeps_what_is_not_said_of_it(entries):
    assert written(WITH_CA, wish(external_cas=entries)) == {}


@pytest.mark.parametrize(
    "entries, expected",
    [
        ([], []),
        ([ca(ca_cert=OTHER_ROOT)], [dict(CA, CACert=OTHER_ROOT)]),
        ([ca(options={})], [dict(CA, Options={})]),
        ([ca(ca_cert="")], [dict(CA, CACert="")]),
        ([ca(), ca("https://new")], [CA, {"Protocol": "cfssl", "URL": "https://new", "Options": {}, "CACert": ""}]),
        ([ca("https://new"), ca()], [{"Protocol": "cfssl", "URL": "https://new", "Options": {}, "CACert": ""}, CA]),
    ],
)
def test_external_cas(entries, expected):
    assert written(WITH_CA, wish(external_cas=entries))["CAConfig"]["ExternalCAs"] == expected


def test_of_an_external_ca_no_secret_is_told():
    entries = [ca("https://user:hush@ca:8888/sign?token=hush", ca_cert=OTHER_ROOT, options={"password": "hush"}), ca(ca_cert=OTHER_ROOT)]
    plan = settings.plan(WITH_CA, wish(external_cas=entries))
    assert plan.before == {"external_cas": ["https://ca:8888 (cfssl, certificate sha256:0db55a352707f805, options profile)"]}
    assert plan.after["external_cas"][0] == "https://ca:8888/sign (cfssl, certificate sha256:47240e1016c810dc, options password)"
    told = json.dumps([plan.after, [step.sentence() for step in plan.steps]])
    assert "hush" not in told and "CERTIFICATE" not in told


def test_a_change_that_cannot_be_seen_in_what_is_told_is_told():
    plan = settings.plan(WITH_CA, wish(external_cas=[ca(options={"profile": "hush"})]))
    assert plan.before["external_cas"] != plan.after["external_cas"]
    assert "with another value of what is not told" in plan.after["external_cas"] and "hush" not in plan.after["external_cas"]


# The log driver

JSON_FILE = {"Name": "json-file", "Options": {"max-file": "3"}}
WITH_DRIVER = swarm(TaskDefaults={"LogDriver": JSON_FILE})


@pytest.mark.parametrize(
    "name, options, expected",
    [
        ("json-file", None, None),
        ("json-file", {"max-file": 3}, None),
        ("json-file", {}, {"Name": "json-file", "Options": {}}),
        ("local", None, {"Name": "local", "Options": {}}),
        ("local", {"max-size": "1m"}, {"Name": "local", "Options": {"max-size": "1m"}}),
    ],
)
def test_log_driver(name, options, expected):
    spec = written(WITH_DRIVER, wish(log_driver={"name": name, "options": options}))
    assert spec == ({"TaskDefaults": {"LogDriver": expected}} if expected else {})


def test_the_log_driver_is_written_before_all_else_with_a_warning():
    plan = settings.plan(swarm(), wish(log_driver={"name": "local", "options": None}, autolock=True, rotate_ca=True))
    assert [(list(step.settings), step.rotations) for step in plan.steps] == [(["log_driver"], ()), (["autolock"], ("ca",)), ([], ())]
    assert plan.warnings == (settings.LOG_DRIVER_WARNING,)


def test_secrets_among_the_options_of_a_log_driver_are_not_told():
    options = {"splunk-token": "hush", "max-size": "1m"}
    plan = settings.plan(swarm(), wish(log_driver={"name": "splunk", "options": options}))
    assert plan.after == {"log_driver": {"name": "splunk", "options": {"splunk-token": "(not told)", "max-size": "1m"}}}


def test_what_an_engine_has_not_kept_is_an_error():
    desired = wish(log_driver={"name": "local", "options": None})
    [step] = settings.plan(swarm(), desired).steps
    settings.see_kept(settings.applied(swarm()["Spec"], step, desired), step, desired)
    with pytest.raises(QuorateError, match="has not kept it. Nothing else was changed. Engines known so far pass over it .*daemon.json"):
        settings.see_kept(swarm()["Spec"], step, desired)
    desired = wish(autolock=True, snapshot_interval=500)
    [step] = settings.plan(swarm(), desired).steps
    with pytest.raises(QuorateError, match="took the snapshot_interval and the autolock, but has not kept it. Somebody else"):
        settings.see_kept(swarm()["Spec"], step, desired)


# What is fixed


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"default_addr_pool": ["10.1.0.0/16"]}, "The default_addr_pool of this swarm is 10.0.0.0/8, 10.1.0.0/16 was asked for."),
        ({"subnet_size": 26}, "The subnet_size of this swarm is 24, 26 was asked for."),
        ({"data_path_port": 4790}, "The data_path_port of this swarm is 4789, 4790 was asked for."),
    ],
)
def test_a_difference_that_is_for_life_is_a_warning_and_no_change(options, sentence):
    plan = settings.plan(swarm(), wish(**options))
    assert (plan.steps, plan.before, plan.after, len(plan.warnings)) == ((), {}, {}, 1)
    assert plan.warnings[0].startswith(sentence) and "fixed for the life of a swarm" in plan.warnings[0]


@pytest.mark.parametrize("pools", [["10.1.0.0/16", "10.2.0.0/16"], ["10.2.0.0/16", "10.1.0.0/16"], ["10.1.3.4/16", "10.2.0.0/16"]])
def test_pools_are_compared_as_subnets(pools):
    current = dict(swarm(), DefaultAddrPool=["10.1.0.0/16", "10.2.0.0/16"])
    assert settings.plan(current, wish(default_addr_pool=pools)).warnings == ()


# Rotations


@pytest.mark.parametrize("rotation", ["worker_token", "manager_token"])
def test_a_token_is_rotated_each_time(rotation):
    plan = settings.plan(swarm(), wish(**{"rotate_%s" % rotation: True}))
    assert [(step.settings, step.rotations, step.rotated_keys) for step in plan.steps] == [({}, (rotation,), (rotation,))]
    assert written(swarm(), wish(**{"rotate_%s" % rotation: True})) == {}


@pytest.mark.parametrize("locking, options", [(True, {}), (False, {"autolock": True})])
def test_the_unlock_key_is_rotated_where_there_is_one(locking, options):
    current = swarm(EncryptionConfig={"AutoLockManagers": locking})
    [step] = settings.plan(current, wish(rotate_unlock_key=True, **options)).steps
    assert step.rotations == ("unlock_key",)


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"rotate_unlock_key": True}, True),
        ({"autolock": False}, True),
        ({"autolock": True}, False),
        ({"rotate_worker_token": True, "snapshot_interval": 5}, False),
    ],
)
def test_whether_there_will_be_another_unlock_key(options, expected):
    current = swarm(EncryptionConfig={"AutoLockManagers": True})
    assert settings.makes_unlock_key(settings.plan(current, wish(**options))) is expected


@pytest.mark.parametrize(
    "current, options, expected",
    [
        pytest.param(swarm(), {}, {"ForceRotate": 1}, id="the first CA that the swarm makes itself"),
        pytest.param(swarm(CAConfig={"ForceRotate": 4}), {}, {"ForceRotate": 5}, id="one more"),
        pytest.param(swarm(rotating=True), {}, {"ForceRotate": 1}, id="instead of one that has not come to its end"),
        pytest.param(
            swarm(CAConfig={"ForceRotate": 4}),
            {"signing_ca_cert": OTHER_ROOT, "signing_ca_key": KEY},
            {"ForceRotate": 4, "SigningCACert": OTHER_ROOT, "SigningCAKey": KEY},
            id="a CA of one's own",
        ),
        pytest.param(
            swarm(rotating=True),
            {"signing_ca_cert": ROOT, "signing_ca_key": KEY},
            {"SigningCACert": ROOT, "SigningCAKey": KEY},
            id="back to the present one while a rotation is under way",
        ),
        pytest.param(
            swarm(CAConfig={"ExternalCAs": [dict(CA, CACert=OTHER_ROOT)]}),
            {"signing_ca_cert": OTHER_ROOT},
            {"ExternalCAs": [dict(CA, CACert=OTHER_ROOT)], "SigningCACert": OTHER_ROOT, "SigningCAKey": ""},
            id="an external CA that the swarm knows",
        ),
        pytest.param(
            swarm(),
            {"signing_ca_cert": OTHER_ROOT, "external_cas": [ca(ca_cert=OTHER_ROOT)]},
            {
                "ExternalCAs": [dict(CA, CACert=OTHER_ROOT, Options={})],
                "SigningCACert": OTHER_ROOT,
                "SigningCAKey": "",
            },
            id="an external CA that comes with it",
        ),
    ],
)
def test_a_new_root_ca(current, options, expected):
    desired = wish(rotate_ca=True, **options)
    assert written(current, desired)["CAConfig"] == dict({"NodeCertExpiry": 2160 * HOUR}, **expected)
    assert settings.plan(current, desired).steps[-1].sentence() == "wait until every node has a certificate of the new root CA"
    assert "ca" not in settings.plan(current, desired).steps[-2].rotated_keys


def test_the_root_certificate_that_the_swarm_has_is_not_rotated_to():
    for cert in (ROOT, "what openssl prints\n%s" % ROOT):
        desired = wish(rotate_ca=True, signing_ca_cert=cert, signing_ca_key=KEY)
        settings.refuse_invalid(desired)
        assert settings.plan(swarm(), desired).steps == ()


def test_nodes_on_which_a_rotation_waits():
    def node(name, root, state="ready"):
        return {"ID": name.upper(), "Description": {"Hostname": name, "TLSInfo": issuer(root)}, "Status": {"State": state}}

    unknown = {"ID": "W9", "Description": {}, "Status": {"State": "unknown"}}
    nodes = [node("m1", "new"), node("w3", "old", "down"), node("w2", "old"), unknown]
    assert settings.behind(swarm(rotating=True), nodes) == ["W9 (unknown)", "w2 (ready)", "w3 (down)"]


# Refusals


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"dispatcher_heartbeat_period": "5"}, "The dispatcher_heartbeat_period '5' is no duration. Say it with units, such as 5s"),
        ({"dispatcher_heartbeat_period": "-5s"}, "'-5s' is no duration"),
        ({"dispatcher_heartbeat_period": "0s"}, "dispatcher_heartbeat_period 0s is too short; the least that a swarm can work with is 1s"),
        ({"node_cert_expiry": "59m"}, "The node_cert_expiry 59m is too short; the least that a swarm can work with is 1h"),
        ({"node_cert_expiry": "90d"}, "'90d' is no duration"),
        ({"snapshot_interval": 0}, "The snapshot_interval 0 is not between 1 and"),
        ({"keep_old_snapshots": -1}, "The keep_old_snapshots -1 is not between 0 and"),
        ({"log_entries_for_slow_followers": -1}, "log_entries_for_slow_followers -1 is not between 0 and"),
        ({"task_history_retention_limit": -1}, "task_history_retention_limit -1 is not between 0 and"),
        ({"heartbeat_tick": 0}, "The heartbeat_tick 0 is not between 1 and"),
        ({"election_tick": 2**32}, "election_tick 4294967296 is not between"),
        ({"election_tick": 3, "heartbeat_tick": 3}, "The election_tick, 3, must be greater than the heartbeat_tick, 3"),
        ({"labels": {"a b": "c"}}, "The label 'a b' of the swarm is invalid"),
        ({"labels": {"a": ["b"]}}, "The label a of the swarm has no plain text"),
        ({"labels": {"a": "b"}, "labels_to_remove": ["a"]}, "The label a of the swarm is to be set and to be removed"),
        ({"external_cas": [ca("http://ca")]}, "begins with https://"),
        ({"external_cas": [ca("https://")]}, "and names a host"),
        ({"external_cas": [ca("https://[::1")]}, "and names a host"),
        ({"external_cas": [ca(), ca()]}, "The external CA at ca is listed twice"),
        ({"external_cas": [ca(ca_cert="/etc/ca.pem")]}, "The ca_cert of the external CA at ca is no certificate in PEM form"),
        ({"external_cas": [ca(options={"a": {"b": "c"}})]}, "options of the external CA at ca must be names with plain texts"),
        ({"log_driver": {"name": "", "options": None}}, "The log_driver has no name"),
        ({"log_driver": {"name": "local", "options": {"a": []}}}, "options of the log_driver must be names with plain texts; 'a' is"),
        ({"signing_ca_cert": ROOT, "signing_ca_key": KEY}, "are for a rotation of the CA. Say rotate_ca=true"),
        ({"signing_ca_key": KEY, "rotate_ca": True}, "The signing_ca_key came without its signing_ca_cert"),
        ({"signing_ca_cert": "/etc/ca.pem", "rotate_ca": True}, "must be one certificate in PEM form; 0 were found"),
        ({"signing_ca_cert": ROOT.replace("=", "*"), "rotate_ca": True}, "must be one certificate in PEM form; 0 were found"),
        ({"signing_ca_cert": ROOT + OTHER_ROOT, "rotate_ca": True}, "must be one certificate in PEM form; 2 were found"),
        ({"signing_ca_cert": ROOT, "signing_ca_key": ROOT, "rotate_ca": True}, "The signing_ca_key is no private key in PEM form"),
        ({"default_addr_pool": ["10.0.0.0/40"]}, "The default_addr_pool 10.0.0.0/40 is no subnet"),
        ({"subnet_size": 33}, "The subnet_size 33 is not between 1 and 32"),
        ({"data_path_port": 80}, "The data_path_port 80 is not between 1024 and 49151"),
        ({"autolock": False, "rotate_unlock_key": True}, "With autolock=false there is no unlock key that rotate_unlock_key could rotate"),
    ],
)
def test_refusals_before_anything_is_looked_at(options, sentence):
    with pytest.raises(Refusal) as refusal:
        settings.refuse_invalid(wish(**options))
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"election_tick": 3}, "The election_tick, 3, must be greater than the heartbeat_tick, 4: managers would give their leader up"),
        ({"heartbeat_tick": 20}, "The election_tick, 20, must be greater than the heartbeat_tick, 20"),
        ({"rotate_unlock_key": True}, "There is no unlock key to rotate, since the managers of this swarm do not lock themselves"),
        ({"rotate_ca": True, "signing_ca_cert": OTHER_ROOT}, "there is no signing_ca_key, and no external CA of the swarm has that"),
        (
            {"rotate_ca": True, "signing_ca_cert": OTHER_ROOT, "external_cas": [ca(ca_cert=ROOT)]},
            "no external CA of the swarm has that certificate",
        ),
    ],
)
def test_refusals_in_view_of_the_swarm(options, sentence):
    current = swarm(Raft={"ElectionTick": 20, "HeartbeatTick": 4})
    settings.refuse_invalid(wish(**options))
    with pytest.raises(Refusal) as refusal:
        settings.plan(current, wish(**options))
    assert sentence in str(refusal.value)


def test_ticks_that_nobody_names_are_not_looked_at():
    assert written(swarm(Raft={"ElectionTick": 1, "HeartbeatTick": 1}), wish(snapshot_interval=500))


# Nodes that are away


def member(name, reachability=None, state="ready"):
    status = {"ManagerStatus": {"Reachability": reachability}} if reachability else {}
    return dict({"ID": name, "Spec": {"Role": "manager" if reachability else "worker"}, "Description": {"Hostname": name},
                 "Status": {"State": state}}, **status)


LOCKING = swarm(EncryptionConfig={"AutoLockManagers": True})
WHOLE = [member("m1", "reachable"), member("m2", "reachable"), member("w1")]
WITHOUT_M2 = [member("m1", "reachable"), member("m2", "unreachable", "down"), member("w1")]
WITHOUT_W1 = [member("m1", "reachable"), member("m2", "reachable"), member("w1", state="down")]


@pytest.mark.parametrize("nodes, refused", [(WHOLE, False), (WITHOUT_M2, True), (WITHOUT_W1, False)])
def test_a_manager_that_is_away_needs_the_unlock_key_that_it_knows(nodes, refused):
    desired = wish(rotate_unlock_key=True)
    assert settings.concerns_nodes(desired)
    if refused:
        with pytest.raises(Refusal, match="The manager m2 cannot be reached by the others"):
            settings.plan(LOCKING, desired, nodes)
    else:
        assert settings.plan(LOCKING, desired, nodes).steps


@pytest.mark.parametrize(
    "options, nodes, words",
    [
        ({"autolock": False}, WHOLE, None),
        ({"autolock": False}, WITHOUT_W1, None),
        ({"autolock": False}, WITHOUT_M2, "need the present one to come back: m2."),
        ({"rotate_ca": True}, WHOLE, None),
        ({"rotate_ca": True}, WITHOUT_M2, "hold the rotation of the root CA up .*: m2."),
        ({"rotate_ca": True}, WITHOUT_W1, "hold the rotation of the root CA up .*: w1."),
        ({"autolock": True, "snapshot_interval": 7}, WITHOUT_M2, None),
    ],
)
def test_what_nodes_that_are_away_will_miss_is_a_warning(options, nodes, words):
    plan = settings.plan(LOCKING, wish(**options), nodes)
    assert plan.steps and bool(plan.warnings) == bool(words)
    assert words is None or re.search(words, plan.warnings[0])
