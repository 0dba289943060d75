# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host's part in the recovery of a Galera cluster: what it tells, and what it does to the member there."""

from __future__ import annotations

import os

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import copies, galera_evidence, units
from ansible_collections.quorate.swarm.plugins.module_utils.engine import Engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.modules import galera_recovery
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse, response
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.containers import ContainerHost, Systemd
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import Killed

UUID, OTHER = "13001a35-ed17-11f1-9859-ca4f6a8fe43a", "83fd8316-ed16-11f1-ae7e-2b56e9de6e37"
STATE = "# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   %s\nsafe_to_bootstrap: %s\n"
MEMBER, SPARE = "galera-node1", "galera-node1-recovery"
UNIT = "quorate-member@galera-node1.service"
ROOM = 1 << 30


class Host(ContainerHost):
    """The host's engine, with a server that recovers a position as it starts in a container that systemd knows nothing of."""

    def __init__(self, world, state):
        super().__init__(world, state)
        self.position = "WSREP: Recovered position: %s:9" % UUID
        self.looks_until_through = 0
        self.logs_of = {}
        self.begun = []

    def make(self, name, running=False, labels=None, log=""):
        self.containers_by_name[name] = {
            "Id": "id-%s" % name,
            "Name": "/%s" % name,
            "Image": "sha256:mariadb",
            "Config": {"Labels": labels or {}, "StopTimeout": 300},
            "HostConfig": {},
            "NetworkSettings": {"Networks": {}},
            "State": {"Pid": 4711, "Running": running, "Status": "running" if running else "exited", "StartedAt": "x", "ExitCode": 0},
            "by hand": True,
        }
        self.logs_of["id-%s" % name] = log

    def _create(self, name, body):
        with self.world.write("create %s" % name):
            self.make(name, labels=body["Labels"])
            self.containers_by_name[name].update(Image=body["Image"], HostConfig=body["HostConfig"])
            self.containers_by_name[name]["Config"].update(Entrypoint=body["Entrypoint"], Cmd=body["Cmd"])
        answer = response(201)
        answer._content = b"{}"
        return answer

    def start(self, container):
        with self.world.write("start %s" % container):
            found = self.containers_by_name[container]
            found["State"].update(Running=True, Status="running")
            found["by hand"] = True
            self.logs_of[found["Id"]] = self.position
            self.begun.append(found)

    def kill(self, container):
        found = self._by_id(container)
        if not found["State"]["Running"]:
            refuse(409, "Container %s is not running" % container)
        with self.world.write("kill %s" % found["Name"]):
            self._end(found, 137)

    def inspect_container(self, container):
        seen = super().inspect_container(container)
        if container == SPARE and seen["State"]["Running"]:
            self.looks_until_through -= 1
            if self.looks_until_through < 0:
                self._end(self.containers_by_name[container], 0)
        return seen

    def logs(self, container, tail="all"):
        return self.logs_of.get(container, "").encode()

    def _follow_unit(self, found):
        if found["Name"] == "/%s" % MEMBER and "by hand" not in found:
            super()._follow_unit(found)


class Place:
    """A host with a member's data, and what is asked of it."""

    def __init__(self, root, engine, systemd):
        self.root = root
        self.data = root / "galera" / "data"
        self.backups = root / "galera" / "backups"
        self.engine = engine
        self.systemd = systemd

    def save(self, seqno=-1, safe=0, uuid=UUID):
        (self.data / "grastate.dat").write_text(STATE % (uuid, seqno, safe))

    def state(self):
        return (self.data / "grastate.dat").read_text()

    def run(self, state="seen", check_mode=False, **options):
        params = {
            "name": MEMBER,
            "state": state,
            "data_path": str(self.data),
            "backup_dir": str(self.backups),
            "backup_name": "data-1" if state == "chosen" else None,
            "kill": False,
            "image": "mariadb:10.11",
            "mounts": [{"source": str(self.data), "target": "/var/lib/mysql", "read_only": False, "volume": None}],
            "command": ["mariadbd", "--wsrep-recover"],
            "port": 3306,
            "log_lines": 100,
            "wait_timeout": 30,
        }
        return galera_recovery.execute(Engine(self.engine), dict(params, **options), check_mode)

    def evidence(self, *words, **options):
        return self.run(*words, **options).facts["evidence"]

    def copies(self):
        return sorted(os.listdir(self.backups)) if self.backups.exists() else []


@pytest.fixture
def place(tmp_path, world, monkeypatch):
    systemd = Systemd(tmp_path)
    monkeypatch.setenv("PATH", "%s:%s" % (systemd.program.parent, os.environ["PATH"]))
    monkeypatch.setattr(units, "DIRECTORY", str(tmp_path))
    monkeypatch.setattr(copies, "PAUSE", 0)
    monkeypatch.setattr(copies, "room", lambda path: ROOM)
    place = Place(tmp_path, Host(world, systemd.state), systemd)
    (place.data / "mysql").mkdir(parents=True)
    (place.data / "mysql" / "user.frm").write_text("a table")
    (place.data / "ibdata1").write_bytes(os.urandom(1 << 16))
    place.engine.make(MEMBER)
    place.save()
    return place


# What it tells


def test_a_member_after_a_power_cut(place):
    place.engine.logs_of["id-%s" % MEMBER] = "[ERROR] WSREP: failed to open gcomm backend connection: 131: No address to connect (FATAL)"
    (place.data / "gvwstate.dat").write_text(
        "my_uuid: a05c9fad-ed15-11f1-b7ad-fb7eb846484a\n#vwbeg\nview_id: 3 a05c9fad-ed15-11f1-b7ac-fb7eb846484a 3\n"
        "member: a05c9fad-ed15-11f1-b7ac-fb7eb846484a 0\n#vwend\n"
    )
    seen = place.evidence()
    assert (seen["running"], seen["unit_active"], seen["data"]) == (False, False, "filled")
    assert (seen["uuid"], seen["seqno"], seen["safe_to_bootstrap"]) == (UUID, -1, False)
    assert seen["view"] == {
        "name": ["a05c9fad-ed15-11f1-b7ac-fb7eb846484a", 3],
        "own": "a05c9fad-ed15-11f1-fb7eb846484a",
        "members": ["a05c9fad-ed15-11f1-fb7eb846484a"],
    }
    assert seen["trouble"]["kind"] == "no_address"
    assert seen["free"] == ROOM and 1 << 16 <= seen["size"] < 1 << 20
    assert seen["backup"] is None


def test_whether_the_server_takes_connections_says_its_networks_table(place, tmp_path, monkeypatch):
    monkeypatch.setattr(galera_recovery, "NETWORK_OF", str(tmp_path / "%d"))
    (tmp_path / "4711").mkdir()
    row = "  0: 00000000:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000 999 0 1\n"
    place.engine.make(MEMBER, running=True)
    place.engine.containers_by_name[MEMBER]["State"]["Pid"] = 4711
    for port, expected in ((4567, False), (3306, True)):
        (tmp_path / "4711" / "tcp").write_text("sl local rem st\n" + row % port)
        assert place.evidence()["listens"] == expected
    place.engine.make(MEMBER)
    assert not place.evidence()["listens"]


def test_a_look_changes_nothing(place):
    place.systemd.set("active")
    outcome = place.run()
    assert not outcome.changed and not place.systemd.told() and place.copies() == []


@pytest.mark.parametrize(
    "view, expected",
    [
        ({"names": None}, "missing"),
        ({"names": ()}, "empty"),
        ({"names": ("mysql",)}, "empty"),
        ({"names": ("ibdata1", "mysql")}, "partial"),
        ({"names": ("mysql", "sst_in_progress"), "tables": ("user.frm",)}, "partial"),
        ({"names": ("mysql",), "tables": ("user.frm",)}, "filled"),
    ],
)
def test_what_a_data_directory_is(view, expected):
    assert galera_evidence.kind_of(galera_evidence.View(**view)) == expected


def test_a_host_without_data_and_without_a_container(place):
    del place.engine.containers_by_name[MEMBER]
    place.data.rename(place.root / "away")
    seen = place.evidence()
    assert (seen["data"], seen["uuid"], seen["trouble"], seen["size"]) == ("missing", None, None, 0)


# Stopped


def test_a_member_that_answers_is_given_its_time(place):
    place.systemd.set("active", "enabled")
    assert place.run("stopped").changed
    assert place.systemd.told() == ["stop %s" % UNIT]
    assert place.systemd.has("enabled")
    assert not place.run("stopped").changed


def test_a_member_that_waits_is_killed_once_systemd_is_about_to_stop_it(place, world):
    place.systemd.set("active")
    place.engine.make(MEMBER, running=True)
    assert place.run("stopped", kill=True).actions == ["stop galera-node1"]
    assert place.systemd.told() == ["stop --no-block %s" % UNIT, "stop %s" % UNIT]
    assert world.journal == ["kill /galera-node1"]


def test_what_a_killed_run_left_on_the_data_is_ended_too(place):
    place.engine.make(SPARE, running=True, labels={"quorate.recovery": MEMBER})
    place.engine.looks_until_through = 99
    assert place.evidence()["running"]
    assert not place.evidence("stopped")["running"]
    assert SPARE not in place.engine.containers_by_name


# How far the data go


def test_a_position_is_recovered_and_noted(place):
    outcome = place.run("read")
    assert outcome.changed and outcome.facts["evidence"]["seqno"] == 9
    assert place.state() == STATE % (UUID, 9, 0)
    assert SPARE not in place.engine.containers_by_name
    assert place.engine.begun[0]["Image"] == "sha256:mariadb"
    body = place.engine.begun[0]
    assert (body["Config"]["Entrypoint"], body["Config"]["Cmd"]) == (["mariadbd"], ["--wsrep-recover"])
    assert body["HostConfig"]["NetworkMode"] == "none"
    assert not place.run("read").changed and len(place.engine.begun) == 1


@pytest.mark.parametrize("state", [{"seqno": 7}, {"uuid": "00000000-0000-0000-0000-000000000000"}])
def test_what_is_known_or_of_no_cluster_is_not_recovered(place, state):
    place.save(**state)
    assert not place.run("read").changed and not place.engine.begun


def test_check_mode_recovers_nothing(place):
    assert place.run("read", check_mode=True).changed
    assert not place.engine.begun and place.state() == STATE % (UUID, -1, 0)


def test_without_a_container_of_the_member_its_image_is_pulled(place):
    del place.engine.containers_by_name[MEMBER]
    place.engine.add_image("mariadb:10.11", "sha256:pulled", where=place.engine.registry)
    assert place.evidence("read")["seqno"] == 9
    assert place.engine.begun[0]["Image"] == "mariadb:10.11"


def test_no_server_is_started_beside_one_that_runs(place):
    place.systemd.set("active")
    with pytest.raises(Refusal, match="galera-node1 runs, or is about to"):
        place.run("read")
    place.systemd.unset("active")
    place.engine.others = [
        {"Id": "x", "Names": ["/by-hand"], "Labels": {}, "State": "running", "Mounts": [{"Source": str(place.data)}]},
    ]
    with pytest.raises(Refusal, match="The container by-hand runs with the data in"):
        place.run("read")
    assert not place.engine.begun


def test_a_container_of_somebody_else_is_left_alone(place):
    place.engine.make(SPARE)
    with pytest.raises(Refusal, match="that this module has not made"):
        place.run("read")


@pytest.mark.parametrize(
    "told, expected",
    [
        pytest.param("[ERROR] Aborting", "told no position .mariadbd --wsrep-recover.. Its last lines: .ERROR. Aborting", id="none"),
        pytest.param("WSREP: Recovered position: %s:9" % OTHER, "nobody can tell how far they go", id="another cluster's"),
        pytest.param(
            "WSREP: Recovered position: 00000000-0000-0000-0000-000000000000:-1", "nobody can tell how far they go", id="none in the data"
        ),
    ],
)
def test_a_position_that_is_none(place, told, expected):
    place.engine.position = told
    with pytest.raises(QuorateError, match=expected):
        place.run("read")
    assert place.state() == STATE % (UUID, -1, 0) and SPARE not in place.engine.containers_by_name


def test_a_server_that_is_not_through_in_time(place):
    place.engine.looks_until_through = 10000
    with pytest.raises(QuorateError, match="not through within 30 s"):
        place.run("read")
    assert SPARE not in place.engine.containers_by_name


# Chosen


def test_the_data_are_copied_and_then_marked(place):
    place.save(seqno=9)
    outcome = place.run("chosen")
    assert outcome.actions == ["copy %s" % place.data, "mark the data as those with which the cluster begins"]
    assert place.copies() == ["data-1"]
    assert (place.backups / "data-1" / "ibdata1").read_bytes() == (place.data / "ibdata1").read_bytes()
    assert (place.backups / "data-1" / "grastate.dat").read_text() == STATE % (UUID, 9, 0)
    assert place.state() == STATE % (UUID, 9, 1)
    assert not place.run("chosen", backup_name="data-2").changed
    assert place.copies() == ["data-1"]


def test_a_copy_of_other_data_is_none(place):
    place.save(seqno=9)
    place.run("chosen")
    (place.data / "ibdata1").write_bytes(b"later")
    assert place.evidence()["backup"] is None
    place.run("chosen", backup_name="data-2")
    assert place.copies() == ["data-1", "data-2"]


def test_check_mode_copies_and_marks_nothing(place):
    place.save(seqno=9)
    assert place.run("chosen", check_mode=True).changed
    assert place.copies() == [] and place.state() == STATE % (UUID, 9, 0)


def test_a_member_that_left_last_is_only_copied(place):
    place.save(seqno=9, safe=1)
    assert place.run("chosen").actions == ["copy %s" % place.data]


def test_data_whose_state_is_lost_are_only_copied(place):
    (place.data / "grastate.dat").unlink()
    assert place.run("chosen").actions == ["copy %s" % place.data]


def test_without_room_nothing_is_begun(place, monkeypatch):
    monkeypatch.setattr(copies, "room", lambda path: 1 << 12)
    with pytest.raises(Refusal, match="only 4 KiB are free for the copy"):
        place.run("chosen")
    assert place.copies() == []


def test_a_part_of_a_database_is_not_chosen(place):
    (place.data / "sst_in_progress").touch()
    with pytest.raises(Refusal, match="no whole database .it is partial."):
        place.run("chosen")


def test_a_copy_has_a_name_by_which_it_is_known(place):
    with pytest.raises(Refusal, match="must begin with data-"):
        place.run("chosen", backup_name="mine")


# Interrupted


@pytest.mark.parametrize("moment", ["_copy_directory", "rewrite"])
def test_killed_while_it_copies_or_before_it_marks(place, monkeypatch, moment):
    place.save(seqno=9)

    def killed(*words, **values):
        raise Killed

    with monkeypatch.context() as patched:
        if moment == "rewrite":
            patched.setattr(galera_recovery, "rewrite", killed)
        else:
            patched.setattr(copies, "_copy_file", killed)
            # Nothing is tidied up after a kill.
            patched.setattr(copies.shutil, "rmtree", lambda *words, **options: None)
        with pytest.raises(Killed):
            place.run("chosen")
    left = place.copies()
    assert left == (["data-1"] if moment == "rewrite" else ["data-1.part"])
    assert place.evidence()["backup"] == (str(place.backups / "data-1") if moment == "rewrite" else None)
    place.run("chosen", backup_name="data-2")
    assert place.copies() == (["data-1"] if moment == "rewrite" else ["data-2"])
    assert place.state() == STATE % (UUID, 9, 1)


@pytest.mark.parametrize("moment", ["create", "start"])
def test_killed_while_a_server_recovers_the_position(place, world, moment):
    """The container that is left, and the server in it, are taken away by the next run."""
    place.engine.make(SPARE, running=moment == "start", labels={"quorate.recovery": MEMBER})
    place.engine.looks_until_through = 3
    if moment == "start":
        place.run("stopped", kill=True)
    assert place.evidence("read")["seqno"] == 9
    assert SPARE not in place.engine.containers_by_name


# The copy that is compared


def test_a_copy_is_the_same_but_for_what_is_set_apart(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_text("text")
    (source / "link").symlink_to("file")
    copies.copy_whole(str(source), str(tmp_path / "copy"))
    assert copies.is_copy(str(source), str(tmp_path / "copy"))
    (source / "state").write_text("new")
    assert not copies.is_copy(str(source), str(tmp_path / "copy"))
    assert copies.is_copy(str(source), str(tmp_path / "copy"), apart=("state",))


def test_room_is_that_of_the_file_system_in_which_the_directory_will_be(tmp_path):
    assert copies.room(str(tmp_path / "not" / "there")) > 0
    assert copies.taken(str(tmp_path / "not")) == 0


def test_a_container_that_has_ended_by_itself_needs_no_kill(place):
    Engine(place.engine).container_kill("id-%s" % MEMBER)
    place.engine.kill = lambda container: refuse(500, "no")
    with pytest.raises(EngineError):
        Engine(place.engine).container_kill("id-%s" % MEMBER)
