#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: galera_primary
short_description: Make what is left of a Galera cluster its primary component
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Tells a member that runs without a majority that the component in which it is takes the place of the one with the majority
    (C(pc.bootstrap)). Those who are in touch with it are in that component, too.
  - "B(This is for exactly one member, and only once all others are seen to be down.) Two that are told so are two clusters, of which each
    takes writes that the other does not know. The playbook C(quorate.swarm.recover) sees to that."
  - A member that is in a primary component already is left as it is.
options:
  container:
    description: Name of the member's container on this host. Its socket is opened in the container's file system, which takes root.
    type: str
    required: true
  socket:
    description: Path of the server's socket inside of the container.
    type: path
    default: /run/mysqld/mysqld.sock
  user:
    description: A user that may set C(wsrep_provider_options), which takes all privileges, as he comes over the socket.
    type: str
    default: root
  password:
    description: The password of O(user).
    type: str
    required: true
  mysql_tls:
    description: Whether TLS is asked for, as in M(quorate.swarm.galera_health).
    type: bool
    default: false
  request_timeout:
    description: Seconds until a connection must be taken, and until a request must be answered.
    type: int
    default: 10
  wait_timeout:
    description: Seconds until the member must be in a primary component then.
    type: int
    default: 60
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
seealso:
  - module: quorate.swarm.galera_health
  - module: quorate.swarm.galera_recovery
"""

EXAMPLES = r"""
- name: Let the only member that is left serve again
  quorate.swarm.galera_primary:
    container: galera-node1
    password: "{{ vault_galera_root_password }}"
"""

RETURN = r"""
cluster_uuid:
  description: UUID of the cluster.
  returned: success
  type: str
  sample: 13001a35-ed17-11f1-9859-ca4f6a8fe43a
seqno:
  description: Number of its last transaction.
  returned: success
  type: int
  sample: 4711
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["make the component of galera-node1 the primary one"]
"""

from ansible_collections.quorate.swarm.plugins.module_utils import galera_state as galera
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.galera_session import asker
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import socket_dialler
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import wait_until

STATUS = "SHOW GLOBAL STATUS LIKE 'wsrep\\_%'"
BOOTSTRAP = "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'"


def execute(reach, params, check_mode):
    # The place is that of the socket; what asks at addresses takes these names, too.
    params = dict(params, address=None, port=0, mysql_ca_path=None, mysql_hostname=None)
    ask = asker(reach, params, socket_dialler(reach, params))
    try:
        return promote(ask, params, check_mode)
    except NoAnswer as exc:
        if exc.denied:
            raise Refusal("%s. Give the password that %s has in the cluster; nothing was changed." % (exc, params["user"])) from exc
        raise


def promote(ask, params, check_mode):
    with ask() as query:
        seen = look(query)
        if seen["cluster_status"] == galera.PRIMARY:
            return outcome(seen, params, False)
        if not seen["cluster_uuid"]:
            raise Refusal("The member %s is of no cluster, so it could take up nothing. Nothing was changed." % params["container"])
        if check_mode:
            return outcome(seen, params, True)
        query(BOOTSTRAP)
        seen = wait_until(
            lambda: look(query), galera.is_primary, params["wait_timeout"],
            "the member %s was in a primary component" % params["container"], describe=galera.describe,
        )
    return outcome(seen, params, True)


def look(query):
    return galera.state(dict(query(STATUS)), {})


def outcome(seen, params, is_changed):
    facts = {"cluster_uuid": seen["cluster_uuid"], "seqno": seen["seqno"]}
    if not is_changed:
        return Outcome(facts=facts)
    return Outcome(
        changed=True,
        before={"cluster_status": "non-Primary"},
        after={"cluster_status": galera.PRIMARY},
        actions=["make the component of %s the primary one" % params["container"]],
        facts=facts,
    )


ARGUMENTS = {
    "container": {"type": "str", "required": True},
    "socket": {"type": "path", "default": "/run/mysqld/mysqld.sock"},
    "user": {"type": "str", "default": "root"},
    "password": {"type": "str", "required": True, "no_log": True},
    "mysql_tls": {"type": "bool", "default": False},
    "request_timeout": {"type": "int", "default": 10},
    "wait_timeout": {"type": "int", "default": 60},
}


def main():
    run_reconnecting_module(execute, ARGUMENTS)


if __name__ == "__main__":
    main()
