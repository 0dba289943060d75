# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a swarm under the names of the module's options: as they are, as they are said, how they are told. No I/O.

What is told is no secret: no certificate, and nothing that an external CA or a log driver may have been given as a secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from urllib.parse import urlsplit

from ansible_collections.quorate.swarm.plugins.module_utils import durations
from ansible_collections.quorate.swarm.plugins.module_utils.labels import label_value, merged

PATHS = {
    "dispatcher_heartbeat_period": ("Dispatcher", "HeartbeatPeriod"),
    "snapshot_interval": ("Raft", "SnapshotInterval"),
    "keep_old_snapshots": ("Raft", "KeepOldSnapshots"),
    "log_entries_for_slow_followers": ("Raft", "LogEntriesForSlowFollowers"),
    "election_tick": ("Raft", "ElectionTick"),
    "heartbeat_tick": ("Raft", "HeartbeatTick"),
    "task_history_retention_limit": ("Orchestration", "TaskHistoryRetentionLimit"),
    "node_cert_expiry": ("CAConfig", "NodeCertExpiry"),
    "external_cas": ("CAConfig", "ExternalCAs"),
    "autolock": ("EncryptionConfig", "AutoLockManagers"),
    "log_driver": ("TaskDefaults", "LogDriver"),
    "labels": ("Labels",),
}
LABEL_OPTIONS = ("labels_to_remove", "labels_state")
DURATIONS = ("dispatcher_heartbeat_period", "node_cert_expiry")
UNSET = {"external_cas": [], "autolock": False, "log_driver": None, "labels": {}}
FIXED = {"default_addr_pool": "DefaultAddrPool", "subnet_size": "SubnetSize", "data_path_port": "DataPathPort"}
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
NOT_TOLD = "(not told)"
SECRET_NAME = re.compile(r"pass|secret|token|key|cred", re.IGNORECASE)


def value_of(spec, option):
    """A setting as it is; the engine leaves out what is zero or empty."""
    value = spec
    for key in PATHS[option]:
        value = (value or {}).get(key)
    return UNSET.get(option, 0) if value is None else value


def put(spec, option, value):
    *sections, key = PATHS[option]
    for section in sections:
        spec = spec.setdefault(section, {})
    spec[key] = value


def differences(spec, wish):
    """The settings that are said and differ from those in a swarm's spec, as the engine wants them."""
    found = {}
    for option in PATHS:
        current = value_of(spec, option)
        wanted = said(option, wish, current)
        if wanted is not None and _comparable(option, wanted) != _comparable(option, current):
            found[option] = wanted
    return found


def said(option, wish, current):
    """What a wish says of a setting, as the engine wants it; none where it leaves it open."""
    value = wish[option]
    if option == "labels":
        return merged(current, wish, wish["labels_state"])
    if value is None:
        return None
    if option in DURATIONS:
        return durations.nanoseconds(value)
    if option == "external_cas":
        return [_external_ca(entry, current) for entry in value]
    if option == "log_driver":
        same = current if current and current["Name"] == value["name"] else {}
        return {"Name": value["name"], "Options": _options(value, same)}
    return value


def told(option, value):
    """A setting for results, differences and sentences."""
    if option in DURATIONS:
        return durations.in_words(value)
    if option == "external_cas":
        return [_external_ca_told(ca) for ca in value]
    if option == "log_driver" and value:
        options = value.get("Options") or {}
        return {"name": value["Name"], "options": {key: _unless_secret(key, text) for key, text in options.items()}}
    return value


def told_change(option, old, new):
    before, after = told(option, old), told(option, new)
    return before, after if before != after else "%s, with another value of what is not told" % in_words(after)


def in_words(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return (", ".join(value) or "none") if isinstance(value, list) else value


def summary(swarm):
    settings = {option: told(option, value_of(swarm["Spec"], option)) for option in PATHS}
    settings.update((option, swarm.get(key)) for option, key in FIXED.items())
    return dict(settings, root_rotation_in_progress=bool(swarm.get("RootRotationInProgress")))


def from_summary(told):
    """A swarm as the engine tells it, as far as its C(summary) does; C(hides) says what is missing of a setting."""
    spec = {}
    for option in PATHS:
        put(spec, option, _untold(option, told[option]))
    return dict({key: told[option] for option, key in FIXED.items()}, Spec=spec)


def hides(told, option):
    """Whether a summary tells less of a setting than the swarm has, so that a wish cannot be compared with it."""
    if option == "external_cas":
        return bool(told[option])
    if option == "log_driver":
        return NOT_TOLD in ((told[option] or {}).get("options") or {}).values()
    return False


def fixed_differences(swarm, wish):
    """What is fixed for a swarm's life and is said otherwise: option, what it is, what was said."""
    for option, key in FIXED.items():
        found, asked = swarm.get(key), wish[option]
        if option == "default_addr_pool":
            same = {subnet(text) for text in asked} == {subnet(text) for text in found or ()}
        else:
            same = asked == found
        if asked and not same:
            yield option, found, asked


def subnet(text):
    """None where the text is no subnet."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def certificates(pem):
    """The certificates in a PEM text, without what people write around and between them; none where one is broken."""
    try:
        return [base64.b64decode("".join(body.split()), validate=True) for body in CERTIFICATE.findall(pem or "")]
    except binascii.Error:
        return []


def _external_ca(entry, known):
    """What is not said of an external CA that the swarm has already stays as it is."""
    same = next((ca for ca in known if ca["URL"] == entry["url"]), {})
    certificate = same.get("CACert", "") if entry["ca_cert"] is None else entry["ca_cert"]
    return {"Protocol": entry["protocol"], "URL": entry["url"], "Options": _options(entry, same), "CACert": certificate}


def _options(entry, same):
    if entry["options"] is None:
        return same.get("Options") or {}
    return {key: label_value(value) for key, value in entry["options"].items()}


def _comparable(option, value):
    if option == "external_cas":
        return [(ca["Protocol"], ca["URL"], ca.get("Options") or {}, certificates(ca.get("CACert"))) for ca in value]
    if option == "log_driver" and value:
        return value["Name"], value.get("Options") or {}
    return value


def _external_ca_told(ca):
    address = urlsplit(ca["URL"])
    url = address._replace(netloc=address.netloc.rpartition("@")[2], query="", fragment="").geturl()
    parts = [ca["Protocol"]]
    parts += ["certificate sha256:%s" % hashlib.sha256(der).hexdigest()[:16] for der in certificates(ca.get("CACert"))]
    if ca.get("Options"):
        parts.append("options %s" % ", ".join(sorted(ca["Options"])))
    return "%s (%s)" % (url, ", ".join(parts))


def _untold(option, value):
    if option in DURATIONS:
        return durations.nanoseconds(value)
    if option == "external_cas":
        return []
    if option == "log_driver" and value:
        return {"Name": value["name"], "Options": value["options"]}
    return value


def _unless_secret(name, text):
    return NOT_TOLD if SECRET_NAME.search(name) else text
