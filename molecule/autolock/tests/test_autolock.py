# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A swarm that locks itself, its settings, and what is made anew in it."""

from __future__ import annotations

import json

import pytest

CONVERGE = "molecule/autolock/converge.yml"
ENGINES = "molecule/autolock/engines.yml"
ROTATE = "playbooks/rotate.yml"
SITE = "playbooks/site.yml"
HOSTS = ("node1", "node2", "node3", "node4")
MANAGERS = HOSTS[:3]
KEY = "SWMKEY-1-"
VERIFY = """
- hosts: swarm_managers:swarm_workers
  gather_facts: false
  tasks:
    - ansible.builtin.import_role: {name: quorate.swarm.swarm, tasks_from: verify}
"""


@pytest.fixture(scope="module")
def key_file(checkout):
    return checkout / ".lab" / "unlock_key"


def spec(lab, host="node1"):
    return json.loads(lab.sh(host, "curl --silent --unix-socket /var/run/docker.sock http://engine/v1.41/swarm"))["Spec"]


def tokens(lab):
    return lab.sh("node1", "docker swarm join-token -q worker; docker swarm join-token -q manager").split()


def states(lab):
    return {host: lab.swarm(host)["LocalNodeState"] for host in HOSTS}


def restart(lab, *hosts):
    for host in hosts:
        lab.sh(host, "systemctl restart docker")


def test_the_settings_are_what_was_asked_for_and_the_others_what_they_were(lab):
    seen = spec(lab)
    assert seen["EncryptionConfig"]["AutoLockManagers"] is True
    assert seen["Orchestration"]["TaskHistoryRetentionLimit"] == 3
    assert seen["CAConfig"]["NodeCertExpiry"] == 720 * 3600 * 10**9
    assert seen["Labels"] == {"site": "lab"}
    assert seen["Dispatcher"]["HeartbeatPeriod"] == 6 * 10**9
    assert (seen["Raft"]["SnapshotInterval"], seen["Raft"]["LogEntriesForSlowFollowers"]) == (9000, 500)


def test_the_key_is_in_a_file_of_the_controller_that_only_its_owner_reads(lab, key_file):
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert key_file.read_text(encoding="utf-8").strip() == lab.sh("node1", "docker swarm unlock-key -q")


def test_settings_that_are_as_asked_for_are_not_asked_for_again(play):
    assert "Settings | Bring the swarm's settings" not in play.ok(CONVERGE)


def test_check_mode_tells_a_setting_and_does_not_make_it(lab, play):
    words = ("-e", json.dumps({"swarm_settings": {"task_history_retention_limit": 7}}))
    assert "task_history_retention_limit" in play.ok(CONVERGE, "--check", "--diff", *words)
    assert spec(lab)["Orchestration"]["TaskHistoryRetentionLimit"] == 3


def test_what_is_fixed_for_the_life_of_the_swarm_is_said_and_not_changed(lab, play):
    told = " ".join(play.ok(CONVERGE, "-e", json.dumps({"swarm_default_addr_pool": ["10.77.0.0/16"]})).split())
    assert "The default_addr_pool of this swarm is 10.0.0.0/8, 10.77.0.0/16 was asked for." in told and "Nothing changed." in told


def test_what_is_fixed_is_said_without_any_setting_and_only_where_somebody_said_it(play):
    words = ("-e", json.dumps({"swarm_settings": {}, "swarm_data_path_port": 4790}))
    told = " ".join(play.ok(CONVERGE, "--check", *words).split())
    assert "The data_path_port of this swarm is 4789, 4790 was asked for." in told and "The subnet_size" not in told


def test_a_key_that_no_file_keeps_is_warned_of(play):
    told = " ".join(play.ok(CONVERGE, "--check", "-e", "swarm_unlock_key_file=").split())
    assert "this run keeps their unlock key nowhere" in told and "docker swarm unlock-key" in told


def test_a_setting_that_no_swarm_has_is_refused(play):
    assert "autlock. Supported parameters include: autolock" in play.refused(CONVERGE, "-e", '{"swarm_settings": {"autlock": true}}')


def test_a_change_of_the_engines_configuration_rolls_through_all_hosts_and_leaves_no_manager_locked(lab, watched, unfinished, swarm):
    for host in HOSTS:
        unfinished(host)
    engine = "systemctl show docker --property MainPID"
    before = {host: lab.sh(host, engine) for host in HOSTS}
    done = watched.run(ENGINES)
    assert done.returncode == 0, done.stdout
    assert set(states(lab).values()) == {"active"}
    assert not {host for host in HOSTS if lab.sh(host, engine) == before[host]}
    swarm.wait_until_ready()


def test_a_locked_manager_is_refused_without_a_key_and_with_a_wrong_one(lab, play, key_file):
    restart(lab, "node2")
    lab.wait_for(lambda: states(lab)["node2"] == "locked", "node2 was locked")
    told = play.refused(CONVERGE, "-e", "swarm_unlock_key_file=")
    assert "node2 is locked" in told and "swarm_unlock_key_file" in told
    wrong = KEY + "x" * 43
    told = play.refused(CONVERGE, "-vvv", "-e", "swarm_unlock_key=" + wrong)
    assert "This manager stays locked: the engine refused the unlock_key" in told
    assert wrong[9:] not in told.replace("swarm_unlock_key=" + wrong, "")
    assert states(lab)["node2"] == "locked"


def test_a_locked_manager_is_named_by_verify_and_its_unlocking_is_foretold(lab, play, key_file, tmp_path):
    """node2 is locked since the test before."""
    (tmp_path / "verify.yml").write_text(VERIFY, encoding="utf-8")
    told = play.refused(tmp_path / "verify.yml", "-e", "swarm_unlock_key_file=%s" % key_file)
    assert "node2 is locked: autolock is on" in told and "quorate.swarm.site" in told
    told = " ".join(play.ok(CONVERGE, "--check", "--diff").split())
    assert "Would change: quorate.swarm.swarm : Unlock the managers that are locked: node2" in told
    assert "node2 is locked and would be unlocked, if the key is the right one" in told
    assert states(lab)["node2"] == "locked"


def test_the_key_is_not_rotated_while_a_manager_would_need_the_one_before(lab, play):
    """node2 is locked still."""
    key = lab.sh("node1", "docker swarm unlock-key -q")
    done = play.run_module("node1", "quorate.swarm.swarm_settings", "rotate_unlock_key=true")
    assert done.returncode != 0 and "The manager node2 cannot be reached by the others" in " ".join(done.stdout.split())
    assert lab.sh("node1", "docker swarm unlock-key -q") == key


def test_the_next_run_with_the_key_unlocks_after_the_power_of_all_hosts_was_lost(lab, play, swarm, mend, key_file):
    def assert_unlocked(cluster_id):
        assert set(states(lab).values()) == {"active"}
        assert {swarm.cluster_id(host) for host in MANAGERS} == {cluster_id}
        assert "Nothing changed." in play.ok(SITE, *words)

    words = ("-e", json.dumps({"swarm_settings": {"autolock": True}, "swarm_unlock_key_file": str(key_file)}))
    cluster_id, key = swarm.cluster_id(), key_file.read_text(encoding="utf-8")
    try:
        lab("power-off", *HOSTS)
    finally:
        lab("power-on", *HOSTS)
    assert [states(lab)[host] for host in MANAGERS] == ["locked"] * 3
    foretold = " ".join(play.ok(SITE, "--check", *words).split())
    assert "Unlock the managers that are locked: node1, node2, node3" in foretold
    assert "what would change then cannot be foretold" in foretold
    assert [states(lab)[host] for host in MANAGERS] == ["locked"] * 3
    mend(cluster_id, SITE, words, whole=assert_unlocked)
    assert key_file.read_text(encoding="utf-8") == key


def test_the_key_is_not_rotated_where_the_new_one_could_not_be_kept(lab, play, tmp_path):
    key = lab.sh("node1", "docker swarm unlock-key -q")
    words = ("-e", json.dumps({"swarm_rotate": ["unlock_key"], "swarm_unlock_key_file": str(tmp_path / "absent" / "key")}))
    assert "there is no directory %s" % (tmp_path / "absent") in play.refused(ROTATE, *words)
    assert lab.sh("node1", "docker swarm unlock-key -q") == key


def test_tokens_and_the_key_are_made_anew_and_the_file_follows(lab, play, key_file):
    old_tokens, old_key = tokens(lab), key_file.read_text(encoding="utf-8")
    words = ("-e", json.dumps({"swarm_rotate": ["worker_token", "unlock_key"], "swarm_unlock_key_file": str(key_file)}))
    assert "Would change:" in play.ok(ROTATE, "--check", *words)
    assert tokens(lab) == old_tokens
    told = play.ok(ROTATE, "-vvv", *words)
    assert KEY not in told and "SWMTKN-" not in told
    worker, manager = tokens(lab)
    assert worker != old_tokens[0] and manager == old_tokens[1]
    assert key_file.read_text(encoding="utf-8") != old_key
    assert key_file.read_text(encoding="utf-8").strip() == lab.sh("node1", "docker swarm unlock-key -q")
    assert play.run_module("node1", "quorate.swarm.swarm_settings", "rotate_manager_token=true").returncode == 0
    assert tokens(lab)[0] == worker and tokens(lab)[1] != manager


def test_the_root_ca_is_made_anew_and_all_nodes_stay_ready(lab, play):
    digest = "sha256sum /var/lib/docker/swarm/certificates/swarm-root-ca.crt"
    before = lab.sh("node4", digest)
    play.ok(ROTATE, "-e", '{"swarm_rotate": ["ca"]}')
    assert lab.sh("node4", digest) != before
    assert {node["Status"]["State"] for node in lab.nodes()} == {"ready"}


def test_autolock_is_switched_off_again(lab, play):
    play.ok(CONVERGE, "-e", '{"swarm_settings": {"autolock": false}}')
    restart(lab, "node3")
    lab.wait_for(lambda: states(lab)["node3"] == "active", "node3 was active without a key")


def test_autolock_is_not_switched_on_where_the_key_could_not_be_kept(lab, play, tmp_path):
    """It is off since the test before."""
    for words in (("--check",), ()):
        told = play.refused(CONVERGE, *words, "-e", "swarm_unlock_key_file=%s" % tmp_path)
        assert "that is a directory itself" in told and "nothing of the swarm was changed" in told
    assert spec(lab)["EncryptionConfig"]["AutoLockManagers"] is False
