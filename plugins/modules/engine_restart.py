#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: engine_restart
short_description: Restart a host's Docker engine without a loss of the swarm's quorum
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Looks what the swarm would be without the host, restarts the engine with C(systemctl), and waits until it is back, in one execution.
  - Refuses the restart of a manager where the other managers that can be reached are no majority. With one or two managers the quorum is
    lost for a while in any case, and nothing is refused.
  - An engine that does not answer, or a manager that finds no leader, cannot be missed, and is restarted.
  - A worker is back when it has its place in the swarm again, a manager when the managers have a leader and hold its node for ready and
    reachable.
  - A manager of a swarm with autolock is unlocked, so that the next one can be restarted. Its engine is asked for the unlock key before the
    restart; the key is held in memory alone and is never told. Where there was no leader the key cannot be had, and where it was made anew
    meanwhile it may not fit; such a manager is back when it is locked, and that is a warning.
  - Members of clusters that ran before (M(quorate.swarm.cluster_member)) are started by systemd, and are waited for as long once more. That
    their cluster has taken them in is for the health modules to say.
  - Runs on one host. Take the hosts one after the other, and stop at the first that fails.
options:
  service:
    description: The engine's systemd unit.
    type: str
    default: docker
  wait_timeout:
    description:
      - Seconds until the engine must be back, counted from the end of C(systemctl), which waits for the engine's own start.
      - A manager that is starting or has no leader is given as long before its engine is restarted, since until the election has ended
        nobody can tell whether it can be missed; and so are the other managers, to become reachable before the restart is refused.
    type: int
    default: 120
attributes:
  diff_mode:
    support: N/A
    description: Nothing differs after a restart.
  idempotent:
    support: none
    description: Restarts the engine each time.
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
requirements:
  - systemd on the host
seealso:
  - module: quorate.swarm.engine_config
  - module: ansible.builtin.systemd_service
"""

EXAMPLES = r"""
- name: Restart the engines, one after the other
  hosts: swarm_managers:swarm_workers
  gather_facts: false
  serial: 1
  any_errors_fatal: true
  tasks:
    - name: Restart the engine
      quorate.swarm.engine_restart:
"""

RETURN = r"""
swarm:
  description:
    - The host's membership after the restart, as M(quorate.swarm.swarm) returns it; in check mode as it is.
    - None in check mode where the engine does not answer.
  returned: success
  type: dict
  sample:
    state: active
    role: manager
    node_id: 3b4mbhoz6dwqrvz9b6ynkz8lc
    node_addr: 10.10.10.88
    cluster_id: rqzqcqvhg6zbbwytg1j7wqb1c
    managers: [{"addr": "10.10.10.88:2377", "node_id": "3b4mbhoz6dwqrvz9b6ynkz8lc"}]
    error: null
members:
  description: The members of clusters that ran before the restart, and run again; in check mode those that run.
  returned: success
  type: list
  elements: str
  sample: ["zoo1"]
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["restart the engine"]
"""

import subprocess

from ansible_collections.quorate.swarm.plugins.module_utils import restarts
from ansible_collections.quorate.swarm.plugins.module_utils.container_spec import MEMBER_LABEL
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import cluster_id_on_disk
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.membership import LOCKED, membership_of
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import look_until, wait_until

# An engine ends its containers before itself, each within a time of its own.
RESTART_LIMIT = 900


def execute(reach, params, check_mode):
    before = look_before(reach, params["wait_timeout"])
    restarts.refuse(before)
    now = before
    if not check_mode:
        key = unlock_key(reach) if restarts.has_key(before) else None
        restart(params["service"])
        now = await_return(reach, before, params["wait_timeout"], key)
        await_members(reach, before, now, params["wait_timeout"])
    return Outcome(
        changed=True,
        actions=[restarts.Restart.sentence()],
        warnings=[] if now is None else restarts.warnings(before, now),
        facts={"swarm": None if now is None else now.membership.summary(), "members": sorted(before.members) if before else []},
    )


def look_before(reach, limit):
    """What the engine says before its restart.

    An election is given time to end, since until then no majority can be counted, and a manager that has just come back to be
    reachable again.
    """
    return look_until(
        lambda: look(reach),
        lambda view: view is None or not (view.is_starting or view.lacks_leader or restarts.is_refused(view)),
        limit,
    )


def unlock_key(reach):
    """None where managers do not lock themselves, or where the leader is lost at this moment."""
    try:
        return reach().unlock_key()
    except EngineError as exc:
        if exc.may_pass:
            return None
        raise


def await_return(reach, before, limit, key=None):
    keys = [key] if key else []

    def observe():
        now = look(reach)
        if keys and now is not None and now.membership.state == LOCKED:
            if not unlock(reach, keys[0]):
                keys.clear()
            now = look(reach)
        return now, restarts.missing(before, now, unlocks=bool(keys))

    now, _missing = wait_until(
        observe, lambda seen: not seen[1], limit, "the restarted engine was back", describe=lambda seen: seen[1]
    )
    return now


def await_members(reach, before, now, limit):
    if not restarts.members_missing(before, now):
        return

    def observe():
        return restarts.members_missing(before, look(reach))

    wait_until(observe, lambda seen: not seen, limit, "the members of clusters on this host ran again", describe=lambda seen: seen)


def unlock(reach, key):
    """Whether the key is the right one, as far as the engine says; it may answer only after this manager has found the others."""
    try:
        reach().swarm_unlock(key)
    except EngineError as exc:
        return not exc.is_wrong_key
    return True


def look(reach):
    """None where the engine does not answer."""
    try:
        engine = reach()
        info = engine.info()
        members = running_members(engine)
    except EngineError:
        return None
    membership = membership_of(info, cluster_id_on_disk(info.get("DockerRootDir") or ""))
    return restarts.View(membership, nodes_of(engine) if membership.is_manager else None, members)


def running_members(engine):
    running = [container for container in engine.containers() if container.get("State") == "running"]
    return frozenset((container.get("Labels") or {}).get(MEMBER_LABEL) for container in running) - {None, ""}


def nodes_of(engine):
    try:
        return engine.nodes()
    except EngineError as exc:
        if exc.may_pass:
            return None
        raise


def restart(service):
    try:
        done = subprocess.run(
            ["systemctl", "restart", service],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RESTART_LIMIT, check=False,
        )
    except FileNotFoundError as exc:
        raise QuorateError("There is no systemctl on this host, and engines are restarted only with systemd.") from exc
    except subprocess.TimeoutExpired as exc:
        raise QuorateError(
            "The engine was told to restart %d s ago, and has not ended or not started yet. See 'systemctl status %s' on this host."
            % (RESTART_LIMIT, service)
        ) from exc
    if done.returncode:
        said = " ".join(done.stdout.decode("utf-8", "replace").split())
        raise QuorateError("The engine did not come back: %s Read 'journalctl -u %s' on this host." % (said, service))


def main():
    run_reconnecting_module(
        execute,
        {
            "service": {"type": "str", "default": "docker"},
            "wait_timeout": {"type": "int", "default": 120},
        },
    )


if __name__ == "__main__":
    main()
