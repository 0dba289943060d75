#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_answers
short_description: Who answers on TCP ports of other hosts
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Asks each of the ports at each of the addresses from the host on which it runs, side by side, again until all answer or a limit is over.
  - >-
    A connection that is taken is no answer yet. Engines listen themselves on the ports of services, and take connections also where
    these lead to no container any more. So the module ends its side of the connection without a word; whoever serves the port then
    says something or ends it as well.
  - Needs no engine and no Docker SDK.
options:
  addresses:
    description: The addresses to ask.
    type: list
    elements: str
    required: true
  ports:
    description: The ports to ask at each address.
    type: list
    elements: int
    required: true
  limit:
    description: Seconds until all must have answered. With 0 each is asked once.
    type: int
    default: 60
  timeout:
    description: Seconds that one connection is given to be taken, and again to be answered.
    type: int
    default: 5
attributes:
  action_group:
    support: none
    description: Has no options in common with the modules that speak to an engine.
    membership: []
extends_documentation_fragment:
  - quorate.swarm.attributes.info
notes:
  - A connection without a word shows in the logs of some servers, and MariaDB and MySQL count it as one that was interrupted.
seealso:
  - plugin: quorate.swarm.ingress_gaps
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask the published port 8080 at two hosts
  quorate.swarm.tcp_answers:
    addresses: [10.10.10.88, 10.10.10.76]
    ports: [8080]
  register: result
"""

RETURN = r"""
answers:
  description:
    - What each port at each address answered last.
    - >-
      V(answered), also by ending the connection; V(silent), where a connection was taken and nothing came; V(refused); V(lost), where no
      connection came about for another reason.
  returned: success
  type: list
  elements: dict
  sample: [{"address": "10.10.10.88", "port": 8080, "answer": "answered"}]
"""

import socket
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.quorate.swarm.plugins.module_utils.errors import TimeLimitExceeded
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_local_module
from ansible_collections.quorate.swarm.plugins.module_utils.ingress import ANSWERED, LOST, REFUSED, SILENT
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until

SIDE_BY_SIDE = 32


def execute(params, check_mode):
    answers = {(address, port): LOST for address in params["addresses"] for port in params["ports"]}

    def observe():
        open_still = [target for target, answer in answers.items() if answer != ANSWERED]
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            answers.update(zip(open_still, pool.map(lambda target: ask(*target, params["timeout"]), open_still)))
        return answers.values()

    try:
        wait_until(observe, lambda seen: all(answer == ANSWERED for answer in seen), params["limit"], "all ports answered")
    except TimeLimitExceeded:
        pass
    return Outcome(facts={"answers": [{"address": at, "port": port, "answer": answer} for (at, port), answer in answers.items()]})


def ask(address, port, timeout):
    try:
        connection = socket.create_connection((address, port), timeout)
    except ConnectionRefusedError:
        return REFUSED
    except ConnectionResetError:
        # From somebody who had the connection already; so below.
        return ANSWERED
    except OSError:
        return LOST
    with connection:
        try:
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
        except socket.timeout:
            return SILENT
        except OSError:
            return ANSWERED
    return ANSWERED


ARGUMENTS = {
    "addresses": {"type": "list", "elements": "str", "required": True},
    "ports": {"type": "list", "elements": "int", "required": True},
    "limit": {"type": "int", "default": 60},
    "timeout": {"type": "int", "default": 5},
}


def main():
    run_local_module(execute, ARGUMENTS)


if __name__ == "__main__":
    main()
