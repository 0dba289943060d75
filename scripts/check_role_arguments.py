#!/usr/bin/env python3
# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that each role's defaults/main.yml and meta/argument_specs.yml say the same."""

import sys
from pathlib import Path

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"


def differences(defaults, entry_points):
    """Sentences, none if both agree. Every documented default is a real one, and every real one is documented for main."""
    found = [
        f"{name} is in defaults/main.yml, but the entry point main of argument_specs.yml does not have it: document it there."
        for name in defaults
        if name not in entry_points.get("main", {})
    ]
    for entry_point, options in entry_points.items():
        for name, option in options.items():
            found += option_differences(entry_point, name, option, defaults)
    return found


def option_differences(entry_point, name, option, defaults):
    where = f"{name} of the entry point {entry_point}"
    if option.get("required"):
        if name in defaults:
            yield f"{where} is required, but defaults/main.yml sets it: remove one of the two."
    elif "default" in option:
        if name not in defaults:
            yield f"{where} has a default in argument_specs.yml alone, where it takes no effect: set it in defaults/main.yml."
        elif not same(option["default"], defaults[name]):
            yield f"{where} has the default {option['default']!r} in argument_specs.yml, but {defaults[name]!r} in defaults/main.yml."
    elif name in defaults:
        yield f"{where} has no default in argument_specs.yml, but {defaults[name]!r} in defaults/main.yml: state it."


def same(documented, real):
    """Python holds 1 and true for equal, users do not."""
    return repr(documented) == repr(real)


def read(path):
    return (yaml.safe_load(path.read_text()) or {}) if path.is_file() else {}


def role_differences(role):
    specs = read(role / "meta" / "argument_specs.yml").get("argument_specs", {})
    if not specs:
        return ["meta/argument_specs.yml describes no entry point: add it."]
    entry_points = {name: spec.get("options") or {} for name, spec in specs.items()}
    return differences(read(role / "defaults" / "main.yml"), entry_points)


def main():
    roles = sorted(path for path in ROLES.glob("*") if path.is_dir())
    found = [f"roles/{role.name}: {difference}" for role in roles for difference in role_differences(role)]
    print("\n".join(found) or f"role arguments: {len(roles)} roles agree with their argument specs")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
