# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's configuration file: what it becomes, and what no engine in a swarm can have in it. No I/O."""

from __future__ import annotations

import hashlib
import json
import re

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

NOT_TOLD, NOT_TOLD_EITHER = "(not told)", "(another one, not told)"
SECRET_NAME = re.compile(r"pass|secret|token|key|cred", re.IGNORECASE)
USER_INFORMATION = re.compile(r"(?<=://)[^/\s]*(?=@)|^[^/@\s]+:[^/\s]*(?=@)")
# Masked wherever they stand, these would blot out results that are no secrets.
NO_SECRETS = ("", "true", "false")


def parse(text, path):
    """The settings in a file's text; an empty file has none."""
    try:
        settings = json.loads(text.strip() or "{}")
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise Refusal(
            "%s holds no JSON object, so nothing can be merged into it. Correct or remove it; it was left as it is." % path
        )
    return settings


def plan(current, wanted, path, found_mode=None):
    """Steps from a file's settings to those with the wanted ones in them; the mode is that of a file that is there."""
    settings = merged(current, wanted)
    _refuse_invalid(settings, path)
    if settings == current:
        return Plan()
    names = [key for key in settings if settings[key] != current.get(key)]
    before, after = told(current), told(settings, current)
    before, after = {key: before[key] for key in names if key in current}, {key: after[key] for key in names}
    mode = mode_of(settings, found_mode)
    closes = found_mode not in (None, mode)
    if closes:
        line = "(mode of %s)" % path
        before[line], after[line] = "%04o" % found_mode, "%04o" % mode
    return Plan((Write(settings, names, mode, closes),), before, after)


class Write:
    def __init__(self, settings, names, mode, closes):
        self.settings = settings
        self.mode = mode
        self._names = names
        self._closes = closes

    def sentence(self):
        return "set %s%s" % (", ".join(sorted(self._names)), ", and leave the file to its owner alone" if self._closes else "")


def mode_of(settings, found=None):
    """That of a file with these settings: as it was C(found), or a new one's, and nobody but the owner reads secrets."""
    mode = 0o644 if found is None else found
    return mode & 0o600 if secrets(settings) else mode


def merged(current, wanted):
    """Mappings are merged key by key; lists and values take the place of those that were there."""
    result = dict(current)
    for key, value in wanted.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def text_of(settings):
    return json.dumps(settings, indent=4, sort_keys=True) + "\n"


def digest(text):
    """What tells a file's text from every other one, without telling it."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def note(text, engine):
    """What is kept before a file is written: what it will be, and which engine runs then, as engine_process tells it."""
    return {"digest": digest(text), "engine": engine}


def is_pending(kept, text, engine):
    """Whether the C(engine) that runs does not know the file's C(text), by the note that was kept when it was written.

    A file that somebody else wrote, or touched, says nothing of what the engine knows: it may have been told to read it again.
    """
    return engine is not None and kept == note(text, engine)


def told(settings, earlier=None):
    """Settings without secrets: values in mappings whose names speak of one, and what stands before the @ of an address.

    A secret that differs from the C(earlier) one is told in other words, so that a difference shows.
    """
    earlier = earlier or {}
    return {key: _told(value, earlier.get(key), "") for key, value in settings.items()}


def secrets(settings):
    """The texts that C(told) leaves out."""
    return {secret for value in settings.values() for secret in _secrets(value, "")} - set(NO_SECRETS)


def scrubbed(words, settings):
    """What an engine says of its settings, without secrets."""
    for secret in sorted(secrets(settings), key=len, reverse=True):
        words = words.replace(secret, NOT_TOLD)
    return words


def _told(value, earlier, name):
    if isinstance(value, dict):
        known = earlier if isinstance(earlier, dict) else {}
        return {key: _told(entry, known.get(key), key) for key, entry in value.items()}
    if isinstance(value, list):
        known = earlier if isinstance(earlier, list) else []
        return [_told(entry, known[number] if number < len(known) else None, name) for number, entry in enumerate(value)]
    words = NOT_TOLD if earlier is None or earlier == value else NOT_TOLD_EITHER
    if _is_secret(name, value):
        return words
    return USER_INFORMATION.sub(words, value) if isinstance(value, str) else value


def _secrets(value, name):
    if isinstance(value, dict):
        return [secret for key, entry in value.items() for secret in _secrets(entry, key)]
    if isinstance(value, list):
        return [secret for entry in value for secret in _secrets(entry, name)]
    if not isinstance(value, str):
        return []
    return [value] if _is_secret(name, value) else USER_INFORMATION.findall(value)


def _is_secret(name, value):
    return bool(SECRET_NAME.search(name)) and not isinstance(value, bool) and value not in (None, "")


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
                % (key, path, json.dumps(told({key: value})[key]), KINDS[key])
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
