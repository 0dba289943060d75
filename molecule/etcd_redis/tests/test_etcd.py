# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three members of etcd, one a host: what a user sees of the cluster, and what a change does to it."""

from __future__ import annotations

import json
import subprocess

import pytest

PLAYBOOK = "playbooks/etcd.yml"
MEMBERS = {"node1": "etcd1", "node2": "etcd2", "node3": "etcd3"}
# From the test that rolls it on, so that no later one has to take it back.
SETTINGS = {"snapshot-count": 5000, "auto-compaction-retention": "1h"}
SETTING = ("-e", json.dumps({"etcd_settings": SETTINGS}))


@pytest.fixture(scope="session")
def play(play_clusters):
    return play_clusters


def test_three_members_are_one_cluster_with_one_leader(etcd):
    assert etcd.leader(MEMBERS) in MEMBERS
    assert sorted(etcd.members("node1")) == sorted(MEMBERS.values())


def test_what_is_written_through_one_member_is_read_on_every_other_and_from_outside(lab, etcd):
    etcd.put("node1", "fruit", "quince")
    assert {host: etcd.get(host, "fruit") for host in MEMBERS} == dict.fromkeys(MEMBERS, "quince")
    # The image has no shell, and needs none.
    read = "docker exec %s /usr/local/bin/etcdctl get fruit --print-value-only"
    assert {lab.sh(host, read % name).strip() for host, name in MEMBERS.items()} == {"quince"}
    assert lab.host("node1").run("docker exec etcd1 sh -c true").rc != 0


def test_check_mode_says_that_nothing_would_change(play):
    assert "Nothing would change." in play.ok(PLAYBOOK, "--check")


def test_verify_tells_the_cluster(play):
    assert "leads 3 members" in " ".join(play.ok("playbooks/verify.yml", "--tags", "etcd").split())


def test_only_the_clients_port_is_published_and_the_first_start_is_over(lab):
    assert lab.sh("node2", "docker port etcd2").split() == ["2379/tcp", "->", "10.10.10.76:2379"]
    written = lab.sh("node2", "cat /srv/etcd/etcd2/conf/etcd.yml")
    assert 'initial-cluster: "etcd2=http://etcd2:2380"' in written and 'initial-cluster-state: "existing"' in written


def test_a_setting_is_rolled_under_load_and_goes_on_after_the_leader_and_the_run_were_killed(lab, play, etcd, load):
    leader = etcd.leader(MEMBERS)
    followers = [host for host in MEMBERS if host != leader]
    told = " ".join(play.ok(PLAYBOOK, "--check", *SETTING).split())
    assert "replace %s, then %s; leader %s last" % (*(MEMBERS[host] for host in followers), MEMBERS[leader]) in told

    def kill_both(process):
        play.kill(process)
        lab.sh(leader, "docker kill %s" % MEMBERS[leader])

    with load("etcd", 30, MEMBERS) as client:
        # The last one that is asked at the first gate: one is replaced and all serve.
        play.at("(item=etcd3)", kill_both, PLAYBOOK, *SETTING)
        # The others elect a leader meanwhile.
        play.ok(PLAYBOOK, *SETTING)
    assert not client.lost
    print("The longest that a write had to wait: %.0f s." % client.longest)
    for host, name in MEMBERS.items():
        told = lab.sh(host, "docker logs %s 2>&1 | grep -o '\"snapshot-count\":[0-9]*' | tail -n 1" % name)
        assert told == '"snapshot-count":5000', host
    etcd.assert_there("node2", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
def test_a_group_in_another_order_changes_nothing(play, clusters_with):
    reordered = clusters_with({"etcd_reordered": {"hosts": dict.fromkeys(reversed(MEMBERS))}})
    words = ("-e", json.dumps({"etcd_group": "etcd_reordered", "etcd_cluster_token": "etcd"}))
    assert "Nothing would change." in play.ok(PLAYBOOK, "--check", *SETTING, *reordered, *words)


@pytest.mark.long
def test_a_member_is_added_and_removed_under_load(lab, play, etcd, load, clusters_with):
    four = clusters_with({"etcd": {"hosts": {"node4": {"etcd_name": "etcd4"}}}})
    without = clusters_with({"etcd": {"hosts": {"node4": {"etcd_name": "etcd4", "etcd_state": "absent"}}}})
    with load("etcd", 30, MEMBERS) as client:
        told = " ".join(play.ok(PLAYBOOK, *SETTING, *four).split())
        assert "add etcd4" in told and "Take an odd number" in told
        assert sorted(etcd.members("node1")) == [*MEMBERS.values(), "etcd4"]
        assert not etcd.members("node1")["etcd4"].get("isLearner")
        assert etcd.get("node4", "fruit") == "quince"
        assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *four)
        assert "remove etcd4" in " ".join(play.ok(PLAYBOOK, *SETTING, *without).split())
    assert not client.lost
    assert sorted(etcd.members("node1")) == sorted(MEMBERS.values())
    assert lab.sh("node4", "docker ps -aq -f name=etcd4") == ""
    assert "member" in lab.sh("node4", "ls /srv/etcd/etcd4/data")
    etcd.assert_there("node3", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *without)
    # What it left is of no use to it any more.
    told = play.refused(PLAYBOOK, *SETTING, *four)
    assert "is that of a member that was taken out of the cluster, and etcd lets none come back with such data" in told
    lab.sh("node4", "rm -rf /srv/etcd/etcd4")


@pytest.mark.long
def test_a_member_that_is_added_by_a_run_that_was_killed_is_taken_in_by_the_next_one(lab, play, etcd, clusters_with):
    four = clusters_with({"etcd": {"hosts": {"node4": {"etcd_name": "etcd4"}}}})
    play.at("Wait until the member has found the cluster", play.kill, PLAYBOOK, *SETTING, *four)
    assert "add etcd4" in " ".join(play.ok(PLAYBOOK, *SETTING, *four).split())
    assert sorted(etcd.members("node1")) == [*MEMBERS.values(), "etcd4"]
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *four)
    without = clusters_with({"etcd": {"hosts": {"node4": {"etcd_name": "etcd4", "etcd_state": "absent"}}}})
    play.ok(PLAYBOOK, *SETTING, *without, "-e", json.dumps({"etcd_delete": ["etcd4"]}))
    assert "data" not in lab.host("node4").run("ls /srv/etcd/etcd4").stdout


@pytest.mark.long
def test_a_member_that_has_lost_its_data_does_not_start_with_none_and_comes_back_under_another_id(lab, play, etcd, load):
    before = etcd.members("node1")["etcd2"]["ID"]
    with load("etcd", 30, ["node1", "node3"]) as client:
        lab.sh("node2", "systemctl stop quorate-member@etcd2 && rm -rf /srv/etcd/etcd2/data/member && systemctl start quorate-member@etcd2")
        lab.wait_for(lambda: "could not retrieve cluster information" in lab.sh("node2", "docker logs --tail 20 etcd2 2>&1"), "it ended")
        assert "wal" not in lab.sh("node2", "ls -R /srv/etcd/etcd2/data")
        assert "add etcd2" in " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert not client.lost
    assert etcd.members("node1")["etcd2"]["ID"] != before
    assert etcd.get("node2", "fruit") == "quince"
    etcd.assert_there("node2", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
def test_the_api_v2_is_switched_on_and_off_again(play, etcd):
    assert etcd.get_v2("node1") == "404"
    play.ok(PLAYBOOK, *SETTING, "-e", json.dumps({"etcd_enable_v2": True}))
    assert {etcd.get_v2(host) for host in MEMBERS} == {"200"}
    play.ok(PLAYBOOK, *SETTING)
    assert {etcd.get_v2(host) for host in MEMBERS} == {"404"}


@pytest.mark.long
def test_nothing_acknowledged_is_lost_when_all_hosts_lose_their_power(lab, play, etcd, load, swarm):
    with load("etcd", 600, MEMBERS) as client:
        lab("power-off", *MEMBERS, "node4")
        lab("power-on", *MEMBERS, "node4")
        swarm.wait_until_ready()
        # by themselves, without a run
        etcd.wait_until_whole(MEMBERS, limit=300)
    etcd.assert_there("node1", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"etcd_client_port": 22}, "Port 22/tcp of this host is taken by"),
        ({"etcd_name": "etcd1"}, "etcd1 is the name of the members of"),
        ({"etcd_image": "quay.io/coreos/etcd:v3.3.27"}, "etcd reads no data of a newer version"),
        ({"etcd_image": "quay.io/coreos/etcd:v3.6.1"}, "etcd goes on by one minor version at a time: take 3.5 first"),
        ({"etcd_image": "quay.io/coreos/etcd:v3.6.1", "etcd_enable_v2": True}, "has no API v2 any more; 3.5 was the last to have it"),
        ({"etcd_settings": {"initial-cluster-state": "new"}}, "say what the role decides: initial-cluster-state"),
        ({"etcd_peer_scheme": "https"}, "etcd_settings have no peer-transport-security with cert-file and key-file"),
    ],
    ids=["port", "name", "older", "too-new", "v2", "contradiction", "tls"],
)
def test_bad_input_is_refused_in_a_sentence_and_nothing_is_changed(play, etcd, variables, words):
    assert words in play.refused(PLAYBOOK, *SETTING, "-e", json.dumps(variables))
    assert etcd.leader(MEMBERS)


@pytest.mark.long
def test_data_of_another_owner_or_cluster_are_refused(lab, play, etcd):
    data = "/srv/etcd/etcd3/data"
    lab.sh("node3", "systemctl stop quorate-member@etcd3 && mv %s %s.own" % (data, data))
    try:
        lab.sh("node3", "mkdir -m 700 %s && touch %s/file && chown -R 4711 %s" % (data, data, data))
        assert "belongs to user 4711, and the member runs as user 0" in play.refused(PLAYBOOK, *SETTING)
        lab.sh("node3", "rm -rf %s && mkdir -m 700 %s" % (data, data))
        # A cluster of its own, made with the image itself.
        alone = "docker run --rm -d --name alone -v %s:/x quay.io/coreos/etcd:v3.4.23 /usr/local/bin/etcd --data-dir /x" % data
        lab.sh("node3", alone)
        lab.wait_for(lambda: "serving" in lab.sh("node3", "docker logs alone 2>&1"), "a cluster of its own was there")
        lab.sh("node3", "docker stop alone")
        told = play.refused(PLAYBOOK, *SETTING)
        assert "On node3 the data directory is one of the cluster cdf818194e3a8c32, and the others are in" in told
    finally:
        lab.sh("node3", "rm -rf %s && mv %s.own %s" % (data, data, data))
    assert "start etcd3" in " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert etcd.leader(MEMBERS)


def certificates(directory, name):
    """An authority, and a certificate of the member that serves for servers and clients alike, as etcd's gateway needs it."""
    def run(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=quorate", "-days", "2")
    run("req", *key, "-keyout", "member.key", "-out", "member.csr", "-subj", "/CN=%s" % name)
    usage = "subjectAltName=DNS:%s,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n" % name
    (directory / "usage").write_text(usage, encoding="utf-8")
    run("x509", "-req", "-in", "member.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "member.pem", "-days", "2",
        "-extfile", "usage")
    return {file: (directory / file).read_text(encoding="utf-8") for file in ("ca.pem", "member.pem", "member.key")}


@pytest.mark.long
def test_one_member_alone_speaks_tls_to_everybody(lab, play, clusters_with, tmp_path):
    tls = {"cert-file": "/etc/etcd/secrets/member.pem", "key-file": "/etc/etcd/secrets/member.key",
           "trusted-ca-file": "/etc/etcd/secrets/ca.pem", "client-cert-auth": True}
    place = "/srv/etcd-tls/etcd-tls/conf/secrets/"
    variables = {
        "etcd_group": "etcd_tls", "etcd_directory": "/srv/etcd-tls", "etcd_client_port": 2479,
        "etcd_scheme": "https", "etcd_peer_scheme": "https",
        "etcd_settings": {"client-transport-security": tls, "peer-transport-security": tls},
        "etcd_secrets": certificates(tmp_path, "etcd-tls"),
        "etcd_ca_path": place + "ca.pem", "etcd_client_cert_path": place + "member.pem", "etcd_client_key_path": place + "member.key",
    }
    path = tmp_path / "variables.json"
    path.write_text(json.dumps(variables), encoding="utf-8")
    words = (*clusters_with({"etcd_tls": {"hosts": {"node4": {"etcd_name": "etcd-tls"}}}}), "-e", "@%s" % path)
    told = play.ok(PLAYBOOK, *words, "-vvv")
    key = variables["etcd_secrets"]["member.key"].splitlines()[1]
    assert key not in told and key not in lab.sh("node4", "docker inspect etcd-tls")
    assert lab.sh("node4", "stat -c %%a:%%u %smember.key" % place) == "400:0"
    try:
        assert "Nothing changed." in play.ok(PLAYBOOK, *words)
        assert "leads 1 members" in " ".join(play.ok("playbooks/verify.yml", "--tags", "etcd", *words).split())
        ask = "docker exec etcd-tls /usr/local/bin/etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/etcd/secrets/ca.pem"
        assert lab.host("node4").run("%s endpoint health" % ask).rc != 0
        shown = "--cert /etc/etcd/secrets/member.pem --key /etc/etcd/secrets/member.key"
        assert "is healthy" in lab.sh("node4", "%s %s endpoint health 2>&1" % (ask, shown))
    finally:
        ended = {"name": "etcd-tls", "state": "absent"}
        assert play.run_module("node4", "quorate.swarm.cluster_member", json.dumps(ended)).returncode == 0
        lab.sh("node4", "rm -rf /srv/etcd-tls")
