# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done on a host, by what filters there. What the commands bring about is carried out in memory: a second plan finds nothing."""

from __future__ import annotations

import hashlib
import json
import pathlib
import re
import shlex

import pytest
from ansible_collections.quorate.swarm.plugins.filter.firewall_plan import FilterModule
from ansible_collections.quorate.swarm.plugins.module_utils import firewall, firewall_report
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.firewall_openings import Opening

FILES = pathlib.Path(__file__).resolve().parents[3] / "roles" / "firewall" / "files"
PROGRAMS = {path.name: path.read_text(encoding="utf-8") for path in FILES.iterdir() if path.is_file()}

GOSSIP = Opening("tcp", "7946", "10.0.0.2")
ESP = Opening("esp", "", "10.0.0.2")
WEB = Opening("tcp", "8000-8010")
OVER_IPV6 = Opening("udp", "7946", "fd00::2")
OPENINGS = sorted([GOSSIP, ESP, WEB, OVER_IPV6])
SSH = Opening("tcp", "22")

DOCKER = "Id=docker.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
STOCK = "/usr/sbin/nft -f /etc/nftables.conf"
CONF = "#!/usr/sbin/nft -f\nflush ruleset\n\ntable inet filter {\n\tchain input {\n"


def unit(name, active="active", enabled="enabled", command=""):
    lines = ["Id=%s.service" % name, "LoadState=loaded", "ActiveState=%s" % active, "UnitFileState=%s" % enabled]
    return "\n".join([*lines, *(["ExecStart={ path=x ; argv[]=%s ; ignore_errors=no }" % command] if command else [])]) + "\n"


def report(units=DOCKER, programs="firewall-cmd ufw nft iptables ip6tables", ssh="22", **parts):
    parts = dict({"programs": programs, "units": units, "ssh": ssh}, **{name.replace("_", " "): text for name, text in parts.items()})
    return "".join("@@ %s\n%s\n" % (name, text) for name, text in parts.items())


def plan(text, openings=tuple(OPENINGS), **options):
    return firewall.plan("node1", firewall_report.parse(text), list(openings), programs=PROGRAMS, **options)


def files_of(decided, *before):
    """The part of the report for files that were written."""
    content = {}
    for one in (*before, decided):
        content.update({entry["path"]: entry["content"] for entry in one["files"]})
    return "\n".join("%s  %s" % (hashlib.sha256(text.encode()).hexdigest(), path) for path, text in content.items())


def content(decided, path):
    return next(entry["content"] for entry in decided["files"] if entry["path"] == path)


# Who filters


CLOSED_IPTABLES = "-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
UFW = {"ufw_status": "Status: active", "ufw_added": "ufw allow 22/tcp\nufw deny 23/tcp"}
ZONES = "public\n  target: default\n  interfaces: eth0\n  rich rules: \n%s\ndocker\n  target: ACCEPT\n  interfaces: docker0\n\n"
FIREWALLD = {"units": DOCKER + "\n" + unit("firewalld"), "firewalld_default": "public"}


def firewalld(runtime="", permanent="", **parts):
    return report(**dict(FIREWALLD, firewalld_runtime=ZONES % runtime, firewalld_permanent=ZONES % permanent), **parts)


def nftables(*rules, family="inet", table="filter", chain="input", hook="input", policy="drop"):
    base = {"family": family, "table": table, "name": chain, "type": "filter", "hook": hook, "prio": 0, "policy": policy}
    told = [{"table": {"family": family, "name": table}}, {"chain": base}, *rules]
    return json.dumps({"nftables": told})


NFTABLES_UNITS = DOCKER + "\n" + unit("nftables", command=STOCK)
CLOSED_NFTABLES = {"units": NFTABLES_UNITS, "nftables": nftables(), "nftables_conf": "#@ /etc/nftables.conf\n" + CONF}


@pytest.mark.parametrize(
    "text, options, expected",
    [
        (report(), {}, None),
        (report(iptables="-P INPUT ACCEPT"), {}, None),
        (report(iptables=CLOSED_IPTABLES), {}, "iptables"),
        (report(**CLOSED_NFTABLES), {}, "nftables"),
        (report(nftables=nftables(family="ip", chain="INPUT")), {}, None),
        (report(nftables=nftables(table="firewalld")), {}, None),
        (report(**UFW, iptables=CLOSED_IPTABLES), {}, "ufw"),
        (firewalld(iptables=CLOSED_IPTABLES), {}, "firewalld"),
        (report(**UFW), {"backend": "ufw"}, "ufw"),
        (report(), {"backend": "iptables"}, "iptables"),
        (report(), {"backend": "ufw"}, "ufw"),
    ],
)
def test_the_firewall_that_is_at_work_is_taken_or_the_one_that_is_named(text, options, expected):
    decided = plan(text, **options)
    assert decided["backend"] == expected
    assert decided["activates"] == (bool(options) and "Status" not in text)


def test_nothing_is_done_where_nothing_filters():
    decided = plan(report())
    assert not decided["differs"] and decided["sentences"] == [] and decided["files"] == []


@pytest.mark.parametrize(
    "text, options, sentence",
    [
        (firewalld(**UFW), {}, "On node1 firewalld and ufw are at work."),
        (report(**CLOSED_NFTABLES, iptables=CLOSED_IPTABLES), {}, "On node1 nftables and iptables are at work."),
        (firewalld(), {"backend": "nftables"}, "On node1 firewalld is at work, not nftables."),
        (report(programs="iptables"), {"backend": "ufw"}, "ufw was named as the firewall of node1, but is not installed there"),
        (report(ssh=""), {"backend": "iptables"}, "the port of SSH there is not known"),
        (report(docker='{"lost": true}'), {}, "The chains of Docker's engine are gone on node1"),
        (
            report(ufw_added="ufw deny from 10.0.0.0/8\nufw allow 22/tcp"),
            {"backend": "ufw"},
            "ufw would not let in everybody by its rule 'allow 22/tcp', because 'deny from 10.0.0.0/8' comes before it",
        ),
    ],
)
def test_what_would_harm_is_refused_in_a_sentence(text, options, sentence):
    with pytest.raises(Refusal) as refusal:
        plan(text, **options)
    assert sentence in str(refusal.value)


# firewalld


def carried_out(command, zones):
    """The rules of zone public after a command of firewall-cmd."""
    words = shlex.split(command)
    assert "--zone=public" in words
    added = [word.partition("=")[2] for word in words if word.startswith("--add-rich-rule=")]
    removed = [word.partition("=")[2] for word in words if word.startswith("--remove-rich-rule=")]
    return [rule for rule in zones if rule not in removed] + added


def test_firewalld_gets_the_rules_now_and_for_good_and_keeps_others():
    theirs = 'rule family="ipv4" source address="192.0.2.9" drop'
    decided = plan(firewalld("\t%s\n" % theirs, ""))
    now, permanent = [command for command in decided["commands"] if command.startswith("firewall-cmd")]
    assert "--permanent" in permanent and "--permanent" not in now and "reload" not in now + permanent
    assert carried_out(now, [theirs]) == [
        theirs,
        'rule priority="-23770" family="ipv4" source address="10.0.0.2" protocol value="50" accept',
        'rule priority="-23770" family="ipv4" source address="10.0.0.2" port port="7946" protocol="tcp" accept',
        'rule priority="-23770" port port="8000-8010" protocol="tcp" accept',
        'rule priority="-23770" family="ipv6" source address="fd00::2" port port="7946" protocol="udp" accept',
    ]
    assert "firewalld: zone public opens 7946/tcp from 10.0.0.2" in decided["sentences"]


def test_firewalld_is_left_alone_the_second_time():
    decided = plan(firewalld())
    now, permanent = [command for command in decided["commands"] if command.startswith("firewall-cmd")]
    after = ["".join("\t%s\n" % rule for rule in carried_out(command, [])) for command in (now, permanent)]
    units = FIREWALLD["units"] + "\n" + unit("quorate-docker-rules")
    assert not plan(firewalld(*after, files=files_of(decided)).replace(FIREWALLD["units"], units))["differs"]


def test_what_is_no_longer_wanted_is_closed_but_not_ssh():
    own = 'rule priority="-23770" port port="%s" protocol="tcp" accept'
    rules = "".join("\t%s\n" % own % port for port in (22, 9100))
    decided = plan(firewalld(rules, rules), openings=[])
    told = [sentence for sentence in decided["sentences"] if "closes" in sentence]
    assert told == ["firewalld: zone public closes 9100/tcp from everywhere"]
    # Without SSH nobody knows which port that was.
    told = plan(firewalld(rules, rules, ssh=""), openings=[])["sentences"]
    assert not [sentence for sentence in told if "closes" in sentence]


def test_zones_that_let_in_everything_or_nobody_are_left_alone():
    assert not [command for command in plan(firewalld())["commands"] if "zone=docker" in command]


def test_dockers_rules_are_watched_where_firewalld_may_empty_them():
    decided = plan(firewalld())
    assert {entry["path"] for entry in decided["files"]} == {
        "/etc/quorate/docker_rules.py",
        "/etc/systemd/system/quorate-docker-rules.service",
    }
    assert "systemctl restart quorate-docker-rules.service" in decided["commands"]
    without_engine = plan(firewalld().replace(DOCKER, ""))
    assert without_engine["files"] == []


def test_an_engine_that_was_there_before_firewalld_is_told():
    told = plan(firewalld().replace("interfaces: docker0", "interfaces: "))["warnings"]
    assert len(told) == 1 and "so the engine does not know of firewalld" in told[0]
    assert plan(firewalld())["warnings"] == []
    without_rules = firewalld(docker='{"iptables": false}').replace("interfaces: docker0", "interfaces: ")
    assert plan(without_rules)["warnings"] == [], "nor does it have to"


def test_firewalld_is_activated_with_ssh_open_and_the_engine_restarted():
    decided = plan(report(firewalld_default="public", firewalld_permanent=ZONES % ""), backend="firewalld")
    assert decided["activates"] and decided["restarts_engine"]
    assert decided["commands"][-1] == "systemctl enable --now firewalld"
    assert 'port port="22" protocol="tcp" accept' in decided["commands"][0]
    assert decided["undo"] == ["systemctl disable --now firewalld"]


# ufw


def test_ufw_gets_rules_before_others_and_a_second_run_does_nothing():
    decided = plan(report(**UFW))
    assert decided["commands"] == [
        "ufw prepend allow from 10.0.0.2 proto esp comment quorate",
        "ufw prepend allow from 10.0.0.2 to any port 7946 proto tcp comment quorate",
        "ufw prepend allow 8000:8010/tcp comment quorate",
        "ufw prepend allow from fd00::2 to any port 7946 proto udp comment quorate",
    ]
    added = [re.sub(r"comment (\w+)$", r"comment '\1'", command.replace("prepend ", "")) for command in decided["commands"]]
    after = dict(UFW, ufw_added="\n".join([*added, UFW["ufw_added"]]))
    assert not plan(report(**after))["differs"]
    assert plan(report(**after), openings=[GOSSIP])["commands"] == [
        "ufw delete allow from 10.0.0.2 proto esp",
        "ufw delete allow 8000:8010/tcp",
        "ufw delete allow from fd00::2 to any port 7946 proto udp",
    ]


def test_a_rule_of_somebody_else_that_suffices_stays_theirs():
    rules = "ufw allow 8000:8010/tcp comment 'web'"
    assert plan(report(ufw_status="Status: active", ufw_added=rules), openings=[WEB])["commands"] == []
    assert plan(report(ufw_status="Status: active", ufw_added=rules), openings=[])["commands"] == []


def test_ufw_is_activated_with_ssh_open_and_ssh_stays_open():
    decided = plan(report(ufw_added="ufw allow 80/tcp"), backend="ufw", openings=[GOSSIP])
    assert decided["commands"][-1] == "ufw --force enable" and decided["undo"] == ["ufw disable"]
    assert "ufw prepend allow 22/tcp comment quorate" in decided["commands"]
    later = {"ufw_status": "Status: active", "ufw_added": "ufw allow 22/tcp comment 'quorate'\nufw allow 80/tcp"}
    assert plan(report(**later), openings=[])["commands"] == []


# nftables


def loaded(text, decided):
    """What nft lists after the own rules were loaded: chains of others and what the rules say, each with its comment."""
    told = json.loads(text)["nftables"]
    for line in content(decided, "/etc/quorate/rules.nft").splitlines():
        words = line.split()
        if words[1] == "rule":
            comment = re.search(r'comment "(.*)"$', line)[1]
            place = {"family": words[2], "table": words[3], "chain": words[4]}
            told.append({"rule": dict(place, comment=comment, expr=[{"xt": "opaque"}, {"accept": None}])})
        elif words[:2] == ["add", "chain"]:
            told.append({"chain": {"family": words[2], "table": words[3], "name": words[4]}})
        elif words[:2] == ["add", "table"]:
            told.append({"table": {"family": words[2], "name": words[3]}})
    return json.dumps({"nftables": told})


def test_nftables_get_a_chain_beside_the_one_that_closes():
    decided = plan(report(**CLOSED_NFTABLES))
    text = re.sub(r' comment "quorate [0-9a-f]{12}"', "", content(decided, "/etc/quorate/rules.nft"))
    assert text.splitlines() == [
        "add chain inet filter quorate",
        "flush chain inet filter quorate",
        "add rule inet filter quorate ip saddr { 10.0.0.2 } meta l4proto 50 accept",
        "add rule inet filter quorate ip saddr { 10.0.0.2 } tcp dport 7946 accept",
        "add rule inet filter quorate tcp dport 8000-8010 accept",
        "add rule inet filter quorate ip6 saddr { fd00::2 } udp dport 7946 accept",
        "insert rule inet filter input jump quorate",
    ]
    assert decided["commands"] == ["systemctl daemon-reload", "sh /etc/quorate/nftables.sh apply"]
    assert "load /etc/nftables.conf" in content(decided, "/etc/systemd/system/nftables.service.d/quorate.conf")


def test_tables_of_one_family_get_the_sources_of_that_family():
    decided = plan(report(**dict(CLOSED_NFTABLES, nftables=nftables(family="ip6", table="mine"))))
    assert [line for line in content(decided, "/etc/quorate/rules.nft").splitlines() if "10.0.0.2" in line] == []
    assert "ip6 saddr { fd00::2 }" in content(decided, "/etc/quorate/rules.nft")


def test_nftables_are_left_alone_the_second_time_also_when_the_service_was_taken_over():
    decided = plan(report(**CLOSED_NFTABLES))
    after = loaded(CLOSED_NFTABLES["nftables"], decided)
    units = DOCKER + "\n" + unit("nftables", command="/bin/sh /etc/quorate/nftables.sh load /etc/nftables.conf")
    again = report(**dict(CLOSED_NFTABLES, nftables=after, units=units), files=files_of(decided))
    assert not plan(again)["differs"]
    lost = report(**dict(CLOSED_NFTABLES, units=units), files=files_of(decided))
    assert plan(lost)["commands"] == ["sh /etc/quorate/nftables.sh apply"]


def test_sources_that_contain_each_other_are_one_set():
    decided = plan(report(**CLOSED_NFTABLES), openings=[Opening("tcp", "1", "10.0.0.0/8"), Opening("tcp", "1", "10.0.0.2")])
    assert "ip saddr { 10.0.0.0/8 } tcp dport 1 accept" in content(decided, "/etc/quorate/rules.nft")


def test_an_open_host_whose_nftables_service_flushes_docker_gets_the_guard_alone():
    decided = plan(report(**dict(CLOSED_NFTABLES, nftables=nftables(policy="accept"))))
    assert decided["backend"] is None
    assert decided["sentences"] == ["Docker: nftables.service leaves Docker's chains alone, whatever /etc/nftables.conf flushes"]
    assert {entry["path"] for entry in decided["files"]} == {
        "/etc/quorate/nftables.sh",
        "/etc/systemd/system/nftables.service.d/quorate.conf",
    }


@pytest.mark.parametrize(
    "conf, sentence",
    [
        ("#@ /etc/nftables.conf\nflush ruleset\ntable ip nat {\n}\n", "names the table ip nat, which is that of iptables, too"),
        ("#@ /etc/nftables.conf\nflush table filter\n", "names the table ip filter"),
        ("#@ /etc/nftables.conf\nflush ruleset ip\n", "'flush ruleset' is said in /etc/nftables.conf for one family"),
        ("#@ /etc/nftables.conf\ninclude \"/etc/x\"\n\n#@ /etc/x\nflush ruleset\n", "or in a file that it includes"),
    ],
)
def test_a_file_under_which_dockers_chains_cannot_be_kept_is_refused(conf, sentence):
    with pytest.raises(Refusal) as refusal:
        plan(report(**dict(CLOSED_NFTABLES, nftables_conf=conf)))
    assert sentence in str(refusal.value)
    open_host = plan(report(**dict(CLOSED_NFTABLES, nftables=nftables(policy="accept"), nftables_conf=conf)))
    assert sentence in open_host["warnings"][0]


@pytest.mark.parametrize(
    "conf",
    [
        "#@ /etc/nftables.conf\n# table ip nat {\nflush ruleset\ndefine a = 1\ntable inet filter {\n}\n",
        "#@ /etc/nftables.conf\nflush ruleset;\ntable inet nat {\n}\ntable ip mine {\n}\n",
        "#@ /etc/nftables.conf\ntable inet filter\ndelete table inet filter\n",
    ],
)
def test_files_that_name_only_tables_of_their_own_are_accepted(conf):
    assert plan(report(**dict(CLOSED_NFTABLES, nftables_conf=conf)))["differs"]


def test_a_service_that_loads_in_another_way_is_refused():
    with pytest.raises(Refusal, match="loads its rules in a way that the role does not know"):
        plan(report(**dict(CLOSED_NFTABLES, units=DOCKER + "\n" + unit("nftables", command="/usr/local/bin/my-firewall start"))))


def test_rules_that_somebody_else_loads_are_told_not_to_last():
    units = DOCKER + "\n" + unit("nftables", "inactive", "disabled", STOCK)
    decided = plan(report(**dict(CLOSED_NFTABLES, units=units)))
    assert "was not loaded by nftables.service" in decided["warnings"][0]
    assert not [entry for entry in decided["files"] if entry["path"].endswith(".conf")]


def test_what_drops_forwarded_packets_is_told():
    forward = {"family": "inet", "table": "filter", "name": "fwd", "type": "filter", "hook": "forward", "policy": "drop"}
    decided = plan(report(**dict(CLOSED_NFTABLES, nftables=nftables({"chain": forward}))))
    assert "The chain fwd of table inet filter drops what is forwarded" in decided["warnings"][0]


INACTIVE_NFTABLES = dict(CLOSED_NFTABLES, units=DOCKER + "\n" + unit("nftables", "inactive", "disabled", STOCK), nftables="")


def test_nftables_are_activated_in_an_own_table_with_ssh_open():
    decided = plan(report(**INACTIVE_NFTABLES), backend="nftables")
    text = content(decided, "/etc/quorate/rules.nft")
    assert "add chain inet quorate input { type filter hook input priority filter; policy drop; }" in text
    assert "tcp dport 22 accept" in text and "ct state established,related accept" in text
    assert decided["commands"] == [
        "systemctl daemon-reload",
        "sh /etc/quorate/nftables.sh apply",
        "systemctl enable --now nftables.service",
    ]
    assert "nft delete table inet quorate" in decided["undo"] and "systemctl disable nftables.service" in decided["undo"]


@pytest.mark.parametrize("backend", ["auto", "nftables"])
def test_the_own_table_stays_whether_or_not_it_is_still_named(backend):
    decided = plan(report(**INACTIVE_NFTABLES), backend="nftables")
    after = report(
        units=NFTABLES_UNITS.replace(STOCK, "/bin/sh /etc/quorate/nftables.sh load /etc/nftables.conf"),
        nftables=loaded('{"nftables": []}', decided), nftables_conf=INACTIVE_NFTABLES["nftables_conf"], files=files_of(decided),
    )
    again = plan(after, backend=backend)
    assert not again["differs"] and not again["activates"]
    with pytest.raises(Refusal, match="the port of SSH there is not known"):
        plan(after.replace("@@ ssh\n22", "@@ ssh\n"), backend=backend)
    assert not plan(after.replace("@@ ssh\n22", "@@ ssh\n"), backend=backend, ssh_ports=[22])["differs"]


# iptables


def listed(decided, theirs, command="iptables"):
    """What iptables -S lists after the own chains were loaded."""
    lines = content(decided, "/etc/quorate/rules.%s" % command).splitlines()
    jumps = {":QUORATE ": "-A INPUT -j QUORATE", ":QUORATE-PUBLISHED ": "-A DOCKER-USER -j QUORATE-PUBLISHED"}
    return "\n".join(
        [theirs, "-N DOCKER-USER", *("-N %s" % line.split()[0][1:] for line in lines if line.startswith(":"))]
        + [jump for chain, jump in jumps.items() if any(line.startswith(chain) for line in lines)]
        + [line for line in lines if line.startswith("-A")]
    )


UNIT_OF_CHAINS = DOCKER + "\n" + unit("quorate-firewall")


def test_iptables_get_a_chain_of_their_own():
    decided = plan(report(iptables=CLOSED_IPTABLES))
    text = re.sub(r' -m comment --comment "quorate [0-9a-f]{12}"', "", content(decided, "/etc/quorate/rules.iptables"))
    assert text.splitlines() == [
        "*filter",
        ":QUORATE - [0:0]",
        "-A QUORATE -s 10.0.0.2 -p 50 -j ACCEPT",
        "-A QUORATE -s 10.0.0.2 -p tcp -m tcp --dport 7946 -j ACCEPT",
        "-A QUORATE -p tcp -m tcp --dport 8000:8010 -j ACCEPT",
        "COMMIT",
    ]
    assert content(decided, "/etc/quorate/rules.ip6tables") == "*filter\nCOMMIT\n", "IPv6 is not filtered here"
    assert decided["commands"][-1] == "systemctl restart quorate-firewall.service"


def test_iptables_are_left_alone_the_second_time():
    decided = plan(report(iptables=CLOSED_IPTABLES))
    after = {"units": UNIT_OF_CHAINS, "files": files_of(decided)}
    assert not plan(report(iptables=listed(decided, CLOSED_IPTABLES), **after))["differs"]
    assert plan(report(iptables=CLOSED_IPTABLES, **after))["differs"], "somebody emptied them"
    broken = listed(decided, CLOSED_IPTABLES).replace("-A INPUT -j QUORATE\n", "")
    assert plan(report(iptables=broken, **after))["differs"], "somebody removed the jump"


def test_both_versions_of_ip_get_a_chain_where_both_are_closed():
    decided = plan(report(iptables=CLOSED_IPTABLES, ip6tables="-P INPUT DROP"))
    assert "-s fd00::2 -p udp" in content(decided, "/etc/quorate/rules.ip6tables")


@pytest.mark.parametrize("backend", ["auto", "iptables"])
def test_iptables_are_activated_with_ssh_open_and_stay_so(backend):
    decided = plan(report(), backend="iptables")
    lines = content(decided, "/etc/quorate/rules.iptables").splitlines()
    assert lines[-2].endswith("-j DROP") and any("--dport 22 " in line for line in lines)
    assert decided["activates"] and "iptables -D INPUT -j QUORATE" in decided["undo"]
    after = report(
        iptables=listed(decided, "-P INPUT ACCEPT"), ip6tables=listed(decided, "-P INPUT ACCEPT", "ip6tables"),
        units=UNIT_OF_CHAINS, files=files_of(decided),
    )
    assert not plan(after, backend=backend)["differs"]


# Published ports


FORWARDED = {"iptables": "-P INPUT ACCEPT\n-P FORWARD DROP\n-N DOCKER-USER\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-INGRESS"}


def test_published_ports_are_filtered_by_source_on_request_whoever_filters_else():
    for text in (report(**FORWARDED), report(**UFW, **FORWARDED), firewalld(**FORWARDED), report(units="")):
        decided = plan(text, published=["10.0.0.2", "192.0.2.0/24"])
        rules = re.sub(r' -m comment --comment "quorate [0-9a-f]{12}"', "", content(decided, "/etc/quorate/rules.iptables"))
        assert ":QUORATE - " not in rules
        assert [line for line in rules.splitlines() if " -s " in line] == [
            "-A QUORATE-PUBLISHED -s 10.0.0.2 -j RETURN",
            "-A QUORATE-PUBLISHED -s 192.0.2.0/24 -j RETURN",
        ]
        assert rules.splitlines()[-2] == "-A QUORATE-PUBLISHED -j DROP"
        assert "systemctl restart quorate-firewall.service" in decided["commands"]


def test_the_filter_of_published_ports_is_taken_away_when_it_is_no_longer_wanted():
    decided = plan(report(**FORWARDED), published=["10.0.0.2"])
    after = {command: listed(decided, FORWARDED["iptables"], command) for command in ("iptables", "ip6tables")}
    after["units"] = UNIT_OF_CHAINS
    assert not plan(report(files=files_of(decided), **after), published=["10.0.0.2"])["differs"]
    taken = plan(report(files=files_of(decided), **after))
    assert content(taken, "/etc/quorate/rules.iptables") == "*filter\nCOMMIT\n"
    later = report(iptables="-P INPUT ACCEPT\n-N DOCKER-USER", units=UNIT_OF_CHAINS, files=files_of(taken, decided))
    assert not plan(later)["differs"]


@pytest.mark.parametrize(
    "before, passed_by",
    [
        ("", False),
        ("-N FWX\n-A FWX -j ACCEPT\n-A FORWARD -j FWX", False),
        ("-A FORWARD -i wg0 -j ACCEPT", False),
        ("-N DOCKER-ISOLATION-STAGE-1\n-A DOCKER-ISOLATION-STAGE-1 -j RETURN\n-A FORWARD -j DOCKER-ISOLATION-STAGE-1", False),
        ("-A FORWARD -j DOCKER-INGRESS", False),
        ("-A FORWARD -j ACCEPT", True),
        ("-N DOCKER\n-A DOCKER -d 172.17.0.2/32 -p tcp -j ACCEPT\n-A FORWARD -o docker0 -j DOCKER", True),
        ("-N DOCKER-FORWARD\n-N DOCKER-BRIDGE\n-A DOCKER-BRIDGE -o x -j DOCKER\n-N DOCKER\n-A DOCKER -j ACCEPT\n"
         "-A DOCKER-FORWARD -j DOCKER-BRIDGE\n-A FORWARD -j DOCKER-FORWARD", True),
    ],
)
def test_the_users_chain_is_put_first_where_something_lets_packets_through_before_it(before, passed_by):
    decided = plan(report(**FORWARDED), published=["10.0.0.2"])
    rules = "-P INPUT ACCEPT\n-P FORWARD DROP\n-N DOCKER-USER\n%s\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j ACCEPT" % before
    after = {command: listed(decided, rules, command) for command in ("iptables", "ip6tables")}
    again = plan(report(files=files_of(decided), units=UNIT_OF_CHAINS, **after), published=["10.0.0.2"])
    assert ("systemctl restart quorate-firewall.service" in again["commands"]) is passed_by is again["differs"]


@pytest.mark.parametrize(
    "parts, sentence",
    [
        ({"iptables": "-P FORWARD ACCEPT"}, "has no jump from the chain FORWARD to DOCKER-USER"),
        ({"iptables": "-P FORWARD ACCEPT\n-N DOCKER-USER\n-A FORWARD -i eth0 -j DOCKER-USER"}, "has no jump from the chain"),
        ({}, "Restart it (systemctl restart docker), one host at a time"),
        (dict(FORWARDED, docker='{"iptables": false}'), "the engine there makes no rules of iptables"),
    ],
)
def test_a_filter_of_published_ports_that_nothing_comes_through_is_refused(parts, sentence):
    with pytest.raises(Refusal) as refusal:
        plan(report(**parts), published=["10.0.0.2"])
    assert sentence in str(refusal.value)
    assert not plan(report(**parts), published=[])["commands"], "without the filter it does not matter"


# Docker's rules


def test_rules_that_the_engine_forgot_are_restored():
    missing = {"lost": False, "missing": ["-t nat -I PREROUTING -j DOCKER-INGRESS"]}
    decided = plan(report(docker=json.dumps(missing)))
    assert decided["commands"] == ["python3 /etc/quorate/docker_rules.py repair"]
    assert decided["sentences"] == ["Docker: restores Docker's rule -t nat -I PREROUTING -j DOCKER-INGRESS"]
    assert [entry["path"] for entry in decided["files"]] == ["/etc/quorate/docker_rules.py"]


# The filter


def decide(text, **options):
    known = {"found": {"addresses": {"node1": ["10.0.0.1"], "node2": ["10.0.0.2"]}, "unknown": []}, "groups": {}, "programs": PROGRAMS}
    options = dict(known, host="node1", managers=["node1"], workers=["node2"], **options)
    return FilterModule().filters()["firewall_plan"](text, **options)


def test_the_filter_returns_what_is_to_be_done():
    decided = decide(report(**UFW))
    assert decided["refusal"] is None
    assert "ufw prepend allow from 10.0.0.2 to any port 2377 proto tcp comment quorate" in decided["commands"]


def test_the_filter_returns_a_refusal_as_a_sentence():
    refused = decide(report(), found={"addresses": {}, "unknown": ["node2", "node3"]})
    assert list(refused) == ["refusal"]
    assert "The address of node2, node3 is not known" in refused["refusal"]
