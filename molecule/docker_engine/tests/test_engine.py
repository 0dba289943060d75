# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that were installed, adopted and configured."""

from __future__ import annotations

import json
import re

import pytest

PID = "systemctl show docker --property MainPID"
CONVERGE = "molecule/docker_engine/converge.yml"
DAEMON_JSON = "/etc/docker/daemon.json"


@pytest.mark.parametrize("host", ("node3", "node4"))
def test_the_engine_runs_now_and_at_boot_and_uses_the_mirror(lab, host):
    engine = lab.host(host).service("docker")
    assert engine.is_running and engine.is_enabled
    assert "http://10.10.10.1:5000/" in lab.sh(host, "curl -s --unix-socket /var/run/docker.sock http://d/info")


def test_settings_that_the_role_does_not_name_are_kept(lab):
    assert json.loads(lab.sh("node3", "cat " + DAEMON_JSON)) == {
        "storage-driver": "overlay2",
        "log-opts": {"max-file": "3", "max-size": "20m"},
        "registry-mirrors": ["http://10.10.10.1:5000"],
    }


@pytest.mark.parametrize("host", ("node3", "node4"))
def test_kernel_parameters_are_set_now_and_at_boot(lab, host):
    assert lab.sh(host, "sysctl -n net.ipv4.tcp_keepalive_time") == "600"
    assert "net.ipv4.tcp_keepalive_time=600" in lab.sh(host, "cat /etc/sysctl.d/90-docker-engine.conf")


@pytest.mark.parametrize("host", ("node3", "node4"))
def test_kernel_modules_are_loaded_at_boot(lab, host):
    assert lab.sh(host, "cat /etc/modules-load.d/docker-engine.conf") == "ip_vs"


def test_check_mode_shows_the_difference_and_leaves_file_and_engine_alone(lab, play):
    state = "cat %s; %s" % (DAEMON_JSON, PID)
    before = lab.sh("node3", state)
    told = play.ok(CONVERGE, "--check", "--diff", "-e", '{"docker_engine_config": {"debug": true}}', "--limit", "node3")
    assert re.search(r"^\+ *debug: true$", told, re.MULTILINE) and "Would change:" in told
    assert lab.sh("node3", state) == before


def test_the_engine_is_not_restarted_when_nothing_changed(lab, play):
    pid = lab.sh("node3", PID)
    assert "Nothing changed." in play.ok(CONVERGE)
    assert lab.sh("node3", PID) == pid


def test_what_a_run_that_was_interrupted_wrote_is_made_good_with_a_restart(lab, play, unfinished):
    pid = lab.sh("node3", PID)
    lab.sh("node3", "cp --preserve %s /root/kept" % DAEMON_JSON)
    try:
        unfinished("node3")
        assert "Restart the engine of node3" in play.ok(CONVERGE).partition("Changed:")[2]
        assert lab.sh("node3", PID) != pid
    finally:
        lab.sh("node3", "mv /root/kept " + DAEMON_JSON)


@pytest.mark.long
def test_what_others_do_with_the_file_restarts_no_engine(lab, play):
    pid = lab.sh("node3", PID)
    lab.sh("node3", "touch --date '1 hour' %s && systemctl reload docker" % DAEMON_JSON)
    assert "Nothing changed." in play.ok(CONVERGE)
    assert lab.sh("node3", PID) == pid


@pytest.mark.parametrize(
    "config, sentence",
    [
        ({"live-restore": True}, "cannot be in a swarm"),
        ({"log-opts": {"max-file": 3}}, "a mapping of names to texts: it would not start"),
    ],
)
def test_what_would_keep_the_engine_from_starting_is_refused_and_nothing_written(lab, play, config, sentence):
    before = lab.sh("node3", "cat " + DAEMON_JSON)
    assert sentence in play.refused(CONVERGE, "-e", json.dumps({"docker_engine_config": config}))
    assert lab.sh("node3", "cat " + DAEMON_JSON) == before


def test_live_restore_as_a_flag_of_the_unit_is_refused_and_the_engine_left_alone(lab, play):
    drop_in = "/etc/systemd/system/docker.service.d/live-restore.conf"
    state = "cat %s; %s" % (DAEMON_JSON, PID)
    before = lab.sh("node3", state)
    lab.sh(
        "node3",
        "mkdir -p $(dirname %s) && printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd -H fd:// --live-restore\\n' > %s "
        "&& systemctl daemon-reload" % (drop_in, drop_in),
    )
    try:
        told = play.refused(CONVERGE, "--limit", "node3")
        assert "The unit docker starts the engine with the flag --live-restore" in told
        assert lab.sh("node3", state) == before
    finally:
        lab.sh("node3", "rm %s && systemctl daemon-reload" % drop_in)


@pytest.mark.parametrize("host", ("node3", "node4"))
@pytest.mark.parametrize(
    "config, sentence",
    [
        ({"no-such-setting": True}, "The engine refuses the settings for /etc/docker/daemon.json"),
        ({"hosts": ["unix:///var/run/docker.sock"]}, "hosts is in /etc/docker/daemon.json or in what is asked for"),
    ],
)
def test_engines_old_and_recent_refuse_what_they_would_not_start_with_before_it_is_written(lab, play, host, config, sentence):
    state = "cat %s; %s" % (DAEMON_JSON, PID)
    before = lab.sh(host, state)
    told = play.refused(CONVERGE, "--limit", host, "-e", json.dumps({"docker_engine_config": config}))
    assert sentence in told and next(iter(config)) in told
    assert lab.sh(host, state) == before


def test_a_broken_file_is_refused_and_left_alone(lab, play):
    lab.sh("node3", "cp %s /root/kept" % DAEMON_JSON)
    try:
        for text in ("[1, 2", "[1, 2]", "a: b"):
            lab.sh("node3", "echo '%s' > %s" % (text, DAEMON_JSON))
            assert "holds no JSON object" in play.refused(CONVERGE, "--limit", "node3")
            assert lab.sh("node3", "cat " + DAEMON_JSON) == text
    finally:
        lab.sh("node3", "mv /root/kept " + DAEMON_JSON)


@pytest.mark.long
def test_the_first_engine_that_does_not_come_back_ends_the_run(lab, play):
    lab.sh("node4", "cp %s /root/kept" % DAEMON_JSON)
    before = lab.sh("node4", PID)
    try:
        # The engine's program finds that out only when it starts.
        play.refused(CONVERGE, "-e", '{"docker_engine_config": {"storage-driver": "no-such-driver"}}')
        assert not lab.host("node3").service("docker").is_running
        assert lab.sh("node4", PID) == before
    finally:
        lab.sh("node4", "mv /root/kept " + DAEMON_JSON)
        lab.sh("node3", "cp $(ls -t %s.*~ | head -1) %s && systemctl reset-failed docker && systemctl start docker" % (2 * (DAEMON_JSON,)))


@pytest.mark.long
def test_a_host_without_the_sdk_says_what_is_missing(lab, play):
    lab.sh("node4", "apt-get purge --yes python3-docker")
    told = play.run_module("node4", "quorate.swarm.swarm_info", "").stdout
    assert "The Docker SDK for Python (5.0 or newer) is missing on this host. Install the package python3-docker" in told


def test_check_mode_of_the_whole_site_on_a_host_without_an_engine_foretells_both(lab, play):
    lab.sh("node4", "systemctl stop docker docker.socket; apt-get purge --yes docker.io python3-docker")
    told = play.ok("playbooks/site.yml", "--check")
    assert "Would change:" in told
    assert "Install the engine where there is none, and its SDK for Python: node4" in told
    assert "node4 joins as worker" in told
    play.ok(CONVERGE, "--limit", "node4")
    assert lab.host("node4").service("docker").is_running
