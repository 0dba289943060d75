#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: swarm_settings
short_description: Settings of a whole Docker Swarm, and rotation of its tokens, unlock key and root CA
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Brings the settings of the swarm to the wanted values in one task. Runs once, on any manager.
  - Options that are left out are not touched. What somebody else changes at the same moment is kept.
  - Makes tokens, the unlock key and the root CA anew, where that is asked for by name.
  - Tells no token, no key and no certificate, except for the unlock key when it is asked for by name.
  - Durations are numbers with units, as the docker program takes them, such as V(5s), V(1h30m) or V(2160h). The units are C(ns), C(us),
    C(ms), C(s), C(m) and C(h).
options:
  dispatcher_heartbeat_period:
    description:
      - Time between two signs of life that a node gives its manager, at least V(1s). The engine's default is 5 seconds.
      - A node that misses three of them is taken for down, and its tasks start elsewhere.
    type: str
  snapshot_interval:
    description: Entries of the managers' log between two snapshots of it, at least 1. The engine's default is 10000.
    type: int
  keep_old_snapshots:
    description: Snapshots that managers keep beside the newest, at least 0. The engine's default is 0.
    type: int
  log_entries_for_slow_followers:
    description: Entries of the log that managers keep after a snapshot, for those among them that are behind, at least 0. The engine's
      default is 500.
    type: int
  election_tick:
    description:
      - Seconds that a manager waits for a word of its leader before it wants another one. It must be greater than O(heartbeat_tick).
        The engine's default is 10.
      - The swarm takes note of it, but each engine goes by C(swarm-raft-election-tick) of its own configuration, and warns in its log when
        it starts and they differ.
    type: int
  heartbeat_tick:
    description:
      - Seconds between two words of the leader to the other managers, at least 1. The engine's default is 1.
      - The swarm takes note of it, but each engine goes by C(swarm-raft-heartbeat-tick) of its own configuration, as with O(election_tick).
    type: int
  task_history_retention_limit:
    description: Ended tasks that are kept for each slot of a service, at least 0. The engine's default is 5.
    type: int
  node_cert_expiry:
    description:
      - Time for which the certificates of nodes are valid, at least V(1h). The engine's default is 2160 hours, which are 90 days.
      - It holds for certificates that are issued afterwards.
    type: str
  external_cas:
    description:
      - All external CAs that sign the certificates of nodes, in their order. An empty list removes them.
      - What is left out of one that the swarm has already stays as it is.
      - Results and differences tell the address, the fingerprint of the certificate and the names of the options.
    type: list
    elements: dict
    suboptions:
      url:
        description: Address that takes requests to sign, with C(https://).
        type: str
        required: true
      protocol:
        description: How the CA is spoken to.
        type: str
        choices: [cfssl]
        default: cfssl
      ca_cert:
        description:
          - Root certificate of the CA in PEM form.
          - Without one, a CA that is new to the swarm is taken to have the swarm's root certificate.
        type: str
      options:
        description: Further options of the protocol. Values are turned into text.
        type: dict
  autolock:
    description:
      - Whether managers lock themselves, so that after a restart of its engine each of them waits for the unlock key; see
        O(quorate.swarm.swarm#module:state=unlocked).
      - Whoever switches this on must keep the unlock key outside of the swarm; O(unlock_key=true) tells it.
      - Once it is switched off, no manager tells the key any more. Those that could not be reached then need it still, and are named in
        a warning.
    type: bool
  log_driver:
    description:
      - Log driver of tasks whose service names none.
      - Engines known so far (29 and older) say that they take this, and pass over it (U(https://github.com/moby/moby/issues/53396)).
        The module sees that and fails, before it changes anything else. There, set C(log-driver) in the configuration of every engine.
    type: dict
    suboptions:
      name:
        description: Name of the driver, such as V(json-file) or V(local).
        type: str
        required: true
      options:
        description:
          - Options of the driver. Values are turned into text. Left out, those that the same driver has are not touched.
          - Results and differences do not tell values whose names speak of a password, secret, token, key or credential.
            Put C(no_log=true) on a task that gives one, since Ansible shows the options of a task with C(-vvv).
        type: dict
  labels:
    description: Labels of the swarm. Values are turned into text.
    type: dict
  labels_to_remove:
    description: Keys of labels that the swarm shall not have, whatever their value.
    type: list
    elements: str
  labels_state:
    description: V(merge) leaves labels that O(labels) does not name alone, V(replace) removes them.
    type: str
    choices: [merge, replace]
    default: merge
  default_addr_pool:
    description:
      - Subnets from which overlays take theirs.
      - Fixed for the life of the swarm. It is compared, and a difference is a warning.
    type: list
    elements: str
    default: []
  subnet_size:
    description: Prefix length of the subnets taken from O(default_addr_pool); fixed and compared as that.
    type: int
  data_path_port:
    description: UDP port of the overlays' VXLAN traffic; fixed and compared as O(default_addr_pool).
    type: int
  rotate_worker_token:
    description: Make the token with which workers join anew. Members stay members.
    type: bool
    default: false
  rotate_manager_token:
    description: Make the token with which managers join anew. Members stay members.
    type: bool
    default: false
  rotate_unlock_key:
    description:
      - Make the unlock key anew.
      - Refused while a manager cannot be reached by the others, since it is down or locked. It would need the key before to come back,
        which no manager tells after the rotation.
    type: bool
    default: false
  rotate_ca:
    description:
      - Give the swarm a new root CA, and every node a certificate of it. The task ends when all nodes have one.
      - A node that is down holds it up until its host is back, or its entry is removed. After O(wait_timeout) the task fails and names it;
        the rotation goes on by itself, and the swarm works meanwhile. Nothing is refused, since a CA whose key others know cannot wait; in
        check mode a warning names such nodes.
      - When it ends, the swarm makes both join tokens anew, too.
      - Without O(signing_ca_cert) the swarm makes a new certificate and key itself.
    type: bool
    default: false
  signing_ca_cert:
    description:
      - Root certificate in PEM form to which O(rotate_ca=true) leads. It must be valid for a year more, and have another key than the
        present one.
      - If the swarm has this root certificate already, there is nothing to rotate.
    type: str
  signing_ca_key:
    description: Key of O(signing_ca_cert) in PEM form. Only where an external CA signs with that certificate it is left out.
    type: str
  unlock_key:
    description:
      - Tell the unlock key, after what the task has changed.
      - It is a secret. Put C(no_log=true) on the task that asks for it.
    type: bool
    default: false
  wait_timeout:
    description: Seconds until the managers must have a leader, and until a rotation of the root CA must have ended.
    type: int
    default: 120
attributes:
  idempotent:
    support: partial
    details:
      - A rotation takes place each time that it is asked for, and is a change.
      - O(rotate_ca=true) with O(signing_ca_cert) is none where the swarm has that root certificate already.
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.swarm
  - module: quorate.swarm.swarm_info
  - module: community.docker.docker_swarm
"""

EXAMPLES = r"""
- name: Keep fewer ended tasks, renew certificates every month, and label the swarm
  quorate.swarm.swarm_settings:
    task_history_retention_limit: 2
    node_cert_expiry: 720h
    labels:
      site: north

- name: Let managers lock themselves, and take the unlock key to a safe place
  quorate.swarm.swarm_settings:
    autolock: true
    unlock_key: true
  register: result
  no_log: true

- name: Make the join tokens anew
  quorate.swarm.swarm_settings:
    rotate_worker_token: true
    rotate_manager_token: true

- name: Give the swarm a root CA of one's own
  quorate.swarm.swarm_settings:
    rotate_ca: true
    signing_ca_cert: "{{ lookup('ansible.builtin.file', 'swarm-ca.pem') }}"
    signing_ca_key: "{{ vault_swarm_ca_key }}"
    wait_timeout: 600
"""

RETURN = r"""
settings:
  description: The settings of the swarm after the task; in check mode as they are.
  returned: success
  type: dict
  contains:
    dispatcher_heartbeat_period:
      description: Time between two signs of life of a node.
      type: str
      sample: 5s
    snapshot_interval:
      description: Entries of the managers' log between two snapshots.
      type: int
      sample: 10000
    keep_old_snapshots:
      description: Snapshots that are kept beside the newest.
      type: int
      sample: 0
    log_entries_for_slow_followers:
      description: Entries of the log that are kept after a snapshot.
      type: int
      sample: 500
    election_tick:
      description: Seconds that a manager waits for a word of its leader, as the swarm has noted it.
      type: int
      sample: 10
    heartbeat_tick:
      description: Seconds between two words of the leader, as the swarm has noted it.
      type: int
      sample: 1
    task_history_retention_limit:
      description: Ended tasks that are kept for each slot.
      type: int
      sample: 5
    node_cert_expiry:
      description: Time for which certificates of nodes are valid.
      type: str
      sample: 2160h
    external_cas:
      description: The external CAs in words.
      type: list
      elements: str
      sample: ["https://ca.example:8888 (cfssl, certificate sha256:9f86d081884c7d65)"]
    autolock:
      description: Whether managers lock themselves.
      type: bool
      sample: false
    log_driver:
      description: Name and options of the log driver of tasks, none where there is no default.
      type: dict
      sample: null
    labels:
      description: Labels of the swarm.
      type: dict
      sample: {"site": "north"}
    default_addr_pool:
      description: Subnets from which overlays take theirs.
      type: list
      elements: str
      sample: ["10.0.0.0/8"]
    subnet_size:
      description: Prefix length of these subnets.
      type: int
      sample: 24
    data_path_port:
      description: UDP port of the overlays' VXLAN traffic.
      type: int
      sample: 4789
    root_rotation_in_progress:
      description: Whether nodes still have to get a certificate of a new root CA.
      type: bool
      sample: false
unlock_key:
  description: The unlock key; none where managers do not lock themselves, and in check mode where the task would make another one.
  returned: when O(unlock_key=true)
  type: str
  sample: (secret)
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["set task_history_retention_limit 2, rotate the join token of workers"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import settings, swarm_spec
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import host_name
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.membership import membership_of, require_manager
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import look_until, wait_until

# A manager is active some moments before the others have heard of it.
ARRIVAL = 10


def execute(engine, params, check_mode):
    settings.refuse_invalid(params)
    require_manager(membership_of(engine.info()), "change the swarm's settings", host_name)
    seen = read(engine, params)
    plan = settings.plan(seen, params, read_nodes(engine, params) if settings.concerns_nodes(params) else ())
    if not check_mode:
        for step in plan.steps:
            seen = STEPS[step.action](engine, step, params)
    outcome = Outcome.of(plan, settings=swarm_spec.summary(seen))
    if params["unlock_key"]:
        outcome.facts["unlock_key"] = None if check_mode and settings.makes_unlock_key(plan) else engine.unlock_key()
    return outcome


def read(engine, params):
    return patiently(engine.swarm, params)


def read_nodes(engine, params):
    """Before the unlock key is rotated, a manager that has just been unlocked is given a moment to be reached by the others."""
    seen = patiently(engine.nodes, params)
    if not params["rotate_unlock_key"] or not settings.unreachable_managers(seen):
        return seen
    return look_until(lambda: answered(engine.nodes), lambda now: now and not settings.unreachable_managers(now), ARRIVAL) or seen


def patiently(call, params):
    return wait_until(
        lambda: answered(call),
        lambda seen: seen is not None,
        params["wait_timeout"],
        "the managers had a leader",
        describe=lambda seen: "none",
    )


def answered(call):
    """What the managers answer; none while they have no leader, as for moments after one was lost."""
    try:
        return call()
    except EngineError as exc:
        if exc.may_pass:
            return None
        raise


def update(engine, step, params):
    engine.swarm_update(lambda spec: settings.applied(spec, step, params), step.rotated_keys)
    seen = read(engine, params)
    settings.see_kept(seen["Spec"], step, params)
    return seen


def await_root(engine, step, params):
    return wait_until(
        lambda: answered(engine.swarm),
        lambda seen: seen is not None and not seen.get("RootRotationInProgress"),
        params["wait_timeout"],
        "every node had a certificate of the new root CA, for which each must be up, or its entry be removed",
        describe=lambda seen: behind(engine, seen),
    )


def behind(engine, seen):
    nodes = answered(engine.nodes)
    if seen is None or nodes is None:
        return "the managers have no leader"
    return "still without one %s; the rotation goes on by itself" % (", ".join(settings.behind(seen, nodes)) or "no node")


STEPS = {"update": update, "await_root": await_root}

ARGUMENTS = {
    "dispatcher_heartbeat_period": {"type": "str"},
    "snapshot_interval": {"type": "int"},
    "keep_old_snapshots": {"type": "int"},
    "log_entries_for_slow_followers": {"type": "int"},
    "election_tick": {"type": "int"},
    "heartbeat_tick": {"type": "int"},
    "task_history_retention_limit": {"type": "int"},
    "node_cert_expiry": {"type": "str"},
    "external_cas": {
        "type": "list",
        "elements": "dict",
        "options": {
            "url": {"type": "str", "required": True},
            "protocol": {"type": "str", "choices": ["cfssl"], "default": "cfssl"},
            "ca_cert": {"type": "str", "no_log": True},
            "options": {"type": "dict", "no_log": True},
        },
    },
    "autolock": {"type": "bool"},
    "log_driver": {
        "type": "dict",
        "options": {"name": {"type": "str", "required": True}, "options": {"type": "dict"}},
    },
    "labels": {"type": "dict"},
    "labels_to_remove": {"type": "list", "elements": "str"},
    "labels_state": {"type": "str", "choices": ["merge", "replace"], "default": "merge"},
    "default_addr_pool": {"type": "list", "elements": "str", "default": []},
    "subnet_size": {"type": "int"},
    "data_path_port": {"type": "int"},
    "rotate_worker_token": {"type": "bool", "default": False, "no_log": False},
    "rotate_manager_token": {"type": "bool", "default": False, "no_log": False},
    "rotate_unlock_key": {"type": "bool", "default": False, "no_log": False},
    "rotate_ca": {"type": "bool", "default": False},
    "signing_ca_cert": {"type": "str", "no_log": True},
    "signing_ca_key": {"type": "str", "no_log": True},
    "unlock_key": {"type": "bool", "default": False, "no_log": False},
    "wait_timeout": {"type": "int", "default": 120},
}


def main():
    run_module(execute, ARGUMENTS)


if __name__ == "__main__":
    main()
