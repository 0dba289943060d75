# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's scripts, with firewalls made of a few lines of shell."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import firewall_report

FILES = pathlib.Path(__file__).resolve().parents[3] / "roles" / "firewall" / "files"
# Lists what lies in files, and keeps what it is given to load; own rules that say "broken" it does not take.
NFT = """#!/bin/sh
case "$*" in
    "list tables") cat tables ;;
    "--terse list table inet owned") echo "flags owner" ;;
    "--terse list "*) ;;
    "--handle --terse list ruleset") cat ruleset ;;
    "--file -") cat > given; echo "--" >> loaded; cat given >> loaded; ! grep -q broken given ;;
esac
"""
# Knows the chains and rules whose names lie as files in its directory.
IPTABLES = """#!/bin/sh
[ "$1" != -w ] || shift
echo "$(basename "$0") $*" >> log
case $1 in
    -S) [ "$2" != FORWARD ] || exec cat forward; cat input ;;
    -C) [ -e "jump-$(basename "$0")-$2" ] ;;
    -D) [ ! -e "jump-$(basename "$0")-$2" ] || { rm "jump-$(basename "$0")-$2"; exit 0; }; exit 1 ;;
    -F) exit 1 ;;
    -I) touch "jump-$(basename "$0")-$2" ;;
esac
"""


@pytest.fixture
def sh(tmp_path):
    """Runs a script in an empty directory, in which also lies what otherwise lies in /etc/quorate."""

    def run(script, *words, stubs):
        for name, text in stubs.items():
            (tmp_path / name).write_text(text, encoding="ascii")
            (tmp_path / name).chmod(0o755)
        text = (FILES / script).read_text(encoding="ascii").replace("/etc/quorate", str(tmp_path))
        return subprocess.run(
            ["sh", "-c", text, script, *words], env=dict(os.environ, PATH="%s:%s" % (tmp_path, os.environ["PATH"])),
            cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
        )

    return run


@pytest.fixture
def nftables(sh, tmp_path):
    def run(*words, tables="", ruleset="", conf=None, own=None):
        (tmp_path / "tables").write_text(tables, encoding="ascii")
        (tmp_path / "ruleset").write_text(ruleset, encoding="ascii")
        if conf is not None:
            (tmp_path / "conf").write_text(conf, encoding="ascii")
        if own is not None:
            (tmp_path / "rules.nft").write_text(own, encoding="ascii")
        done = sh("nftables.sh", *words, stubs={"nft": NFT})
        loaded = (tmp_path / "loaded").read_text(encoding="ascii").split("--\n")[1:] if (tmp_path / "loaded").exists() else []
        return done, [[line for line in text.splitlines() if line.strip()] for text in loaded]

    return run


TABLES = "table ip nat\ntable ip filter\ntable ip6 filter\ntable inet filter\ntable inet owned\ntable ip mine\n"
RULESET = """table inet filter { # handle 1
\tchain input { # handle 2
\t\ttype filter hook input priority filter; policy drop;
\t\tjump quorate comment "quorate abc" # handle 17
\t\tjump other # handle 18
"""


def test_flush_ruleset_leaves_the_tables_of_iptables_and_of_owners_in_one_transaction(nftables):
    conf = "# flush ruleset\nflush ruleset\ntable inet filter {\n}\n"
    done, loaded = nftables("load", "conf", tables=TABLES, conf=conf, own="own rules\n")
    assert done.returncode == 0, done.stderr
    assert loaded == [
        ["delete table inet filter", "delete table ip mine", "# flush ruleset", "table inet filter {", "}", "own rules"],
    ]


def test_a_file_that_flushes_nothing_is_added_to_what_is_there_with_the_own_rules_once(nftables):
    _done, loaded = nftables("load", "conf", tables=TABLES, ruleset=RULESET, conf="table inet filter {\n}\n", own="own rules\n")
    assert loaded == [["delete rule inet filter input handle 17", "table inet filter {", "}", "own rules"]]


def test_the_hosts_rules_are_loaded_alone_where_the_own_ones_do_not_fit(nftables):
    done, loaded = nftables("load", "conf", tables="", conf="flush ruleset\nrules\n", own="broken\n")
    assert done.returncode == 0 and "run the role quorate.swarm.firewall again" in done.stderr
    assert loaded == [["rules", "broken"], ["rules"]]


def test_a_file_that_cannot_be_loaded_is_an_error(nftables):
    assert nftables("load", "conf", conf="broken\n")[0].returncode != 0


def test_the_own_rules_are_loaded_anew_without_the_jumps_that_are_there(nftables):
    assert nftables("apply", ruleset=RULESET, own="own rules\n")[1] == [["delete rule inet filter input handle 17", "own rules"]]


def test_stopping_leaves_dockers_tables(nftables):
    assert nftables("stop", tables=TABLES)[1] == [["delete table inet filter", "delete table ip mine"]]


def iptables(sh, tmp_path, rules, *present, listed="", forward=""):
    (tmp_path / "rules.iptables").write_text(rules, encoding="ascii")
    (tmp_path / "input").write_text(listed, encoding="ascii")
    (tmp_path / "forward").write_text(forward, encoding="ascii")
    for name in present:
        (tmp_path / name).touch()
    stubs = dict.fromkeys(("iptables", "iptables-restore"), IPTABLES)
    done = sh("iptables.sh", stubs=stubs)
    assert done.returncode == 0, done.stderr
    return (tmp_path / "log").read_text(encoding="ascii").splitlines()


VNI = "-A INPUT -p udp -m policy --dir in --pol none -m udp --dport 4789 -m u32 --u32 \"x=1\" -j DROP\n"


def test_the_jump_comes_first_but_behind_what_drops_unencrypted_packets(sh, tmp_path):
    log = iptables(sh, tmp_path, ":QUORATE - [0:0]\n", listed="-P INPUT DROP\n%s%s-A INPUT -p tcp -j ACCEPT\n" % (VNI, VNI))
    assert "iptables -I INPUT 3 -j QUORATE" in log
    assert [line for line in log if line.startswith("iptables-restore")] == ["iptables-restore --noflush %s/rules.iptables" % tmp_path]


def test_a_jump_that_is_there_stays_where_it_is(sh, tmp_path):
    log = iptables(sh, tmp_path, ":QUORATE - [0:0]\n", "jump-iptables-INPUT")
    assert not [line for line in log if " -I " in line]


def test_chains_that_are_no_longer_wanted_are_taken_away(sh, tmp_path):
    log = iptables(sh, tmp_path, "*filter\nCOMMIT\n", "jump-iptables-INPUT", "jump-iptables-DOCKER-USER")
    assert "iptables -D INPUT -j QUORATE" in log and "iptables -D DOCKER-USER -j QUORATE-PUBLISHED" in log
    assert not [line for line in log if " -I " in line or " -N " in line]


def test_the_chain_of_published_ports_is_there_before_the_engine(sh, tmp_path):
    log = iptables(sh, tmp_path, ":QUORATE-PUBLISHED - [0:0]\n")
    assert log.index("iptables -N DOCKER-USER") < log.index("iptables -I DOCKER-USER 1 -j QUORATE-PUBLISHED")


@pytest.mark.parametrize(
    "own, forward, moved",
    [
        (":QUORATE-PUBLISHED - [0:0]\n", "-P FORWARD DROP\n-A FORWARD -o docker0 -j DOCKER\n-A FORWARD -j DOCKER-USER\n", True),
        (":QUORATE-PUBLISHED - [0:0]\n", "-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -j DOCKER\n", False),
        (":QUORATE-PUBLISHED - [0:0]\n", "-P FORWARD DROP\n-A FORWARD -o docker0 -j DOCKER\n", False),
        ("*filter\nCOMMIT\n", "-P FORWARD DROP\n-A FORWARD -o docker0 -j DOCKER\n-A FORWARD -j DOCKER-USER\n", False),
    ],
)
def test_the_users_chain_is_put_first_for_the_filter_of_published_ports(sh, tmp_path, own, forward, moved):
    log = iptables(sh, tmp_path, own, forward=forward)
    expected = ["iptables -I FORWARD 1 -j DOCKER-USER", "iptables -D FORWARD 3"]
    assert [line for line in log if " FORWARD" in line and " -S " not in line] == (expected if moved else [])


def test_a_host_without_any_firewall_gives_a_report_that_is_understood():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        done = subprocess.run(
            ["sh", "-c", (FILES / "report.sh").read_text(encoding="ascii"), "report.sh", "print('{}')"],
            env=dict(os.environ, SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 2222"), capture_output=True, text=True, timeout=60, check=False,
        )
    report = firewall_report.parse(done.stdout)
    assert 2222 in report["ssh_ports"]
    assert "127.0.0.1" in report["interfaces"]["lo"]
    assert firewall_report.listens(report["listeners"], "127.0.0.1", port)
    assert not firewall_report.listens(report["listeners"], "192.0.2.1", port)


def test_what_is_not_reached_or_must_not_be_is_told():
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_server(("127.0.0.1", 0)) as closed:
        port, refused = listening.getsockname()[1], closed.getsockname()[1]
        closed.close()
        target = {"address": "127.0.0.1"}
        targets = [
            dict(target, host=host, port=number, wanted=wanted, listens=listens)
            for host, number, wanted, listens in [
                ("node2", port, True, True),
                ("node2", refused, True, False),
                ("node2", refused, False, False),
                ("node3", port, False, False),
                ("node5", refused, True, True),
            ]
        ]
        targets.append({"host": "node4", "address": "255.255.255.255", "port": 7946, "wanted": True, "listens": True})
        program = (FILES / "probe.py").read_text(encoding="ascii")
        done = subprocess.run([sys.executable, "-c", program, json.dumps(targets)], capture_output=True, text=True, timeout=60, check=True)
    told = done.stdout.strip().split("; ")
    assert told[0] == "127.0.0.1:%d (node3) is reached, though it is the engine's API" % port
    assert told[1].startswith("127.0.0.1:%d (node5) is not reached: something listens there, and yet connections are refused" % refused)
    assert told[2].startswith("255.255.255.255:7946 (node4) is not reached: ") and len(told) == 3
