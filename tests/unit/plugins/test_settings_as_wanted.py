# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that need no second look: whatever the module would do, say or refuse must be noticed."""

from __future__ import annotations

import json

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.modules import swarm_info
from ansible_collections.quorate.swarm.plugins.test.settings_as_wanted import TestModule as Plugin
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.settings import pem
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm

as_wanted = Plugin().tests()["settings_as_wanted"]
CERTIFICATE = pem("the root")
CA = {"Protocol": "cfssl", "URL": "https://user:hush@ca:8888", "CACert": CERTIFICATE, "Options": {"profile": "hush"}}
JSON_FILE = {"Name": "json-file", "Options": {"max-file": "3"}}
SPLUNK = {"Name": "splunk", "Options": {"splunk-token": "hush"}}
REQUESTS = ("nodes", "services", "tasks", "networks", "containers", "join_tokens")


@pytest.fixture
def seen(world):
    """What swarm_info tells of a swarm, sections of whose spec are as given."""

    def look(**spec):
        swarm = Swarm(world)
        swarm.settings.spec.update(spec)
        manager = Host(world, "m1", "10.0.0.1").become(swarm, "manager")
        params = dict(dict.fromkeys(REQUESTS, False), quorum_timeout=0, addresses=[], raft=False)
        return json.loads(json.dumps(swarm_info.execute(Engine(manager), params, False).facts["cluster"]))

    return look


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"task_history_retention_limit": 5, "snapshot_interval": "10000", "election_tick": 10, "heartbeat_tick": 1},
        {"dispatcher_heartbeat_period": "5000ms", "node_cert_expiry": "90h2070h"},
        {"autolock": False, "external_cas": [], "keep_old_snapshots": 0},
        {"autolock": "no"},
        {"labels": {"site": "north"}},
        {"labels": {"site": "north", "spare": True}, "labels_state": "replace"},
        {"labels_to_remove": ["gone"]},
        {"default_addr_pool": ["10.0.0.0/8"], "subnet_size": 24, "data_path_port": 4789},
        {"rotate_ca": False, "unlock_key": False},
    ],
)
def test_what_agrees(seen, wish):
    assert as_wanted(seen(Labels={"site": "north", "spare": "true"}), wish)


@pytest.mark.parametrize(
    "wish",
    [
        {"task_history_retention_limit": 2},
        {"dispatcher_heartbeat_period": "6s"},
        {"node_cert_expiry": "720h"},
        {"autolock": True},
        {"labels": {"site": "south"}},
        {"labels": {}, "labels_state": "replace"},
        {"labels_to_remove": ["site"]},
        {"log_driver": {"name": "local"}},
        {"external_cas": [{"url": "https://ca"}]},
        {"subnet_size": 26},
        {"default_addr_pool": ["10.1.0.0/16"]},
        {"data_path_port": 4790},
        {"rotate_worker_token": True},
        {"rotate_manager_token": True},
        {"rotate_unlock_key": True},
        {"rotate_ca": True},
        {"rotate_ca": True, "signing_ca_cert": CERTIFICATE},
        {"signing_ca_cert": CERTIFICATE},
        {"unlock_key": True},
        {"node_cert_expiry": "soon"},
        {"heartbeat_tick": 10},
        {"snapshot_interval": "often"},
        {"colour": "blue"},
    ],
)
def test_what_differs_or_is_said_or_refused_needs_the_module(seen, wish):
    assert not as_wanted(seen(Labels={"site": "north"}), wish)


def test_a_swarm_that_nobody_saw_needs_the_module():
    assert not as_wanted(None, {})


def test_a_swarm_that_locks_itself(seen):
    locking = seen(EncryptionConfig={"AutoLockManagers": True})
    assert as_wanted(locking, {"autolock": True}) and not as_wanted(locking, {"autolock": False})


@pytest.mark.parametrize(
    "entries",
    [[], [{"url": "https://ca:8888"}], [{"url": "https://user:hush@ca:8888", "ca_cert": CERTIFICATE, "options": {"profile": "hush"}}]],
)
def test_external_cas_are_told_without_secrets_and_need_the_module(seen, entries):
    told = seen(CAConfig={"NodeCertExpiry": 10**15, "ExternalCAs": [CA]})
    assert "hush" not in json.dumps(told) and "CERTIFICATE" not in json.dumps(told)
    assert not as_wanted(told, {"external_cas": entries})
    assert as_wanted(told, {"autolock": False})


@pytest.mark.parametrize(
    "driver, wish, expected",
    [
        (JSON_FILE, {"name": "json-file"}, True),
        (JSON_FILE, {"name": "json-file", "options": {"max-file": 3}}, True),
        (JSON_FILE, {"name": "json-file", "options": {}}, False),
        (JSON_FILE, {"name": "local"}, False),
        (SPLUNK, {"name": "splunk", "options": {"splunk-token": "hush"}}, False),
        (SPLUNK, {"name": "splunk", "options": {"splunk-token": "(not told)"}}, False),
        (SPLUNK, None, True),
    ],
)
def test_a_log_driver_is_compared_where_all_of_it_is_told(seen, driver, wish, expected):
    told = seen(TaskDefaults={"LogDriver": driver})
    assert "hush" not in json.dumps(told)
    assert as_wanted(told, {"log_driver": wish}) is expected
