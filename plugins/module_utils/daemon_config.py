# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's configuration file: what it becomes, and what no engine in a swarm can have in it. No I/O."""

from __future__ import annotations

import json

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan

TEXT, FLAG, NUMBER, TEXTS, MAPPING, TEXT_MAPPING, POOLS = (
    "a text", "true or false", "a whole number", "a list of texts", "a mapping", "a mapping of names to texts",
    "a list of mappings, each with a base and a size",
)
# An engine that cannot read a value does not start. Keys that are not here are left to its own judgement.
KINDS = {
    "bip": TEXT,
    "cgroup-parent": TEXT,
    "data-root": TEXT,
    "debug": FLAG,
    "default-address-pools": POOLS,
    "default-ulimits": MAPPING,
    "dns": TEXTS,
    "dns-search": TEXTS,
    "exec-opts": TEXTS,
    "experimental": FLAG,
    "features": MAPPING,
    "insecure-registries": TEXTS,
    "iptables": FLAG,
    "labels": TEXTS,
    "live-restore": FLAG,
    "log-driver": TEXT,
    "log-level": TEXT,
    "log-opts": TEXT_MAPPING,
    "max-concurrent-downloads": NUMBER,
    "metrics-addr": TEXT,
    "mtu": NUMBER,
    "registry-mirrors": TEXTS,
    "shutdown-timeout": NUMBER,
    "storage-driver": TEXT,
    "storage-opts": TEXTS,
    "userland-proxy": FLAG,
}


def parse(text, path):
    """The settings in a file's text; an empty file has none."""
    try:
        settings = json.loads(text or "{}")
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise Refusal(
            "%s holds no JSON object, so nothing can be merged into it. Correct or remove it; it was left as it is." % path
        )
    return settings


def plan(current, wanted, path):
    """Steps from a file's settings to those with the wanted ones in them."""
    settings = merged(current, wanted)
    _refuse_invalid(settings, path)
    if settings == current:
        return Plan()
    names = [key for key in settings if settings[key] != current.get(key)]
    return Plan((Write(settings, names),), {key: current[key] for key in names if key in current}, {key: settings[key] for key in names})


class Write:
    def __init__(self, settings, names):
        self.settings = settings
        self._names = names

    def sentence(self):
        return "set %s" % ", ".join(sorted(self._names))


def merged(current, wanted):
    """Mappings are merged key by key; lists and values take the place of those that were there."""
    result = dict(current)
    for key, value in wanted.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def text_of(settings):
    return json.dumps(settings, indent=4, sort_keys=True) + "\n"


def _refuse_invalid(settings, path):
    if settings.get("live-restore") is True:
        raise Refusal(
            "live-restore is true in %s or in what is asked for, and an engine that has it cannot be in a swarm: the managers could "
            "not tell what runs on it. Set it to false; nothing was changed." % path
        )
    for key, value in settings.items():
        if key in KINDS and not _is_of_kind(value, KINDS[key]):
            raise Refusal(
                "The setting %s for %s is %s, and the engine takes %s: it would not start. Correct it; nothing was changed."
                % (key, path, json.dumps(value), KINDS[key])
            )


def _is_of_kind(value, kind):
    if kind == FLAG:
        return isinstance(value, bool)
    if kind == NUMBER:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == TEXT:
        return isinstance(value, str)
    if kind == TEXTS:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    if kind == TEXT_MAPPING:
        return isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())
    if kind == POOLS:
        return isinstance(value, list) and all(isinstance(entry, dict) and {"base", "size"} <= set(entry) for entry in value)
    return isinstance(value, dict)
