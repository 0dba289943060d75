# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role redis makes of groups and settings, and what it refuses of them."""

from __future__ import annotations

import re

from ansible_collections.quorate.swarm.tests.unit.roles import templates


def on(host, hosts=("a", "b"), states=(), **variables):
    hostvars = {name: {"inventory_hostname": name, "redis_name": "redis%s" % name} for name in hosts}
    for name in states:
        hostvars[name]["redis_state"] = "absent"
    known = {"groups": {"redis": list(hosts)}, "hostvars": hostvars, "ansible_play_hosts": list(hosts), "inventory_hostname": host}
    return dict(known, **dict({"redis_password": "quince"}, **dict(hostvars.get(host, {}), **variables)))


def files(**variables):
    names = ["__redis_wish.files"]
    return {entry["path"].rpartition("/")[2]: entry for entry in templates.worked_out("redis", names, [on("a", **variables)])[0][0]}


def test_the_configuration():
    written = files(redis_settings={"save": ["3600 1", "300 100"], "lazyfree-lazy-eviction": True, "notify-keyspace-events": "", "hz": 0})
    assert written["redis.conf"]["content"].splitlines() == [
        "appendfsync everysec",
        "appendonly yes",
        "dir /data",
        "hz 0",
        "lazyfree-lazy-eviction yes",
        "maxmemory 512mb",
        "maxmemory-policy noeviction",
        'notify-keyspace-events ""',
        "port 6379",
        "save 3600 1",
        "save 300 100",
        "include /usr/local/etc/redis/secrets/password.conf",
    ]
    assert 'save ""' in files()["redis.conf"]["content"].splitlines()


def test_the_password_is_in_a_file_that_the_member_alone_reads():
    written = files(redis_password='a"b\\c#d é')
    assert written["password.conf"]["content"] == 'requirepass "a\\"b\\\\c#d é"'
    assert [written["password.conf"].get(key) for key in ("secret", "owner", "mode")] == [True, "999", None]
    names = ["__redis_container", "__redis_wish.files | rejectattr('secret', 'defined')"]
    assert "quince" not in repr(templates.worked_out("redis", names, [on("a")]))


def test_without_a_password():
    written = files(redis_password="", redis_without_password=True)
    assert list(written) == ["redis.conf"]
    text = written["redis.conf"]["content"].splitlines()
    assert "protected-mode no" in text and not [line for line in text if line.startswith("include")]


def test_a_member_is_asked_for_itself_alone():
    cases = [on("a"), on("b"), on("a", cluster_member_host="b"), on("a", cluster_member_host="b", states=["b"])]
    told = templates.worked_out("redis", ["__redis_gate_asks"], cases)
    assert told == [[["a"]], [["b"]], [["b"]], [[]]]


def test_what_tells_the_version_that_wrote_the_data():
    [[evidence]] = templates.worked_out("redis", ["__redis_wish.evidence"], [on("a")])
    wanted = re.compile(evidence["written_base"]["matches"].encode(), re.DOTALL)
    assert wanted.findall(b"REDIS0010\xfa\tredis-ver\x067.0.15\xfa\nredis-bits\xc0@") == [b"7.0.15"]
    assert wanted.findall(b"*2\r\n$6\r\nSELECT") == wanted.findall(b"x" * 9 + b"REDIS0010\xfa\tredis-ver\x067.0.15") == []
    assert evidence["written_base"]["path"] == "/srv/redis/redisa/data/appendonlydir/*.base.rdb"


REFUSALS = [
    (on("a"), ""),
    (on("a", hosts=()), "The group redis has no host"),
    (on("a", redis_password=""), "redis_password is empty, and whoever reaches redisa could read and delete all it has"),
    (on("a", redis_without_password=True), "There is a redis_password for redisa, and redis_without_password is true"),
    (on("a", redis_password="a\nb"), "redis_password has an end of line"),
    (on("a", redis_settings={"appendonly": False}), "redis_settings of redisa say what the role decides: appendonly: a member keeps"),
    (on("a", redis_settings={"requirepass": "x"}), "redis_settings of redisa say what the role decides: requirepass: redis_password"),
    (on("a", redis_settings={"masterauth": "x"}), "redis_settings have masterauth, and redis.conf is no place for secrets"),
    (on("a", redis_settings={"hz": 20}), ""),
    (on("a", redis_maxmemory="64mb"), 'redis_maxmemory is "64mb"'),
    (on("a", redis_maxmemory="0"), 'redis_maxmemory is "0"'),
    (on("a", redis_appendfsync="sometimes"), 'redis_appendfsync is "sometimes"'),
    (on("a", redis_port=0), "redis_port is 0"),
]


def test_groups_and_settings_that_are_refused():
    told = templates.refusals("redis", [variables for variables, _sentence in REFUSALS])
    for (_variables, sentence), sentences in zip(REFUSALS, told, strict=True):
        assert bool(sentences) == bool(sentence) and (not sentence or sentences[0].startswith(sentence)), sentences
        assert "quince" not in repr(sentences)
