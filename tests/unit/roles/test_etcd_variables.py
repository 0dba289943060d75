# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role etcd makes of groups and settings, and what it refuses of them."""

from __future__ import annotations

import re

import yaml
from ansible_collections.quorate.swarm.plugins.module_utils import etcd_disk
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes import raft_files
from ansible_collections.quorate.swarm.tests.unit.roles import templates

HOSTS = ("a", "b", "c")
TLS = {"cert-file": "/etc/etcd/secrets/cert.pem", "key-file": "/etc/etcd/secrets/key.pem"}


def on(host, hosts=HOSTS, states=(), **variables):
    hostvars = {name: {"inventory_hostname": name, "etcd_name": "etcd%s" % name} for name in hosts}
    for name in states:
        hostvars[name]["etcd_state"] = "absent"
    known = {"groups": {"etcd": list(hosts)}, "hostvars": hostvars, "ansible_play_hosts": list(hosts), "inventory_hostname": host}
    return dict(known, **dict(hostvars.get(host, {}), **variables))


def files(**variables):
    """The configuration for the first start and that for all later ones."""
    names = ["__etcd_wish.forming_files[0].content", "__etcd_wish.files[0].content"]
    return [yaml.safe_load(text) for text in templates.worked_out("etcd", names, [on("b", **variables)])[0]]


def test_a_member_is_told_of_the_others_for_its_first_start_alone():
    forming, later = files()
    assert forming == {
        "name": "etcdb",
        "data-dir": "/var/lib/etcd",
        "listen-client-urls": "http://0.0.0.0:2379",
        "advertise-client-urls": "http://etcdb:2379",
        "listen-peer-urls": "http://0.0.0.0:2380",
        "initial-advertise-peer-urls": "http://etcdb:2380",
        "initial-cluster": "etcda=http://etcda:2380,etcdb=http://etcdb:2380,etcdc=http://etcdc:2380",
        "initial-cluster-state": "new",
        "initial-cluster-token": "etcd",
        "enable-grpc-gateway": True,
        "auto-compaction-mode": "periodic",
        "strict-reconfig-check": True,
        "logger": "zap",
    }
    # Told of nobody else, one that has lost its data does not start.
    assert later == dict(forming, **{"initial-cluster": "etcdb=http://etcdb:2380", "initial-cluster-state": "existing"})


def test_what_differs_between_the_two_needs_no_restart():
    names = ["__etcd_wish.forming_files[0].content", "__etcd_wish.files[0].content", "__etcd_wish.files[0].passing"]
    [[forming, later, passing]] = templates.worked_out("etcd", names, [on("b")])
    lasting = [[line for line in text.splitlines() if not re.search(passing, line)] for text in (forming, later)]
    assert lasting[0] == lasting[1] and len(lasting[0]) == 9


def test_members_that_are_to_go_do_not_form_it_and_settings_are_written():
    forming, later = files(
        states=["c"], etcd_enable_v2=True, etcd_scheme="https", etcd_cluster_token="orders",
        etcd_settings={"quota-backend-bytes": 2**31, "auto-compaction-retention": "1h", "client-transport-security": TLS},
    )
    assert forming["initial-cluster"] == "etcda=http://etcda:2380,etcdb=http://etcdb:2380"
    assert (later["enable-v2"], later["quota-backend-bytes"], later["auto-compaction-retention"]) == (True, 2**31, "1h")
    assert later["client-transport-security"] == TLS
    assert (later["listen-client-urls"], later["initial-cluster-token"]) == ("https://0.0.0.0:2379", "orders")


def test_one_that_joins_starts_with_whom_the_cluster_tells():
    text = "data-dir: \"/x\"\ninitial-cluster: \"etcdb=http://etcdb:2380\"\ninitial-cluster-state: \"existing\"\n"
    wish = {"files": [{"path": "/srv/etcd/etcdb/conf/etcd.yml", "content": text}, {"path": "/srv/other", "content": text}]}
    asked = on("a", cluster_member_host="b", __etcd_placed={"initial_cluster": "x=http://x:2380,etcdb=http://etcdb:2380"})
    asked["hostvars"]["b"]["__cluster_member_wish"] = wish
    told = templates.worked_out("etcd", ["__etcd_joining_files"], [asked, on("a", cluster_member_host="b"), on("a")])
    joining = yaml.safe_load(told[0][0][0]["content"])
    assert joining["initial-cluster"] == "x=http://x:2380,etcdb=http://etcdb:2380" and joining["initial-cluster-state"] == "existing"
    assert told[0][0][1]["content"] == text
    assert told[1] == told[2] == [[]]


def test_whose_place_is_cleared_before_one_joins():
    plan = dict(templates.NOTHING_TO_DO, join=["b", "c"], serving=["a"], forget=["d"])
    cases = []
    for log in (None, [], ["0.tmp"], ["0000000000000000-0000000000000000.wal"]):
        asked = on("a", hosts=("a", "b", "c", "d"), cluster_member_host="b", __cluster_member_plan=plan)
        asked["hostvars"]["b"]["__cluster_member_seen"] = {"member": {"evidence": {"log": log}}}
        cases.append(asked)
    told = templates.worked_out("etcd", ["__etcd_gone", "__etcd_serving", "__etcd_others_serving", "__etcd_peer"], cases)
    assert [gone for gone, *_others in told] == [["d", "b"], ["d", "b"], ["d", "b"], ["d"]]
    # The second one that joins is no member yet, and the first one is none that could be asked.
    assert told[0][1:] == [["etcda", "etcdb"], ["etcda"], "a"]


def test_the_evidence_is_found_in_a_log_and_holds_nothing_of_its_entries():
    [[evidence]] = templates.worked_out("etcd", ["__etcd_wish.evidence"], [on("b")])
    log = raft_files.Log()
    first = log.text
    for term, data in ((1, b"begun"), (2, b"hunter2"), (300, b"hunter2")):
        log.entry(term, term, data)
    found = {name: re.compile(evidence[name]["matches"].encode(), re.DOTALL).findall(log.text) for name in ("metadata", "terms")}
    assert [etcd_disk.raft_log.fields_of(b"".join(part)) for part in [[b"\x08"] + [term] for term in found["terms"]]] == [{1: 2}, {1: 300}]
    assert b"hunter2" not in repr(found).encode()
    assert first in log.text
    metadata = raft_files.message((1, 0xF419153BEC73B88B), (2, 0x38AA27E058110C27))
    record = raft_files.message((1, 1), (2, 0xFFFFFFFF), (3, metadata))
    head = raft_files.message((1, 4), (2, 0))
    text = b"".join(len(part).to_bytes(8, "little") + part for part in (head + bytes(16 - len(head)), record))
    assert re.compile(evidence["metadata"]["matches"].encode(), re.DOTALL).findall(text) == [metadata]
    assert evidence["log"] == "/srv/etcd/etcdb/data/member/wal"


def test_a_container_needs_no_shell():
    [[container]] = templates.worked_out("etcd", ["__etcd_container"], [on("b", etcd_memory="1g")])
    assert container["entrypoint"] == ["/usr/local/bin/etcd", "--config-file=/etc/etcd/etcd.yml"] and "command" not in container
    assert container["ports"] == [{"published": 2379, "target": 2379, "address": "127.0.0.1"}]
    assert (container["networks"], container["memory"]) == ([{"name": "demo", "aliases": ["etcdb"]}], "1g")


REFUSALS = [
    (on("a"), ""),
    (on("a", hosts=()), "The group etcd has no host"),
    (on("a", etcd_settings={"data-dir": "/x", "name": "y"}), "etcd_settings of etcda say what the role decides: data-dir: etcd_"),
    (on("a", etcd_settings={"snapshot-count": 10000, "log-level": "warn"}), ""),
    (on("a", etcd_environment={"ETCD_SNAPSHOT_COUNT": 1, "GOMAXPROCS": 1}), "The environment of etcda has ETCD_SNAPSHOT_COUNT, and"),
    (on("a", etcd_container={"env": {"ETCD_DEBUG": "1"}}), "The environment of etcda has ETCD_DEBUG"),
    (on("a", etcd_environment={"ETCD_UNSUPPORTED_ARCH": "arm"}), ""),
    (on("a", etcd_enable_v2=True), ""),
    (on("a", etcd_enable_v2=True, etcd_image="quay.io/coreos/etcd:v3.5.21"), ""),
    (on("a", etcd_enable_v2=True, etcd_image="quay.io/coreos/etcd:v3.6.1"), "etcd_enable_v2 is true, and quay.io/coreos/etcd:v3.6.1"),
    (on("a", etcd_enable_v2=True, etcd_image="registry:5000/etcd"), ""),
    (on("a", etcd_scheme="https"), "etcd_scheme is https, and etcd_settings have no client-transport-security with cert-file and key-file"),
    (on("a", etcd_peer_scheme="https", etcd_settings={"peer-transport-security": {"cert-file": "x"}}), "etcd_peer_scheme is https, and"),
    (on("a", etcd_scheme="https", etcd_settings={"client-transport-security": TLS}), ""),
    (on("a", etcd_settings={"peer-transport-security": TLS}), "etcd_settings have peer-transport-security, and etcd_peer_scheme is http"),
    (on("a", etcd_client_cert_path="/x"), "Of etcd_client_cert_path and etcd_client_key_path one is empty"),
    (on("a", etcd_user="root"), "Of etcd_user and etcd_password one is empty"),
    (on("a", etcd_client_port=70000), "etcd_client_port is 70000"),
]


def test_groups_and_settings_that_are_refused():
    told = templates.refusals("etcd", [variables for variables, _sentence in REFUSALS])
    for (_variables, sentence), sentences in zip(REFUSALS, told, strict=True):
        assert bool(sentences) == bool(sentence) and (not sentence or sentences[0].startswith(sentence)), sentences
