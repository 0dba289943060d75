# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With what a member of a Galera cluster is started, from what lies in its data directory and its configuration."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

FILES = pathlib.Path(__file__).resolve().parents[3] / "roles" / "galera" / "files"
UUID, NONE = "b9f7bf71-ed15-11f1-9c2e-72eed756da22", "00000000-0000-0000-0000-000000000000"
RECOVERED = "echo '2026-11-30 [Note] WSREP: Recovered position: %s:48' >&2" % UUID
STARTED = "mariadbd --wsrep-start-position=%s:48" % UUID


def saved(seqno, safe, uuid=UUID):
    return "# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   %d\nsafe_to_bootstrap: %d\n" % (uuid, seqno, safe)


@pytest.fixture
def start(tmp_path):
    """The script with its places below a directory, and with programs that tell how they are called."""

    def run(script, members, files, recovery="false"):
        places = {
            "/var/lib/mysql": "data", "/etc/mysql/conf.d/galera.cnf": "galera.cnf",
            "/etc/percona-xtradb-cluster.conf.d/galera.cnf": "galera.cnf", "/entrypoint.sh": "bin/docker-entrypoint.sh",
        }
        text = (FILES / script).read_text(encoding="utf-8")
        for place, name in places.items():
            text = text.replace(place, str(tmp_path / name))
        (tmp_path / "galera.cnf").write_text("[mysqld]\nwsrep_cluster_address=gcomm://%s\nwsrep_node_name=a\n" % members)
        for name, content in files.items():
            (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / name).write_text(content)
        programs = {"docker-entrypoint.sh": 'echo "$*"; echo "${CLUSTER_JOIN-} ${MARIADB_AUTO_UPGRADE-}"', "mariadbd": recovery}
        (tmp_path / "bin").mkdir()
        for name, content in programs.items():
            (tmp_path / "bin" / name).write_text("#!/bin/sh\n%s\n" % content)
            (tmp_path / "bin" / name).chmod(0o755)
        environment = {"PATH": "%s:%s" % (tmp_path / "bin", os.environ["PATH"]), "MARIADB_AUTO_UPGRADE": "1"}
        return subprocess.run(["bash", "-c", text], env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


DATABASE = {"mysql/db.frm": ""}


@pytest.mark.parametrize(
    "members, files, recovery, command",
    [
        # It forms the cluster, and the entrypoint makes its database.
        ("", {}, "false", "mariadbd"),
        # Stopped cleanly: Galera knows where it stood.
        ("a,b", dict(DATABASE, **{"grastate.dat": saved(48, 0)}), "false", "mariadbd"),
        ("a,b", dict(DATABASE, **{"grastate.dat": saved(48, 1)}), "false", "mariadbd"),
        # Not cleanly: only InnoDB does.
        ("a,b", dict(DATABASE, **{"grastate.dat": saved(-1, 0)}), RECOVERED, STARTED),
        ("", dict(DATABASE, **{"grastate.dat": saved(-1, 1)}), RECOVERED, STARTED),
        # What it had was being replaced by the data of another one, and is worth nothing.
        ("a,b", dict(DATABASE, **{"grastate.dat": saved(-1, 0), "sst_in_progress": ""}), "false", "mariadbd"),
        ("a,b", dict(DATABASE, **{"grastate.dat": saved(-1, 0, NONE)}), "false", "mariadbd"),
        # The only member of its cluster has nobody to join, and may begin again if it was the last one.
        ("a", dict(DATABASE, **{"grastate.dat": saved(48, 1)}), "false", "mariadbd --wsrep-new-cluster"),
        ("a", dict(DATABASE, **{"grastate.dat": saved(-1, 1)}), RECOVERED, STARTED + " --wsrep-new-cluster"),
        ("a", dict(DATABASE, **{"grastate.dat": saved(48, 0)}), "false", "mariadbd"),
    ],
)
def test_how_a_member_is_started(start, members, files, recovery, command):
    done = start("start_mariadb.sh", members, files, recovery)
    assert (done.returncode, done.stdout.splitlines()[-2:]) == (0, [command, " 1"])


def test_a_member_that_takes_all_data_makes_none_first(start, tmp_path):
    done = start("start_mariadb.sh", "a,b", {})
    assert done.stdout.splitlines() == ["mariadbd", " "]
    assert list((tmp_path / "data" / "mysql").iterdir()) == []


def test_data_whose_position_cannot_be_told_are_not_started(start):
    done = start("start_mariadb.sh", "a,b", dict(DATABASE, **{"grastate.dat": saved(-1, 0)}), "echo 'InnoDB: corrupted' >&2; exit 1")
    assert done.returncode == 1 and done.stdout == ""
    assert "no position can be told" in done.stderr and "InnoDB: corrupted" in done.stderr


@pytest.mark.parametrize(
    "members, files, lines",
    [
        ("", {}, ["mysqld", " 1"]),
        ("a,b", {}, ["mysqld", "a,b 1"]),
        ("a", {"grastate.dat": saved(48, 1)}, ["mysqld --wsrep-new-cluster", "a 1"]),
        ("a,b", {"grastate.dat": saved(48, 1)}, ["mysqld", "a,b 1"]),
    ],
)
def test_how_a_member_of_percona_is_started(start, members, files, lines):
    assert start("start_pxc.sh", members, files).stdout.splitlines() == lines
