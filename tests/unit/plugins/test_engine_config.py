# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's configuration file: merged, refused or written whole, and when a restart is due."""

from __future__ import annotations

import json
import os

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quorate.swarm.plugins.module_utils import daemon_config, daemon_flags, engine_process
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.modules import engine_config


@pytest.mark.parametrize(
    "current, wanted, expected",
    [
        ({}, {"mtu": 1400}, {"mtu": 1400}),
        ({"mtu": 1500, "debug": True}, {"mtu": 1400}, {"mtu": 1400, "debug": True}),
        (
            {"log-opts": {"max-file": "3", "max-size": "9m"}},
            {"log-opts": {"max-size": "50m"}},
            {"log-opts": {"max-file": "3", "max-size": "50m"}},
        ),
        ({"registry-mirrors": ["http://a"]}, {"registry-mirrors": ["http://b"]}, {"registry-mirrors": ["http://b"]}),
        ({"builder": {"gc": {"enabled": True}}}, {"builder": {"gc": {"policy": []}}}, {"builder": {"gc": {"enabled": True, "policy": []}}}),
        ({"some-new-key": [1, {"a": None}]}, {"other-new-key": 1.5}, {"some-new-key": [1, {"a": None}], "other-new-key": 1.5}),
    ],
)
def test_what_is_named_is_merged_and_all_else_kept(current, wanted, expected):
    [step] = daemon_config.plan(current, wanted, "/f").steps
    assert step.settings == expected
    assert daemon_config.plan(expected, wanted, "/f").steps == ()


def test_only_what_differs_is_told():
    plan = daemon_config.plan({"mtu": 1500, "debug": True}, {"mtu": 1400, "dns": ["192.0.2.1"]}, "/f")
    assert (plan.before, plan.after) == ({"mtu": 1500}, {"mtu": 1400, "dns": ["192.0.2.1"]})
    assert plan.steps[0].sentence() == "set dns, mtu"


@pytest.mark.parametrize("text", ["[1, 2", "[1, 2]", "a: b", '"text"', "null"])
def test_a_file_that_is_no_json_object_is_refused(text):
    with pytest.raises(Refusal, match="/f holds no JSON object"):
        daemon_config.parse(text, "/f")


@pytest.mark.parametrize(
    "current, wanted, sentence",
    [
        ({}, {"live-restore": True}, "cannot be in a swarm"),
        ({"live-restore": True}, {"mtu": 1400}, "cannot be in a swarm"),
        ({}, {"log-opts": {"max-file": 3}}, 'log-opts for /f is {"max-file": 3}, and the engine takes a mapping of names to texts'),
        ({}, {"mtu": "1400"}, 'mtu for /f is "1400", and the engine takes a whole number'),
        ({}, {"mtu": True}, "takes a whole number"),
        ({}, {"registry-mirrors": "http://a"}, "takes a list of texts"),
        ({}, {"insecure-registries": [1]}, "takes a list of texts"),
        ({}, {"debug": "yes"}, "takes true or false"),
        ({}, {"data-root": ["/x"]}, "takes a text"),
        ({}, {"features": []}, "takes a mapping"),
        ({}, {"default-address-pools": [{"base": "10.0.0.0/8"}]}, "each with a base and a size"),
    ],
)
def test_what_no_engine_in_a_swarm_can_have(current, wanted, sentence):
    with pytest.raises(Refusal) as refusal:
        daemon_config.plan(current, wanted, "/f")
    assert sentence in str(refusal.value)


def test_live_restore_can_be_switched_off():
    assert daemon_config.plan({"live-restore": True}, {"live-restore": False}, "/f").steps


# Secrets


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"mtu": 1400, "debug": True, "dns": ["192.0.2.1"]}, {"mtu": 1400, "debug": True, "dns": ["192.0.2.1"]}),
        ({"tlskey": "/etc/docker/key.pem"}, {"tlskey": "/etc/docker/key.pem"}),
        (
            {"proxies": {"http-proxy": "http://user:hunter2@proxy:3128", "no-proxy": "localhost"}},
            {"proxies": {"http-proxy": "http://(not told)@proxy:3128", "no-proxy": "localhost"}},
        ),
        ({"proxies": {"http-proxy": "user:hunter2@proxy:3128"}}, {"proxies": {"http-proxy": "(not told)@proxy:3128"}}),
        ({"registry-mirrors": ["https://u:p@ss@m", "https://n"]}, {"registry-mirrors": ["https://(not told)@m", "https://n"]}),
        (
            {"log-opts": {"splunk-token": "T", "max-size": "9m", "PASSWORD": "P", "key": "", "a-cred": 5}},
            {"log-opts": {"splunk-token": "(not told)", "max-size": "9m", "PASSWORD": "(not told)", "key": "", "a-cred": "(not told)"}},
        ),
        ({"log-opts": {"tokens": ["a", "b"]}}, {"log-opts": {"tokens": ["(not told)", "(not told)"]}}),
        ({"features": {"key": True}}, {"features": {"key": True}}),
        ({"init": "docker.io/x@sha256:ab"}, {"init": "docker.io/x@sha256:ab"}),
    ],
)
def test_settings_are_told_without_secrets(settings, expected):
    assert daemon_config.told(settings) == expected


@pytest.mark.parametrize(
    "current, wanted, before, after",
    [
        ({}, {"log-opts": {"token": "A"}}, {}, {"log-opts": {"token": "(not told)"}}),
        (
            {"log-opts": {"token": "A", "max-file": "3"}},
            {"log-opts": {"token": "B"}},
            {"log-opts": {"token": "(not told)", "max-file": "3"}},
            {"log-opts": {"token": "(another one, not told)", "max-file": "3"}},
        ),
        (
            {"proxies": {"http-proxy": "http://u:A@p"}},
            {"proxies": {"http-proxy": "http://u:B@p"}},
            {"proxies": {"http-proxy": "http://(not told)@p"}},
            {"proxies": {"http-proxy": "http://(another one, not told)@p"}},
        ),
    ],
)
def test_a_difference_shows_that_a_secret_changed_and_not_the_secret(current, wanted, before, after):
    plan = daemon_config.plan(current, wanted, "/f")
    assert (plan.before, plan.after) == (before, after)


def test_which_texts_are_secrets():
    log_options = {"token": "T", "key": "", "max-file": "3", "pass": "true"}
    settings = {"proxies": {"http-proxy": "http://user:hunter2@proxy"}, "log-opts": log_options}
    assert daemon_config.secrets(settings) == {"user:hunter2", "T"}
    assert daemon_config.scrubbed("bad http://user:hunter2@proxy", settings) == "bad http://(not told)@proxy"


def test_a_refusal_tells_no_secret():
    with pytest.raises(Refusal) as refusal:
        daemon_config.plan({}, {"log-opts": {"token": "hunter2", "max-file": 3}}, "/f")
    assert '{"token": "(not told)", "max-file": 3}' in str(refusal.value)


# When a restart is due

ENGINE = {"pid": 7, "started": 500}


@pytest.mark.parametrize(
    "kept, engine, expected",
    [
        (None, ENGINE, False),
        (daemon_config.note("text", ENGINE), ENGINE, True),
        (daemon_config.note("text", ENGINE), None, False),
        (daemon_config.note("text", ENGINE), {"pid": 8, "started": 900}, False),
        (daemon_config.note("text", ENGINE), {"pid": 7, "started": 900}, False),
        (daemon_config.note("another text", ENGINE), ENGINE, False),
        ("no note", ENGINE, False),
        ({}, ENGINE, False),
    ],
)
def test_a_restart_is_due_where_the_engine_ran_when_this_file_was_written(kept, engine, expected):
    assert daemon_config.is_pending(kept, "text", engine) is expected


# Flags


@pytest.mark.parametrize(
    "words, keys",
    [
        ("", []),
        ("-H fd:// --containerd=/run/containerd/containerd.sock", ["containerd", "hosts"]),
        ("-Hfd://", ["hosts"]),
        ("-H=fd:// -DH tcp://[::]:2375", ["debug", "hosts"]),
        ("--host fd:// --label a=b", ["hosts", "labels"]),
        ("--insecure-registry r --registry-mirror m", ["insecure-registries", "registry-mirrors"]),
        ("--log-driver journald --log-opt tag=x --dns 192.0.2.1 --dns-opt ndots:1", ["dns", "dns-opts", "log-driver", "log-opts"]),
        ("--default-address-pool base=10.0.0.0/8,size=24", ["default-address-pools"]),
        ("-s overlay2 -D -l warn -G docker -b br0", ["bridge", "debug", "group", "log-level", "storage-driver"]),
    ],
)
def test_which_keys_flags_stand_for(words, keys):
    assert sorted(daemon_flags.keys_of(words.split())) == keys


UNIT = "ExecStart={ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd %s ; ignore_errors=no ; pid=1 ; code=(null) ; status=0/0 }\n"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", ([], False)),
        ("ExecStart=\n", ([], False)),
        (UNIT % "-H fd://", (["-H", "fd://"], True)),
        ("ExecStart={ path=/x ; argv[]=/x ; ignore_errors=no }", ([], True)),
        (UNIT % "-H fd:// $DOCKER_OPTS", (["-H", "fd://", "$DOCKER_OPTS"], False)),
    ],
)
def test_with_which_arguments_a_unit_starts(text, expected):
    assert daemon_flags.arguments_of_unit(text) == expected


@pytest.mark.parametrize(
    "settings, words, told",
    [
        ({"hosts": ["fd://"]}, "-H fd://", "hosts is in /f or in what is asked for: the unit docker starts the engine with the flag -H,"),
        ({"log-driver": "local", "labels": [], "mtu": 9}, "--label a=hunter2 --log-driver=x", "labels, log-driver are in /f"),
        ({"proxies": {"http-proxy": "http://p"}}, "--http-proxy=http://u:hunter2@p", "http-proxy is in /f"),
        ({"log-opts": {"max-size": "9m"}}, "--log-opt max-size=9m", "log-opts is in /f"),
        ({"log-opts": {"mtu": "9"}}, "--mtu 9", ""),
        ({"runtimes": {"a": {"path": "/a"}}}, "--add-runtime b=/b", ""),
        ({"mtu": 9}, "-H fd:// --containerd=/run/c.sock", ""),
    ],
)
def test_what_is_in_the_file_and_among_the_flags_is_refused(settings, words, told):
    if not told:
        assert daemon_flags.refuse_both(settings, words.split(), "/f", "docker") is None
        return
    with pytest.raises(Refusal) as refusal:
        daemon_flags.refuse_both(settings, words.split(), "/f", "docker")
    assert str(refusal.value).startswith(told) and "hunter2" not in str(refusal.value)
    assert "nothing was changed" in str(refusal.value)


@pytest.mark.parametrize(
    "words, refused",
    [
        ("-H fd:// --live-restore", True),
        ("--live-restore=true", True),
        ("--live-restore=1 -D", True),
        ("--live-restore=false --live-restore", True),
        ("--live-restore --live-restore=false", False),
        ("--live-restore=0", False),
        ("--live-restored", False),
        ("-H fd://", False),
    ],
)
def test_live_restore_as_a_flag_is_refused(words, refused):
    if not refused:
        assert daemon_flags.refuse_live_restore(words.split(), "engine") is None
        return
    with pytest.raises(Refusal, match="The unit engine starts the engine with the flag --live-restore, .* cannot be in a swarm"):
        daemon_flags.refuse_live_restore(words.split(), "engine")


# The module


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host without an engine's program and without systemd; its engine runs once its pid file is there."""
    monkeypatch.setattr(engine_config.shutil, "which", lambda name: None)
    monkeypatch.setattr(engine_config, "NOTES", str(tmp_path / "notes"))
    monkeypatch.setattr(engine_process, "PROC", str(tmp_path / "proc"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return {"path": str(tmp_path / "docker" / "daemon.json"), "pid_file": str(tmp_path / "docker.pid"), "service": "docker"}


def run(host, config, check_mode=False):
    return engine_config.execute(dict(host, config=config), check_mode)


def start_engine(host, pid=4711, started=1000, arguments=()):
    with open(host["pid_file"], "w", encoding="ascii") as file:
        file.write(str(pid))
    directory = os.path.join(engine_process.PROC, str(pid))
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "stat"), "w", encoding="ascii") as file:
        file.write("%d (docker) d) S 1 %s %d 99\n" % (pid, " ".join("0" * 17), started))
    with open(os.path.join(directory, "cmdline"), "w", encoding="ascii") as file:
        file.write("".join(word + "\0" for word in ("/usr/bin/dockerd", *arguments)))


def content(host):
    with open(host["path"], encoding="utf-8") as file:
        return json.load(file)


def test_a_host_without_a_file(host):
    assert run(host, {"mtu": 1400}, check_mode=True).changed and not os.path.exists(os.path.dirname(host["path"]))
    outcome = run(host, {"mtu": 1400})
    assert (outcome.changed, content(host)) == (True, {"mtu": 1400})
    assert outcome.facts == {"config": {"mtu": 1400}, "restart_pending": False, "enabled": False}
    assert os.stat(host["path"]).st_mode & 0o777 == 0o644
    assert not run(host, {"mtu": 1400}).changed
    assert os.listdir(os.path.dirname(host["path"])) == ["daemon.json"]


def test_nothing_asked_of_a_host_without_a_file_makes_none(host):
    assert not run(host, {}).changed
    assert not os.path.exists(host["path"])


def test_the_earlier_file_is_kept(host):
    run(host, {"mtu": 1400})
    outcome = run(host, {"mtu": 1300})
    with open(outcome.facts["backup_file"], encoding="utf-8") as file:
        assert json.load(file) == {"mtu": 1400}


def test_check_mode_writes_nothing_and_tells_the_same(host):
    run(host, {"mtu": 1400})
    foretold = run(host, {"mtu": 1300}, check_mode=True)
    assert content(host) == {"mtu": 1400} and len(os.listdir(os.path.dirname(host["path"]))) == 1
    done = run(host, {"mtu": 1300})
    assert (foretold.changed, foretold.before, foretold.after, foretold.actions) == (True, done.before, done.after, done.actions)


def test_a_restart_is_due_until_another_engine_runs(host):
    start_engine(host)
    assert run(host, {"mtu": 1400}, check_mode=True).facts["restart_pending"] and not os.path.exists(engine_config.NOTES)
    assert run(host, {"mtu": 1400}).facts["restart_pending"]
    again = run(host, {"mtu": 1400})
    assert (again.changed, again.facts["restart_pending"]) == (False, True), "a run that was interrupted before the restart is made good"
    start_engine(host, started=1001)
    assert not run(host, {"mtu": 1400}).facts["restart_pending"]


def test_what_others_do_with_the_file_makes_no_restart_due(host):
    run(host, {"mtu": 1400})
    start_engine(host)
    os.utime(host["path"])
    assert not run(host, {}).facts["restart_pending"]
    run(host, {"mtu": 1300})
    with open(host["path"], "w", encoding="utf-8") as file:
        json.dump({"mtu": 1300, "debug": True}, file)
    assert not run(host, {"mtu": 1300}).facts["restart_pending"]


def test_a_run_that_ended_between_the_note_and_the_file_writes_the_file(host, monkeypatch):
    def end(*_arguments):
        raise KeyboardInterrupt

    start_engine(host)
    run(host, {"mtu": 1400})
    start_engine(host, started=1001)
    replace = engine_config.replace
    with monkeypatch.context() as patched:
        patched.setattr(engine_config, "replace", lambda path, *rest: end() if path == host["path"] else replace(path, *rest))
        with pytest.raises(KeyboardInterrupt):
            run(host, {"mtu": 1300})
    assert content(host) == {"mtu": 1400} and not run(host, {"mtu": 1400}).facts["restart_pending"]
    assert run(host, {"mtu": 1300}).facts["restart_pending"] and run(host, {"mtu": 1300}).facts["restart_pending"]


def test_the_note_can_be_read_by_root_alone_and_holds_no_setting(host):
    start_engine(host)
    run(host, {"log-opts": {"splunk-token": "hunter2"}})
    [name] = os.listdir(engine_config.NOTES)
    path = os.path.join(engine_config.NOTES, name)
    with open(path, encoding="utf-8") as file:
        assert "hunter2" not in file.read()
    assert (os.stat(engine_config.NOTES).st_mode & 0o777, os.stat(path).st_mode & 0o777) == (0o700, 0o600)


@pytest.mark.parametrize("pid", ["", "no number", str(2**22 + 1)])
def test_an_engine_that_does_not_run_needs_no_restart(host, pid):
    start_engine(host)
    with open(host["pid_file"], "w", encoding="ascii") as file:
        file.write(pid)
    assert not run(host, {"mtu": 1400}).facts["restart_pending"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_an_existing_file_and_its_copy_keep_their_mode(host, mode):
    run(host, {"mtu": 1400})
    os.chmod(host["path"], mode)
    outcome = run(host, {"mtu": 1300})
    assert [os.stat(path).st_mode & 0o777 for path in (host["path"], outcome.facts["backup_file"])] == [mode, mode]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_an_existing_file_keeps_its_owner(host):
    run(host, {"mtu": 1400})
    os.chown(host["path"], 1234, 4321)
    run(host, {"mtu": 1300})
    assert (os.stat(host["path"]).st_uid, os.stat(host["path"]).st_gid) == (1234, 4321)


def test_a_new_file_with_secrets_is_not_for_everybody(host):
    run(host, {"log-opts": {"splunk-token": "hunter2"}})
    assert os.stat(host["path"]).st_mode & 0o777 == 0o600


SECRET, OTHER_SECRET, BARE = ({"log-opts": {"splunk-token": word}} for word in ("hunter2", "hunter3", ""))


@pytest.mark.parametrize(
    "mode, earlier, config, expected, expected_of_copy",
    [
        (0o644, {"mtu": 1400}, SECRET, 0o600, 0o644),
        (0o644, SECRET, OTHER_SECRET, 0o600, 0o600),
        (0o664, SECRET, {"mtu": 1400}, 0o600, 0o600),
        (0o444, SECRET, BARE, 0o444, 0o400),
        (0o644, {"mtu": 1400}, {"proxies": {"http-proxy": "http://u:hunter2@p"}}, 0o600, 0o644),
    ],
)
def test_a_file_into_which_secrets_are_written_is_left_to_its_owner_and_so_is_a_copy_with_secrets(
    host, mode, earlier, config, expected, expected_of_copy
):
    run(host, earlier)
    os.chmod(host["path"], mode)
    foretold = run(host, config, check_mode=True)
    assert os.stat(host["path"]).st_mode & 0o777 == mode
    done = run(host, config)
    assert [os.stat(path).st_mode & 0o777 for path in (host["path"], done.facts["backup_file"])] == [expected, expected_of_copy]
    assert (foretold.actions, foretold.before, foretold.after) == (done.actions, done.before, done.after)
    assert ("leave the file to its owner alone" in done.actions[0]) is (expected != mode)
    line = "(mode of %s)" % host["path"]
    told = (done.before.get(line), done.after.get(line))
    assert told == ((None, None) if expected == mode else ("%04o" % mode, "%04o" % expected))
    again = run(host, config)
    assert not again.changed and os.stat(host["path"]).st_mode & 0o777 == expected


def test_no_secret_is_in_the_result_of_the_module_or_in_the_hosts_log(host, monkeypatch, capsys):
    logged = []
    monkeypatch.setattr("ansible.module_utils.basic.AnsibleModule._log_to_syslog", lambda module, text: logged.append(text), raising=False)
    monkeypatch.setattr("ansible.module_utils.basic.AnsibleModule.log", lambda module, text, **rest: logged.append(text))
    config = {"proxies": {"http-proxy": "http://user:hunter2@proxy:3128"}, "log-opts": {"splunk-token": "hunter3", "max-size": "9m"}}
    with patch_module_args(dict(host, config=config, _ansible_diff=True)), pytest.raises(SystemExit):
        engine_config.main()
    result = capsys.readouterr().out
    assert "hunter" not in result and "proxy:3128" in result and json.loads(result)["config"]["log-opts"]["max-size"] == "9m"
    assert "hunter" not in str(logged)
    assert content(host) == config


@pytest.mark.parametrize(
    "said, expected", [("enabled", True), ("disabled", False), ("enabled-runtime", False), ("masked", False), ("", False)]
)
def test_whether_the_engine_starts_at_boot(host, tmp_path, said, expected):
    program = tmp_path / "systemctl"
    program.write_text('#!/bin/sh\n[ "$*" = "is-enabled docker" ] && echo "%s"\n' % said, encoding="utf-8")
    program.chmod(0o755)
    for check_mode in (True, False):
        assert run(host, {"mtu": 1400}, check_mode).facts["enabled"] is expected


RECENT = """#!/bin/sh
[ "$1" = --validate ] || exit 9
grep -q no-such-setting "$3" || exit 0
echo "unable to configure the daemon with file $3: these directives match no option: no-such-setting."
exit 1
"""
# As 20.10 without root's rights: it knows no --validate, reads the file, and starts nothing.
OLD = """#!/bin/sh
[ "$1" = --validate ] && echo "unknown flag: --validate" && exit 125
[ "$1" = --config-file ] || exit 9
grep -q hunter2 "$2" && echo "the trial can be read by others" && exit 1
said="%s"
grep -q no-such-setting "$2" && said="unable to configure the daemon with file $2: these directives match no option: no-such-setting"
echo "$said"
exit 1
"""
NEEDS_RIGHTS = "dockerd needs to be started with root privileges. To run dockerd in rootless mode as an unprivileged user, see X"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The engine's program, and rights that are kept, as it lies where nobody else can read."""

    def make(body):
        path = tmp_path / "dockerd"
        path.write_text(body, encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr(engine_config.shutil, "which", lambda name: str(path))
        monkeypatch.setattr(engine_config, "give_up_rights", lambda: None)
        monkeypatch.setenv("PATH", "/usr/bin:/bin")

    return make


@pytest.mark.parametrize("body", [RECENT, OLD % NEEDS_RIGHTS])
def test_the_engines_own_program_has_a_say(host, program, body):
    program(body)
    assert run(host, {"mtu": 1400, "log-opts": {"splunk-token": "hunter2"}}).changed
    before = content(host)
    for check_mode in (True, False):
        with pytest.raises(Refusal, match="with file %s: these directives match no option: no-such-setting. Nothing" % host["path"]):
            run(host, {"no-such-setting": 1}, check_mode)
    assert content(host) == before


@pytest.mark.parametrize("said", [NEEDS_RIGHTS, "unable to configure the Docker daemon with file F: open F: permission denied"])
def test_a_trial_that_says_nothing_of_the_file_is_no_verdict(host, program, said):
    program(OLD % said)
    assert run(host, {"mtu": 1400}).changed


def test_a_program_that_nobody_else_may_run_is_no_verdict(host, program, monkeypatch):
    def refuse():
        raise PermissionError

    program(OLD % NEEDS_RIGHTS)
    monkeypatch.setattr(engine_config, "answer", lambda *words, **rest: refuse() if rest else (125, "unknown flag: --validate"))
    assert run(host, {"mtu": 1400}).changed


def test_a_verdict_tells_no_secret(host, program):
    program('#!/bin/sh\necho "invalid proxy http://user:hunter2@proxy"\nexit 1\n')
    with pytest.raises(Refusal) as refusal:
        run(host, {"proxies": {"http-proxy": "http://user:hunter2@proxy"}})
    assert "invalid proxy http://(not told)@proxy" in str(refusal.value)


def test_a_program_that_does_not_answer_is_not_waited_for_without_limit(host, program, monkeypatch):
    program("#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr(engine_config, "ANSWER_LIMIT", 1)
    with pytest.raises(Refusal, match="--validate' did not say within 1 s"):
        run(host, {"mtu": 1400})
    assert not os.path.exists(host["path"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up rights")
def test_the_trial_has_no_rights_and_can_read_the_file():
    status, said = engine_config.answer(["/bin/sh", "-c", 'id -u; id -G; cat "$2"', "sh"], "the text", "/f", without_rights=True)
    assert (status, said.split("\n")) == (0, ["65534", "65534", "the text"])


def write_unit(directory, text):
    """What systemctl tells of the engine's unit."""
    (directory / "unit").write_text(text, encoding="utf-8")
    systemctl = directory / "systemctl"
    asked = '[ "$*" = "show --property ExecStart docker" ]'
    systemctl.write_text("#!/bin/sh\n%s && /bin/cat %s/unit\nexit 0\n" % (asked, directory), encoding="utf-8")
    systemctl.chmod(0o755)


@pytest.mark.parametrize(
    "unit, arguments, refused",
    [
        (UNIT % "-H fd://", [], True),
        (UNIT % "--containerd=/c", ["-H", "fd://"], False),
        (UNIT % "$DOCKER_OPTS", ["-H", "fd://"], True),
        ("", ["-H", "fd://"], True),
        ("", ["--containerd=/c"], False),
    ],
)
def test_flags_of_the_next_start_are_known_from_the_unit_or_else_from_the_running_engine(host, tmp_path, unit, arguments, refused):
    start_engine(host, arguments=arguments)
    write_unit(tmp_path, unit)
    if refused:
        for check_mode in (True, False):
            with pytest.raises(Refusal, match="hosts is in "):
                run(host, {"hosts": ["fd://"]}, check_mode)
        assert not os.path.exists(host["path"])
    else:
        assert run(host, {"hosts": ["fd://"]}).changed


def test_live_restore_as_a_flag_is_refused_also_where_nothing_differs(host, tmp_path):
    run(host, {"mtu": 1400})
    write_unit(tmp_path, UNIT % "-H fd:// --live-restore")
    for config in ({"mtu": 1400}, {"mtu": 1300}, {"live-restore": False}):
        for check_mode in (True, False):
            with pytest.raises(Refusal, match="The unit docker starts the engine with the flag --live-restore"):
                run(host, config, check_mode)
    assert content(host) == {"mtu": 1400}
