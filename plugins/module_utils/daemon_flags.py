# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flags with which an engine is started, and which keys of its configuration file they exclude. No I/O."""

from __future__ import annotations

import re

from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal

# Flags that may be given more than once have another name in the file.
KEYS = {
    "add-runtime": "runtimes",
    "authorization-plugin": "authorization-plugins",
    "cdi-spec-dir": "cdi-spec-dirs",
    "cluster-store-opt": "cluster-store-opts",
    "default-address-pool": "default-address-pools",
    "default-network-opt": "default-network-opts",
    "default-ulimit": "default-ulimits",
    "dns-opt": "dns-opts",
    "exec-opt": "exec-opts",
    "feature": "features",
    "host": "hosts",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "node-generic-resource": "node-generic-resources",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}
LETTERS = {
    "D": "debug", "G": "group", "H": "hosts", "b": "bridge", "g": "graph", "l": "log-level", "p": "pidfile", "r": "restart",
    "s": "storage-driver",
}
LETTERS_WITHOUT_VALUE = "Drvh"
# As Go reads them.
FALSE = ("0", "f", "F", "false", "False", "FALSE")
# What an engine takes from both.
MERGED = ("runtimes",)
# An engine takes the keys within other mappings for keys of their own.
WHOLE_MAPPINGS = ("builder", "cluster-store-opts", "default-network-opts", "default-ulimits", "features", "log-opts", "runtimes")


def keys_of(arguments):
    """The keys that a program's arguments set, with the flag of each; values, which may be secrets, are not told."""
    keys = {}
    for argument in arguments:
        if argument.startswith("--"):
            name = argument[2:].partition("=")[0]
            keys[KEYS.get(name, name)] = "--" + name
        elif argument.startswith("-"):
            for letter in argument[1:]:
                if letter in LETTERS:
                    keys[LETTERS[letter]] = "-" + letter
                if letter not in LETTERS_WITHOUT_VALUE:
                    break
    return keys


def refuse_live_restore(arguments, service):
    """The last flag of that name counts, as for the engine."""
    flags = [argument for argument in arguments if argument.partition("=")[0] == "--live-restore"]
    if flags and flags[-1].partition("=")[2] not in FALSE:
        raise Refusal(
            "The unit %s starts the engine with the flag --live-restore, and an engine that has it cannot be in a swarm: the managers "
            "could not tell what runs on it. Take the flag out of the unit ('systemctl edit %s'); nothing was changed." % (service, service)
        )


def arguments_of_unit(text):
    """The arguments in what C(systemctl show --property ExecStart) tells, none where it tells no command, and whether they are all.

    Variables are resolved only at a start.
    """
    commands = re.findall(r"argv\[\]=(.*?) ;", text)
    arguments = [word for command in commands for word in command.split()[1:]]
    return arguments, bool(commands) and not any(word.startswith("$") for word in arguments)


def refuse_both(settings, arguments, path, service):
    """An engine does not start with a key that is in its file and among its flags, be the value the same."""
    flags = keys_of(arguments)
    both = sorted(key for key in _plain(settings) if key in flags and key not in MERGED)
    if both:
        raise Refusal(
            "%s in %s or in what is asked for: the unit %s starts the engine with the flag %s, and no engine starts with a setting that is "
            "both in its file and among its flags. Leave it out of the file, or take the flag out of the unit ('systemctl edit %s'); "
            "nothing was changed."
            % (_listed(both), path, service, ", ".join(flags[key] for key in both), service)
        )


def _plain(settings):
    for key, value in settings.items():
        if isinstance(value, dict) and key not in WHOLE_MAPPINGS:
            yield from value
        else:
            yield key


def _listed(keys):
    return "%s %s" % (", ".join(keys), "is" if len(keys) == 1 else "are")
