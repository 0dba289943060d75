# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role elasticsearch makes of groups and settings, and what it refuses of them."""

from __future__ import annotations

import base64
import json

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.quorate.swarm.tests.unit.roles import templates

V7, V8, V9 = ("elasticsearch:%s" % version for version in ("7.17.29", "8.17.1", "9.0.1"))
OPEN = {"xpack.security.enabled": False}
SECURED = {"xpack.security.enabled": True}
TLS = dict(SECURED, **{"xpack.security.transport.ssl.enabled": True})

SINGLE = (["a"], [])
ONE_MASTER = (["a"], ["b", "c", "d"])
THREE_MASTERS = (["a", "b", "c"], ["d"])
BOTH = (["a", "b"], ["b", "c"])


def on(host, groups=ONE_MASTER, hosts=None, **variables):
    """The variables of a host, in an inventory of two groups and with what is said of each host."""
    masters, data = groups
    members = sorted(set(masters + data))
    hostvars = {member: dict({"inventory_hostname": member}, **(hosts or {}).get(member, {})) for member in members}
    known = {"groups": {"elasticsearch_master": masters, "elasticsearch_data": data}, "hostvars": hostvars}
    return dict(known, **dict({"ansible_play_hosts": members}, **dict(hostvars[host], **variables)))


def lines(text):
    return {key: json.loads(value) for key, value in (line.split(": ", 1) for line in text.splitlines())}


@pytest.fixture(scope="module")
def rendered():
    """elasticsearch.yml of every case below, before and while the cluster is formed; one process for all of them."""
    names = ["__elasticsearch_rendered", "__elasticsearch_rendered_forming"]
    told = templates.worked_out("elasticsearch", names, [case[0] for case in FILES])
    assert [answer for answer in told if isinstance(answer, dict)] == []
    return [tuple(map(lines, texts)) for texts in told]


BASE = {
    "bootstrap.memory_lock": True,
    "cluster.name": "elasticsearch",
    "http.port": 9200,
    "network.bind_host": "0.0.0.0",
    "path.data": "/usr/share/elasticsearch/data",
    "path.logs": "/usr/share/elasticsearch/logs",
    "transport.port": 9300,
}


def node(name, roles, **further):
    return dict(BASE, **{"node.name": name, "network.publish_host": name, "node.roles": roles}, **further)


def seeds(*names):
    return {"discovery.seed_hosts": list(names)}


ALONE = {"discovery.type": "single-node"}
M, D, MD = ["master"], ["data", "ingest"], ["master", "data", "ingest"]
# The host with its inventory, elasticsearch.yml, and the masters that form the cluster, which only their files name
FILES = [
    # One alone is told what others are told, so that others can join it.
    (on("a", SINGLE), node("elastic-a", M, **seeds("elastic-a")), ["elastic-a"]),
    (on("a", (["a"], ["a"])), node("elastic-a", MD, **seeds("elastic-a")), ["elastic-a"]),
    (on("a", SINGLE, elasticsearch_settings=ALONE), node("elastic-a", M, **ALONE), []),
    # The environment is not in the file, and yet the server refuses both.
    (on("a", SINGLE, elasticsearch_environment=ALONE), node("elastic-a", M), []),
    (on("a", SINGLE, elasticsearch_environment={"ES_SETTING_DISCOVERY_TYPE": "single-node"}), node("elastic-a", M), []),
    (on("a", SINGLE, elasticsearch_container={"env": ALONE}), node("elastic-a", M), []),
    (on("a"), node("elastic-a", M, **seeds("elastic-a")), ["elastic-a"]),
    (on("b"), node("elastic-b", D, **seeds("elastic-a")), []),
    (on("b", hosts={"a": {"elasticsearch_name": "m"}}), node("elastic-b", D, **seeds("m")), []),
    (
        on("a", THREE_MASTERS), node("elastic-a", M, **seeds("elastic-a", "elastic-b", "elastic-c")),
        ["elastic-a", "elastic-b", "elastic-c"],
    ),
    (on("d", THREE_MASTERS), node("elastic-d", D, **seeds("elastic-a", "elastic-b", "elastic-c")), []),
    (on("b", BOTH), node("elastic-b", MD, **seeds("elastic-a", "elastic-b")), ["elastic-a", "elastic-b"]),
    (on("c", BOTH), node("elastic-c", D, **seeds("elastic-a", "elastic-b")), []),
    # Those that leave are no seeds, and the last that stays is alone.
    (
        on("a", THREE_MASTERS, hosts={"b": {"elasticsearch_state": "absent"}}),
        node("elastic-a", M, **seeds("elastic-a", "elastic-c")), ["elastic-a", "elastic-c"],
    ),
    (
        on("a", (["a"], ["b"]), hosts={"b": {"elasticsearch_state": "absent"}}),
        node("elastic-a", M, **seeds("elastic-a")), ["elastic-a"],
    ),
    # Versions
    (on("b", elasticsearch_image=V8, elasticsearch_settings=OPEN), node("elastic-b", D, **seeds("elastic-a"), **OPEN), []),
    (on("a", elasticsearch_image=V8, elasticsearch_settings=TLS), node("elastic-a", M, **seeds("elastic-a"), **TLS), ["elastic-a"]),
    (on("b", elasticsearch_image=V9, elasticsearch_settings=TLS), node("elastic-b", D, **seeds("elastic-a"), **TLS), []),
    (
        on("a", SINGLE, elasticsearch_image=V9, elasticsearch_settings=OPEN),
        node("elastic-a", M, **seeds("elastic-a"), **OPEN), ["elastic-a"],
    ),
    # What the user says
    (
        on("b", elasticsearch_cors_origin="https://a.example"),
        node("elastic-b", D, **seeds("elastic-a"), **{"http.cors.enabled": True, "http.cors.allow-origin": "https://a.example"}), [],
    ),
    (on("b", elasticsearch_memory_lock="no"), dict(node("elastic-b", D, **seeds("elastic-a")), **{"bootstrap.memory_lock": False}), []),
    (on("b", elasticsearch_cluster_name="x: y"), dict(node("elastic-b", D, **seeds("elastic-a")), **{"cluster.name": "x: y"}), []),
    (
        on("b", elasticsearch_settings={"node.roles": ["data_hot"], "discovery.seed_hosts": ["x:9300"]}),
        node("elastic-b", ["data_hot"], **seeds("x:9300")), [],
    ),
]


@pytest.mark.parametrize("number", range(len(FILES)))
def test_elasticsearch_yml(rendered, number):
    _variables, expected, forming = FILES[number]
    kept, formed = rendered[number]
    assert kept == expected
    assert formed == dict(expected, **({"cluster.initial_master_nodes": forming} if forming else {}))


# The container


def worked_out(names, hosts, vault=""):
    return templates.worked_out("elasticsearch", names, hosts, vault)


def test_the_container():
    cases = [
        on("b"),
        on("b", elasticsearch_memory_lock=False, elasticsearch_memory="2g", elasticsearch_publish_address="192.0.2.1"),
        on("b", elasticsearch_publish=False, elasticsearch_heap="4g", elasticsearch_container={"ulimits": [{"name": "core", "soft": 0}]}),
    ]
    plain, given, inner = [wish for [wish] in worked_out(["__elasticsearch_wish"], cases)]
    container = plain["container"]
    assert [limit["name"] for limit in container["ulimits"]] == ["nofile", "nproc", "memlock"]
    assert container["ports"] == [{"published": 9200, "target": 9200, "address": "127.0.0.1"}]
    assert container["networks"] == [{"name": "demo", "aliases": ["elastic-b"]}]
    assert "memory" not in container and "command" not in container and container["env"] == {"ES_LOG_STYLE": "file"}
    assert "initial_master" not in plain["files"][0]["content"] + plain["forming_files"][0]["content"]
    assert plain["needs_memory"] == 1280 * 1024**2 and plain["files"][1]["content"].split() == ["-Xms1g", "-Xmx1g"]
    container = given["container"]
    assert [limit["name"] for limit in container["ulimits"]] == ["nofile", "nproc"]
    assert (container["memory"], container["ports"][0]["address"]) == ("2g", "192.0.2.1")
    assert [limit["name"] for limit in inner["container"]["ulimits"]] == ["nofile", "nproc", "memlock", "core"]
    assert inner["container"]["ports"] == [] and inner["files"][1]["content"].split() == ["-Xms4g", "-Xmx4g"]


def test_who_is_a_member_and_with_which_version():
    gone = {"b": {"elasticsearch_state": "absent", "elasticsearch_name": "old"}}
    cases = [on("b", hosts=gone), on("a", elasticsearch_image="registry:5000/elasticsearch:8.17.1"), on("a", elasticsearch_image="es:8")]
    told = worked_out(["__elasticsearch_members", "__elasticsearch_major"], cases)
    members, major = told[0]
    expected = {
        "name": "old", "cluster": "elasticsearch", "state": "absent", "roles": D, "settled_status": "green", "version": "7.17.29",
    }
    assert [members["b"], major] == [expected, 7]
    assert [(members["a"]["version"], int(major)) for members, major in told[1:]] == [("8.17.1", 8), ("", 8)]


def test_through_whom_the_cluster_is_asked():
    cases = [on("b"), on("b", cluster_member_host="a"), on("a", SINGLE, cluster_member_host="a"), on("b", ansible_play_hosts=["c", "d"])]
    assert worked_out(["__elasticsearch_peer"], cases) == [["a"], ["b"], ["a"], ["c"]]


# The keystore


def keystore(has_password=False):
    """As far as the role reads one."""
    return b"\x3f\xd7\x6c\x17\x16elasticsearch.keystore\x00\x00\x00\x05" + bytes([has_password]) + b"\x00\x00\xff\x80hunter2"


PASSWORD = "open-sesame"


@pytest.fixture
def files(tmp_path):
    """Paths of a plain keystore, a protected one, one that is in a vault, and of what is none."""

    def write(name, content):
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    vault = VaultLib([("default", VaultSecret(b"vaulted"))])
    return {
        "plain": write("plain", keystore()),
        "protected": write("protected", keystore(has_password=True)),
        "vaulted": write("vaulted", vault.encrypt(keystore(has_password=True))),
        "text": write("text", b"elasticsearch.keystore"),
        "missing": str(tmp_path / "missing"),
    }


def test_a_keystore_reaches_the_member_as_two_files_and_in_nothing_else(files):
    case = on("b", elasticsearch_keystore_path=files["vaulted"], elasticsearch_keystore_password=PASSWORD)
    [[wish, members]] = worked_out(["__elasticsearch_wish", "__elasticsearch_members"], [case], "vaulted")
    secret = {"owner": "1000", "group": "0", "mode": "0400", "secret": True}
    encoded = base64.b64encode(keystore(has_password=True)).decode("ascii")
    expected = [
        dict(secret, path="/srv/elasticsearch/config/secrets/elasticsearch.keystore", content_base64=encoded),
        dict(secret, path="/srv/elasticsearch/config/secrets/keystore.password", content=PASSWORD),
    ]
    assert wish["files"][2:] == wish["forming_files"][2:] == expected
    container = wish["container"]
    home = "/usr/share/elasticsearch/config"
    assert {"source": "/srv/elasticsearch/config/secrets", "target": "%s/secrets" % home, "read_only": True} in container["mounts"]
    assert container["env"]["KEYSTORE_PASSWORD_FILE"] == "%s/secrets/keystore.password" % home
    assert container["command"] == [
        "bash", "-c",
        "install -o 1000 -g 0 -m 0600 %s/secrets/elasticsearch.keystore %s/elasticsearch.keystore"
        " && exec /usr/local/bin/docker-entrypoint.sh eswrapper" % (home, home),
    ]
    told = json.dumps([container, members])
    assert PASSWORD not in told and encoded not in told


def test_a_keystore_without_a_password(files):
    [[wish]] = worked_out(["__elasticsearch_wish"], [on("b", elasticsearch_keystore_path=files["plain"])])
    assert [file["path"].rpartition("/")[2] for file in wish["files"][2:]] == ["elasticsearch.keystore"]
    assert base64.b64decode(wish["files"][2]["content_base64"]) == keystore() and "KEYSTORE_PASSWORD_FILE" not in wish["container"]["env"]


def test_who_leaves_takes_no_shards_of_who_leaves_before():
    plan = dict(templates.NOTHING_TO_DO, remove=["c", "b", "d"])
    cases = ["c", "d", "a", None]
    hosts = [on("a", __cluster_member_plan=plan, **({"cluster_member_host": host} if host else {})) for host in cases]
    wanted = {host: task["quorate.swarm.elasticsearch_cluster"]["settings"] for host, task in (
        ("leave", templates.tasks_of("elasticsearch", "leave")[0]), ("left", templates.tasks_of("elasticsearch", "left")[0]),
    )}
    names = [wanted["leave"]["cluster.routing.allocation.exclude._name"], wanted["left"]]
    told = templates.answers([(names, dict(templates.known("elasticsearch"), **host)) for host in hosts])
    assert [excluded for excluded, _left in told] == ["elastic-c,elastic-b,elastic-d", "elastic-d", "", ""]
    left = [settings["cluster.routing.allocation.exclude._name"] for _excluded, settings in told]
    assert left == ["elastic-b,elastic-d", None, None, None]


# What is refused

UNSAID = "has security on unless it is told otherwise"
WITHOUT_TLS = "xpack.security.enabled is true and xpack.security.transport.ssl.enabled is not"
ANY_SITE = 'http.cors.allow-origin of elastic-b is "%s", and security is off: every web page that a user'
CONTRADICTED = "elasticsearch_settings or the environment of elastic-b say what the role decides: %s"
WITHOUT_DATA = "No member would hold data: of the group elasticsearch_data no host is there"
ALL_GONE = {host: {"elasticsearch_state": "absent"} for host in "abcd"}
DATA_GONE = {host: ALL_GONE[host] for host in "bcd"}
REFUSALS = [
    (on("a"), []),
    (on("a", (["a"], ["a"])), []),
    (on("a", SINGLE), [WITHOUT_DATA]),
    (on("a", hosts=DATA_GONE), [WITHOUT_DATA]),
    (on("a", hosts=ALL_GONE), []),
    (on("a", elasticsearch_settings=SECURED), []),
    (on("a", elasticsearch_image="elasticsearch:latest"), []),
    (on("b", ([], ["b"])), ["The group elasticsearch_master has no host, and a cluster needs"]),
    (on("a", hosts={"a": ALL_GONE["a"]}), ["The group elasticsearch_master has no host whose member shall be present, and a cluster"]),
    (on("b", elasticsearch_image=V8), ["elasticsearch:8.17.1 %s" % UNSAID]),
    (on("b", elasticsearch_image=V9), ["elasticsearch:9.0.1 %s" % UNSAID]),
    (on("b", elasticsearch_image="elasticsearch:8"), ["elasticsearch:8 %s" % UNSAID]),
    (on("a", BOTH, elasticsearch_image="registry:5000/es:10.0.0-x"), ["registry:5000/es:10.0.0-x %s" % UNSAID]),
    (on("b", elasticsearch_image=V8, elasticsearch_settings=OPEN), []),
    (on("b", elasticsearch_image=V8, elasticsearch_environment={"xpack.security.enabled": "false"}), []),
    (on("b", elasticsearch_image=V8, elasticsearch_settings=SECURED), [WITHOUT_TLS]),
    (on("b", elasticsearch_image=V9, elasticsearch_settings={"xpack.security.enabled": "true"}), [WITHOUT_TLS]),
    (on("b", elasticsearch_image=V9, elasticsearch_settings=TLS), []),
    (on("a", (["a"], ["a"]), elasticsearch_image=V8, elasticsearch_settings=SECURED), []),
    (on("b", elasticsearch_cors_origin="*"), [ANY_SITE % "*"]),
    (on("b", elasticsearch_cors_origin="/.*/"), [ANY_SITE % "/.*/"]),
    (on("b", elasticsearch_cors_origin="https://a.example"), []),
    (on("b", elasticsearch_settings={"http.cors.enabled": True, "http.cors.allow-origin": "*"}), [ANY_SITE % "*"]),
    (on("b", elasticsearch_settings={"http.cors.allow-origin": "*"}), []),
    (on("b", elasticsearch_environment={"http.cors.enabled": "true", "http.cors.allow-origin": "*"}), [ANY_SITE % "*"]),
    (on("b", elasticsearch_cors_origin="*", elasticsearch_environment={"http.cors.allow-origin": "https://a.example"}), []),
    (on("b", elasticsearch_cors_origin="*", elasticsearch_environment={"xpack.security.enabled": "true"}), []),
    (on("b", elasticsearch_cors_origin="*", elasticsearch_settings=SECURED), []),
    (on("b", elasticsearch_cors_origin="*", elasticsearch_cors_any_without_security=True), []),
    (on("b", elasticsearch_settings={"http": {"port": 9201}}), ["elasticsearch_settings of elastic-b have settings below http."]),
    (on("b", elasticsearch_settings={"http.port": "9200", "path.data": "/usr/share/elasticsearch/data", "path.repo": "/x"}), []),
    (on("b", elasticsearch_settings={"http.port": 9201}), [CONTRADICTED % "http.port is 9201 and not 9200 (elasticsearch_http_port"]),
    (
        on("b", elasticsearch_settings={"transport.port": "9300-9400"}),
        [CONTRADICTED % "transport.port is 9300-9400 and not 9300 (the members find each other at it"],
    ),
    (
        on("b", elasticsearch_environment={"cluster.name": "x", "ES_SETTING_PATH_DATA": "/x"}),
        [
            CONTRADICTED % "cluster.name is x and not elasticsearch (elasticsearch_cluster_name names the cluster); "
            "path.data is /x and not /usr/share/elasticsearch/data ("
        ],
    ),
    (on("b", elasticsearch_container={"env": {"node.name": "x"}}), [CONTRADICTED % "node.name is x and not elastic-b ("]),
    (
        on("b", elasticsearch_environment={"cluster.initial_master_nodes": "m"}),
        [CONTRADICTED % "cluster.initial_master_nodes is m (the role says it while the cluster forms"],
    ),
    (on("b", elasticsearch_settings={"node.roles": ["data_hot", "data_content"]}), []),
    (on("a", elasticsearch_environment={"node.roles": "master, remote_cluster_client"}), []),
    (
        on("b", elasticsearch_settings={"node.roles": ["master", "data"]}),
        [CONTRADICTED % "node.roles is master, data, with master (the group elasticsearch_master says whose member is one)"],
    ),
    (
        on("a", elasticsearch_environment={"node.roles": "data"}),
        [
            CONTRADICTED.replace("elastic-b", "elastic-a") % "node.roles is data, without master (the group elasticsearch_master says "
            "whose member is one); node.roles is data, with data (the group elasticsearch_data"
        ],
    ),
    (on("b", elasticsearch_settings={"node.roles": []}), [CONTRADICTED % "node.roles is empty, without data (the group"]),
    (on("b", elasticsearch_environment={"ES_JAVA_OPTS": "-Xlog:gc -Da=-Xmx"}), []),
    (on("b", elasticsearch_environment={"ES_JAVA_OPTS": "-Da=b -Xmx64g"}), ["ES_JAVA_OPTS of elastic-b says a heap, which comes from"]),
    (on("b", elasticsearch_container={"env": {"ES_JAVA_OPTS": "-XX:MaxHeapSize=1g"}}), ["ES_JAVA_OPTS of elastic-b says a heap"]),
    (on("b", elasticsearch_keystore_password="hunter2"), ["There is an elasticsearch_keystore_password for elastic-b, and no"]),
] + [
    (on("b", elasticsearch_heap=heap), ['elasticsearch_heap is "%s", and Java takes a whole number' % heap])
    for heap in ("", "1.5g", "4gb", "4 g", "0g", "-1g", "much", "1024")
]


@pytest.mark.parametrize("cases", [REFUSALS[start::3] for start in range(3)])
def test_groups_and_settings_that_are_refused(cases):
    told = templates.refusals("elasticsearch", [variables for variables, _sentences in cases])
    for (_variables, expected), sentences in zip(cases, told, strict=True):
        assert len(sentences) == len(expected), sentences
        assert all(sentence.startswith(words) for sentence, words in zip(sentences, expected, strict=True)), sentences


def test_what_may_be_said_of_one_host_is_judged_on_each():
    once = [task["name"] for task in templates.tasks_of("elasticsearch", "judge") if task.get("run_once")]
    assert once == ["Refuse groups that make no cluster"]


def test_a_host_that_goes_away_does_not_end_the_run_before_the_allocation_is_brought_back():
    [wait] = templates.tasks_of("elasticsearch", "joined")
    assert wait["ignore_unreachable"] and wait["any_errors_fatal"] and wait["delegate_to"]


def test_keystores_that_are_refused(files):
    cases = [
        ({"path": "plain"}, ""),
        ({"path": "protected", "password": PASSWORD}, ""),
        ({"path": "vaulted", "password": PASSWORD}, ""),
        ({"path": "protected"}, "has a password, and so elastic-b would not start. Give it as elasticsearch_keystore_password"),
        ({"path": "vaulted"}, "has a password"),
        ({"path": "text"}, "is no keystore of Elasticsearch"),
        ({"path": "missing"}, "There is no file %s on the controller" % files["missing"]),
        ({"path": "plain", "container": {"command": ["eswrapper"]}}, "elasticsearch_container of elastic-b has a command or entrypoint"),
        ({"path": "plain", "container": {"entrypoint": ["x"]}}, "elasticsearch_container of elastic-b has a command or entrypoint"),
    ]
    hosts = [
        on(
            "b", elasticsearch_keystore_path=files[said["path"]], elasticsearch_keystore_password=said.get("password", ""),
            elasticsearch_container=said.get("container", {}),
        )
        for said, _sentence in cases
    ]
    told = templates.refusals("elasticsearch", hosts, "vaulted")
    for (_said, sentence), sentences in zip(cases, told, strict=True):
        assert len(sentences) == bool(sentence) and sentence in "".join(sentences), sentences
    [[answer]] = templates.refusals("elasticsearch", [on("b", elasticsearch_keystore_path=files["vaulted"])])
    assert "vault" in answer and PASSWORD not in answer
