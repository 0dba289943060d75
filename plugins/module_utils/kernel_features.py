# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the running kernel has a feature, or could load it. Nothing is loaded."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

MODULES = "/lib/modules"
LOADED = "/sys/module"
LIMIT = 30


def has_module(name, release=None, modules=MODULES, loaded=LOADED):
    """True, False, or None where the host does not tell: a container, or a kernel whose files are gone since an upgrade."""
    if os.path.isdir(os.path.join(loaded, name)):
        return True
    directory = os.path.join(modules, release or os.uname().release)
    lists = {kind: listed(os.path.join(directory, "modules.%s" % kind)) for kind in ("builtin", "dep")}
    if name in (lists["builtin"] or ()):
        return True
    if lists["dep"] is None:
        return None
    return name in lists["dep"] and not is_disabled(name)


def listed(path):
    """The names of the modules in one of the kernel's lists, None where there is no list."""
    try:
        with open(path, encoding="utf-8") as file:
            return {module_name(line.partition(":")[0]) for line in file}
    except OSError:
        return None


def module_name(path):
    """ip_vs for kernel/net/netfilter/ipvs/ip_vs.ko.xz."""
    return os.path.basename(path.strip()).partition(".ko")[0].replace("-", "_")


def is_disabled(name):
    """Whether the host's configuration runs a program that does nothing instead of loading the module."""
    program = shutil.which("modprobe", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if program is None:
        return False
    done = subprocess.run(
        [program, "--dry-run", "--verbose", name],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT, check=False,
    )
    return bool(re.search(r"^install \S*/(true|false)\b", done.stdout.decode("utf-8", "replace"), re.MULTILINE))
