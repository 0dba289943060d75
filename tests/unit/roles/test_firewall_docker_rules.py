# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that restores the engine's rules, with an engine, a sandbox and iptables in memory."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess

import pytest

PROGRAM = pathlib.Path(__file__).resolve().parents[3] / "roles" / "firewall" / "files" / "docker_rules.py"
SANDBOX = """-P PREROUTING ACCEPT
-A PREROUTING -p tcp -m tcp --dport 8100 -j MARK --set-xmark 0x100/0xffffffff
-A PREROUTING -p udp -m udp --dport 5300 -j MARK --set-xmark 0x101/0xffffffff
"""
LINK = "7: vxlan0@if7: <BROADCAST> mtu 1424 \\    link/ether 02:42:0a:00:01:02 \\    vxlan id 4097 srcport 0 0 dstport 4790 l2miss"
DEMO = {"Driver": "overlay", "Id": "k3qwlvk1a0cd8sj7", "Options": {"encrypted": ""}}
PLAIN = {"Driver": "overlay", "Id": "zzzwlvk1a0cd8sj7", "Options": None}
GATEWAY = {"Driver": "bridge", "Id": "4d3wlvk1a0cd8sj7", "Options": {"com.docker.network.bridge.name": "docker_gwbridge"}}
OWN = {"Driver": "bridge", "Id": "9f1c0de5a0cd8sj7", "Options": {}}
INTERNAL = {"Driver": "bridge", "Id": "111c0de5a0cd8sj7", "Options": {}, "Internal": True}


@pytest.fixture
def program():
    spec = importlib.util.spec_from_file_location("docker_rules", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Engine:
    version = "20.10.24+dfsg1"
    networks = (DEMO, PLAIN)

    def get(self, path):
        return {
            "/version": {"Version": self.version},
            "/networks": list(self.networks),
            "/networks/docker_gwbridge": {"Containers": {"ingress-sbox": {"IPv4Address": "172.18.0.2/16"}}},
        }[path]


class Iptables:
    """Chains of rules; a rule is what it was made with."""

    def __init__(self):
        self.chains = {("nat", "DOCKER"): [], ("filter", "DOCKER-USER"): [], ("filter", "FORWARD"): ["-j DOCKER-USER"]}
        self.log = []

    def __call__(self, *words):
        words = list(words)
        table = "filter"
        if words[0] in ("-t", "--table"):
            table = words[1]
            del words[:2]
        done = self.act(table, *[word for word in words if word != "--numeric"])
        return subprocess.CompletedProcess(words, 0 if done else 1, "", "")

    def act(self, table, verb, chain, *rule):
        rules, rule = self.chains.get((table, chain)), " ".join(rule)
        if verb in ("--list", "--check"):
            return rules is not None and (verb == "--list" or rule in rules)
        self.log.append((table, verb, chain, rule))
        if verb == "--new-chain":
            return self.chains.setdefault((table, chain), []) is not None
        rules = self.chains.setdefault((table, chain), [])
        if verb in ("-D", "--delete"):
            rules.remove(rule)
        elif verb in ("-I", "--insert"):
            rules.insert(0, rule)
        else:
            rules.append(rule)
        return True


@pytest.fixture
def host(program, monkeypatch, tmp_path):
    """The program on a host whose iptables were emptied, but for what the engine restores by itself."""
    program.sandbox = SANDBOX
    program.iptables = Iptables()
    program.LOCK = str(tmp_path / "lock")
    monkeypatch.setattr(program, "inside", lambda _namespace, *command: program.sandbox if command[0] == "iptables" else LINK)
    monkeypatch.setattr(program.glob, "glob", lambda pattern: [pattern.replace("*", "1")] if "k3qwlvk1" in pattern else [])
    monkeypatch.setattr(program, "uses_iptables", lambda: True)
    return program


def test_the_routing_mesh_and_the_encryption_are_restored_once(host):
    assert host.repair(Engine()) is False
    assert host.repair(Engine()) is True
    chains = host.iptables.chains
    assert chains[("nat", "DOCKER-INGRESS")] == [
        "-p udp --dport 5300 -j DNAT --to-destination 172.18.0.2:5300",
        "-p tcp --dport 8100 -j DNAT --to-destination 172.18.0.2:8100",
        "-j RETURN",
    ]
    assert chains[("filter", "DOCKER-INGRESS")][-1] == "-j RETURN"
    assert "-m state --state ESTABLISHED,RELATED -p tcp --sport 8100 -j ACCEPT" in chains[("filter", "DOCKER-INGRESS")]
    for chain in ("PREROUTING", "OUTPUT"):
        assert chains[("nat", chain)] == ["-m addrtype --dst-type LOCAL -j DOCKER-INGRESS"]
    assert chains[("filter", "FORWARD")] == ["-j DOCKER-USER", "-j DOCKER-INGRESS"], "the user's own chain stays first"
    match = "-p udp --dport 4790 -m u32 --u32 0>>22&0x3C@12&0xFFFFFF00=1048832"
    assert chains[("mangle", "OUTPUT")] == ["%s -j MARK --set-mark 13681891" % match]
    assert chains[("filter", "INPUT")] == [
        "-m policy --dir in --pol none %s -j DROP" % match,
        "-m policy --dir in --pol ipsec %s -j ACCEPT" % match,
    ]


def test_a_rule_that_the_engine_wrote_with_the_match_of_states_first_is_not_made_again(host):
    """Which engines from 23.0 on do so is not known, and iptables compares the order of matches."""
    engine = Engine()
    engine.version = "23.0.6"
    while not host.repair(engine):
        pass
    rules = host.iptables.chains[("filter", "DOCKER-INGRESS")]
    written = "-p tcp --sport 8100 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
    rules[rules.index(written)] = "-m conntrack --ctstate ESTABLISHED,RELATED -p tcp --sport 8100 -j ACCEPT"
    assert host.look(engine)[0]["missing"] == []


@pytest.mark.parametrize(
    "version, words",
    [
        ("20.10.24+dfsg1", "-m state --state ESTABLISHED,RELATED -p tcp --sport 8100"),
        ("26.1.5+dfsg1", "-p tcp --sport 8100 -m conntrack --ctstate ESTABLISHED,RELATED"),
    ],
)
def test_answers_are_let_out_by_a_rule_that_the_engine_itself_will_delete(program, version, words):
    assert " ".join(program.answers_from(program.version_of(version), "tcp", "8100")) == words


def test_what_is_missing_is_told_without_being_changed(host):
    told = host.look(Engine())[0]
    assert not told["lost"]
    assert "-t nat -I DOCKER-INGRESS -p tcp --dport 8100 -j DNAT --to-destination 172.18.0.2:8100" in told["missing"]
    assert host.iptables.log == []


def test_bridges_are_kept_apart_again_where_the_engine_does_so_in_chains_of_its_own(host):
    engine = Engine()
    engine.networks = (GATEWAY, OWN, INTERNAL)
    host.sandbox = ""
    assert host.repair(engine) is True, "newer engines have other chains"
    host.iptables.chains[("filter", "DOCKER-ISOLATION-STAGE-1")] = ["-j RETURN"]
    host.iptables.chains[("filter", "DOCKER-ISOLATION-STAGE-2")] = ["-j RETURN"]
    assert host.repair(engine) is False
    assert host.repair(engine) is True
    bridges = ["br-9f1c0de5a0cd", "docker_gwbridge"]
    assert host.iptables.chains[("filter", "DOCKER-ISOLATION-STAGE-1")] == [
        *["-i %s ! -o %s -j DOCKER-ISOLATION-STAGE-2" % (bridge, bridge) for bridge in bridges], "-j RETURN"
    ]
    assert host.iptables.chains[("filter", "DOCKER-ISOLATION-STAGE-2")] == [
        *["-o %s -j DROP" % bridge for bridge in bridges], "-j RETURN"
    ]


def test_two_programs_that_repair_at_the_same_time_do_so_one_after_the_other(host):
    with host.alone():
        other = subprocess.Popen(["flock", "--nonblock", host.LOCK, "true"])
        assert other.wait() == 1
    assert subprocess.run(["flock", "--nonblock", host.LOCK, "true"], check=False).returncode == 0


@pytest.mark.parametrize(
    "version, match, accepts, drops",
    [
        ("20.10.5", "u32", True, "-A"),
        ("20.10.24+dfsg1", "u32", True, "-I"),
        ("23.0.6", "u32", True, "-I"),
        ("24.0.9", "bpf", True, "-I"),
        ("26.1.5+dfsg1", "bpf", False, "-I"),
        ("29.0.1", "bpf", False, "-I"),
    ],
)
def test_each_engine_gets_its_own_form_of_the_encryption_rules(program, version, match, accepts, drops):
    rules = program.encryption_rules(program.version_of(version), 4097, 4789)
    assert all(match in words for _table, _chain, _where, words in rules)
    assert [where for _table, chain, where, words in rules if chain == "INPUT" and words[-1] == "DROP"] == [drops]
    assert any(words[-1] == "ACCEPT" for _table, _chain, _where, words in rules) is accepts


def test_the_program_of_the_bpf_match_is_the_engines(program):
    expected = "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295"
    assert program.vni_match((26, 1, 5), 4097) == ["-m", "bpf", "--bytecode", expected]


def test_engines_with_a_chain_for_it_get_the_jump_there(host):
    host.iptables.chains[("filter", "DOCKER-FORWARD")] = []
    host.repair(Engine())
    assert host.iptables.chains[("filter", "DOCKER-FORWARD")] == ["-j DOCKER-INGRESS"]
    assert host.iptables.chains[("filter", "FORWARD")] == ["-j DOCKER-USER"]


def test_nothing_is_made_where_nothing_is_published_or_encrypted(host):
    host.sandbox = ""
    engine = Engine()
    engine.networks = (PLAIN,)
    assert host.repair(engine) is True
    assert host.iptables.log == []


def test_chains_that_only_the_engine_can_restore_are_waited_for(host, capsys):
    del host.iptables.chains[("nat", "DOCKER")]
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 5:
            host.iptables.chains[("nat", "DOCKER")] = []

    host.settle(Engine(), pause=pause)
    assert len(pauses) == 5 + 3
    assert "not complete" not in capsys.readouterr().out


def test_chains_that_do_not_come_back_are_told(host, capsys):
    del host.iptables.chains[("nat", "DOCKER")]
    host.settle(Engine(), pause=lambda _seconds: None)
    assert "Restart the engine: systemctl restart docker" in capsys.readouterr().out
    assert host.iptables.log == []


def test_an_engine_that_does_not_answer_ends_nothing(host, capsys):
    class Silent:
        def get(self, path):
            raise ConnectionRefusedError(path)

    host.settle(Silent(), pause=lambda _seconds: None)
    assert "The engine does not answer" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text, uses",
    [
        ("{}", True),
        ('{"iptables": false}', False),
        ('{"firewall-backend": "nftables"}', False),
        ("no JSON", True),
        ("[]", True),
        (None, True),
    ],
)
def test_an_engine_that_makes_no_rules_misses_none(program, tmp_path, monkeypatch, text, uses):
    monkeypatch.setattr(program, "CONFIGURATION", str(tmp_path / "daemon.json"))
    monkeypatch.setattr(program, "command_line", list)
    if text is not None:
        (tmp_path / "daemon.json").write_text(text, encoding="utf-8")
    assert program.uses_iptables() is uses


@pytest.mark.parametrize(
    "words, uses",
    [
        (["--iptables=false"], False),
        (["--iptables=0", "-H", "fd://"], False),
        (["--iptables"], True),
        (["--iptables=false", "--iptables=true"], True),
        (["--ip6tables=false"], True),
        (["--firewall-backend=nftables"], False),
        (["--firewall-backend", "nftables"], False),
        (["--config-file", "OTHER"], False),
        (["--config-file=OTHER"], False),
        (["--config-file=OTHER", "--config-file=MISSING"], True),
        (["--config-file"], True),
    ],
)
def test_what_the_engine_was_started_with_counts(program, tmp_path, monkeypatch, words, uses):
    """As flags of its service, or in a configuration file elsewhere."""
    (tmp_path / "other.json").write_text('{"iptables": false}', encoding="utf-8")
    words = [word.replace("OTHER", str(tmp_path / "other.json")).replace("MISSING", str(tmp_path / "missing.json")) for word in words]
    monkeypatch.setattr(program, "CONFIGURATION", str(tmp_path / "daemon.json"))
    monkeypatch.setattr(program, "command_line", lambda: ["/usr/sbin/dockerd", *words, ""])
    assert program.uses_iptables() is uses


def test_an_engine_without_rules_of_iptables_has_lost_none(host, monkeypatch):
    host.iptables.chains.clear()
    assert host.look(Engine())[0]["lost"] is True
    monkeypatch.setattr(host, "uses_iptables", lambda: False)
    assert host.look(Engine())[0] == {"iptables": False, "lost": False, "missing": []}


@pytest.mark.parametrize("answer", ["0\n", "", "%d\n" % os.getpid()])
def test_the_command_line_is_that_of_the_running_engine(program, monkeypatch, answer):
    monkeypatch.setattr(program, "run", lambda *words: subprocess.CompletedProcess(words, 0, answer, ""))
    with open("/proc/self/cmdline", encoding="utf-8") as own:
        assert program.command_line() == (own.read().split("\0") if answer.strip() not in ("", "0") else [])
