# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Redis server with append-only files: what a user sees of it, and what a change does to it."""

from __future__ import annotations

import json

import pytest

PLAYBOOK = "playbooks/redis.yml"
HOST, NAME = "node4", "redis1"
DATA = "/srv/redis/redis1/data"
# From the test that rolls it on, so that no later one has to take it back.
ALWAYS = ("-e", json.dumps({"redis_appendfsync": "always"}))


@pytest.fixture(scope="session")
def play(play_clusters):
    return play_clusters


@pytest.fixture(scope="session")
def password(checkout):
    return (checkout / ".lab" / "redis_password").read_text(encoding="utf-8").strip()


def info(redis):
    return dict(line.split(":", 1) for line in redis.ask(HOST, "INFO").splitlines() if ":" in line)


def test_it_serves_from_outside_and_keeps_what_it_is_given(lab, redis):
    redis.ask(HOST, "SET", "fruit", "quince")
    assert redis.ask(HOST, "GET", "fruit") == "quince"
    told = info(redis)
    assert (told["aof_enabled"], told["maxmemory"], told["maxmemory_policy"]) == ("1", str(64 << 20), "noeviction")
    assert redis.ask(HOST, "CONFIG", "GET", "appendfsync") == ["appendfsync", "everysec"]
    assert "appendonlydir" in lab.sh(HOST, "ls %s" % DATA)
    assert lab.sh(HOST, "stat -c %%u %s/appendonlydir" % DATA) == "999"


def test_the_host_gives_what_redis_wants(lab):
    assert lab.sh(HOST, "sysctl -n vm.overcommit_memory") == "1"
    assert "vm.overcommit_memory" in lab.sh(HOST, "cat /etc/sysctl.d/90-redis.conf")


def test_check_mode_says_that_nothing_would_change(play):
    assert "Nothing would change." in play.ok(PLAYBOOK, "--check")


def test_the_password_is_in_one_file_that_the_member_alone_reads(lab, play, password):
    assert lab.sh(HOST, "stat -c %a:%u /srv/redis/redis1/conf/secrets/password.conf") == "400:999"
    files = "cat /srv/redis/redis1/conf/redis.conf /etc/systemd/system/quorate-member*"
    processes = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' '"
    told = lab.sh(HOST, "docker inspect redis1; docker logs redis1 2>&1; %s; %s" % (files, processes))
    assert "redis1" in told and password not in told
    assert password not in play.ok("playbooks/verify.yml", "--tags", "redis", "-vvv")
    assert lab.host(HOST).run("docker exec redis1 redis-cli get fruit").stdout.startswith("NOAUTH")


def test_a_setting_is_rolled_under_load(lab, play, redis, load, password):
    told = play.ok(PLAYBOOK, "--check", "--diff", "-vvv", *ALWAYS)
    assert "replace redis1" in " ".join(told.split())
    assert "appendfsync always" in told and password not in told
    with load("redis", 60, [HOST]) as client:
        told = play.ok(PLAYBOOK, "-vvv", *ALWAYS)
    assert not client.lost and password not in told
    print("The longest that a write had to wait: %.0f s." % client.longest)
    assert client.longest > 0.5
    assert redis.ask(HOST, "CONFIG", "GET", "appendfsync") == ["appendfsync", "always"]
    # A server that is stopped in its time loses nothing, whatever it is told of appendfsync.
    redis.assert_there(HOST, client)
    assert redis.ask(HOST, "GET", "fruit") == "quince"
    assert "Nothing changed." in play.ok(PLAYBOOK, *ALWAYS)


@pytest.mark.long
def test_with_appendfsync_always_a_power_cut_loses_nothing_that_was_acknowledged(lab, play, redis, load, swarm):
    with load("redis", 300, [HOST]) as client:
        lab("power-off", HOST)
        lab("power-on", HOST)
        swarm.wait_until_ready()
        # by itself, without a run
        redis.wait_until_it_serves(HOST)
    redis.assert_there(HOST, client)
    assert not client.lost and client.longest > 1
    assert "Nothing changed." in play.ok(PLAYBOOK, *ALWAYS)


@pytest.mark.long
def test_a_run_that_was_killed_in_mid_change_is_gone_on_with(play, redis):
    other = ("-e", json.dumps({"redis_appendfsync": "always", "redis_settings": {"hz": 20}}))
    play.at("Make the member as wanted", play.kill, PLAYBOOK, *other)
    play.ok(PLAYBOOK, *other)
    assert redis.ask(HOST, "CONFIG", "GET", "hz") == ["hz", "20"]
    assert redis.ask(HOST, "GET", "fruit") == "quince"
    play.ok(PLAYBOOK, *ALWAYS)


@pytest.mark.long
def test_a_wrong_password_is_refused_and_changes_none(play, redis, password):
    told = play.refused(PLAYBOOK, "-vvv", *ALWAYS, "-e", json.dumps({"redis_password": "medlar-of-nobody"}))
    assert "wants another user or password (WRONGPASS)" in told and "medlar-of-nobody" not in told and password not in told
    assert redis.ask(HOST, "GET", "fruit") == "quince"
    both = {"redis_password": "medlar-of-nobody", "redis_earlier_password": password}
    told = play.ok(PLAYBOOK, "-vvv", "--diff", *ALWAYS, "-e", json.dumps(both))
    assert "replace redis1" in told and "medlar-of-nobody" not in told and password not in told
    told = play.refused(PLAYBOOK, *ALWAYS)
    assert "wants another user or password (WRONGPASS)" in told
    play.ok(PLAYBOOK, *ALWAYS, "-e", json.dumps({"redis_earlier_password": "medlar-of-nobody"}))
    assert redis.ask(HOST, "GET", "fruit") == "quince"


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"redis_port": 22}, "Port 22/tcp of this host is taken by"),
        ({"redis_image": "redis:6.2"}, "was written by version 7.0, and the image has 6.2. Redis reads no data of a newer version"),
        ({"redis_maxmemory": "64g", "redis_memory": ""}, "The member needs 64 GiB, and this host has"),
        ({"redis_maxmemory": "512m"}, "The member needs 512 MiB, and its container's memory limit is 256 MiB"),
        ({"redis_password": ""}, "redis_password is empty, and whoever reaches redis1 could read and delete all it has"),
        ({"redis_settings": {"appendonly": False}}, "say what the role decides: appendonly"),
        ({"redis_appendfsync": "sometimes"}, "value of redis_appendfsync must be one of"),
    ],
    ids=["port", "version", "memory", "limit", "no-password", "contradiction", "appendfsync"],
)
def test_bad_input_is_refused_in_a_sentence_and_nothing_is_changed(play, redis, variables, words):
    assert words in play.refused(PLAYBOOK, *ALWAYS, "-e", json.dumps(variables))
    assert redis.ask(HOST, "GET", "fruit") == "quince"


@pytest.mark.long
def test_an_empty_directory_where_data_was_is_refused_and_so_are_data_of_another_owner(lab, play, redis):
    lab.sh(HOST, "systemctl stop quorate-member@redis1 && mv %s %s.own" % (DATA, DATA))
    try:
        # Not even by itself, at boot.
        assert lab.host(HOST).run("docker start redis1").rc != 0
        lab.sh(HOST, "mkdir %s && chown 999:999 %s" % (DATA, DATA))
        told = play.refused(PLAYBOOK, *ALWAYS)
        assert "redis1 was on node4, and its data directory is empty: started so, it would begin with nothing" in told
        lab.sh(HOST, "touch %s/dump.rdb && chown 999:999 %s/dump.rdb" % (DATA, DATA))
        assert "has a dump, and no files of commands" in play.refused(PLAYBOOK, *ALWAYS)
        lab.sh(HOST, "chown 4711 %s/dump.rdb" % DATA)
        assert "belongs to user 4711, and the member runs as user 999" in play.refused(PLAYBOOK, *ALWAYS)
    finally:
        lab.sh(HOST, "rm -rf %s && mv %s.own %s" % (DATA, DATA, DATA))
    assert "start redis1" in play.ok(PLAYBOOK, *ALWAYS)
    assert redis.ask(HOST, "GET", "fruit") == "quince"


@pytest.mark.long
def test_files_that_are_gone_under_a_server_are_told_before_it_is_ended(lab, play, redis):
    lab.sh(HOST, "rm -rf %s/appendonlydir" % DATA)
    assert "what it knows it has in its memory alone" in play.refused(PLAYBOOK)
    redis.ask(HOST, "CONFIG", "SET", "appendonly", "no")
    redis.ask(HOST, "CONFIG", "SET", "appendonly", "yes")
    lab.wait_for(lambda: "manifest" in lab.sh(HOST, "ls %s/appendonlydir" % DATA), "the files were there again")
    lab.wait_for(lambda: info(redis)["aof_rewrite_in_progress"] == "0", "the files were whole")
    play.ok(PLAYBOOK)
    play.ok(PLAYBOOK, *ALWAYS)
    assert redis.ask(HOST, "GET", "fruit") == "quince"


@pytest.mark.long
def test_a_member_is_removed_and_comes_back_with_its_data_and_a_second_one_is_added(lab, play, redis, clusters_with):
    without = clusters_with({"redis": {"hosts": {HOST: {"redis_name": NAME, "redis_state": "absent"}}}})
    told = play.ok(PLAYBOOK, *ALWAYS, *without)
    assert "remove redis1" in told and "keys out of service" in " ".join(told.split())
    assert lab.sh(HOST, "docker ps -aq -f name=redis1") == "" and "appendonlydir" in lab.sh(HOST, "ls %s" % DATA)
    assert lab.host(HOST).run("ls /srv/redis/redis1/conf").rc != 0
    assert "Nothing changed." in play.ok(PLAYBOOK, *ALWAYS, *without)
    two = clusters_with({"redis": {"hosts": {"node3": {"redis_name": "redis2"}}}})
    assert "start redis1, redis2, side by side" in " ".join(play.ok(PLAYBOOK, *ALWAYS, *two).split())
    assert redis.ask(HOST, "GET", "fruit") == "quince" and redis.ask("node3", "GET", "fruit") is None
    gone = clusters_with({"redis": {"hosts": {"node3": {"redis_name": "redis2", "redis_state": "absent"}}}})
    play.ok(PLAYBOOK, *ALWAYS, *gone, "-e", json.dumps({"redis_delete": ["redis2"]}))
    assert lab.host("node3").run("ls /srv/redis/redis2").rc != 0
