# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One master and three members with data, one a host: what a user sees of the cluster, and what a change does to it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess

import pytest

PLAYBOOK = "playbooks/elasticsearch.yml"
NAMES = {"node1": "elastic-master", "node2": "elastic-data01", "node3": "elastic-data02", "node4": "elastic-data03"}
DATA = [host for host in NAMES if host != "node1"]
# From the test that rolls it on, so that no later one has to take it back.
SETTING = ("-e", json.dumps({"elasticsearch_settings": {"indices.recovery.max_bytes_per_sec": "50mb"}}))


@pytest.fixture(scope="session")
def play(play_clusters):
    return play_clusters


def test_four_members_are_one_cluster_with_the_right_master(elasticsearch):
    found = elasticsearch.nodes("node1")
    assert sorted(found) == sorted(NAMES.values())
    assert [name for name, node in found.items() if node["master"] == "*"] == ["elastic-master"]
    assert found["elastic-master"]["node.role"] == "m"
    assert {found[NAMES[host]]["node.role"] for host in DATA} == {"di"}


def test_check_mode_says_that_nothing_would_change(play):
    assert "Nothing would change." in play.ok(PLAYBOOK, "--check")


def test_what_is_written_through_one_member_is_read_on_every_other(elasticsearch):
    elasticsearch.ask("node2", "/fruit/_doc/1?refresh=true", "PUT", {"name": "quince"})
    for host in NAMES:
        assert elasticsearch.ask(host, "/fruit/_doc/1")["_source"] == {"name": "quince"}, host


def test_logs_data_and_settings_lie_on_the_host(lab):
    logged = lab.sh("node2", "cat /srv/elasticsearch/logs/elasticsearch.log")
    assert "started" in logged
    config = lab.sh("node2", "cat /srv/elasticsearch/config/elasticsearch.yml")
    assert 'node.name: "elastic-data01"' in config
    assert "initial_master_nodes" not in lab.sh("node1", "cat /srv/elasticsearch/config/elasticsearch.yml")
    assert lab.sh("node2", "ls /srv/elasticsearch/data").split() == ["nodes"]


def test_the_host_and_the_container_give_what_elasticsearch_wants(lab, elasticsearch):
    nodes = elasticsearch.ask("node1", "/_nodes/process?filter_path=nodes.*.process.mlockall")["nodes"].values()
    assert [node["process"]["mlockall"] for node in nodes] == [True] * len(NAMES)
    assert int(lab.sh("node2", "sysctl -n vm.max_map_count")) >= 262144
    assert "vm.max_map_count" in lab.sh("node2", "cat /etc/sysctl.d/90-elasticsearch.conf")
    assert lab.sh("node2", "docker exec elastic-data01 sh -c 'ulimit -n'") == "65535"


def test_verify_tells_the_cluster(play):
    assert "elasticsearch is green with" in " ".join(play.ok("playbooks/verify.yml", "--tags", "elasticsearch").split())


def test_nothing_but_http_is_published(lab):
    assert lab.sh("node2", "docker port elastic-data01").split() == ["9200/tcp", "->", "10.10.10.76:9200"]


KEYSTORE = "/usr/share/elasticsearch/config/elasticsearch.keystore"


@pytest.mark.long
def test_a_keystore_is_brought_to_one_member(lab, play, elasticsearch, tmp_path):
    """One that another member has made for itself, since the lab's image has no program that makes any."""
    encoded = "".join(lab.sh("node2", "docker exec elastic-data01 base64 %s" % KEYSTORE).split())
    own = lab.sh("node4", "docker exec elastic-data03 sha256sum %s" % KEYSTORE)
    wanted = hashlib.sha256(base64.b64decode(encoded)).hexdigest()
    assert wanted not in own
    keystore, password = tmp_path / "elasticsearch.keystore", tmp_path / "vault"
    keystore.write_bytes(base64.b64decode(encoded))
    password.write_text("sesame\n", encoding="utf-8")
    vault = ("--vault-password-file", str(password))
    subprocess.run(["ansible-vault", "encrypt", *vault, str(keystore)], check=True, capture_output=True)
    path = "{{ '%s' if inventory_hostname == 'node4' else '' }}" % keystore
    words = (PLAYBOOK, *vault, "-e", json.dumps({"elasticsearch_keystore_path": path}))
    try:
        told = play.ok(*words, "--diff", "-vvv")
        assert "replace elastic-data03" in told and "elastic-data01, then" not in told
        assert "Nothing changed." in play.ok(*words)
        found = lab.sh("node4", "docker exec elastic-data03 sh -c 'sha256sum %s; stat -c %%a:%%u %s'" % (KEYSTORE, KEYSTORE)).split()
        assert (found[0], found[-1]) == (wanted, "600:1000")
        assert lab.sh("node4", "stat -c %a:%u /srv/elasticsearch/config/secrets/elasticsearch.keystore").split() == ["400:1000"]
        for text in (told, lab.sh("node4", "docker inspect elastic-data03")):
            assert encoded[48:112] not in text
        reloaded = elasticsearch.ask("node1", "/_nodes/elastic-data03/reload_secure_settings", "POST")["nodes"].values()
        assert [node["name"] for node in reloaded if "reload_exception" not in node] == ["elastic-data03"]
    finally:
        play.ok(PLAYBOOK)
    assert elasticsearch.status("node2") == "green"


def test_a_setting_is_rolled_under_load_and_goes_on_after_the_master_and_the_run_were_killed(lab, play, elasticsearch, load, waited):
    told = " ".join(play.ok(PLAYBOOK, "--check", *SETTING).split())
    assert "replace elastic-data01, then elastic-data02, then elastic-data03; leader elastic-master last" in told

    def kill_both(process):
        play.kill(process)
        lab.sh("node1", "docker kill elastic-master")

    # With the only master away nothing can be written: how long that is, docs/tested.md tells.
    with load("elasticsearch", 300, DATA) as client:
        play.at("Wait until the member is in the cluster", kill_both, PLAYBOOK, *SETTING)
        play.ok(PLAYBOOK, *SETTING)
    assert not client.lost
    waited(client)
    assert elasticsearch.status("node2") == "green"
    assert elasticsearch.is_clean("node1")
    known = elasticsearch.ask("node1", "/_nodes/settings?flat_settings=true")["nodes"].values()
    assert {node["settings"]["indices.recovery.max_bytes_per_sec"] for node in known} == {"50mb"}
    elasticsearch.assert_there("node3", client)


@pytest.mark.long
def test_a_setting_that_breaks_a_member_stops_there_and_the_next_run_mends_it(play, elasticsearch):
    # The server dies some while after its start, so it is the wait for it that ends.
    broken = {"elasticsearch_settings": {"indices.nonsense": 1}}
    told = " ".join(play.refused(PLAYBOOK, *SETTING, "-e", json.dumps(broken)).split())
    assert "elastic-data01 was seen to end 3 times before elastic-data01 were in the cluster" in told
    assert "Read 'docker logs elastic-data01' on this host" in told
    assert sorted(elasticsearch.nodes("node1")) == ["elastic-data02", "elastic-data03", "elastic-master"]
    assert elasticsearch.is_clean("node1")
    # It ends again and again, and may be down just when it is looked at.
    mended = " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert "replace elastic-data01 at once, since it serves nobody" in mended or "start elastic-data01, side by side" in mended
    elasticsearch.wait_until_green("node1", len(NAMES))


@pytest.mark.long
def test_a_host_that_breaks_down_in_mid_change_leaves_no_allocation_stopped(lab, play, elasticsearch, swarm):
    other = ("-e", json.dumps({"elasticsearch_settings": {"indices.recovery.max_bytes_per_sec": "60mb"}}))
    told = play.at("Wait until the member is in the cluster", lambda process: lab("power-off", "node2"), PLAYBOOK, *other)
    assert "UNREACHABLE" in told and told.count("Make the member as wanted]") == 1
    assert elasticsearch.is_clean("node1")
    lab("power-on", "node2")
    swarm.wait_until_ready()
    told = " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert "elastic-data01" in told and "elastic-data02, then" not in told
    elasticsearch.wait_until_green("node1", len(NAMES))


@pytest.mark.long
def test_a_member_is_removed_and_added_under_load(lab, play, elasticsearch, load, clusters_with):
    without = clusters_with({"elasticsearch_data": {"hosts": {"node4": {"elasticsearch_state": "absent"}}}})
    with load("elasticsearch", 30, DATA[:2]) as client:
        assert "remove elastic-data03" in " ".join(play.ok(PLAYBOOK, *SETTING, *without).split())
        assert "elastic-data03" not in elasticsearch.nodes("node1")
        assert elasticsearch.status("node2") == "green"
        assert lab.sh("node4", "docker ps -aq -f name=elastic-data03") == ""
        assert lab.sh("node4", "ls /srv/elasticsearch/data").split() == ["nodes"]
        assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING, *without)
        # With its data, of which it needs no more than what has changed.
        assert "start elastic-data03, side by side" in " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert not client.lost
    assert "elastic-data03" in elasticsearch.nodes("node1")
    assert elasticsearch.is_clean("node1")
    elasticsearch.assert_there("node3", client)


@pytest.mark.long
@pytest.mark.parametrize("hosts", [["node1", "node3"], list(NAMES)], ids=["the master and one", "all"])
def test_members_whose_containers_are_gone_are_made_anew_on_their_data(lab, play, elasticsearch, load, hosts):
    # Without replicas: what one holds, no other has.
    elasticsearch.ask("node2", "/single", "PUT", {"settings": {"number_of_shards": 3, "number_of_replicas": 0}})
    with load("elasticsearch", 60, DATA) as client:
        elasticsearch.ask("node2", "/single/_doc/1?refresh=true", "PUT", {"name": "medlar"})
    for host in hosts:
        lab.sh(host, "systemctl stop quorate-member@%s && docker rm -f %s" % (NAMES[host], NAMES[host]))
    try:
        told = " ".join(play.ok(PLAYBOOK, *SETTING).split())
        assert "start %s, side by side" % ", ".join(NAMES[host] for host in hosts) in told
        assert elasticsearch.status("node2") == "green"
        assert elasticsearch.ask("node4", "/single/_doc/1")["_source"] == {"name": "medlar"}
        elasticsearch.assert_there("node3", client)
        assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)
    finally:
        elasticsearch.ask("node2", "/single", "DELETE")


@pytest.mark.long
def test_two_members_leave_at_once_where_their_shards_have_a_place(lab, play, elasticsearch, clusters_with):
    gone = {"node3": {"elasticsearch_state": "absent"}, "node4": {"elasticsearch_state": "absent"}}
    without = clusters_with({"elasticsearch_data": {"hosts": gone}})
    elasticsearch.ask("node2", "/crowded", "PUT", {"settings": {"number_of_shards": 1, "number_of_replicas": 1}})
    # Three on each of them.
    elasticsearch.ask("node2", "/spread", "PUT", {"settings": {"number_of_shards": 9, "number_of_replicas": 0}})
    try:
        assert elasticsearch.status("node2") == "green"
        told = " ".join(play.refused(PLAYBOOK, *SETTING, *without).split())
        assert "Without elastic-data02, elastic-data03 1 member with data would be left" in told and "crowded" in told
        assert len(elasticsearch.nodes("node1")) == len(NAMES) and elasticsearch.is_clean("node1")
        elasticsearch.ask("node2", "/_all/_settings", "PUT", {"index": {"number_of_replicas": 0}})
        told = " ".join(play.ok(PLAYBOOK, *SETTING, *without).split())
        assert "remove elastic-data02, then elastic-data03" in told
        assert sorted(elasticsearch.nodes("node1")) == ["elastic-data01", "elastic-master"] and elasticsearch.is_clean("node1")
        # Whoever was the next to leave has taken nothing of the first one, or all would have come from it.
        moved = elasticsearch.ask("node2", "/_cat/recovery/spread?format=json&h=source_node,type")
        sources = [each["source_node"] for each in moved if each["type"] == "peer"]
        assert sorted(sources) == ["elastic-data02"] * 3 + ["elastic-data03"] * 3
    finally:
        play.ok(PLAYBOOK, *SETTING)
        elasticsearch.ask("node2", "/crowded,spread", "DELETE")
        elasticsearch.ask("node2", "/_all/_settings", "PUT", {"index": {"number_of_replicas": 1}})
    elasticsearch.wait_until_green("node1", len(NAMES))


@pytest.mark.long
def test_a_host_that_was_built_anew_gets_the_copies_that_wait_for_it(lab, play, elasticsearch):
    elasticsearch.ask("node2", "/copies", "PUT", {"settings": {"number_of_shards": 1, "number_of_replicas": 2}})
    assert elasticsearch.status("node2") == "green"
    lab.sh("node4", "systemctl stop quorate-member@elastic-data03 && docker rm -f elastic-data03 && rm -rf /srv/elasticsearch")
    try:
        assert "start elastic-data03, side by side" in " ".join(play.ok(PLAYBOOK, *SETTING).split())
        assert elasticsearch.status("node2") == "green"
        assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)
    finally:
        elasticsearch.ask("node2", "/copies", "DELETE")


@pytest.mark.long
def test_members_serve_again_with_their_data_once_swarm_and_overlay_were_made_anew(lab, play, swarm, elasticsearch):
    elasticsearch.ask("node2", "/anew/_doc/1?refresh=true", "PUT", {"name": "quince"})
    # Two are stopped, one on a manager and one on a worker; the master is a cluster of itself then.
    lab.sh("node2", "systemctl stop quorate-member@elastic-data01")
    lab.sh("node4", "systemctl stop quorate-member@elastic-data03")
    play.ok("playbooks/reset.yml", "-e", "swarm_reset_cluster_id=%s" % swarm.cluster_id())
    play.ok("playbooks/site.yml", "--tags", "swarm,overlay")
    told = " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert "start elastic-data01, elastic-data03, side by side" in told
    assert "replace elastic-master, elastic-data02 at once, since they serve nobody" in told
    assert elasticsearch.status("node1") == "green"
    assert elasticsearch.ask("node4", "/anew/_doc/1")["_source"] == {"name": "quince"}
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
def test_data_are_deleted_only_where_the_member_is_named(lab, play, elasticsearch, clusters_with):
    without = clusters_with({"elasticsearch_data": {"hosts": {"node4": {"elasticsearch_state": "absent"}}}})
    play.ok(PLAYBOOK, *SETTING, *without, "-e", json.dumps({"elasticsearch_delete": ["elastic-data03"]}))
    assert lab.sh("node4", "ls /srv/elasticsearch").split() == ["logs", "plugins"]
    play.ok(PLAYBOOK, *SETTING)
    assert sorted(elasticsearch.nodes("node1")) == sorted(NAMES.values())


@pytest.mark.long
def test_nothing_acknowledged_is_lost_when_all_hosts_lose_their_power(lab, play, elasticsearch, load, swarm):
    with load("elasticsearch", 900, DATA) as client:
        lab("power-off", *NAMES)
        lab("power-on", *NAMES)
        swarm.wait_until_ready()
        # by themselves, without a run
        elasticsearch.wait_until_green("node3", len(NAMES), 600)
    elasticsearch.assert_there("node3", client)
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"elasticsearch_heap": "64g"}, "The member needs 80 GiB, and this host has"),
        ({"elasticsearch_http_port": 22}, "Port 22/tcp of this host is taken by"),
        ({"elasticsearch_name": "elastic-master"}, "elastic-master is the name of the members of"),
        ({"elasticsearch_image": "elasticsearch:7.17.0"}, "Elasticsearch reads no data of a newer version"),
        ({"elasticsearch_cors_origin": "*"}, "every web page that a user of your network opens"),
        ({"elasticsearch_cors_origin": "/.*/"}, "every web page that a user of your network opens"),
        ({"elasticsearch_cluster_name": "another"}, "name is elasticsearch, and shall be another"),
        ({"elasticsearch_environment": {"http.port": "9201"}}, "http.port is 9201 and not 9200 (elasticsearch_http_port is the port"),
        ({"elasticsearch_settings": {"http": {"port": 9201}}}, "have settings below http. Write each with its whole name"),
        ({"elasticsearch_data_group": "nobody"}, "No member would hold data: of the group nobody no host is there"),
    ],
    ids=["heap", "port", "name", "version", "cors", "cors-pattern", "cluster-name", "contradiction", "nested", "no-data"],
)
def test_bad_input_is_refused_in_a_sentence_and_nothing_is_changed(play, elasticsearch, variables, words):
    assert words in play.refused(PLAYBOOK, *SETTING, "-e", json.dumps(variables))
    assert elasticsearch.status("node2") == "green"
    assert "Nothing changed." in play.ok(PLAYBOOK, *SETTING)


@pytest.mark.long
def test_data_of_another_owner_or_cluster_are_refused(lab, play, elasticsearch):
    data = "/srv/elasticsearch/data"
    lab.sh("node3", "systemctl stop quorate-member@elastic-data02 && mv %s %s.own" % (data, data))
    try:
        lab.sh("node3", "mkdir %s && touch %s/file && chown -R 4711 %s" % (data, data, data))
        assert "Waited 30 s until the cluster was green" in play.refused("playbooks/verify.yml", "--tags", "elasticsearch")
        assert "belongs to user 4711, and the member runs as user 1000" in play.refused(PLAYBOOK, *SETTING)
        assert lab.sh("node3", "stat -c %%u %s/file" % data) == "4711"
    finally:
        lab.sh("node3", "rm -rf %s && mv %s.own %s" % (data, data, data))
    assert "start elastic-data02" in " ".join(play.ok(PLAYBOOK, *SETTING).split())
    assert elasticsearch.status("node2") == "green"
