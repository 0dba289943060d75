#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: swarm_backup
short_description: Copy of what a host's engine keeps of its Docker Swarm
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Copies the directory C(swarm) of the engine's data directory, which on a manager holds the raft log, certificates and keys.
  - The copy is whole. Where the engine wrote something meanwhile, it is made again; and it has its name only once it is complete.
  - It holds secrets. The directory can be read by root only, and no content is told.
  - On a manager with many changes a copy may not succeed while the engine runs. One without quorum changes next to nothing.
options:
  dest:
    description:
      - Directory on the host that the copy becomes. Directories above it that are missing are made, for root only.
      - Where it is there already, nothing is done.
    type: path
    required: true
attributes:
  diff_mode:
    support: full
    description: Returns the directory when diff mode is on, not what is in it.
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.swarm
"""

EXAMPLES = r"""
- name: Keep what this manager knows before the swarm is made anew
  quorate.swarm.swarm_backup:
    dest: /var/backups/docker-swarm/before-recovery
"""

RETURN = r"""
source:
  description: The directory that was copied.
  returned: success
  type: str
  sample: /var/lib/docker/swarm
dest:
  description: The copy.
  returned: success
  type: str
  sample: /var/backups/docker-swarm/before-recovery
files:
  description: Number of files in the copy; none where it was there already, and in check mode.
  returned: success
  type: int
  sample: 8
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["copy /var/lib/docker/swarm to /var/backups/docker-swarm/before-recovery"]
"""

import os

from ansible_collections.quorate.swarm.plugins.module_utils.copies import copy_whole
from ansible_collections.quorate.swarm.plugins.module_utils.errors import Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module


def execute(engine, params, check_mode):
    dest = os.path.abspath(params["dest"])
    source = os.path.join(engine.info().get("DockerRootDir") or "", "swarm")
    if os.path.commonpath([source, dest]) == source:
        raise Refusal("The copy %s would lie in what is copied, %s. Name another directory; nothing was changed." % (dest, source))
    facts = {"source": source, "dest": dest, "files": None}
    if os.path.isdir(dest):
        return Outcome(facts=facts)
    if not os.path.isdir(source):
        raise Refusal("This host has no directory %s, so there is nothing to copy; nothing was changed." % source)
    if not check_mode:
        facts["files"], _size = copy_whole(source, dest)
    return Outcome(
        changed=True,
        before={"copy": None},
        after={"copy": dest},
        actions=["copy %s to %s" % (source, dest)],
        facts=facts,
    )


def main():
    run_module(execute, {"dest": {"type": "path", "required": True}})


if __name__ == "__main__":
    main()
