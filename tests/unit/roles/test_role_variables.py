# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles make of their users' variables, as Ansible's own templates work it out."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.tests.unit.roles import templates

KNOWN = {"groups": {"swarm_managers": ["node1"]}, "inventory_hostname": "node1"}


def worked_out(role, names, hosts):
    return templates.worked_out(role, names, [dict(KNOWN, **variables) for variables in hosts])


# overlay

SECRET = {"name": "secret", "attachable": True, "encrypted": True}
INNER = {"name": "inner", "encrypted": True}
OPEN = {"name": "open", "attachable": True}
PROOFS = [
    ([SECRET], True),
    ([OPEN, SECRET], True),
    ([], False),
    ([OPEN], False),
    ([INNER, OPEN], False),
    ([dict(SECRET, encrypted=False)], False),
    ([dict(SECRET, state="absent"), OPEN], False),
]


def test_verify_says_where_no_encrypted_packet_crossed():
    told = worked_out("overlay", ["__overlay_unproved"], [{"overlay_networks": networks} for networks, _proves in PROOFS])
    assert [sentence == "" for [sentence] in told] == [proves for _networks, proves in PROOFS]
    assert told[-1][0].startswith("Not proved: that encrypted packets (IP protocol 50, ESP) cross between the hosts")


# firewall

WEB = {"name": "web", "port": 80, "from": "any"}
SEARCH = {"name": "search", "port": "9200", "from": "{{ search_clients }}"}
WRONG = {
    "a_firewall_open": "9200",
    "b_firewall_open": ["9200"],
    "c_firewall_open": WEB,
    "d_firewall_open": [{"port": 1}],
    "e_firewall_open": None,
}


@pytest.mark.parametrize(
    "variables, declared, sources",
    [
        ({}, {"firewall_open": []}, ["node1"]),
        (
            {
                "firewall_open": [WEB],
                "search_firewall_open": [SEARCH],
                "search_clients": "balancers",
                "cache_firewall_open": "{{ [] }}",
                "__internal_firewall_open": [WEB],
                "firewall_open_later": [WEB],
                "groups": {"swarm_managers": ["node1"], "swarm_workers": ["node2"], "balancers": ["node8", "node1"], "others": ["node9"]},
            },
            {"firewall_open": [WEB], "cache_firewall_open": [], "search_firewall_open": [dict(SEARCH, **{"from": "balancers"})]},
            ["node1", "node2", "node8"],
        ),
        # The decision refuses these by name.
        (WRONG, dict(WRONG, firewall_open=[]), ["node1"]),
    ],
)
def test_openings_are_collected_from_all_variables_that_declare_them(variables, declared, sources):
    assert worked_out("firewall", ["__firewall_declared", "__firewall_sources"], [variables]) == [[declared, sources]]


# cluster_member

SETTING = {"path": "/conf/a", "content": "b: 1"}
PASSING = dict(SETTING, content="b: 1\nforming: yes")
ONCE, ONCE_FORMING = ({"path": "/conf/dynamic", "once": True, "content": content} for content in ("joining", "forming"))
SETTLING = [
    ("form", [PASSING], [SETTING], ["node1"], True),
    ("form", [SETTING, ONCE_FORMING], [SETTING, ONCE], ["node1"], False),
    ("form", [SETTING], [SETTING], ["node1"], False),
    # Another run has formed it, and what it left is among what the plan writes.
    ("form", [PASSING], [SETTING], ["node2"], False),
    ("keep", [PASSING], [SETTING], ["node1"], False),
]


def test_only_members_whose_files_were_others_while_they_formed_are_written_again():
    hosts = [
        {
            "__cluster_member_plan": {"way": way, "start": start},
            "__cluster_member_wish": {"forming_files": forming, "files": files},
        }
        for way, forming, files, start, _settles in SETTLING
    ]
    told = worked_out("cluster_member", ["__cluster_member_settles"], hosts)
    assert [settles for [settles] in told] == [settles for *_case, settles in SETTLING]


# zookeeper

IDS = {"node%d" % number: {"zookeeper_id": number} for number in (1, 2, 3)}
ASKING = [
    # All hosts side by side, each its own.
    ({"inventory_hostname": "node1"}, ["node1"]),
    ({"inventory_hostname": "node3"}, ["node3"]),
    # The first host of the play asks those that are not in it.
    ({"inventory_hostname": "node2", "ansible_play_hosts": ["node2", "node3"]}, ["node2", "node1"]),
    ({"inventory_hostname": "node3", "ansible_play_hosts": ["node2", "node3"]}, ["node3"]),
    # One host alone, where a member is changed.
    ({"inventory_hostname": "node1", "cluster_member_host": "node2"}, ["node1", "node2", "node3"]),
    # A host without a member has none to ask for.
    ({"inventory_hostname": "node3", "hostvars": dict(IDS, node3={"zookeeper_state": "absent", "zookeeper_id": 3})}, []),
]


def test_every_member_of_an_ensemble_is_asked_at_the_gate():
    play = {
        "groups": {"zookeeper": list(IDS)},
        "ansible_play_hosts": list(IDS),
        "hostvars": {host: dict(said, inventory_hostname=host) for host, said in IDS.items()},
    }
    hosts = [dict(play, **given) for given, _asked in ASKING]
    for host in hosts:
        host["hostvars"] = {name: dict(said, inventory_hostname=name) for name, said in host["hostvars"].items()}
    told = worked_out("zookeeper", ["__zookeeper_gate_asks"], hosts)
    assert [sorted(asked) for [asked] in told] == [sorted(asked) for _given, asked in ASKING]


def gate(*modes):
    return {"results": [{"state": {"mode": mode}} for mode in modes]}


def test_the_leader_is_looked_for_in_all_answers_of_the_gate_and_in_none_of_an_earlier_one():
    seen = {"node1": gate("follower"), "node2": gate("leader"), "node3": gate()}
    play = {
        "groups": {"zookeeper": list(seen)},
        "ansible_play_hosts": list(seen),
        "hostvars": {host: {"inventory_hostname": host, "zookeeper_id": 1, "__zookeeper_gate": answers} for host, answers in seen.items()},
    }
    alone = {"cluster_member_host": "node2", "__zookeeper_gate": gate("leader", "follower", "follower")}
    told = worked_out("zookeeper", ["__zookeeper_gate_modes"], [play, dict(play, **alone)])
    assert [modes for [modes] in told] == [["follower", "leader"], ["leader", "follower", "follower"]]


ZOO_HOSTS = {"a": 1, "b": 2, "c": 3}


def zoo_hosts(**variables):
    """What three members of one host know, with what each of the others has said."""
    said = {"ansible_host": "10.10.10.88"}
    known = {host: dict(said, inventory_hostname=host, zookeeper_id=number) for host, number in ZOO_HOSTS.items()}
    groups = {"zookeeper": list(ZOO_HOSTS), "swarm_managers": ["a", "m"]}
    common = {"groups": groups, "hostvars": known, "ansible_play_hosts": list(ZOO_HOSTS), "role_path": str(ROLES / "zookeeper")}
    return [dict(common, **dict(variables, **known[host])) for host in ZOO_HOSTS]


def compose_file(**variables):
    """The text of the compose file, and why it would be refused."""
    hosts = zoo_hosts(zookeeper_model="bridge", **variables)
    services = worked_out("zookeeper", ["__zookeeper_compose_service"], hosts)
    for host, [service] in zip(ZOO_HOSTS, services, strict=True):
        hosts[0]["hostvars"][host]["__zookeeper_compose_said"] = service
    return worked_out("zookeeper", ["__zookeeper_compose_text", "__zookeeper_compose_refusals"], hosts[:1])[0]


def test_the_members_of_one_host_as_a_compose_file():
    text, refusals = compose_file(zookeeper_publish=False, zookeeper_environment={"A": "$b", "N": 1}, zookeeper_memory="1g")
    written = yaml.safe_load(text.replace("$$", "$"))
    assert refusals == [] and "$$b" in text
    assert (written["version"], written["networks"], list(written["services"])) == (
        "3.7", {"members": {"driver": "bridge"}}, ["zoo1", "zoo2", "zoo3"],
    )
    member = written["services"]["zoo2"]
    assert (member["image"], member["container_name"], member["hostname"]) == ("zookeeper:3.8", "zoo2", "zoo2")
    assert (member["networks"], member["restart"]) == (["members"], "unless-stopped")
    assert member["volumes"] == ["/srv/zookeeper/zoo2/%s:/%s" % (name, name) for name in ("conf", "data", "datalog", "logs")]
    assert (member["environment"]["A"], member["environment"]["N"], member["stop_grace_period"]) == ("$b", "1", "60s")
    assert member["deploy"] == {"resources": {"limits": {"memory": "1g"}}} and "ports" not in member


def test_what_a_compose_file_cannot_say():
    _text, refusals = compose_file(zookeeper_container={"init": True, "user": "1000"})
    assert refusals == [
        "The compose file has no place for init of zookeeper_container. Leave it out.",
        "More than one member would be published at 127.0.0.1:2181. Set zookeeper_publish to false, or give each host a "
        "zookeeper_publish_address of its own, such as 127.0.0.2.",
    ]


def test_a_service_has_its_hosts_network_and_is_asked_at_its_address():
    names = ["__zookeeper_container", "__zookeeper_containers", "__zookeeper_reached", "__zookeeper_manager", "__zookeeper_addresses"]
    container, containers, reached, manager, addresses = worked_out("zookeeper", names, zoo_hosts(zookeeper_model="service")[:1])[0]
    assert (container["network_mode"], container["ports"], containers, manager) == ("host", [], {}, "a")
    assert reached == addresses == dict.fromkeys(ZOO_HOSTS, "10.10.10.88")
    containers, reached, manager = worked_out("zookeeper", names[1:4], zoo_hosts(zookeeper_model="host")[:1])[0]
    assert (containers, reached, manager) == ({"a": "zoo1", "b": "zoo2", "c": "zoo3"}, {}, "")


def test_a_manager_that_is_not_in_the_play_is_asked_only_where_none_is():
    asked = [dict(zoo_hosts(zookeeper_model="service")[0], ansible_play_hosts=hosts) for hosts in (["b", "m"], ["b"])]
    assert worked_out("zookeeper", ["__zookeeper_manager"], asked) == [["m"], ["a"]]
