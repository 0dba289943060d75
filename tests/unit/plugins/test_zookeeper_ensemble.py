# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The membership of a ZooKeeper ensemble: the plan, and the module on a server of this machine."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quorate.swarm.plugins.module_utils import zookeeper_ensemble as ensemble
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal, TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.zookeeper_config import Membership, membership
from ansible_collections.quorate.swarm.plugins.modules import zookeeper_ensemble
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import at, closed, no_engine, served
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.zookeeper import Ensemble

ABSENT_WITHOUT_SERVING = "A server can leave only where it is known who serves"


def line(number, role="participant", port=";2181"):
    return "server.%d=zoo%d:2888:3888:%s%s" % (number, number, role, port)


def current(*numbers, observers=(), port=";2181"):
    lines = [line(number, "observer" if number in observers else "participant", port) for number in numbers]
    return membership("\n".join([*lines, "version=100000000"]))


def wanted(present=(), absent=(), serving=None):
    return ensemble.wanted({"present": list(present), "absent": list(absent), "serving": serving})


# Decisions


@pytest.mark.parametrize(
    "known, wishes, actions",
    [
        (current(1, 2, 3), {}, []),
        (current(1, 2, 3), {"present": [line(1), line(3)]}, []),
        (current(1, 2, 3), {"present": ["1=zoo1:2888:3888"]}, []),
        (current(1, 2, 3, port=""), {"present": [line(1)]}, []),
        (current(1, 2, 3), {"absent": [4], "serving": [1, 2, 3]}, []),
        (current(1, 2, 3), {"present": [line(4)]}, ["add server.4=zoo4:2888:3888:participant;0.0.0.0:2181"]),
        (
            current(1, 2, 3, 4, observers=[4]),
            {"present": [line(4)]},
            ["change server.4=zoo4:2888:3888:participant;0.0.0.0:2181"],
        ),
        (current(1, 2, 3), {"absent": [3], "serving": [1, 2, 3]}, ["remove server.3"]),
        (current(1, 2, 3), {"absent": [3], "serving": [1, 2]}, ["remove server.3"]),
        (
            current(1, 2, 3),
            {"present": [line(4)], "absent": [3], "serving": [1, 2, 4]},
            ["add server.4=zoo4:2888:3888:participant;0.0.0.0:2181", "remove server.3"],
        ),
        (current(1, 2, 3, 4, 5), {"absent": [5, 4], "serving": [1, 2, 3, 4, 5]}, ["remove server.5", "remove server.4"]),
        (current(1, 2), {"absent": [2], "serving": [1, 2]}, ["remove server.2"]),
        (current(1), {"present": [line(2)], "serving": [1, 2]}, ["add server.2=zoo2:2888:3888:participant;0.0.0.0:2181"]),
        (current(1, 2, 3, 4, observers=[4]), {"absent": [4], "serving": [1, 2]}, ["remove server.4"]),
    ],
)
def test_changes(known, wishes, actions):
    desired = wanted(**wishes)
    plan = ensemble.plan(known, desired)
    assert [step.sentence() for step in plan.steps] == actions
    after = known
    for step in plan.steps:
        assert not step.is_done(after)
        after = step.applied(after)
        assert step.is_done(after)
    assert ensemble.plan(after, desired).steps == ()
    assert plan.before == ({"members": known.specs()} if actions else {})
    assert plan.after == ({"members": after.specs()} if actions else {})


@pytest.mark.parametrize(
    "known, wishes, sentence",
    [
        (
            current(1, 2, 3),
            {"absent": [2], "serving": [1, 2]},
            r"lose its majority \(remove server.2\): 2 servers would vote, 1 of them serve \(server.1\), 2 are needed. Let more",
        ),
        (current(1, 2, 3), {"absent": [1], "serving": []}, "2 servers would vote, none of them serve, 2 are needed"),
        (current(1), {"absent": [1], "serving": [1]}, "0 servers would vote, none of them serve, 1 are needed"),
        (current(1), {"present": [line(2)], "serving": [1]}, "2 servers would vote, 1 of them serve"),
        (current(1, 2, 3), {"present": [line(3, "observer")], "serving": [3, 2]}, r"lose its majority \(change server.3=.*:observer"),
        (
            current(1, 2, 3, 4, 5),
            {"absent": [3, 4, 5], "serving": [1, 2, 3, 4, 5]},
            "With server.3, server.4 and server.5 3 of the 5 servers that serve would lose their vote, which is no minority. Take away 2",
        ),
        (current(1, 2, 3), {"absent": [2, 3], "serving": [1, 2, 3]}, "Take away 1 at most"),
        (
            current(1, 2, 3, 4),
            {"present": [line(3, "observer")], "absent": [4], "serving": [1, 2, 3, 4]},
            "With server.3 and server.4 2 of the 4 servers that serve would lose their vote",
        ),
        (Membership(), {"present": [line(1)]}, "The server stands alone, and only an ensemble can be changed"),
        (membership("group.1=1:2\n%s\nversion=1" % line(1)), {"present": [line(2)]}, "The ensemble has groups of servers with weights"),
    ],
)
def test_changes_that_are_refused(known, wishes, sentence):
    with pytest.raises(Refusal, match=sentence):
        ensemble.plan(known, wanted(**wishes))


@pytest.mark.parametrize(
    "wishes, sentence",
    [
        ({"present": ["zoo4"]}, "'zoo4' names no member of an ensemble. Write it like server.4=zoo4:2888:3888:participant;2181."),
        ({"present": [line(4)], "absent": [4], "serving": []}, "More than one thing is asked for of server.4. Name each server once."),
        ({"present": [line(4), line(4, "observer")]}, "More than one thing is asked for of server.4"),
        ({"absent": [3]}, ABSENT_WITHOUT_SERVING),
    ],
)
def test_wishes_that_make_no_sense(wishes, sentence):
    with pytest.raises(Refusal, match=sentence):
        wanted(**wishes)


def test_a_look_at_a_server_that_stands_alone():
    assert ensemble.plan(Membership(), wanted()).steps == ()


# The module


def run(servers, check_mode=False, password="hushhush", wait_timeout=60, present=(), absent=(), serving=None):
    with servers.serving() as port:
        return execute(port, check_mode, password, wait_timeout, present, absent, serving)


def execute(port, check_mode=False, password=None, wait_timeout=60, present=(), absent=(), serving=None):
    options = {"user": "super", "password": password, "wait_timeout": wait_timeout}
    params = at(port, present=list(present), absent=list(absent), serving=serving, **options)
    return zookeeper_ensemble.execute(no_engine, params, check_mode)


@pytest.fixture
def three():
    return Ensemble(line(1), line(2), line(3))


REPLACED = {"present": [line(4)], "absent": [3], "serving": [1, 2, 4]}


def test_a_server_is_replaced(three):
    outcome = run(three, **REPLACED)
    assert three.changes == ["server.4=zoo4:2888:3888:participant;0.0.0.0:2181", "-3"]
    assert outcome.changed and list(outcome.after["members"]) == ["server.1", "server.2", "server.4"]
    assert ([known["id"] for known in outcome.facts["members"]], outcome.facts["version"]) == ([1, 2, 4], "100000002")
    assert three.sessions == three.closed == 3


def test_the_second_run_changes_nothing(three):
    run(three, **REPLACED)
    outcome = run(three, **REPLACED)
    assert (outcome.changed, outcome.actions, outcome.before, len(three.changes)) == (False, [], {}, 2)


def test_check_mode_tells_and_does_nothing(three):
    outcome = run(three, check_mode=True, **REPLACED)
    assert outcome.changed and len(outcome.actions) == 2 and three.changes == []
    assert [known["id"] for known in outcome.facts["members"]] == [1, 2, 3]


def test_a_look_needs_no_password(three):
    outcome = run(three, password=None)
    assert (outcome.changed, len(outcome.facts["members"]), outcome.facts["version"]) == (False, 3, "100000000")


@pytest.mark.parametrize("trouble", ["NewConfigNoQuorum", "ReconfigInProgress", "BadVersion", "OperationTimeout", "lost"])
def test_what_may_pass_is_tried_again(three, clock, trouble):
    three.troubles = [trouble]
    assert run(three, **REPLACED).facts["version"] == "100000002"
    assert three.changes == ["server.4=zoo4:2888:3888:participant;0.0.0.0:2181", "-3"]


def test_a_change_that_somebody_else_makes_meanwhile_is_counted(clock):
    """Server 2 has left, and with server 4 the majority would go."""
    four = Ensemble(line(1), line(2), line(3), line(4))

    def leave():
        del four.members[2]
        four.version += 1

    four.troubles = [leave]
    with pytest.raises(Refusal, match=r"\(remove server.4\): 2 servers would vote, 1 of them serve \(server.3\)"):
        run(four, absent=[4], serving=[2, 3, 4])
    assert four.changes == []


@pytest.mark.parametrize(
    "trouble, sentence",
    [
        ("NoAuth", "The server lets only its superuser change the ensemble, and does not hold this user for it"),
        ("ReconfigDisabled", "Start all servers with reconfigEnabled=true first"),
        ("Unimplemented", "The server stands alone"),
        ("BadArguments", "an address or port may belong to another member already"),
    ],
)
def test_what_is_refused_for_good_is_told_at_once(three, clock, trouble, sentence):
    three.troubles = [trouble]
    with pytest.raises(Refusal, match=sentence):
        run(three, **REPLACED)
    assert clock.now == 0 and three.sessions == three.closed


@pytest.mark.parametrize("password", [None, "wrong"])
def test_who_is_not_the_superuser_is_refused(three, clock, password):
    with pytest.raises(Refusal, match=r"Give the user and password of which its .* was made. \(NoAuth\)"):
        run(three, password=password, **REPLACED)
    assert three.changes == []


def test_a_joiner_that_does_not_keep_up_is_told(three, clock):
    three.troubles = ["NewConfigNoQuorum"] * 100
    with pytest.raises(TimeLimitExceeded) as failure:
        run(three, wait_timeout=10, present=[line(4)])
    assert str(failure.value) == (
        "Waited 10 s until the ensemble had taken the change (add server.4=zoo4:2888:3888:participant;0.0.0.0:2181); seen last: no "
        "majority of the changed ensemble is in step with the leader (NewConfigNoQuorum)."
    )


def test_an_ensemble_without_a_majority_is_waited_for_and_told(three, clock):
    three.serves = False
    with pytest.raises(TimeLimitExceeded, match="until the server served requests; seen last: port .* (ended the|did not answer)"):
        run(three, wait_timeout=10)


def test_a_closed_port_is_told(clock):
    with closed() as port, pytest.raises(TimeLimitExceeded, match="seen last: nothing listens on port %d at 127.0.0.1" % port):
        execute(port, wait_timeout=1)


def test_a_port_of_something_else_is_told(clock):
    def greet(connection):
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with served(greet) as port, pytest.raises(TimeLimitExceeded, match="says what no ZooKeeper does: a packet of 1213486160 bytes"):
        execute(port, wait_timeout=1)


@pytest.mark.parametrize("trouble", [None, "NoAuth"])
def test_a_password_is_in_no_output(three, capsys, trouble):
    three.troubles = [trouble]
    with three.serving() as port:
        options = {"address": "127.0.0.1", "port": port, "password": "hushhush", "present": [line(4)]}
        with patch_module_args(options), pytest.raises(SystemExit):
            zookeeper_ensemble.main()
    result = json.loads(capsys.readouterr().out)
    assert result.get("failed", False) is bool(trouble) and "hushhush" not in json.dumps(result)
