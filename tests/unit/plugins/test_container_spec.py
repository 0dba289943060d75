# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container of a member: the request that makes it, and what of one that is there differs."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import container_spec
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

IMAGE = {"Id": "sha256:one", "Config": {"Env": ["PATH=/bin", "JAVA=11"], "Labels": {"vendor": "v"}}}


def spec(**options):
    return container_spec.spec_of("zoo1", "zoo:1", options)


def inspected(wanted, **host):
    """What an engine tells of a container that it has just made of C(wanted), with what it adds by itself."""
    body = copy.deepcopy(wanted.body)
    networks = dict(body.pop("NetworkingConfig")["EndpointsConfig"], **copy.deepcopy(dict(wanted.others)))
    config = {key: value for key, value in body.items() if key != "HostConfig"}
    config["Env"] = body["Env"] + [entry for entry in IMAGE["Config"]["Env"] if entry.split("=")[0] not in str(body["Env"])]
    config["Labels"] = dict(IMAGE["Config"]["Labels"], **body["Labels"])
    for endpoint in networks.values():
        endpoint.update(Aliases=(endpoint.get("Aliases") or []) + ["0123456789ab"], NetworkID="net1")
        endpoint["IPAMConfig"] = endpoint.get("IPAMConfig") or {"IPv4Address": "10.0.1.7"}
    body["HostConfig"]["LogConfig"]["Type"] = body["HostConfig"]["LogConfig"]["Type"] or "json-file"
    body["HostConfig"]["LogConfig"]["Config"] = dict({"max-file": "3"}, **body["HostConfig"]["LogConfig"]["Config"])
    body["HostConfig"]["Ulimits"] = body["HostConfig"]["Ulimits"] + [{"Name": "core", "Soft": 0, "Hard": 0}]
    body["HostConfig"].setdefault("MemorySwap", 7)
    for key in ("Sysctls", "Tmpfs", "CapAdd", "CapDrop", "ExtraHosts", "Mounts"):
        # the engine tells nothing as null
        body["HostConfig"][key] = body["HostConfig"][key] or None
    return {
        "Id": "0123456789abcdef",
        "Name": "/zoo1",
        "Image": "sha256:one",
        "State": {"Error": ""},
        "Config": dict({"Hostname": "0123456789ab"}, **config),
        "HostConfig": dict(body["HostConfig"], **host),
        "NetworkSettings": {"Networks": networks or {"bridge": {"NetworkID": "b", "Aliases": None}}},
    }


PORT = {"published": 9200, "target": 9200, "protocol": "tcp", "address": "0.0.0.0"}
FULL = {
    "command": ["zkServer.sh", "start-foreground"],
    "entrypoint": ["/entry"],
    "user": "1000:0",
    "hostname": "zoo1",
    "env": {"ZOO_MY_ID": 1, "JAVA": "17"},
    "labels": {"team": "a"},
    "mounts": [{"source": "/srv/a", "target": "/a", "read_only": True}, {"volume": "v", "target": "/v"}],
    "networks": [
        {"name": "demo", "aliases": ["zoo1"], "links": ["web:w"], "ipv4_address": "10.0.1.5", "id": "net1"}, {"name": "admin"},
    ],
    "ports": [PORT, dict(PORT, published=9201, address="10.0.0.1"), dict(PORT, target=53, published=53, protocol="udp")],
    "memory": "512M",
    "memory_swap": "-1",
    "memory_swappiness": 0,
    "cpus": 1.5,
    "shm_size": "64M",
    "ulimits": [{"name": "nofile", "soft": 65536}, {"name": "memlock", "soft": -1, "hard": -1}],
    "sysctls": {"net.ipv4.tcp_retries2": 5},
    "cap_add": ["IPC_LOCK"],
    "cap_drop": ["MKNOD"],
    "extra_hosts": {"a": "10.0.0.1"},
    "tmpfs": {"/tmp": "size=1m"},
    "init": True,
    "read_only": False,
    "stop_signal": "SIGINT",
    "stop_timeout": 120,
    "log_driver": "json-file",
    "log_options": {"max-size": "50m"},
    "healthcheck": {"test": ["CMD", "true"], "interval": "30s", "timeout": None, "start_period": "1m30s", "retries": 3},
}


def test_the_request():
    made = spec(**FULL)
    body = made.body
    assert (body["Cmd"], body["Entrypoint"], body["User"], body["Hostname"]) == (
        ["zkServer.sh", "start-foreground"], ["/entry"], "1000:0", "zoo1",
    )
    assert (body["Env"], body["StopSignal"], body["StopTimeout"]) == (["JAVA=17", "ZOO_MY_ID=1"], "SIGINT", 120)
    assert body["Labels"]["quorate.member"] == "zoo1" and body["Labels"]["team"] == "a"
    assert body["Healthcheck"] == {"Test": ["CMD", "true"], "Interval": 30 * 10**9, "StartPeriod": 90 * 10**9, "Retries": 3}
    assert body["ExposedPorts"] == {"9200/tcp": {}, "53/udp": {}}
    host = body["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["MemorySwappiness"], host["NanoCpus"]) == (512 << 20, -1, 0, 1500000000)
    assert host["PortBindings"]["9200/tcp"] == [
        {"HostIp": "0.0.0.0", "HostPort": "9200"}, {"HostIp": "10.0.0.1", "HostPort": "9201"},
    ]
    assert host["Mounts"] == [
        {"Type": "bind", "Source": "/srv/a", "Target": "/a", "ReadOnly": True},
        {"Type": "volume", "Source": "v", "Target": "/v", "ReadOnly": False},
    ]
    assert host["Ulimits"][0] == {"Name": "nofile", "Soft": 65536, "Hard": 65536}
    assert host["RestartPolicy"]["Name"] == "no" and host["NetworkMode"] == "demo"
    assert body["NetworkingConfig"] == {
        "EndpointsConfig": {"demo": {"Aliases": ["zoo1"], "Links": ["web:w"], "IPAMConfig": {"IPv4Address": "10.0.1.5"}}}
    }
    assert made.others == (("admin", {"Aliases": []}),)


@pytest.mark.parametrize("options", [{}, FULL, {"network_mode": "bridge"}])
def test_a_container_that_is_as_asked_for(options):
    wanted = spec(**options)
    assert container_spec.differences(inspected(wanted), IMAGE, IMAGE, wanted) == ()


def test_a_container_in_the_network_of_its_host():
    wanted = spec(network_mode="host")
    found = inspected(wanted)
    found["NetworkSettings"]["Networks"] = {"host": {"Aliases": None}}
    assert container_spec.differences(found, IMAGE, IMAGE, wanted) == ()
    assert sentences(found, spec()) == ["network mode is host, not bridge"]


def sentences(found, wanted, image=IMAGE, made_of=IMAGE, **rest):
    return [difference.sentence() for difference in container_spec.differences(found, image, made_of, wanted, **rest)]


@pytest.mark.parametrize(
    "now, asked, expected",
    [
        ({"memory": "1G"}, {"memory": "2G"}, ["memory is 1073741824, not 2147483648"]),
        ({}, {"memory": "2G"}, ["memory is missing"]),
        ({"memory": "1G"}, {}, ["memory is not asked for"]),
        ({"init": True}, {"init": False}, ["init is True, not False"]),
        ({"cpus": 1}, {"cpus": 0.5}, ["cpus is 1000000000, not 500000000"]),
        ({"command": ["a", "b"]}, {"command": ["c"]}, ["command is a b, not c"]),
        ({"user": "1"}, {"user": "2"}, ["user is 1, not 2"]),
        ({"env": {"A": "1"}}, {"env": {"A": "2"}}, ["env A is 1, not 2"]),
        ({"env": {"A": "1"}}, {}, ["env A is not asked for"]),
        ({}, {"env": {"A": "1"}}, ["env A is missing"]),
        ({"env": {"PATH": "/x"}}, {}, ["env PATH is /x, not /bin"]),
        ({"env": {"DB_PASSWORD": "hunter2"}}, {"env": {"DB_PASSWORD": "hunter3"}}, ["env DB_PASSWORD is another one (not told)"]),
        ({"env": {"P_PASSWORD_FILE": "/a"}}, {"env": {"P_PASSWORD_FILE": "/b"}}, ["env P_PASSWORD_FILE is /a, not /b"]),
        ({"labels": {"a": "1"}}, {}, ["label a is not asked for"]),
        ({"labels": {"vendor": "w"}}, {}, ["label vendor is w, not v"]),
        ({"mounts": [{"source": "/a", "target": "/t"}]}, {"mounts": [{"source": "/b", "target": "/t"}]},
         ["mount /b on /t is missing", "mount /a on /t is not asked for"]),
        ({"mounts": [{"volume": "v", "target": "/t"}]}, {"mounts": [{"volume": "v", "target": "/t", "read_only": True}]},
         ["mount volume v on /t, read-only is missing", "mount volume v on /t is not asked for"]),
        ({}, {"ports": [PORT]}, ["port 0.0.0.0:9200 to 9200/tcp is missing"]),
        ({"cap_add": ["CAP_IPC_LOCK"]}, {"cap_add": ["ipc_lock"]}, []),
        ({}, {"cap_drop": ["MKNOD"]}, ["dropped capability MKNOD is missing"]),
        ({"extra_hosts": {"a": "1.1.1.1"}}, {}, ["extra host a:1.1.1.1 is not asked for"]),
        ({"sysctls": {"a": 1}}, {"sysctls": {"a": 2}}, ["sysctl a is 1, not 2"]),
        ({}, {"tmpfs": {"/tmp": ""}}, ["tmpfs on /tmp is missing"]),
        ({"ulimits": [{"name": "nofile", "soft": 1}]}, {"ulimits": [{"name": "nofile", "soft": 1, "hard": 2}]},
         ["ulimit nofile is 1:1, not 1:2"]),
        ({"ulimits": [{"name": "nofile", "soft": 1}]}, {}, ["ulimits.nofile is not asked for"]),
        ({"log_options": {"max-size": "1m"}}, {"log_options": {"max-size": "2m"}}, ["log option max-size is 1m, not 2m"]),
        ({"log_options": {"max-size": "1m"}}, {}, ["log_options.max-size is not asked for"]),
        ({"networks": [{"name": "a"}, {"name": "b"}]}, {"networks": [{"name": "b"}, {"name": "a"}]}, []),
        ({"networks": [{"name": "a"}]}, {"networks": [{"name": "a"}, {"name": "b"}]}, ["network b is missing"]),
        ({"networks": [{"name": "a"}]}, {}, ["network mode is a, not bridge"]),
        ({"networks": [{"name": "a", "aliases": ["x"]}]}, {"networks": [{"name": "a", "aliases": ["y"]}]},
         ["network a: alias y is missing", "network a: alias x is not asked for"]),
        ({"networks": [{"name": "a"}]}, {"networks": [{"name": "a", "id": "net2"}]},
         ["network a is an earlier one of this name (net1), not net2"]),
        ({"networks": [{"name": "a", "ipv4_address": "10.0.0.5"}]}, {"networks": [{"name": "a"}]},
         ["networks.a.ipv4_address is not asked for"]),
        ({"networks": [{"name": "a", "ipv4_address": "10.0.0.5"}]}, {"networks": [{"name": "a", "ipv4_address": "10.0.0.6"}]},
         ["network a: address is 10.0.0.5, not 10.0.0.6"]),
        ({"healthcheck": {"test": ["CMD", "a"], "retries": 3}}, {"healthcheck": {"test": ["CMD", "a"], "retries": 4}},
         ["healthcheck is {'Test': ['CMD', 'a'], 'Retries': 3}, not {'Test': ['CMD', 'a'], 'Retries': 4}"]),
    ],
)
def test_what_differs(now, asked, expected):
    assert sentences(inspected(spec(**now)), spec(**asked)) == expected


@pytest.mark.parametrize(
    "error, listed, expected",
    [
        ("", [("a", "net1")], None),
        ("", [("a", "net2")], "net2"),
        ("", [("b", "net2")], None),
        ("network net1 not found", [], None),
        ("rpc error: code = NotFound desc = network net1 not found", [], "the one of now"),
        ("rpc error: code = NotFound desc = network net3 not found", [], None),
        ("rpc error: code = NotFound desc = network net1 not found", [("a", "net1"), ("a", "net2")], "net2"),
    ],
)
def test_a_network_that_was_made_anew(error, listed, expected):
    found = inspected(spec(networks=[{"name": "a"}]))
    found["State"] = {"Error": error}
    networks = [{"Name": name, "Id": network_id} for name, network_id in listed]
    told = sentences(found, spec(networks=[{"name": "a"}]), networks=networks)
    assert told == ["network a is an earlier one of this name (net1), not %s" % expected] * bool(expected)


def test_the_networks_of_the_engine_are_found_by_name():
    found = inspected(spec(networks=[{"name": "bridge"}]))
    networks = [{"Name": "bridge", "Id": "of this start"}]
    assert sentences(found, spec(networks=[{"name": "bridge"}]), networks=networks) == []


def test_another_image_under_the_same_name():
    wanted = spec()
    new = {"Id": "sha256:two", "Config": {"Env": ["NEW=1"]}}
    assert sentences(inspected(wanted), wanted, new) == ["image zoo:1 is sha256:one, not sha256:two"]


def test_an_image_that_the_engine_does_not_have():
    wanted = spec()
    assert sentences(inspected(wanted), wanted, None, IMAGE) == []
    other = container_spec.spec_of("zoo1", "zoo:2", {})
    assert sentences(inspected(wanted), other, None, IMAGE) == ["image is zoo:1, not zoo:2"]


def test_an_environment_of_an_image_that_is_gone_cannot_be_told_from_the_own():
    wanted = spec(env={"A": "1"})
    assert sentences(inspected(wanted), wanted, IMAGE, None) == []


def test_what_the_host_cannot_hold_to_is_no_difference():
    wanted = spec(memory="1G", memory_swap="2G", memory_swappiness=0)
    found = inspected(wanted, MemorySwap=-1, MemorySwappiness=None)
    assert sentences(found, wanted) == ["memory_swap is -1, not 2147483648"]
    assert sentences(found, wanted, host_lacks=("memory_swap",)) == []


def test_a_container_of_the_docker_program():
    found = inspected(spec(), Binds=["/a:/b:ro,z", "v:/c"], Mounts=None, RestartPolicy={"Name": "always"})
    wanted = spec(mounts=[{"source": "/a", "target": "/b", "read_only": True}, {"volume": "v", "target": "/c"}])
    assert sentences(found, wanted) == ["the engine's restart policy is always, not no"]


def test_a_secret_is_in_no_difference():
    [difference] = container_spec.differences(
        inspected(spec(env={"API_TOKEN": "hunter2"})), IMAGE, IMAGE, spec(env={"API_TOKEN": "hunter3"})
    )
    assert (difference.before(), difference.after()) == ("(not told)", "(another one, not told)")


def test_which_values_are_secret():
    env = {"A_PASSWORD": "hunter2", "B_TOKEN": "abc", "C": "open", "D_SECRET_FILE": "/run/secrets/d", "E_KEY": 123456}
    assert container_spec.secrets({"env": env}) == {"hunter2", "123456"}


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"networks": [{"name": "a"}], "network_mode": "host"}, "both networks and a network_mode"),
        ({"network_mode": "host", "ports": [PORT]}, "publishes no ports"),
        ({"mounts": [{"source": "/a", "target": "/t"}], "tmpfs": {"/t": ""}}, "More than one thing is to be mounted on /t"),
        ({"mounts": [{"target": "/t"}]}, "needs either a source"),
        ({"mounts": [{"source": "/a", "volume": "v", "target": "/t"}]}, "needs either a source"),
        ({"mounts": [{"source": "a", "target": "/t"}]}, "The path a of a mount does not begin with /"),
        ({"stop_timeout": 3600}, "longer than systemd waits. Give at most 1700"),
        ({"env": {"A": True}}, "The value of A in env is no text. Write it in quotes"),
        ({"env": {"A": None}}, "The value of A in env"),
        ({"labels": {"A": 1.0}}, "The value of A in labels"),
        ({"memory": "much"}, "The memory much is no size"),
        ({"ports": [dict(PORT, published=0)]}, "0 in ports is no port from 1 to 65535"),
        ({"ports": [dict(PORT, published=65536)]}, "65536 in ports is no port from 1 to 65535"),
        ({"ports": [dict(PORT, target=-1)]}, "-1 in ports is no port from 1 to 65535"),
        ({"ports": [dict(PORT, address="node1")]}, "node1, at which port 9200 is to be published, is no IP address"),
        ({"healthcheck": {"test": ["NONE"], "interval": "30"}}, "The interval 30 of healthcheck is no duration"),
    ],
)
def test_what_is_refused(options, sentence):
    with pytest.raises(Refusal) as refusal:
        spec(**options)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("name", ["", "a", "-zoo", "zoo 1", "zoo/1", "zoo@1"])
def test_a_name_that_no_container_can_have(name):
    with pytest.raises(Refusal, match="is no name that a container can have"):
        container_spec.spec_of(name, "zoo:1", {})


@pytest.mark.parametrize("text, expected", [("9300", ("0.0.0.0", 9300, "tcp")), ("53/udp", ("0.0.0.0", 53, "udp"))])
def test_ports_that_are_listened_on(text, expected):
    assert container_spec.listener(text) == expected


@pytest.mark.parametrize("text", ["", "0", "65536", "a", "1/sctp"])
def test_ports_that_nobody_can_listen_on(text):
    with pytest.raises(Refusal, match="in listens is no port"):
        container_spec.listener(text)
