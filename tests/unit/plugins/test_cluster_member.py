# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One member of a cluster on its host: what is done in which order, what is refused, what is told."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import os

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quorate.swarm.plugins.module_utils import frame, units
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.modules import cluster_member
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.containers import ContainerHost, Systemd
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import Killed

SECRET = "hunter2-hunter2"
OWN = {"owner": str(os.geteuid()), "group": str(os.getegid())}
UNIT = "quorate-member@zoo1.service"


class Place:
    """A host, and the options of a member on it."""

    def __init__(self, root, engine, systemd):
        self.root = root
        self.engine = engine
        self.systemd = systemd
        self.options = {
            "name": "zoo1",
            "image": "zoo:1",
            "container": {
                "env": {"A": "1", "ZOO_PASSWORD": "open-sesame"},
                "networks": [{"name": "demo", "aliases": ["zoo1"]}, {"name": "admin"}],
                "mounts": [{"source": str(root / "conf"), "target": "/conf", "read_only": True}],
                "ports": [{"published": 2181, "target": 2181}],
                "memory": "512M",
                "stop_timeout": 60,
            },
            "directories": [
                dict(OWN, path=str(root / "conf"), mode="0755"),
                dict(OWN, path=str(root / "data"), mode="0700", data=True),
            ],
            "files": [
                dict(OWN, path=str(root / "conf" / "zoo.cfg"), content="a=1\nfirst=yes\n", passing="^first="),
                dict(OWN, path=str(root / "conf" / "password"), content=SECRET + "\n", secret=True),
                dict(OWN, path=str(root / "conf" / "dynamic"), content="x\n", once=True),
            ],
        }

    def file(self, number):
        return self.options["files"][number]

    def read(self, name):
        return (self.root / name).read_text(encoding="utf-8")

    @property
    def container(self):
        return self.engine.containers_by_name.get("zoo1")

    def run(self, check_mode=False, **options):
        with patch_module_args(dict(copy.deepcopy(self.options), **options)):
            params = validated()
        return cluster_member.execute(Engine(self.engine), params, check_mode)


def validated():
    """The options as AnsibleModule hands them on."""
    from ansible.module_utils.basic import AnsibleModule

    return AnsibleModule(argument_spec=dict(frame.connection_arguments(), **cluster_member.ARGUMENTS), supports_check_mode=True).params


@pytest.fixture
def place(tmp_path, monkeypatch, world):
    systemd = Systemd(tmp_path)
    engine = ContainerHost(world, systemd.state)
    engine.add_image("zoo:1", "sha256:one")
    for name in ("demo", "admin"):
        engine.add_network(name)
    monkeypatch.setenv("PATH", "%s:/bin:/usr/bin" % systemd.program.parent)
    (systemd.program.parent / "docker").write_text("", encoding="utf-8")
    (systemd.program.parent / "docker").chmod(0o755)
    monkeypatch.setattr(cluster_member, "PROGRAMS", str(systemd.program.parent))
    monkeypatch.setattr(units, "DIRECTORY", str(tmp_path / "units"))
    monkeypatch.setattr(cluster_member, "KERNEL", str(tmp_path / "sys"))
    monkeypatch.setattr(cluster_member, "sockets_in_use", lambda: place.sockets)
    place = Place(tmp_path / "srv", engine, systemd)
    place.sockets = set()
    return place


@pytest.fixture
def member(place):
    place.run()
    place.engine.world.journal.clear()
    place.systemd.unset("told")
    return place


# From nothing, and again


def test_a_member_is_made_from_nothing(place):
    outcome = place.run()
    assert outcome.changed and outcome.warnings == []
    assert outcome.actions == [
        "make the directory %s" % (place.root / "conf"),
        "make the directory %s" % (place.root / "data"),
        "write %s" % (place.root / "conf" / "zoo.cfg"),
        "write %s" % (place.root / "conf" / "password"),
        "write %s" % (place.root / "conf" / "dynamic"),
        "write the systemd unit of members",
        "create the container zoo1",
        "have systemd start the member at boot",
        "start the member",
    ]
    assert place.engine.world.journal == ["create zoo1", "connect zoo1 to admin"]
    # What enables a unit reads it, too.
    assert place.systemd.told() == ["enable %s" % UNIT, "start %s" % UNIT]
    assert place.read("conf/password") == SECRET + "\n"
    assert (place.root / "conf" / "password").stat().st_mode & 0o7777 == 0o400
    assert (place.root / "data").stat().st_mode & 0o7777 == 0o700
    told = outcome.facts["member"]
    assert (told["running"], told["unit_active"], told["unit_enabled"], told["differs"]) == (True, True, True, [])
    assert (told["data"], told["image"]) == ({str(place.root / "data"): "empty"}, "zoo:1")
    template = (place.root.parent / "units" / "quorate-member@.service").read_text(encoding="utf-8")
    assert "ExecStart=%s/docker start --attach %%i\n" % place.systemd.program.parent in template


def test_a_second_run_changes_nothing(member):
    outcome = member.run()
    assert (outcome.changed, outcome.actions, member.engine.world.journal, member.systemd.told()) == (False, [], [], [])
    assert (outcome.before, outcome.after) == ({}, {})


def test_check_mode_foretells_all_and_does_nothing(place):
    foretold = place.run(check_mode=True)
    assert not place.root.exists() and place.systemd.told() == [] and place.engine.world.journal == []
    done = place.run()
    assert (foretold.actions, foretold.before, foretold.after) == (done.actions, done.before, done.after)


# Changes


def test_a_file_is_written_while_the_member_is_stopped(member):
    member.file(0)["content"] = "a=2\n"
    outcome = member.run()
    assert outcome.actions == ["stop the member", "write %s" % (member.root / "conf" / "zoo.cfg"), "start the member"]
    assert member.systemd.told() == ["stop %s" % UNIT, "start %s" % UNIT]
    assert member.read("conf/zoo.cfg") == "a=2\n"
    path = str(member.root / "conf" / "zoo.cfg")
    assert (outcome.before, outcome.after) == ({path: {"content": ["a=1", "first=yes"]}}, {path: {"content": ["a=2"]}})
    assert not member.run().changed


@pytest.mark.parametrize("content", ["a=1\n", "a=1\nfirst=no\n"])
def test_a_difference_in_passing_lines_needs_no_restart(member, content):
    member.file(0)["content"] = content
    seen = member.run(state="seen").facts["member"]
    assert (seen["restart_needed"], len(seen["differs"])) == (False, 1)
    outcome = member.run()
    assert outcome.actions == ["write %s" % (member.root / "conf" / "zoo.cfg")] and member.systemd.told() == []
    assert not member.run().changed


def test_a_mode_needs_no_restart(member):
    member.options["directories"][0]["mode"] = "0750"
    outcome = member.run()
    assert outcome.actions == ["set owner and mode of %s" % (member.root / "conf")]
    assert not member.run().changed


def test_a_file_that_the_server_writes_is_left_alone(member):
    (member.root / "conf" / "dynamic").write_text("of the server\n", encoding="utf-8")
    assert not member.run().changed
    assert member.read("conf/dynamic") == "of the server\n"


def test_a_container_that_differs_is_made_anew(member):
    first = member.container["Id"]
    member.options["container"]["memory"] = "1G"
    outcome = member.run()
    assert outcome.actions == ["stop the member", "remove the container zoo1", "create the container zoo1", "start the member"]
    assert outcome.before == {"container": {"memory": 512 << 20}} and outcome.after == {"container": {"memory": 1 << 30}}
    assert member.container["Id"] != first and not member.run().changed


def test_an_image_is_pulled_while_the_member_runs(member):
    member.engine.add_image("zoo:2", "sha256:two", member.engine.registry)
    outcome = member.run(image="zoo:2")
    assert outcome.actions[:2] == ["pull the image zoo:2", "stop the member"]
    assert member.container["Image"] == "sha256:two"


def test_an_image_that_has_its_name_from_an_earlier_one_makes_the_container_anew(member):
    old = member.engine.images["zoo:1"]
    member.engine.images = {"untagged": old}
    member.engine.add_image("zoo:1", "sha256:new", Env=["PATH=/sbin"])
    assert member.run().facts["member"]["running"] and member.container["Image"] == "sha256:new"


def test_an_image_that_cannot_be_had_is_refused_before_anything_changes(member):
    with pytest.raises(Refusal) as refusal:
        member.run(image="zoo:3")
    assert str(refusal.value) == (
        "The image zoo:3 can be neither found nor pulled. The engine refused: manifest for zoo:3 not found. Nothing was changed."
    )
    assert member.systemd.told() == [] and member.systemd.has("active")


def test_a_member_that_was_stopped_is_started(member):
    member.systemd.unset("active")
    assert member.run().actions == ["start the member"]


def test_a_restart_is_made_each_time_that_it_is_asked_for(member):
    for _time in range(2):
        outcome = member.run(restart=True)
        assert outcome.actions == ["stop the member", "start the member"] and outcome.facts["member"]["differs"] == []
    assert member.run(restart=True, state="seen").facts["member"]["differs"] == []


def test_a_unit_of_an_earlier_text_is_written_without_a_restart(member):
    (member.root.parent / "units" / "quorate-member@.service").write_text("old\n", encoding="utf-8")
    assert member.run().actions == ["write the systemd unit of members", "have systemd read its units again"]


def test_a_unit_that_was_written_and_not_read_is_read(member):
    member.systemd.set("outdated")
    assert member.run().actions == ["have systemd read its units again"] and member.systemd.told() == ["daemon-reload"]
    assert not member.run().changed


def test_what_the_engine_warns_of_is_a_warning(place):
    place.engine.warnings = ["Your kernel does not support swap limit"]
    assert place.run().warnings == ["The engine says of the container zoo1: Your kernel does not support swap limit"]


# Killed, and run again


STEPS = 11


@pytest.mark.parametrize("moment", range(STEPS))
@pytest.mark.parametrize("begin", ["nothing", "a member"])
def test_a_run_killed_before_any_step_is_repeated(place, monkeypatch, begin, moment):
    if begin == "a member":
        place.run()
    place.engine.add_image("zoo:2", "sha256:two", place.engine.registry)
    place.options["image"] = "zoo:2"
    place.file(0)["content"] = "a=3\n"
    place.options["files"].append(dict(OWN, path=str(place.root / "conf" / "further"), content="y\n"))
    count = len(place.run(check_mode=True).actions)
    done = []

    def dying(effect):
        def step(*arguments):
            if len(done) == moment:
                raise Killed
            done.append(effect)
            return effect(*arguments)

        return step

    effects = dict(cluster_member.STEPS)
    with monkeypatch.context() as patch:
        patch.setattr(cluster_member, "STEPS", {kind: dying(effect) for kind, effect in effects.items()})
        if moment < count:
            with pytest.raises(Killed):
                place.run()
        else:
            place.run()
    if moment < count:
        assert place.run().changed
    assert not place.run().changed
    assert (place.read("conf/zoo.cfg"), place.read("conf/further")) == ("a=3\n", "y\n")
    assert place.container["State"]["Running"] and place.container["Image"] == "sha256:two"


def test_a_run_killed_between_creation_and_the_second_network_is_repeated(place):
    place.engine.world.kill = (1, "before")
    with pytest.raises(Killed):
        place.run()
    place.engine.world.kill = None
    assert "container: network admin is missing" in place.run(state="seen").facts["member"]["differs"]
    place.run()
    assert sorted(place.container["NetworkSettings"]["Networks"]) == ["admin", "demo"] and not place.run().changed


# Looking


def test_a_look_changes_nothing_and_tells_all(place):
    place.engine.networks_listed = place.engine.networks_listed[:3]
    place.sockets = {("0.0.0.0", 2181, "tcp")}
    place.engine.memory = 1 << 28
    (place.root.parent / "sys" / "vm").mkdir(parents=True)
    (place.root.parent / "sys" / "vm" / "max_map_count").write_text("65530\n", encoding="ascii")
    outcome = place.run(state="seen", needs_sysctls={"vm.max_map_count": 262144, "vm.other": 1})
    told = outcome.facts["member"]
    assert (outcome.changed, outcome.actions, place.root.exists(), place.systemd.told()) == (False, [], False, [])
    assert told["refusals"] == [
        "Port 2181/tcp of this host is taken by another process. Stop that, or give the member another port.",
        "The container's memory limit is 512 MiB, and this host has 256 MiB of memory. Give it less, or to a host with more.",
        "There is no network admin. Create it first, as the role quorate.swarm.overlay does for overlay_networks.",
    ]
    assert told["sysctls_low"] == {
        "vm.max_map_count": {"found": 65530, "needed": 262144}, "vm.other": {"found": None, "needed": 1},
    }
    assert told["ports_taken"] == [{"port": "2181/tcp", "by": "another process"}]
    assert (told["exists"], told["restart_needed"], told["data"]) == (False, True, {str(place.root / "data"): "missing"})
    for check_mode in (True, False):
        with pytest.raises(Refusal, match="taken by another process.*Nothing was changed"):
            place.run(check_mode)


def test_a_look_without_an_image(member):
    told = member.run(state="seen", image=None, container={}).facts["member"]
    assert (told["differs"], told["running"], told["image_present"]) == ([], True, False)


def test_evidence(member):
    data = member.root / "data"
    (data / "version-2").mkdir()
    (data / "epoch").write_text("4\n", encoding="utf-8")
    (data / "binary").write_bytes(b"\x00\xff")
    (data / "long").write_bytes("é".encode() * 40000)
    evidence = {name: str(data / name) for name in ("epoch", "binary", "long", "none", "epoch/none")}
    seen = member.run(state="seen", evidence=dict(evidence, all=str(data))).facts["member"]["evidence"]
    assert (seen["epoch"], seen["binary"], seen["none"], seen["epoch/none"]) == ("4\n", {"base64": "AP8="}, None, None)
    assert seen["all"] == ["binary", "epoch", "long", "version-2"] and seen["long"] == "é" * 32768
    assert member.run(state="seen").facts["member"]["data"] == {str(data): "filled"}


def test_evidence_in_a_file_that_may_hold_secrets(member):
    data = member.root / "data"
    (data / "db").write_bytes(b"\x00version1.2\x00hunter2\nversion1.3\x08\x02version1.2\xff")
    evidence = {"version": {"path": str(data / "d*"), "matches": r"version([0-9.]+)"}}
    evidence["none"] = dict(evidence["version"], path=str(data / "none"))
    evidence["bytes"] = {"path": str(data / "db"), "matches": r"\x08(.)"}
    evidence["nothing"] = {"path": str(data / "db"), "matches": "(quince)"}
    outcome = member.run(state="seen", evidence=evidence)
    told = {"version": ["1.2", "1.3"], "none": None, "bytes": ["\x02"], "nothing": []}
    assert outcome.facts["member"]["evidence"] == told and "hunter2" not in repr(vars(outcome))


@pytest.mark.parametrize("asked", [{"path": "/x"}, {"path": "/x", "matches": "(a"}, {"path": "/x", "matches": "a"}, {"matches": "(a)"}])
def test_evidence_that_cannot_be_looked_for_is_refused(member, asked):
    with pytest.raises(Refusal, match="The evidence version "):
        member.run(state="seen", evidence={"version": asked})


def test_a_secret_of_before_is_removed_without_a_restart(member):
    secrets = member.root / "secrets"
    member.options["directories"].append(
        {"path": str(secrets), "owner": "0", "group": None, "mode": None, "data": False, "exclusive": True}
    )
    member.run()
    (secrets / "old").write_text("hunter2", encoding="utf-8")
    outcome = member.run(check_mode=True)
    assert outcome.actions == ["remove %s" % (secrets / "old")] and "hunter2" not in repr(vars(outcome))
    assert member.run().changed and not (secrets / "old").exists() and secrets.exists()
    assert not member.run().changed


# Refused


def foreign(place, **labels):
    place.run()
    place.container["Config"]["Labels"] = labels
    place.container["by hand"] = True
    place.systemd.unset("active", "enabled", "told")
    place.engine.world.journal.clear()


@pytest.mark.parametrize("state", ["started", "stopped", "absent"])
def test_a_container_made_by_hand_is_refused(place, state):
    foreign(place)
    with pytest.raises(Refusal, match="lacks the label quorate.member=zoo1.*adopt=true. Nothing was changed"):
        place.run(state=state)
    assert place.container["State"]["Running"]


def test_a_container_made_by_hand_is_adopted_on_request(place):
    foreign(place)
    first = place.container["Id"]
    outcome = place.run(adopt=True)
    assert outcome.actions[:3] == ["stop the member", "remove the container zoo1", "create the container zoo1"]
    assert place.engine.world.journal[0] == "stop %s within 60" % first and place.container["Id"] != first
    assert not place.run().changed


def test_a_task_of_the_swarm_is_never_adopted(place):
    foreign(place, **{"com.docker.swarm.task.id": "t"})
    with pytest.raises(Refusal, match="is a task of a service"):
        place.run(adopt=True)


@pytest.fixture
def of_orders(place):
    """A member of the cluster zookeeper/orders."""
    place.run(cluster="zookeeper/orders")
    return place


@pytest.mark.parametrize("state", ["started", "stopped", "absent"])
def test_a_member_of_another_cluster_is_refused_though_nothing_else_differs(of_orders, state):
    words = "The container zoo1 is a member of the cluster zookeeper/orders, and it was to be one of zookeeper/shops"
    with pytest.raises(Refusal, match=words):
        of_orders.run(state=state, cluster="zookeeper/shops")
    seen = of_orders.run(state="seen", cluster="zookeeper/shops").facts["member"]
    assert seen["other_cluster"] == "zookeeper/orders" and words in seen["refusals"][0]


@pytest.mark.parametrize("first, second", [(None, "zookeeper/orders"), ("zookeeper/orders", None), ("zookeeper/orders",) * 2])
def test_a_member_that_names_no_cluster_is_none_of_another_one_and_is_left_as_it_is(place, first, second):
    place.run(cluster=first)
    assert not place.run(cluster=second).changed


def test_members_of_a_renamed_group_are_replaced_on_request(of_orders):
    outcome = of_orders.run(cluster="zookeeper/shops", adopt=True)
    assert "remove the container zoo1" in outcome.actions
    assert not of_orders.run(cluster="zookeeper/shops").changed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_data_of_another_owner_is_refused_and_not_given_away(place):
    (place.root / "data").mkdir(parents=True)
    (place.root / "data" / "lost+found").mkdir()
    os.chown(place.root / "data" / "lost+found", 4711, 4711)
    assert place.run(state="seen").facts["member"]["refusals"] == []
    (place.root / "data" / "file").write_text("", encoding="utf-8")
    os.chown(place.root / "data" / "file", 4711, 4711)
    with pytest.raises(Refusal, match="belongs to user 4711, and the member runs as user 0. If .* run 'chown -R 0:0"):
        place.run()
    assert (place.root / "data" / "file").stat().st_uid == 4711


def test_a_file_where_a_directory_is_to_be(place):
    place.root.mkdir()
    (place.root / "data").write_text("", encoding="utf-8")
    with pytest.raises(Refusal, match="is a file, and a directory is to be there"):
        place.run()


def test_a_port_of_another_container_is_named(place):
    place.engine.others = [
        {"Id": "x", "Names": ["/web"], "Labels": {}, "Ports": [{"IP": "0.0.0.0", "PublicPort": 2181, "PrivatePort": 80, "Type": "tcp"}]}
    ]
    with pytest.raises(Refusal, match="Port 2181/tcp of this host is taken by the container web"):
        place.run()


USERS = [
    ("running", {}, True, "runs"),
    ("running", {}, False, None),
    ("exited", {}, True, None),
    # systemd starts it again
    ("exited", {"quorate.member": "old"}, True, "is a member that is stopped"),
    ("created", {"quorate.member": "old"}, True, "is a member that is stopped"),
]


@pytest.mark.parametrize("state, labels, writes, words", USERS)
def test_data_of_another_container_is_left_to_it(place, state, labels, writes, words):
    mounts = [{"Type": "bind", "Source": str(place.root / "data"), "RW": writes}]
    place.engine.others = [{"Id": "x", "Names": ["/old"], "Labels": labels, "State": state, "Mounts": mounts}]
    refusals = place.run(state="seen").facts["member"]["refusals"]
    assert ["belongs to the container old, which %s." % words in sentence for sentence in refusals] == [True] * (words is not None)


@pytest.mark.parametrize("state, labels, writes, words", USERS)
def test_data_of_another_container_is_not_deleted(member, state, labels, writes, words):
    data = str(member.root / "data")
    mounts = [{"Type": "bind", "Source": data, "RW": writes}]
    member.engine.others = [{"Id": "x", "Names": ["/old"], "Labels": labels, "State": state, "Mounts": mounts}]
    seen = member.run(state="seen", delete=[data]).facts["member"]
    assert (seen["refusals"], len(seen["removal_refusals"])) == ([], 1 if words else 0)
    if words:
        with pytest.raises(Refusal, match="data is to be deleted, and the container old, which %s, has its data there" % words):
            member.run(state="absent", delete=[data])
        assert member.container and (member.root / "data").is_dir()
    # Without that, it stays where it is.
    assert member.run(state="absent").changed and (member.root / "data").is_dir()


@pytest.mark.parametrize("service, is_refused", [("zoo1", False), ("zoo2", True)])
def test_data_of_the_member_s_own_task_are_its_own(place, service, is_refused):
    mounts = [{"Type": "bind", "Source": str(place.root / "data"), "RW": True}]
    labels = {"com.docker.swarm.service.name": service}
    place.engine.others = [{"Id": "x", "Names": ["/%s.1.t" % service], "Labels": labels, "State": "running", "Mounts": mounts}]
    refusals = place.run(state="seen", files_only=True).facts["member"]["refusals"]
    assert any("belongs to the container %s.1.t, which runs" % service in sentence for sentence in refusals) == is_refused


def test_the_own_ports_of_a_member_are_not_taken(member):
    member.sockets = {("0.0.0.0", 2181, "tcp"), ("::", 2181, "tcp")}
    assert member.run(restart=True).changed


def test_a_member_that_is_as_wanted_is_not_refused(member):
    member.engine.memory = 1
    assert not member.run().changed


def test_a_network_that_cannot_be_attached(place):
    place.engine.networks_listed[-1]["Attachable"] = False
    with pytest.raises(Refusal, match="The network admin is not attachable"):
        place.run()


@pytest.mark.parametrize(
    "options, container, sentence",
    [
        ({"needs_memory": "1T"}, {}, "The member needs 1 TiB, and its container's memory limit is 512 MiB"),
        ({"needs_memory": "513M"}, {}, "The member needs 513 MiB, and its container's memory limit is 512 MiB. Give it less, or raise"),
        ({"needs_memory": "1T"}, {"memory": None}, "The member needs 1 TiB, and this host has 4 GiB of memory"),
        ({}, {"memory": "1T"}, "The container's memory limit is 1 TiB, and this host has 4 GiB of memory"),
        ({"needs_memory": "much"}, {}, "The needs_memory much is no size such as 512M or 2G"),
        ({}, {"ports": [{"published": 70000, "target": 1}]}, "70000 in ports is no port from 1 to 65535"),
        (
            {},
            {"ports": [{"published": 9200, "target": 1, "address": "203.0.113.7"}]},
            "203.0.113.7, at which ports are to be published, is no address of this host. Give one that it has, or 0.0.0.0 for all",
        ),
        ({}, {"ports": [{"published": 9200, "target": 1, "address": "2001:db8::7"}]}, "2001:db8::7, at which ports are to be published"),
        ({}, {"ports": [{"published": 9200, "target": 1, "address": "node1"}]}, "node1, at which port 9200 is to be published, is no IP"),
        ({"files": [dict(OWN, path="srv/f", content="")]}, {}, "The path srv/f does not begin with /"),
    ],
)
def test_what_the_host_cannot_give(place, options, container, sentence):
    place.options["container"].update(container)
    with pytest.raises(Refusal) as refusal:
        place.run(**options)
    assert sentence in str(refusal.value)
    assert place.container is None and place.systemd.told() == []


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", ""])
def test_addresses_of_the_host(place, address):
    place.options["container"]["ports"][0]["address"] = address
    assert place.run(needs_memory="512M").changed


def test_an_unknown_state(place, monkeypatch, capsys):
    told = main_told(place, monkeypatch, capsys, name="zoo1", state="abent")
    assert "value of state must be one of: started, stopped, absent, seen, got: abent" in told["msg"]


def test_what_is_to_be_mounted_must_be_there(member):
    member.options["container"]["mounts"].append({"source": "/nowhere/at/all", "target": "/x"})
    with pytest.raises(Refusal, match="There is no /nowhere/at/all on this host, which is to be mounted"):
        member.run()
    assert member.systemd.has("active")


def test_a_network_that_is_only_foretold_is_refused_outside_of_check_mode_alone(place):
    del place.engine.networks_listed[-1]
    options = {"foretold_networks": ["admin", "other"]}
    outcome = place.run(check_mode=True, **options)
    assert outcome.changed and outcome.facts["member"]["networks_foretold"] == ["admin"]
    look = place.run(check_mode=True, state="seen", **options).facts["member"]
    assert look["refusals"] == [] and look["networks_foretold"] == ["admin"]
    with pytest.raises(Refusal, match="There is no network admin"):
        place.run(**options)
    with pytest.raises(Refusal, match="There is no network admin"):
        place.run(check_mode=True)


def test_a_worker_may_not_know_a_network_yet(place):
    place.engine.networks_listed = []
    place.engine.swarm = {"LocalNodeState": "active", "ControlAvailable": False}
    assert place.run().changed


def test_a_host_without_the_program(place, monkeypatch):
    monkeypatch.setattr(cluster_member, "PROGRAMS", "/nowhere")
    with pytest.raises(Refusal, match="has no program docker"):
        place.run()
    assert "has no program docker" in place.run(state="seen").facts["member"]["refusals"][0]


def test_an_owner_that_the_host_does_not_know(place):
    place.options["files"][0]["owner"] = "nobody-of-that-name"
    with pytest.raises(Refusal, match="This host has no user nobody-of-that-name"):
        place.run()


# Waiting


def test_a_container_that_does_not_stay_up_is_told_with_its_last_words(place):
    def end(found):
        place.engine._end(found, 78)
        place.systemd.set("looping")

    place.engine.end = end
    with pytest.raises(QuorateError) as error:
        place.run()
    assert str(error.value) == (
        "The container zoo1 does not stay up: it ended with exit code 78. Its last lines: first | last. Mend that and run again; until "
        "then systemd goes on trying, and 'systemctl stop quorate-member@zoo1.service' ends it."
    )


@pytest.mark.parametrize("words", ["attaching to network failed.", "network demo not found"])
def test_a_network_that_comes_late_is_waited_for_however_often_systemd_tries(place, clock, words):
    def end(found):
        found["State"].update(Running=False, Status="created", Error=words)
        place.systemd.set("looping")

    place.engine.end = end
    place.engine.log = b""
    with pytest.raises(QuorateError, match="the engine says: %s. It has said nothing" % words.rstrip(".")):
        place.run()
    assert clock.now == 120


NOT_FOUND = "Could not attach to network %s: rpc error: code = NotFound desc = network %s not found"


def made_anew(member):
    """The overlay of the member, which was stopped meanwhile, as on a manager."""
    member.systemd.unset("active")
    for listed in member.engine.networks_listed:
        if listed["Name"] == "demo":
            listed["Id"] = "new"


def as_on_a_worker(member):
    member.engine.networks_listed = [listed for listed in member.engine.networks_listed if listed["Name"] != "demo"]
    member.engine.ids_of_the_managers = {"demo": "new"}
    member.engine.swarm = {"LocalNodeState": "active", "ControlAvailable": False}

    def end(found):
        old = found["NetworkSettings"]["Networks"]["demo"]["NetworkID"]
        if old != "new":
            found["State"].update(Running=False, Status="created", Error=NOT_FOUND % (old, old))
            member.systemd.set("looping")

    member.engine.end = end


def test_a_container_whose_network_was_made_anew_is_made_anew(member):
    made_anew(member)
    seen = member.run(state="seen").facts["member"]
    assert "container: network demo is an earlier one of this name (id-demo), not new" in seen["differs"]
    outcome = member.run()
    assert outcome.actions == ["remove the container zoo1", "create the container zoo1", "start the member"]
    assert member.container["NetworkSettings"]["Networks"]["demo"]["NetworkID"] == "new" and not member.run().changed


def test_on_a_worker_only_the_start_tells_it(member, clock):
    made_anew(member)
    as_on_a_worker(member)
    outcome = member.run()
    assert outcome.actions == [
        "start the member", "stop the member", "remove the container zoo1", "create the container zoo1", "start the member",
    ]
    assert clock.now < 10 and not member.run().changed
    assert outcome.after == {"started": True, "container": {"network demo": "the one of now"}}


def test_a_network_that_is_nowhere_any_more_is_told(member, clock):
    made_anew(member)
    as_on_a_worker(member)
    member.engine.ids_of_the_managers = {"demo": "other"}
    with pytest.raises(QuorateError, match="does not stay up: the engine says: Could not attach to network other: rpc error"):
        member.run()
    assert clock.now < 10


def test_a_member_that_runs_without_its_network_is_cut_off(member):
    assert member.run(state="seen").facts["member"]["cut_off"] is False
    # A further network that is asked for now cuts nobody off.
    del member.container["NetworkSettings"]["Networks"]["admin"]
    assert member.run(state="seen").facts["member"]["cut_off"] is False
    del member.container["NetworkSettings"]["Networks"]["demo"]
    seen = member.run(state="seen").facts["member"]
    assert (seen["cut_off"], seen["restart_needed"]) == (True, True)


def test_a_member_that_ends_again_and_again_is_told_though_nothing_differs(member):
    member.systemd.unset("active")
    member.systemd.set("looping")
    with pytest.raises(QuorateError, match="does not stay up"):
        member.run()


def test_restarts_of_an_earlier_time_do_not_count(place):
    (place.systemd.state / "restarts").write_text("37\n", encoding="utf-8")
    starts = []

    def slow(found):
        starts.append(found)
        if len(starts) < 3:
            found["State"].update(Running=False, StartedAt="0001-01-01T00:00:00Z")

    place.engine.end = slow
    assert place.run().facts["member"]["running"]


def test_what_systemd_refuses_is_told(place):
    place.systemd.set("refusing")
    with pytest.raises(QuorateError, match="'systemctl start %s' failed: Job failed. See 'systemctl status" % UNIT):
        place.run()


# The end


def test_a_member_is_stopped(member):
    outcome = member.run(state="stopped")
    assert outcome.actions == ["stop the member", "have systemd start the member no more at boot"]
    assert not member.systemd.has("enabled") and not outcome.facts["member"]["running"]
    assert not member.run(state="stopped").changed


def test_a_member_is_removed_and_its_data_stays(member):
    (member.root / "data" / "file").write_text("data", encoding="utf-8")
    foretold = member.run(state="absent", check_mode=True)
    assert "the container is there" in member.run(state="seen").facts["member"]["remains"]
    outcome = member.run(state="absent")
    assert member.run(state="seen").facts["member"]["remains"] == []
    assert (foretold.actions, foretold.before) == (outcome.actions, outcome.before)
    assert member.container is None and os.listdir(member.root) == ["data"] and member.read("data/file") == "data"
    assert os.listdir(member.root.parent / "units") == []
    assert not member.run(state="absent").changed


def test_data_is_deleted_where_that_is_asked_for(member):
    (member.root / "data" / "deep").mkdir()
    (member.root / "data" / "deep" / "file").write_text("data", encoding="utf-8")
    outcome = member.run(state="absent", delete=[str(member.root / "data")])
    assert "delete %s and all that is in it" % (member.root / "data") in outcome.actions
    assert os.listdir(member.root) == []
    assert not member.run(state="absent", delete=[str(member.root / "data")]).changed


def test_what_others_have_put_there_stays(member):
    (member.root / "conf" / "of somebody").write_text("", encoding="utf-8")
    member.run(state="absent")
    assert os.listdir(member.root / "conf") == ["of somebody"]


def test_the_unit_stays_while_there_are_other_members(member):
    member.engine.others = [{"Id": "x", "Names": ["/zoo2"], "Labels": {"quorate.member": "zoo2"}, "Ports": []}]
    member.run(state="absent")
    assert os.listdir(member.root.parent / "units") == ["quorate-member@.service"]


@pytest.mark.parametrize(
    "delete, sentence",
    [("/srv/other", "is none of the member's directories"), ("/top", "is no directory of one member alone")],
)
def test_what_is_not_deleted(place, delete, sentence):
    place.options["directories"].append(dict(OWN, path="/top"))
    with pytest.raises(Refusal, match=sentence):
        place.run(state="absent", delete=[delete])


# As Ansible runs it


def main_told(place, monkeypatch, capsys, **options):
    monkeypatch.setattr(frame, "connect", lambda params: Engine(place.engine))
    with patch_module_args(dict(options, docker_host="unix:///x")), pytest.raises(SystemExit):
        cluster_member.main()
    return json.loads(capsys.readouterr().out)


def test_all_options_have_their_defaults(member, monkeypatch, capsys):
    told = main_told(member, monkeypatch, capsys, name="zoo1", state="seen")
    assert (told["changed"], told["actions"], told["member"]["running"]) == (False, [], True)
    assert main_told(member, monkeypatch, capsys, name="zoo1", state="absent")["changed"]


def test_an_image_is_needed_for_a_start(member, monkeypatch, capsys):
    assert "image" in main_told(member, monkeypatch, capsys, name="zoo1")["msg"]


def test_options_of_the_container_are_checked(member, monkeypatch, capsys):
    told = main_told(member, monkeypatch, capsys, name="zoo1", image="zoo:1", container={"privileged": True})
    assert "privileged" in told["msg"]


def test_refusals_are_told_one_by_one(place, monkeypatch, capsys):
    place.engine.networks_listed = []
    told = main_told(place, monkeypatch, capsys, **place.options)
    assert len(told["refusals"]) == 2 and told["msg"] == "%s Nothing was changed." % " ".join(told["refusals"])


# Secrets


def test_no_secret_is_told(place, member):
    outcomes = [place.run(restart=True), place.run(state="seen")]
    place.file(1)["content"] = "another-" + SECRET
    place.options["container"]["env"]["ZOO_PASSWORD"] = "another-sesame"
    outcomes += [place.run(check_mode=True), place.run()]
    for outcome in outcomes:
        text = json.dumps(dataclasses.asdict(outcome))
        assert "hunter2" not in text and "sesame" not in text
    assert "%s (secret) differs" % (place.root / "conf" / "password") in place.run(
        state="seen", files=[dict(place.file(1), content="x" * 9)]
    ).facts["member"]["differs"]


BINARY = base64.b64encode(b"\x00\xff" + SECRET.encode()).decode("ascii")


def test_a_binary_secret_is_written_and_told_to_nobody(member, monkeypatch, capsys):
    path = member.root / "conf" / "keystore"
    member.options["files"].append(dict(OWN, path=str(path), content_base64=BINARY, secret=True))
    told = [main_told(member, monkeypatch, capsys, **copy.deepcopy(dict(member.options, _ansible_diff=True)))]
    assert path.read_bytes() == base64.b64decode(BINARY) and path.stat().st_mode & 0o7777 == 0o400
    assert not member.run().changed
    member.options["files"][-1]["content_base64"] = BINARY[:-4]
    told.append(main_told(member, monkeypatch, capsys, **copy.deepcopy(dict(member.options, _ansible_check_mode=True))))
    assert [answer["changed"] for answer in told] == [True, True] and "(secret)" in str(told[1]["diff"])
    assert BINARY[:-4] not in str(told) and "hunter2" not in str(told)


@pytest.mark.parametrize(
    "options, word", [({}, "one of the following is required"), ({"content": "x", "content_base64": "eA=="}, "mutually exclusive")]
)
def test_a_file_has_one_content(place, monkeypatch, capsys, options, word):
    assert word in main_told(place, monkeypatch, capsys, name="zoo1", image="zoo:1", files=[dict(OWN, path="/srv/f", **options)])["msg"]


def test_no_secret_is_in_the_output_of_a_failed_task(place, monkeypatch, capsys):
    place.engine.log = b"cannot log in with open-sesame or hunter2-hunter2\n"
    place.engine.end = lambda found: place.engine._end(found, 1) or place.systemd.set("looping")
    monkeypatch.setattr(frame, "connect", lambda params: Engine(place.engine))
    with patch_module_args(dict(copy.deepcopy(place.options), docker_host="unix:///x")), pytest.raises(SystemExit):
        cluster_member.main()
    told = capsys.readouterr().out
    assert "cannot log in with" in told and "sesame" not in told and "hunter2" not in told


# Files alone


@pytest.fixture
def files(place):
    place.options["files_only"] = True
    return place


def task_here(place, state="running"):
    place.engine.others = [{"Id": "t", "Names": ["/zoo1.1.x"], "Labels": {"com.docker.swarm.service.name": "zoo1"}, "State": state}]


def test_files_alone_are_held_without_a_container_or_a_unit(files):
    outcome = files.run()
    assert [action.split()[0] for action in outcome.actions] == ["make", "make", "write", "write", "write"]
    assert files.container is None and files.systemd.told() == [] and files.engine.world.journal == []
    assert not files.run().changed


def test_files_alone_tell_whether_a_restart_is_due(files):
    files.run()
    task_here(files)
    files.file(0)["content"] = "a=1\nfirst=no\n"
    assert files.run(state="seen").facts["member"]["restart_needed"] is False
    files.file(0)["content"] = "a=2\n"
    told = files.run(state="seen").facts["member"]
    assert (told["exists"], told["running"], told["restart_needed"]) == (True, True, True)
    assert len(files.run().actions) == 1 and not files.run().changed


def test_ports_are_those_of_the_task_while_it_runs(files):
    files.run()
    files.sockets = {("0.0.0.0", 2181, "tcp")}
    assert files.run(state="seen").facts["member"]["refusals"][0].startswith("Port 2181/tcp of this host is taken")
    task_here(files)
    assert files.run(state="seen").facts["member"]["refusals"] == []


def test_a_member_that_systemd_starts_is_not_held_a_second_time(member):
    sentence = "The container zoo1 on this host is a member that systemd starts, and something else is to start it now."
    assert member.run(state="seen", files_only=True).facts["member"]["refusals"][0].startswith(sentence)


def test_the_end_of_files_alone_leaves_data_and_the_unit_of_others(files):
    files.run()
    (files.root / "data" / "epoch").write_text("1", encoding="utf-8")
    assert [action.split()[0] for action in files.run(state="absent").actions] == ["remove"] * 4
    assert files.systemd.told() == [] and (files.root / "data" / "epoch").exists()


@pytest.mark.parametrize("options", [{"state": "stopped"}, {"adopt": True}, {"restart": True}])
def test_files_alone_are_not_stopped_or_started(files, options):
    with pytest.raises(Refusal, match="With files_only something else starts and stops the member"):
        files.run(**options)


def test_the_node_of_the_host_is_told(place):
    place.engine.swarm["NodeID"] = "n1"
    assert place.run(state="seen").facts["member"]["node_id"] == "n1"
