# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host's membership in a swarm: what it is now, and the steps to what it should be. No I/O."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.quorate.swarm.plugins.module_utils import quorum
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

INACTIVE = "inactive"
PENDING = "pending"
ACTIVE = "active"
ERROR = "error"
LOCKED = "locked"
MANAGER = "manager"
WORKER = "worker"

UNLOCK_ADVICE = (
    "its manager is locked since the engine restarted. Unlock it with 'docker swarm unlock' and the swarm's unlock key, or with "
    "quorate.swarm.swarm (state=unlocked and unlock_key), then run again"
)
UNFINISHED_JOIN = "An earlier attempt to join had not come to its end; it is given up."


@dataclass(frozen=True)
class Membership:
    """What a host's engine and disk say about its swarm."""

    state: str
    node_id: str | None = None
    node_addr: str | None = None
    cluster_id: str | None = None
    is_manager: bool = False
    managers: tuple = ()
    error: str | None = None

    @property
    def has_begun(self):
        """Whether a manager has let this host in: it has a certificate then, though perhaps not one that can be read here."""
        return bool(self.cluster_id or self.node_id)

    @property
    def role(self):
        if self.state == INACTIVE:
            return None
        return MANAGER if self.is_manager else WORKER

    def summary(self):
        """What a reader of a diff or a result wants to know; no secrets are in it."""
        return {
            "state": self.state,
            "role": self.role,
            "node_id": self.node_id,
            "node_addr": self.node_addr,
            "cluster_id": self.cluster_id,
            "managers": [dict(manager) for manager in self.managers],
            "error": self.error,
        }


@dataclass(frozen=True)
class Plan:
    """Steps are names of the effects in plugins/modules/swarm.py, in their order."""

    steps: tuple = ()
    after: dict = field(default_factory=dict)
    warnings: tuple = ()


def membership_of(info, cluster_id_on_disk=None):
    """Read the engine's answer to /info. A locked or stopped engine keeps the evidence on its disk."""
    swarm = info.get("Swarm") or {}
    state = swarm.get("LocalNodeState") or INACTIVE
    if state == INACTIVE:
        return Membership(state=INACTIVE)
    error = (swarm.get("Error") or "").strip() or None
    if state == ERROR and not error and swarm.get("NodeID"):
        # an engine that has restarted its part of the swarm once keeps saying so, though all is well since
        state = ACTIVE
    managers = sorted((m["Addr"], m["NodeID"]) for m in swarm.get("RemoteManagers") or ())
    return Membership(
        state=state,
        node_id=swarm.get("NodeID") or None,
        node_addr=swarm.get("NodeAddr") or None,
        cluster_id=(swarm.get("Cluster") or {}).get("ID") or cluster_id_on_disk,
        is_manager=bool(swarm.get("ControlAvailable")),
        managers=tuple({"addr": addr, "node_id": node_id} for addr, node_id in managers),
        error=error,
    )


def require_manager(membership, what, name_of=lambda address: None):
    """Refuse what only a manager can do, naming the managers that this host knows; C(name_of) turns an address into a host name."""
    if membership.state == ACTIVE and membership.is_manager:
        return
    if membership.state == LOCKED:
        raise Refusal("This host cannot %s: %s." % (what, UNLOCK_ADVICE))
    if membership.state == INACTIVE:
        raise Refusal(
            "This host cannot %s: it is in no swarm. Form one with quorate.swarm.swarm, or run this on a manager." % what
        )
    managers = [dict(manager, name=name_of(host_of(manager["addr"]))) for manager in membership.managers]
    known = ", ".join(sorted("%s at %s" % (manager["name"] or "node %s" % manager["node_id"], manager["addr"]) for manager in managers))
    swarm = "swarm %s" % membership.cluster_id if membership.cluster_id else "a swarm"
    raise Refusal(
        "This host cannot %s: it is a %s of %s (state %s), and only a manager can. Run it on one of its managers: %s."
        % (what, membership.role, swarm, membership.state, known or "none is known here"),
        managers=managers,
    )


def plan(current, desired, nodes=None, autolock=False, has_foreign_port=False):
    """Steps from C(current) to C(desired), the module's options; C(nodes) is the cluster's list where this host has it.

    For a new cluster by force it matters whether the manager's keys are encrypted (C(autolock)), and whether the engine started
    with another data path port than the swarm has.
    """
    if desired["state"] == "absent":
        return _plan_leave(current, desired, nodes)
    if desired["state"] == "unlocked":
        return _plan_unlock(current, desired)
    _refuse_locked(current)
    _refuse_other_swarm(current, desired)
    if desired["state"] == "init" and desired["force_new_cluster"]:
        return _plan_force(current, desired, nodes, autolock, has_foreign_port)
    if desired["state"] == "init":
        return _plan_init(current, desired)
    return _plan_join(current, desired)


def _plan_init(current, desired):
    if current.state == PENDING and current.has_begun:
        return Plan(("await_active",), current.summary())
    if current.state in (INACTIVE, PENDING) and desired["cluster_id"]:
        raise Refusal(
            "This host is in no swarm, and a new one would not be %s. Let it join that swarm (state=join), or leave cluster_id "
            "out to create a new one." % desired["cluster_id"]
        )
    after = _foretold(MANAGER, desired)
    if current.state == INACTIVE:
        return Plan(("init",), after)
    if current.state == PENDING:
        return Plan(("abandon", "init"), after, (UNFINISHED_JOIN,))
    if current.state == ERROR:
        raise Refusal(
            "This host's membership in swarm %s is in error: %s. A new swarm would not bring the old one back: repair it, or "
            "leave it with state=absent and force=true first." % (current.cluster_id or "unknown", current.error)
        )
    if not current.is_manager:
        raise Refusal(
            "This host is a worker of swarm %s already; a new swarm can only begin on a host that is in none."
            % (current.cluster_id or "unknown")
        )
    return Plan((), current.summary(), _fixed_at_join(current, desired))


def _plan_force(current, desired, nodes, autolock, has_foreign_port):
    if not desired["cluster_id"]:
        raise Refusal(
            "A new cluster by force keeps the ClusterID and gives up all other managers, so force_new_cluster needs cluster_id, the "
            "ClusterID that this manager must have; nothing was changed."
        )
    if current.state == ERROR:
        raise Refusal(
            "This host's membership in swarm %s is in error: %s. An engine in this state makes no new cluster: cure what it says, "
            "restart the engine, and run again; nothing was changed." % (current.cluster_id or "unknown", current.error)
        )
    if not current.is_manager or not current.cluster_id:
        raise Refusal(
            "This host is no manager of swarm %s%s, so it has nothing of which a new cluster could be made; nothing was changed."
            % (desired["cluster_id"], "" if current.state == INACTIVE else " (state %s, %s)" % (current.state, current.role))
        )
    warnings = _fixed_at_join(current, desired)
    if warnings:
        raise Refusal("%s Nothing was changed." % warnings[0])
    own = [dict(manager) for manager in current.managers if manager["node_id"] == current.node_id]
    after = dict(current.summary(), state=ACTIVE, managers=own)
    if nodes is None:
        if autolock:
            raise Refusal(
                "Swarm %s has autolock, and no engine makes a new cluster by force of a manager whose keys are encrypted: it would drop "
                "out of the swarm and be locked (moby#36852). Bring a majority of the managers back, or switch autolock off while there "
                "is a quorum; nothing was changed." % current.cluster_id
            )
        return Plan(("force",), after)
    others = sorted(quorum.hostname(node) for node in nodes if node.get("ManagerStatus") and node["ID"] != current.node_id)
    if others:
        raise Refusal(
            "Swarm %s has a quorum, with %s, so no new cluster is made of it by force. Managers that are gone are removed with "
            "quorate.swarm.swarm_nodes (state=absent), stale ones join again with the role quorate.swarm.swarm; nothing was changed."
            % (current.cluster_id, ", ".join(others))
        )
    return Plan(("force",), after) if has_foreign_port else Plan((), current.summary())


def _plan_join(current, desired):
    if not desired["remote_addrs"] and current.state != ACTIVE:
        raise Refusal("To join, this host needs remote_addrs, the addresses of the swarm's managers.")
    after = _foretold(desired["role"], desired)
    if current.state == INACTIVE:
        return Plan(("join",), after)
    if desired["rejoin"]:
        return Plan(("abandon", "join"), after)
    if current.state == ERROR:
        return Plan(("abandon", "join"), after, ("The earlier membership was in error and is given up: %s" % current.error,))
    if current.state == PENDING:
        if current.has_begun:
            return Plan(("await_active",), current.summary())
        return Plan(("abandon", "join"), after, (UNFINISHED_JOIN,))
    warnings = _fixed_at_join(current, desired)
    if current.role != desired["role"]:
        warnings += (
            "This host is a %s, a %s was asked for; quorate.swarm.swarm_nodes changes the roles of members."
            % (current.role, desired["role"]),
        )
    return Plan((), current.summary(), warnings)


def _plan_unlock(current, desired):
    _refuse_other_cluster_id(current, desired)
    if current.state == LOCKED:
        return Plan(("unlock",), dict(current.summary(), state=ACTIVE, role=MANAGER))
    if current.state == PENDING and current.has_begun:
        return Plan(("await_active",), current.summary())
    return Plan((), current.summary())


def _foretold(role, desired):
    """The membership after a step into a swarm, as far as it can be known before."""
    addr = host_of(desired["advertise_addr"] or "")
    foretold = Membership(ACTIVE, node_addr=addr if is_address(addr) else None, cluster_id=desired["cluster_id"] or None)
    return dict(foretold.summary(), role=role)


def _plan_leave(current, desired, nodes):
    if current.state == INACTIVE:
        return Plan()
    _refuse_other_cluster_id(current, desired)
    after = Membership(state=INACTIVE).summary()
    if desired["force"]:
        return Plan(("abandon",), after)
    if current.state == LOCKED:
        raise Refusal("This host cannot leave in order: %s; or give its part of the swarm up with force=true." % UNLOCK_ADVICE)
    if current.state == ERROR:
        return Plan(("abandon",), after)
    if not current.is_manager:
        return Plan(("leave",), after)
    if nodes is None:
        raise Refusal(
            "This manager cannot leave in order: swarm %s has no quorum, so nobody could take note of it. Bring the other "
            "managers back, or give this one up with force=true." % current.cluster_id
        )
    if len(quorum.managers(nodes)) == 1:
        raise Refusal(
            "This host is the last manager of swarm %s: the swarm, with its services, networks and secrets, would end. "
            "Say force=true if that is meant." % current.cluster_id
        )
    quorum.refuse_loss(nodes, [current.node_id], "if this host left")
    return Plan(("demote", "leave"), after)


def _refuse_locked(current):
    if current.state == LOCKED:
        raise Refusal("This host is in swarm %s, but %s." % (current.cluster_id or "(unknown)", UNLOCK_ADVICE))


def _refuse_other_cluster_id(current, desired):
    if desired["cluster_id"] and current.cluster_id and current.cluster_id != desired["cluster_id"]:
        raise Refusal(
            "This host is in swarm %s, not in %s. Leave it first (state=absent) if that is meant; nothing was changed."
            % (current.cluster_id, desired["cluster_id"]),
            cluster_id=current.cluster_id,
        )


def _refuse_other_swarm(current, desired):
    _refuse_other_cluster_id(current, desired)
    if desired["state"] != "join" or desired["rejoin"] or (desired["cluster_id"] and current.cluster_id):
        return
    known = {host_of(manager["addr"]) for manager in current.managers} | {current.node_addr}
    asked = {host_of(addr) for addr in desired["remote_addrs"]}
    if asked and current.managers and not known & asked:
        raise Refusal(
            "This host is in swarm %s with the managers %s, none of which is among the remote_addrs %s. If that is the same swarm, "
            "name one of those managers; if not, leave the present one first (state=absent). Nothing was changed."
            % (current.cluster_id or "(unknown)", ", ".join(sorted(known - {None})), ", ".join(sorted(asked))),
            cluster_id=current.cluster_id,
        )


def _fixed_at_join(current, desired):
    wanted = desired["advertise_addr"]
    if not wanted or not current.node_addr or not is_address(host_of(wanted)) or host_of(wanted) == current.node_addr:
        return ()
    return (
        "This host advertises %s, %s was asked for. The address is fixed when a host joins: let it leave and join again to "
        "change it." % (current.node_addr, host_of(wanted)),
    )


def host_of(addr: t.Any) -> str:
    """The host part of host, host:port or [host]:port."""
    if addr.startswith("["):
        return addr[1:].partition("]")[0]
    return addr.rpartition(":")[0] if addr.count(":") == 1 else addr


def is_address(text):
    """Whether a host part is an IP address, not the name of a host or of a network interface."""
    return ":" in text or text.replace(".", "").isdigit()
