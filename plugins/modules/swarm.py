#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: swarm
short_description: Membership of one host in a Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Makes the host on which it runs create a swarm, join one, or leave it, or unlocks it.
  - A member is never moved silently. A host that is in another swarm than the one asked for is refused, with the ClusterIDs.
  - It is about the engine of the host on which it runs. With another O(docker_host) the check of addresses and the ClusterID on disk would
    be those of the wrong machine.
  - The role of a host that is a member already is changed by M(quorate.swarm.swarm_nodes), which sees the whole cluster.
  - The role P(quorate.swarm.swarm#role) decides for a whole inventory which host creates the swarm and which ones join it.
options:
  state:
    description:
      - V(init) makes the host a manager of a new swarm, unless it is a manager already.
      - V(join) makes the host a member of the swarm whose managers are O(remote_addrs).
      - V(absent) makes the host leave. A manager is demoted first, and the quorum of those that remain is guarded.
      - V(unlocked) unlocks a manager that is locked since its engine restarted, and waits until it is active. For that a majority of the
        managers must be unlocked, so let them be unlocked side by side. A host that is not locked is not changed; the start of a member is
        waited for.
    type: str
    choices: [init, join, absent, unlocked]
    required: true
  role:
    description: Role in which the host joins. It must fit O(join_token), which is what the engine goes by.
    type: str
    choices: [manager, worker]
    default: worker
  remote_addrs:
    description: Addresses of managers of the swarm to join, as C(host:port); the port of a swarm is 2377.
    type: list
    elements: str
    default: []
  join_token:
    description:
      - Token for O(role) of the swarm to join; M(quorate.swarm.swarm_info) tells it with its option C(join_tokens).
      - It is used only when the host has to join.
    type: str
  cluster_id:
    description: ClusterID of the swarm in which the host is expected. A host in another swarm is refused.
    type: str
  advertise_addr:
    description:
      - Address, or network interface, under which the other members reach this host; optionally with a port.
      - It must be this host's own. The default is the engine's choice, which fails where a host has several addresses.
      - Fixed when the host joins. A member that advertises another address is reported with a warning.
    type: str
  listen_addr:
    description: Address and port on which a manager listens for the other members.
    type: str
    default: 0.0.0.0:2377
  data_path_addr:
    description: Address, or network interface, for the traffic of containers; it must be this host's own. Default is O(advertise_addr).
    type: str
  data_path_port:
    description:
      - UDP port of the overlays' VXLAN traffic, for O(state=init) only. The engine's default is 4789.
      - Fixed for the life of the swarm.
    type: int
  default_addr_pool:
    description:
      - Subnets from which overlays take theirs, for O(state=init) only. The engine's default is 10.0.0.0/8.
      - Fixed for the life of the swarm.
    type: list
    elements: str
    default: []
  subnet_size:
    description: Prefix length of the subnets taken from O(default_addr_pool), for O(state=init) only. The engine's default is 24.
    type: int
  force_new_cluster:
    description:
      - With O(state=init), make a new cluster of what this manager has, with itself as the only manager, after the majority of the
        managers was lost for good. ClusterID, services, networks, secrets, configs and the entries of all nodes stay.
      - Changes that this manager does not know to be committed are lost, and so are those that only the lost managers had. So take the
        most advanced of the managers that are left; M(quorate.swarm.swarm_info) tells with its option C(raft) how far each has come.
      - Needs O(cluster_id). Refused where the swarm has a quorum with other managers, and in a swarm with autolock, of which no engine
        can make a new cluster. Where this host is the only manager already, nothing is changed.
      - Addresses, the data path port and the address pools stay as they were.
      - The other managers that are left must join again. The lost ones must not come back with their old disks, see the playbook
        C(quorate.swarm.recover_swarm), which does all of it.
    type: bool
    default: false
  join_tokens:
    description:
      - With O(state=init), tell the tokens with which the others join, so that nobody has to ask for them afterwards.
      - They are secrets. Put C(no_log=true) on the task that asks for them.
    type: bool
    default: false
  unlock_key:
    description:
      - With O(state=unlocked), the unlock key of the swarm; M(quorate.swarm.swarm_settings) tells it with its option C(unlock_key).
      - It is used only when the host is locked. Where the key was rotated while the host was down, the key before it is needed.
    type: str
  rejoin:
    description:
      - With O(state=join), give up the present membership and join again; each time that the task runs.
      - For a member whose swarm no longer knows it. The ClusterID must still be O(cluster_id), where the host's disk tells it.
      - A manager that has a quorum is not given up, since the others would miss its vote; it keeps its membership, with a warning.
    type: bool
    default: false
  force:
    description:
      - With O(state=absent), leave without a demotion and without regard for the quorum.
      - On the last manager this ends the swarm with all its services, networks and secrets.
    type: bool
    default: false
  wait_timeout:
    description: Seconds until the host must have reached the state.
    type: int
    default: 120
attributes:
  idempotent:
    support: partial
    details: With O(rejoin=true) the host joins again each time, unless it is a manager with a quorum.
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.swarm_nodes
  - module: quorate.swarm.swarm_settings
  - module: quorate.swarm.swarm_info
  - module: community.docker.docker_swarm
"""

EXAMPLES = r"""
- name: Create a swarm on the first manager
  quorate.swarm.swarm:
    state: init
    advertise_addr: 10.10.10.88
    join_tokens: true
  register: first
  no_log: true
  when: inventory_hostname == "node1"

- name: Let the others join it
  quorate.swarm.swarm:
    state: join
    role: worker
    cluster_id: "{{ hostvars.node1.first.swarm.cluster_id }}"
    remote_addrs: ["10.10.10.88:2377"]
    join_token: "{{ hostvars.node1.first.join_tokens.worker }}"
  when: inventory_hostname != "node1"

- name: Unlock managers whose engines were restarted
  quorate.swarm.swarm:
    state: unlocked
    unlock_key: "{{ vault_swarm_unlock_key }}"

- name: Make a new cluster of the only manager that is left
  quorate.swarm.swarm:
    state: init
    force_new_cluster: true
    cluster_id: rqzqcqvhg6zbbwytg1j7wqb1c

- name: Leave; a manager is demoted first
  quorate.swarm.swarm:
    state: absent
"""

RETURN = r"""
swarm:
  description: The host's membership after the task; in check mode, what it would be as far as it can be known.
  returned: success
  type: dict
  contains:
    state:
      description: State that the engine reports, one of V(inactive), V(pending), V(active), V(error) and V(locked).
      type: str
      sample: active
    role:
      description: V(manager), V(worker), or none where the host is in no swarm.
      type: str
      sample: manager
    node_id:
      description: ID of the host's node.
      type: str
      sample: 3b4mbhoz6dwqrvz9b6ynkz8lc
    node_addr:
      description: Address that the host advertises.
      type: str
      sample: 10.10.10.88
    cluster_id:
      description: ClusterID of the host's swarm; on a worker read from its certificate, and none where that cannot be read.
      type: str
      sample: rqzqcqvhg6zbbwytg1j7wqb1c
    managers:
      description: The managers that the host knows.
      type: list
      elements: dict
      sample: [{"addr": "10.10.10.88:2377", "node_id": "3b4mbhoz6dwqrvz9b6ynkz8lc"}]
    error:
      description: The engine's message where the membership is in error.
      type: str
      sample: null
join_tokens:
  description: The tokens, by role; none in check mode where there is no swarm yet.
  returned: when O(state=init) and O(join_tokens=true)
  type: dict
  sample: {"manager": "(secret)", "worker": "(secret)"}
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["join as worker the swarm behind 10.10.10.88:2377"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import membership, views
from ansible_collections.quorate.swarm.plugins.module_utils.errors import (
    EngineError,
    QuorateError,
    Refusal,
    TimeLimitExceeded,
)
from ansible_collections.quorate.swarm.plugins.module_utils.evidence import (
    addresses_of,
    cluster_id_on_disk,
    keys_are_encrypted,
    owns_address,
    start_options,
)
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until

JOIN_CONTINUES = "will continue in the background"
PASSING_LEAVE_ERRORS = ("deadline exceeded", "connection is closing", "not part of a swarm")
KEEPS_VOTE = "This manager has a quorum, perhaps only since a moment ago, so it keeps its membership."
ELECTION = 25
DEFAULT_DATA_PATH_PORT = 4789
PASSING_JOIN_ERRORS = ("Unavailable", "DeadlineExceeded", "raft", "leader", "connection refused", "EOF")


def execute(engine, params, check_mode):
    current = read(engine)
    refuse_foreign_addresses(params)
    keeps_vote = params["rejoin"] and has_vote(engine, current)
    plan = planned(engine, current, dict(params, rejoin=params["rejoin"] and not keeps_vote))
    if "join" in plan.steps and not params["join_token"] and not check_mode:
        raise Refusal("To join, this host needs the join_token for a %s; nothing was changed." % params["role"])
    if "unlock" in plan.steps and not params["unlock_key"] and not check_mode:
        raise Refusal("To unlock this manager, the swarm's unlock_key is needed; nothing was changed.")
    outcome = Outcome(
        changed=bool(set(plan.steps) - {"await_active"}),
        actions=[SENTENCES[step](params) for step in plan.steps],
        warnings=list(plan.warnings) + ([KEEPS_VOTE] if keeps_vote else []),
    )
    after = dict(current.summary(), **plan.after)
    if not check_mode:
        for step in plan.steps:
            after = STEPS[step](engine, params).summary()
    outcome.before, outcome.after = visible(current.summary(), params), visible(after, params)
    outcome.facts = {"swarm": after}
    if params["join_tokens"] and params["state"] == "init":
        outcome.facts["join_tokens"] = None if "init" in plan.steps and check_mode else views.join_tokens(engine.swarm())
    return outcome


def has_vote(engine, current):
    """Whether the managers count this one among theirs: it may have come back by itself since somebody decided that it must join again."""
    if current.state != membership.ACTIVE or not current.is_manager:
        return False
    return any(node["ID"] == current.node_id and node.get("ManagerStatus") for node in listed(engine) or ())


def planned(engine, current, params):
    if params["state"] == "init" and params["force_new_cluster"]:
        root = engine.info().get("DockerRootDir") or ""
        nodes = nodes_after_election(engine, current)
        kept = start_options(root).get("DataPathPort")
        foreign = bool(nodes and kept and kept != engine.swarm()["DataPathPort"])
        return membership.plan(current, params, nodes, keys_are_encrypted(root), foreign)
    return membership.plan(current, with_addresses(params), nodes_for_leaving(engine, current, params))


def read(engine):
    info = engine.info()
    return membership.membership_of(info, cluster_id_on_disk(info.get("DockerRootDir") or ""))


def refuse_foreign_addresses(params):
    if params["state"] not in ("init", "join"):
        return
    for option in ("advertise_addr", "data_path_addr"):
        if params[option] and not owns_address(membership.host_of(params[option])):
            raise Refusal(
                "The %s %s is no address and no network interface of this host, so the other members could not reach it. "
                "Name one that 'ip address' shows here." % (option, params[option])
            )


def with_addresses(params):
    """The options with addresses for the names in remote_addrs: a member knows its managers by their addresses."""
    hosts = [membership.host_of(addr) for addr in params["remote_addrs"]]
    return dict(params, remote_addrs=[address for host in hosts for address in addresses_of(host)])


def nodes_for_leaving(engine, current, params):
    if params["state"] != "absent" or params["force"] or not current.is_manager:
        return None
    try:
        return engine.nodes()
    except EngineError:
        return None


def nodes_after_election(engine, current):
    """The node list, None where there is no leader for longer than an election takes."""
    if not current.is_manager:
        return None
    try:
        return wait_until(lambda: listed(engine), lambda seen: seen is not None, ELECTION, "the managers had a leader")
    except TimeLimitExceeded:
        return None


def listed(engine):
    try:
        return engine.nodes()
    except EngineError as exc:
        if exc.may_pass:
            return None
        raise


def visible(summary, params):
    told = {key: summary[key] for key in ("state", "role", "cluster_id", "node_addr")}
    if params["force_new_cluster"]:
        told["managers"] = [manager["addr"] for manager in summary["managers"]]
    return told


def init(engine, params):
    engine.swarm_init(
        advertise_addr=params["advertise_addr"],
        listen_addr=params["listen_addr"],
        data_path_addr=params["data_path_addr"],
        data_path_port=params["data_path_port"],
        default_addr_pool=params["default_addr_pool"] or None,
        subnet_size=params["subnet_size"],
    )
    return await_role(engine, membership.MANAGER, params["wait_timeout"])


def force(engine, params):
    """Make the new cluster with what the engine started with: what a request leaves out, the engine sets to its defaults.

    A manager that had joined does not have the swarm's data path port on its disk. The new leader knows it, and is made anew if it
    began with another one.
    """
    kept = start_options(engine.info().get("DockerRootDir") or "")
    port = kept.get("DataPathPort") or params["data_path_port"] or DEFAULT_DATA_PATH_PORT
    seen = lead(engine, params, kept, port)
    wanted = engine.swarm()["DataPathPort"]
    if wanted and wanted != port:
        seen = lead(engine, params, kept, wanted, again=True)
    return seen


def lead(engine, params, kept, port, again=False):
    last_error = []
    current = read(engine)
    own = [manager["addr"] for manager in current.managers if manager["node_id"] == current.node_id]

    def attempt():
        nonlocal again
        if again or not leads(engine, current.node_id):
            try:
                engine.swarm_init(
                    advertise_addr=kept.get("AdvertiseAddr") or (own or [current.node_addr])[0],
                    listen_addr=kept.get("ListenAddr") or params["listen_addr"],
                    data_path_addr=kept.get("DataPathAddr") or params["data_path_addr"],
                    data_path_port=port,
                    default_addr_pool=None,
                    subnet_size=None,
                    force=True,
                )
                again = False
            except EngineError as exc:
                if not exc.may_pass:
                    raise
                last_error[:] = [str(exc)]
        return leads(engine, current.node_id)

    try:
        wait_until(attempt, bool, params["wait_timeout"], "this host was the leader of the new cluster", describe=lambda now: "it is not")
    except TimeLimitExceeded as exc:
        raise TimeLimitExceeded("%s %s" % (exc, " ".join(last_error))) from exc
    return read(engine)


def leads(engine, node_id):
    """Whether this node is the leader, and alone."""
    members = [node for node in listed(engine) or () if node.get("ManagerStatus")]
    return [node["ID"] for node in members] == [node_id] and bool(members[0]["ManagerStatus"].get("Leader"))


def join(engine, params):
    """Ask until the engine has taken the request: managers that join side by side make the raft leader refuse for moments."""
    last_error = []
    seen = None

    def attempt():
        nonlocal seen
        if seen is None or seen.state == membership.INACTIVE:
            try:
                engine.swarm_join(
                    remote_addrs=params["remote_addrs"],
                    join_token=params["join_token"],
                    advertise_addr=params["advertise_addr"],
                    listen_addr=params["listen_addr"],
                    data_path_addr=params["data_path_addr"],
                )
            except EngineError as exc:
                if JOIN_CONTINUES not in str(exc) and not any(word in str(exc) for word in PASSING_JOIN_ERRORS):
                    raise
                last_error[:] = [str(exc)]
        seen = read(engine)
        return seen

    try:
        wait_until(
            attempt,
            lambda now: now.state in (membership.ACTIVE, membership.PENDING),
            params["wait_timeout"],
            "the engine took the request to join",
            describe=lambda now: now.error or now.state,
        )
    except TimeLimitExceeded as exc:
        raise TimeLimitExceeded("%s %s" % (exc, " ".join(last_error))) from exc
    if seen.state == membership.PENDING:
        seen = await_active(engine, params)
    if params["role"] == membership.MANAGER and seen.role != membership.MANAGER:
        seen = await_role(engine, membership.MANAGER, params["wait_timeout"])
    see_cluster_id(seen, params["cluster_id"])
    return seen


def see_cluster_id(joined, wanted):
    if wanted and joined.cluster_id and joined.cluster_id != wanted:
        raise QuorateError(
            "This host joined swarm %s, but %s was expected: remote_addrs and join_token are those of another swarm. Let it leave "
            "(state=absent), and correct them." % (joined.cluster_id, wanted),
            cluster_id=joined.cluster_id,
        )


def await_active(engine, params):
    if params["state"] == "init":
        return await_role(engine, membership.MANAGER, params["wait_timeout"])
    return wait_until(
        lambda: read(engine),
        lambda now: now.state == membership.ACTIVE,
        params["wait_timeout"],
        "this host was an active member of its swarm; its managers must be running and reachable on 2377/tcp",
        describe=lambda now: now.error or now.state,
    )


def await_role(engine, role, limit):
    return wait_until(
        lambda: read(engine),
        lambda now: now.state == membership.ACTIVE and now.role == role,
        limit,
        "this host was an active %s of its swarm" % role,
        describe=lambda now: "%s, %s" % (now.error or now.state, now.role),
    )


def demote(engine, params):
    try:
        engine.node_update(read(engine).node_id, lambda spec: dict(spec, Role=membership.WORKER))
    except EngineError:
        # the demotion of an earlier run that was killed may have become effective in between
        if read(engine).is_manager:
            raise
    return await_role(engine, membership.WORKER, params["wait_timeout"])


def leave(engine, params, force=False):
    """Ask until it is done: where managers leave side by side, an engine can run into its own deadline."""

    def attempt():
        if read(engine).state != membership.INACTIVE:
            try:
                engine.swarm_leave(force=force)
            except EngineError as exc:
                if not any(words in str(exc) for words in PASSING_LEAVE_ERRORS):
                    raise
        return read(engine)

    return wait_until(
        attempt,
        lambda now: now.state == membership.INACTIVE,
        params["wait_timeout"],
        "this host had left its swarm",
        describe=lambda now: now.error or now.state,
    )


def unlock(engine, params):
    """The engine answers once this manager is active, which may take longer than the connection lasts."""

    def attempt():
        if read(engine).state == membership.LOCKED:
            try:
                engine.swarm_unlock(params["unlock_key"])
            except EngineError as exc:
                if exc.is_wrong_key:
                    raise Refusal(
                        "This manager stays locked: the engine refused the unlock_key, which must be the one that the swarm had when "
                        "this manager last ran ('docker swarm unlock-key' on an active manager tells the present one)."
                    ) from exc
                if not exc.may_pass and not exc.is_unlocked:
                    raise
        return read(engine)

    return wait_until(
        attempt,
        lambda now: now.state == membership.ACTIVE,
        params["wait_timeout"],
        "this host was unlocked and active in its swarm, for which a majority of the managers must be unlocked and reach each other",
        describe=lambda now: now.error or now.state,
    )


def abandon(engine, params):
    return leave(engine, params, force=True)


STEPS = {
    "init": init,
    "force": force,
    "join": join,
    "await_active": await_active,
    "demote": demote,
    "leave": leave,
    "unlock": unlock,
    "abandon": abandon,
}

SENTENCES = {
    "init": lambda params: "create a swarm",
    "force": lambda params: "make a new cluster of this manager alone",
    "join": lambda params: "join as %s the swarm behind %s" % (params["role"], ", ".join(params["remote_addrs"])),
    "await_active": lambda params: "wait until the membership that has begun is active",
    "demote": lambda params: "demote this manager to worker",
    "leave": lambda params: "leave the swarm",
    "unlock": lambda params: "unlock this manager",
    "abandon": lambda params: "give up the present membership",
}


def main():
    run_module(
        execute,
        {
            "state": {"type": "str", "choices": ["init", "join", "absent", "unlocked"], "required": True},
            "role": {"type": "str", "choices": ["manager", "worker"], "default": "worker"},
            "remote_addrs": {"type": "list", "elements": "str", "default": []},
            "join_token": {"type": "str", "no_log": True},
            "cluster_id": {"type": "str"},
            "advertise_addr": {"type": "str"},
            "listen_addr": {"type": "str", "default": "0.0.0.0:2377"},
            "data_path_addr": {"type": "str"},
            "data_path_port": {"type": "int"},
            "default_addr_pool": {"type": "list", "elements": "str", "default": []},
            "subnet_size": {"type": "int"},
            "force_new_cluster": {"type": "bool", "default": False},
            "join_tokens": {"type": "bool", "default": False, "no_log": False},
            "unlock_key": {"type": "str", "no_log": True},
            "rejoin": {"type": "bool", "default": False},
            "force": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 120},
        },
    )


if __name__ == "__main__":
    main()
