# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ZooKeeper as services of the swarm, and as a compose file."""

from __future__ import annotations

import yaml
from ansible_collections.quorate.swarm.tests.unit.roles import templates

ZOO_HOSTS = {"a": 1, "b": 2, "c": 3}


def zoo_hosts(**variables):
    """What three members of one host know, with what each of the others has said."""
    said = {"ansible_host": "10.10.10.88"}
    known = {host: dict(said, inventory_hostname=host, zookeeper_id=number) for host, number in ZOO_HOSTS.items()}
    groups = {"zookeeper": list(ZOO_HOSTS), "swarm_managers": ["a", "m"]}
    common = {"groups": groups, "hostvars": known, "ansible_play_hosts": list(ZOO_HOSTS), "role_path": str(templates.ROLES / "zookeeper")}
    return [dict(common, **dict(variables, **known[host])) for host in ZOO_HOSTS]


def compose_file(**variables):
    """The text of the compose file, and why it would be refused."""
    hosts = zoo_hosts(zookeeper_model="bridge", **variables)
    services = templates.worked_out("zookeeper", ["__zookeeper_compose_service"], hosts)
    for host, [service] in zip(ZOO_HOSTS, services, strict=True):
        hosts[0]["hostvars"][host]["__zookeeper_compose_said"] = service
    return templates.worked_out("zookeeper", ["__zookeeper_compose_text", "__zookeeper_compose_refusals"], hosts[:1])[0]


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
        "zookeeper_publish_port of its own.",
    ]


def test_a_service_has_its_hosts_network_and_is_asked_at_its_address():
    names = ["__zookeeper_container", "__zookeeper_containers", "__zookeeper_reached", "__zookeeper_manager", "__zookeeper_addresses"]
    first = zoo_hosts(zookeeper_model="service")[:1]
    container, containers, reached, manager, addresses = templates.worked_out("zookeeper", names, first)[0]
    assert (container["network_mode"], container["ports"], containers, manager) == ("host", [], {}, "a")
    assert reached == addresses == dict.fromkeys(ZOO_HOSTS, "10.10.10.88")
    containers, reached, manager = templates.worked_out("zookeeper", names[1:4], zoo_hosts(zookeeper_model="host")[:1])[0]
    assert (containers, reached, manager) == ({"a": "zoo1", "b": "zoo2", "c": "zoo3"}, {}, "")


def test_a_manager_that_is_not_in_the_play_is_asked_only_where_none_is():
    asked = [dict(zoo_hosts(zookeeper_model="service")[0], ansible_play_hosts=hosts) for hosts in (["b", "m"], ["b"])]
    assert templates.worked_out("zookeeper", ["__zookeeper_manager"], asked) == [["m"], ["a"]]


def openings(host, model="host", **said):
    """What C(host) declares to the firewall, as port and source; C(said) are variables of single hosts."""
    hosts = {name: {"zookeeper_id": number, "ansible_host": "10.10.10.%d" % number} for name, number in ZOO_HOSTS.items()}
    hosts = {name: dict(known, inventory_hostname=name, **said.get(name, {})) for name, known in hosts.items()}
    common = {"groups": {"zookeeper": list(ZOO_HOSTS)}, "hostvars": hosts, "zookeeper_model": model, "inventory_hostname": host}
    [[found]] = templates.worked_out("zookeeper", ["zookeeper_peers_firewall_open"], [dict(hosts.get(host, {}), **common, **said["all"])])
    return [(opening["port"], opening["from"]) for opening in found]


def test_what_members_on_the_hosts_own_network_need_is_declared_to_the_firewall():
    assert openings("a", all={"zookeeper_peer_port": 2999}) == [
        (2999, "10.10.10.2"), (3888, "10.10.10.2"), (2999, "10.10.10.3"), (3888, "10.10.10.3"),
    ]
    assert len(openings("a", "service", all={})) == 4
    assert openings("m", all={}) == openings("a", "overlay", all={}) == []


def test_members_are_let_in_from_their_own_addresses_and_not_from_those_of_the_swarm():
    second = {"b": {"zookeeper_address": "192.168.7.2", "swarm_advertise_addr": "10.10.10.2"}, "c": {"ansible_host": "c.invalid"}}
    # Of a name that comes to no address the firewall says so.
    assert openings("a", **second, all={}) == [(port, place) for place in ("192.168.7.2", "c.invalid") for port in (2888, 3888)]


def test_clients_are_let_in_from_where_they_are_said_to_be():
    told = openings("a", all={"zookeeper_clients_from": ["shops", "10.20.0.0/16"], "zookeeper_client_port": 2191})
    assert told[4:] == [(2191, "shops"), (2191, "10.20.0.0/16")]
    assert openings("a", "overlay", all={"zookeeper_clients_from": ["shops"]}) == []
