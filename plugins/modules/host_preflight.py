#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_preflight
short_description: What a host brings along for a Docker Swarm, and whether other hosts reach it
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Tells what must differ between the hosts of a swarm (machine ID, engine ID), what must agree (the clock), and what must be there
    (kernel modules), with the host's addresses and routes.
  - Run on several hosts side by side, each that is in no swarm listens for a while on the ports of a swarm and calls the others on theirs.
    So closed ports and packets that are too large are seen before anything listens there for good. B(forks) must not be
    fewer than the hosts.
  - A host whose engine holds a membership never listens, so that its engine finds its ports free. It tells which of them are in use.
    That somebody listens on the ports of a swarm makes no member of a host; its engine's state does, on the disk or in its own words.
  - Changes nothing. Needs no engine and no Docker SDK. Without root it tells less, and what it cannot tell is none.
  - The filter P(quorate.swarm.preflight_calls#filter) makes the options for a whole inventory, and
    P(quorate.swarm.preflight_findings#filter) judges the results.
options:
  name:
    description: The host's name in the inventory, by which the others call it.
    type: str
    required: true
  listen:
    description: Ports to listen on, such as C(7946/udp), or C(esp) for IP protocol 50, for which root is needed.
    type: list
    elements: str
    default: []
  calls:
    description: The hosts to call, each with its ports and the IPv4 address or name for each.
    type: dict
    default: {}
  callers:
    description: The hosts that will call this one; it waits for them within O(timeout).
    type: list
    elements: str
    default: []
  members_call:
    description: Whether a host that is in a swarm takes part and calls the others, though it does not listen.
    type: bool
    default: false
  sized_port:
    description: The UDP port on which packets of O(packet_size) are tried.
    type: str
  packet_size:
    description: Bytes of the largest IP packet that must pass uncut. With 0 none is tried.
    type: int
    default: 0
  timeout:
    description: Seconds after which a host waits no longer for the others. It ends as soon as all are content.
    type: int
    default: 15
  kernel_modules:
    description: Kernel modules to look for, loaded, built in or loadable.
    type: list
    elements: str
    default: []
  engine_config_path:
    description: The engine's configuration file, read for the place of its data directory.
    type: path
    default: /etc/docker/daemon.json
attributes:
  action_group:
    support: none
    description: Has no options in common with the modules that speak to an engine.
    membership: []
  action:
    version_added: 0.1.0
    support: full
    description: Reads the controller's clock before and after the module.
extends_documentation_fragment:
  - quorate.swarm.attributes.info
seealso:
  - plugin: quorate.swarm.preflight_calls
    plugin_type: filter
  - plugin: quorate.swarm.preflight_findings
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at a host alone
  quorate.swarm.host_preflight:
    name: "{{ inventory_hostname }}"
    kernel_modules: [vxlan, ip_vs]

- name: Let two hosts call each other
  quorate.swarm.host_preflight:
    name: "{{ inventory_hostname }}"
    listen: [7946/udp]
    calls: "{{ {'node2': {'7946/udp': '10.10.10.76'}} if inventory_hostname == 'node1' else {} }}"
    callers: "{{ ['node1'] if inventory_hostname == 'node2' else [] }}"
"""

RETURN = r"""
member:
  description: Whether the host's engine is in a swarm, or about to join one; none where nobody may look, or the engine does not answer.
  returned: success
  type: bool
  sample: false
machine_id:
  description: A digest of the machine ID, none where it has none.
  returned: success
  type: str
  sample: 0123456789abcdef0123456789abcdef
engine_id:
  description: The engine's ID, none where it has none yet or nobody may look.
  returned: success
  type: str
  sample: ABCD:EFGH
addresses:
  description: The host's IPv4 addresses.
  returned: success
  type: list
  elements: str
  sample: [10.10.10.88, 127.0.0.1]
routes:
  description: The IPv4 subnets to which the host has routes, without the default route.
  returned: success
  type: list
  elements: dict
  sample: [{"interface": "eth0", "subnet": "10.10.10.0/24"}]
kernel:
  description: For each of O(kernel_modules) whether the kernel has it or could load it; none where the host does not tell.
  returned: success
  type: dict
  sample: {"vxlan": true, "ip_vs": true}
clock:
  description: The host's clock when the module began and when it ended, in seconds since 1970.
  returned: success
  type: dict
  sample: {"started": 1763733820.1, "finished": 1763733821.4}
controller_clock:
  description: The controller's clock before and after the task.
  returned: success
  type: dict
  sample: {"before": 1763733819.2, "after": 1763733822.0}
met:
  description: Whether the host took part in the calls.
  returned: success
  type: bool
  sample: true
began:
  description: The host's clock when it began to listen and call.
  returned: when RV(met=true)
  type: float
  sample: 1763733820.2
ended:
  description: The host's clock when it ended that.
  returned: when RV(met=true)
  type: float
  sample: 1763733821.3
listening:
  description: Those of O(listen) on which it listened.
  returned: success
  type: list
  elements: str
  sample: [7946/udp]
taken:
  description: Those of O(listen) on which somebody else listens, such as the engine.
  returned: success
  type: list
  elements: str
  sample: []
heard:
  description: The hosts whose calls arrived, by port, also where the answer may not have come back to them.
  returned: success
  type: dict
  sample: {"7946/udp": ["node2"]}
presence:
  description: For how many seconds something was heard of each host, so that it was there to answer.
  returned: success
  type: dict
  sample: {"node2": 0.9}
calls:
  description:
    - By host and port the C(address) that was called and the C(result). C(open) means that the host answered, C(taken) that
      another program accepted the connection, C(stranger) that another host answered, C(silent) that nothing came back, and C(untested)
      that nothing can be said. The C(detail) says more.
    - On O(sized_port) C(largest) is the size of the largest packet that was answered.
  returned: success
  type: dict
  sample: {"node2": {"7946/udp": {"address": "10.10.10.76", "result": "open", "detail": null}}}
"""

import time

from ansible_collections.quorate.swarm.plugins.module_utils import engine_socket, evidence
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_local_module
from ansible_collections.quorate.swarm.plugins.module_utils.kernel_features import has_module
from ansible_collections.quorate.swarm.plugins.module_utils.ports_in_use import ports_in_use
from ansible_collections.quorate.swarm.plugins.module_utils.rendezvous import meet

GOSSIP = "7946/tcp"


def execute(params, check_mode):
    started = time.time()
    root = evidence.engine_root(params["engine_config_path"])
    in_use = ports_in_use()
    member = is_member(evidence.has_swarm_state(root), GOSSIP in in_use)
    facts = {
        "member": member,
        "machine_id": evidence.machine_id(),
        "engine_id": evidence.engine_id(root),
        "addresses": evidence.own_addresses(),
        "routes": [{"interface": interface, "subnet": str(subnet)} for interface, subnet in evidence.interface_routes()],
        "kernel": {name: has_module(name) for name in params["kernel_modules"]},
        "met": False,
        "listening": [],
        "taken": sorted(in_use & set(params["listen"])),
        "heard": {},
        "presence": {},
        "calls": {},
    }
    if takes_part(params, member):
        found = meet(
            params["name"],
            params["listen"] if member is False else [],
            params["calls"],
            params["callers"] if member is False else [],
            params["sized_port"],
            params["packet_size"],
            params["timeout"],
        )
        found["taken"] = sorted(set(found["taken"]) | set(facts["taken"]))
        facts.update(found, met=True)
    facts["clock"] = {"started": started, "finished": time.time()}
    return Outcome(facts=facts)


def is_member(on_disk, gossip_in_use):
    """What the engine keeps on its disk says it also while it starts, or cannot. Whoever listens for gossip may be another program, or an
    engine whose data directory is elsewhere: that one is asked."""
    doubtful = on_disk is None or (on_disk is False and gossip_in_use)
    return engine_socket.is_in_swarm() if doubtful and engine_socket.engine_runs() else on_disk


def takes_part(params, member):
    if not params["calls"] and not params["callers"]:
        return False
    return member is False or (bool(member) and params["members_call"])


def main():
    run_local_module(
        execute,
        {
            "name": {"type": "str", "required": True},
            "listen": {"type": "list", "elements": "str", "default": []},
            "calls": {"type": "dict", "default": {}},
            "callers": {"type": "list", "elements": "str", "default": []},
            "members_call": {"type": "bool", "default": False},
            "sized_port": {"type": "str"},
            "packet_size": {"type": "int", "default": 0},
            "timeout": {"type": "int", "default": 15},
            "kernel_modules": {"type": "list", "elements": "str", "default": []},
            "engine_config_path": {"type": "path", "default": "/etc/docker/daemon.json"},
        },
    )


if __name__ == "__main__":
    main()
