# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a whole swarm, and what of it is made anew: which steps lead to what was asked for. No I/O."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.quorate.swarm.plugins.module_utils import durations, labels, quorum
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan
from ansible_collections.quorate.swarm.plugins.module_utils.swarm_spec import (
    FIXED,
    certificates,
    differences,
    fixed_differences,
    from_summary,
    hides,
    in_words,
    put,
    subnet,
    told,
    told_change,
    value_of,
)

ROTATIONS = {
    "worker_token": "the join token of workers",
    "manager_token": "the join token of managers",
    "unlock_key": "the unlock key",
    "ca": "the root CA",
}
UNSAID_FIXED = {"default_addr_pool": [], "subnet_size": None, "data_path_port": None}
SHORTEST = {"dispatcher_heartbeat_period": "1s", "node_cert_expiry": "1h"}
LIMITS = {
    "snapshot_interval": (1, 2**63 - 1),
    "keep_old_snapshots": (0, 2**63 - 1),
    "log_entries_for_slow_followers": (0, 2**63 - 1),
    "election_tick": (2, 2**31 - 1),
    "heartbeat_tick": (1, 2**31 - 1),
    "task_history_retention_limit": (0, 2**63 - 1),
    "subnet_size": (1, 32),
    "data_path_port": (1024, 49151),
}
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
ISSUER = ("CertIssuerSubject", "CertIssuerPublicKey")
LOG_DRIVER = "log_driver"
LOG_DRIVER_WARNING = (
    "Engines known so far pass over a default log driver of tasks (https://github.com/moby/moby/issues/53396). On one that does "
    "the task fails, before it changes anything else."
)
LOG_DRIVER_ADVICE = (
    " Nothing else was changed. Engines known so far pass over it (https://github.com/moby/moby/issues/53396): set it in the "
    "configuration of every engine (log-driver and log-opts in daemon.json), and leave log_driver out."
)


@dataclass(frozen=True)
class Step:
    """One write of the swarm's spec, or a wait; C(settings) are as they are told, C(rotations) take place with the write."""

    action: str
    settings: dict = field(default_factory=dict)
    rotations: tuple = ()

    @property
    def rotated_keys(self):
        """What the engine's update call makes anew by itself; a new root CA is asked for in the spec."""
        return tuple(rotation for rotation in self.rotations if rotation != "ca")

    def sentence(self):
        if self.action == "await_root":
            return "wait until every node has a certificate of the new root CA"
        parts = ["set %s %s" % (option, in_words(value)) for option, value in self.settings.items()]
        return ", ".join(parts + ["rotate %s" % ROTATIONS[rotation] for rotation in self.rotations])


def plan(current, desired, nodes=()):
    """Steps from the engine's answer about its swarm to the C(desired) options, which C(refuse_invalid) let pass.

    C(nodes) is the engine's list of them, where C(concerns_nodes).
    """
    spec = current["Spec"]
    changes = differences(spec, desired)
    rotations = tuple(rotation for rotation in ROTATIONS if _is_due(rotation, current, desired))
    _refuse_ticks(spec, changes)
    _refuse_missing_key(spec, changes, rotations)
    _refuse_missing_signer(spec, changes, rotations, desired)
    _refuse_unreachable_managers(rotations, nodes)
    before, after = {}, {}
    for option, value in changes.items():
        before[option], after[option] = told_change(option, value_of(spec, option), value)
    for rotation in rotations:
        before[rotation], after[rotation] = "in use", "rotated"
    settings = {option: told(option, value) for option, value in changes.items()}
    steps, warnings = [], _warnings_of_fixed(current, desired) + _warnings_of_nodes(changes, rotations, nodes)
    if LOG_DRIVER in settings:
        steps.append(Step("update", {LOG_DRIVER: settings.pop(LOG_DRIVER)}))
        warnings.append(LOG_DRIVER_WARNING)
    if settings or rotations:
        steps.append(Step("update", settings, rotations))
    if "ca" in rotations:
        steps.append(Step("await_root"))
    return Plan(tuple(steps), before, after, tuple(warnings))


def concerns_nodes(desired):
    """Whether the plan depends on which nodes are away: those miss what is made anew or given up."""
    return desired["rotate_unlock_key"] or desired["rotate_ca"] or desired["autolock"] is False


def refuse_invalid(desired):
    """Refuse what no swarm could be asked for, before anything is looked at."""
    for option, shortest in SHORTEST.items():
        _refuse_invalid_duration(option, desired[option], shortest)
    for option, (least, most) in LIMITS.items():
        value = desired[option]
        if value is not None and not least <= value <= most:
            raise Refusal("The %s %d is not between %d and %d." % (option, value, least, most))
    if desired["election_tick"] is not None and desired["heartbeat_tick"] is not None:
        _refuse_order_of_ticks(desired["election_tick"], desired["heartbeat_tick"])
    labels.refuse_invalid(desired, "the swarm")
    _refuse_invalid_external_cas(desired["external_cas"] or ())
    _refuse_invalid_log_driver(desired[LOG_DRIVER])
    _refuse_invalid_signing_ca(desired)
    for text in desired["default_addr_pool"]:
        if subnet(text) is None:
            raise Refusal("The default_addr_pool %s is no subnet, such as 10.0.0.0/8." % text)
    if desired["rotate_unlock_key"] and desired["autolock"] is False:
        raise Refusal("With autolock=false there is no unlock key that rotate_unlock_key could rotate. Leave one of them out.")


def applied(spec, step, desired):
    """A whole spec with what a step changes in it, as the engine's update call wants it."""
    spec = copy.deepcopy(spec)
    for option, value in differences(spec, desired).items():
        if option in step.settings:
            put(spec, option, value)
    if "ca" in step.rotations:
        ca = spec.setdefault("CAConfig", {})
        if desired["signing_ca_cert"]:
            ca.update(SigningCACert=desired["signing_ca_cert"], SigningCAKey=desired["signing_ca_key"] or "")
        else:
            ca["ForceRotate"] = ca.get("ForceRotate", 0) + 1
    return spec


def see_kept(spec, step, desired):
    """See that the spec has what a step wrote: the engine says of some things that it took them, and passes over them."""
    lost = [option for option in differences(spec, desired) if option in step.settings]
    if lost:
        raise QuorateError(
            "The engine said that it took the %s, but has not kept it.%s"
            % (" and the ".join(lost), LOG_DRIVER_ADVICE if LOG_DRIVER in lost else " Somebody else may have changed it; run again.")
        )


def are_as_wanted(told, desired):
    """Whether the summary of a swarm is enough to see that nothing is to be done or to be said, and no secret to be told."""
    if desired["unlock_key"] or any(desired["rotate_%s" % rotation] for rotation in ROTATIONS):
        return False
    if any(desired[option] is not None and hides(told, option) for option in (LOG_DRIVER, "external_cas")):
        return False
    try:
        refuse_invalid(desired)
        wanted = plan(from_summary(told), desired)
    except Refusal:
        return False
    return not (wanted.steps or wanted.warnings)


def warnings_of_fixed(told, desired):
    """Sentences on what is fixed for a swarm's life and differs from its summary; what C(desired) does not say is not looked at."""
    return _warnings_of_fixed({key: told.get(option) for option, key in FIXED.items()}, dict(UNSAID_FIXED, **desired))


def makes_unlock_key(plan):
    """Whether the unlock key after the steps is another one than before, or none."""
    return any("autolock" in step.settings or "unlock_key" in step.rotations for step in plan.steps)


def unreachable_managers(nodes):
    return sorted(_named(node) for node in quorum.managers(nodes) if not quorum.is_reachable(node))


def behind(swarm, nodes):
    """The nodes on which the rotation of the root CA waits: their certificates are not from the new one."""
    wanted = [swarm["TLSInfo"].get(key) for key in ISSUER]
    waiting = [node for node in nodes if [(node["Description"].get("TLSInfo") or {}).get(key) for key in ISSUER] != wanted]
    return sorted("%s (%s)" % (quorum.hostname(node) or node["ID"], node["Status"]["State"]) for node in waiting)


def _is_due(rotation, current, desired):
    """Whether a rotation was asked for. To the root certificate that the swarm has there is none."""
    if rotation != "ca" or not desired["signing_ca_cert"] or current.get("RootRotationInProgress"):
        return desired["rotate_%s" % rotation]
    return desired["rotate_ca"] and certificates(desired["signing_ca_cert"]) != certificates(current["TLSInfo"]["TrustRoot"])


def _warnings_of_fixed(current, desired):
    return [
        "The %s of this swarm is %s, %s was asked for. It is fixed for the life of a swarm and stays as it is: ask for that, or form "
        "a new swarm (quorate.swarm.swarm with state=init)." % (option, in_words(found), in_words(asked))
        for option, found, asked in fixed_differences(current, desired)
    ]


def _refuse_invalid_duration(option, text, shortest):
    if text is None:
        return
    duration = durations.nanoseconds(text)
    if duration is None:
        raise Refusal("The %s %r is no duration. Say it with units, such as 5s, 1h30m or 2160h." % (option, text))
    if duration < durations.nanoseconds(shortest):
        raise Refusal("The %s %s is too short; the least that a swarm can work with is %s." % (option, text, shortest))


def _refuse_order_of_ticks(election, heartbeat):
    if election <= heartbeat:
        raise Refusal(
            "The election_tick, %d, must be greater than the heartbeat_tick, %d: managers would give their leader up between two of "
            "its heartbeats. Nothing was changed." % (election, heartbeat)
        )


def _refuse_ticks(spec, changes):
    election, heartbeat = (changes.get(option, value_of(spec, option)) for option in ("election_tick", "heartbeat_tick"))
    if "election_tick" in changes or "heartbeat_tick" in changes:
        _refuse_order_of_ticks(election, heartbeat)


def _refuse_missing_key(spec, changes, rotations):
    if "unlock_key" in rotations and not changes.get("autolock", value_of(spec, "autolock")):
        raise Refusal(
            "There is no unlock key to rotate, since the managers of this swarm do not lock themselves. Say autolock=true if they "
            "shall; nothing was changed."
        )


def _named(node):
    return quorum.hostname(node) or node["ID"]


def _refuse_unreachable_managers(rotations, nodes):
    """What such a manager has on its disk is locked with the key that it knows, and no manager tells that one any more."""
    away = unreachable_managers(nodes)
    if "unlock_key" in rotations and away:
        one = len(away) == 1
        raise Refusal(
            "The %s %s cannot be reached by the others, and would need the unlock key of before to come back, which nobody could tell "
            "after a rotation. Bring %s back first (start the host and its engine, unlock the manager with the present key), or remove "
            "what is gone for good (quorate.swarm.swarm_nodes with state=absent), and run again; nothing was changed."
            % ("manager" if one else "managers", ", ".join(away), "it" if one else "them")
        )


def _warnings_of_nodes(changes, rotations, nodes):
    warnings, away = [], unreachable_managers(nodes)
    if changes.get("autolock") is False and away:
        warnings.append(
            "Without autolock no manager tells an unlock key any more, and managers that cannot be reached now need the present one "
            "to come back: %s. Keep it until they are back." % ", ".join(away)
        )
    down = sorted(_named(node) for node in nodes if node["Status"]["State"] == "down")
    if "ca" in rotations and down:
        warnings.append(
            "Nodes that are down hold the rotation of the root CA up until their hosts are back or their entries removed "
            "(quorate.swarm.swarm_nodes with state=absent): %s. The swarm works meanwhile." % ", ".join(down)
        )
    return warnings


def _refuse_missing_signer(spec, changes, rotations, desired):
    """The engine would refuse it, too, but only after it had tried to reach the external CAs."""
    if "ca" not in rotations or not desired["signing_ca_cert"] or desired["signing_ca_key"]:
        return
    cas = changes.get("external_cas", value_of(spec, "external_cas"))
    if certificates(desired["signing_ca_cert"]) not in [certificates(ca.get("CACert")) for ca in cas]:
        raise Refusal(
            "Nobody could sign with the signing_ca_cert: there is no signing_ca_key, and no external CA of the swarm has that "
            "certificate. Give the key, or list in external_cas one that has it as its ca_cert; nothing was changed."
        )


def _refuse_invalid_external_cas(wishes):
    seen = set()
    for entry in wishes:
        host = _host_behind_https(entry["url"])
        if host is None:
            raise Refusal("The url of an external CA begins with https:// and names a host; one in external_cas does not.")
        if entry["url"] in seen:
            raise Refusal("The external CA at %s is listed twice; list it once." % host)
        seen.add(entry["url"])
        if entry["ca_cert"] and not certificates(entry["ca_cert"]):
            raise Refusal("The ca_cert of the external CA at %s is no certificate in PEM form." % host)
        _refuse_nested("options of the external CA at %s" % host, entry["options"])


def _host_behind_https(url):
    try:
        address = urlsplit(url)
    except ValueError:
        return None
    return address.hostname if address.scheme == "https" else None


def _refuse_invalid_log_driver(wish):
    if wish is None:
        return
    if not wish["name"]:
        raise Refusal("The log_driver has no name, such as json-file or local.")
    _refuse_nested("options of the log_driver", wish["options"])


def _refuse_nested(what, options):
    for key, value in (options or {}).items():
        if not key or isinstance(value, (dict, list)):
            raise Refusal("The %s must be names with plain texts; %r is not." % (what, key))


def _refuse_invalid_signing_ca(desired):
    cert, key = desired["signing_ca_cert"], desired["signing_ca_key"]
    if (cert or key) and not desired["rotate_ca"]:
        raise Refusal("A signing_ca_cert and a signing_ca_key are for a rotation of the CA. Say rotate_ca=true, or leave them out.")
    if key and not cert:
        raise Refusal("The signing_ca_key came without its signing_ca_cert. Give both, or neither for a CA that the swarm makes itself.")
    if cert and len(certificates(cert)) != 1:
        raise Refusal("The signing_ca_cert must be one certificate in PEM form; %d were found in it." % len(certificates(cert)))
    if key and not PRIVATE_KEY.search(key):
        raise Refusal("The signing_ca_key is no private key in PEM form.")
