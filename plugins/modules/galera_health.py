#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: galera_health
short_description: Live state of a member of a Galera cluster, or a wait for it
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Asks one server of MariaDB or Percona XtraDB Cluster over its own protocol what it is in its Galera cluster, once or until a condition
    holds. It asks without waiting for what others have committed, so that a member in no primary component answers, too.
  - A member that does not answer, or not yet, is no failure of the module, unless it was asked to wait; nor is a host without PyMySQL.
  - It tells of one member. Whether all are in one and the same cluster, whoever has asked all of them can tell.
  - Changes nothing. Runs on the host of the member. Made for MariaDB 10.11 and Percona XtraDB Cluster 8.0.
requirements:
  - PyMySQL 1.0 or newer, as Debian's package python3-pymysql
options:
  port:
    description: The member's port for clients.
    type: int
    default: 3306
  user:
    description: The user as whom it is asked, who needs no privileges. With O(container) it comes from V(127.0.0.1).
    type: str
    required: true
  password:
    description: The password of O(user).
    type: str
    required: true
  mysql_tls:
    description:
      - Whether TLS is asked for. A user that is known by C(caching_sha2_password), the default from MySQL 8.4 on, can be asked as only so.
      - The engine's own options of TLS are others.
    type: bool
    default: false
  mysql_ca_path:
    description:
      - File on the host with the certificate of the authority that signed the member's certificate, for O(mysql_tls=true).
      - Without it those that the host trusts are taken, and with O(container) the certificate is not checked.
    type: path
  mysql_hostname:
    description: Name that the member's certificate must carry. If it is not given, O(address) is taken, and V(localhost) with O(container).
    type: str
  data_path:
    description:
      - The member's data directory on this host. Where a file C(sst_in_progress) lies in it, the member is about to take all data from
        another one, and is alive though it does not answer.
    type: path
  wait_for:
    description:
      - The condition that must hold within O(wait_timeout), or the module fails with what it saw last.
      - With V(answers) the member answers, in whatever state it is.
      - With V(primary) it is in the component that has the majority, and ready for queries.
      - With V(synced) it also has all that the component has, and all of O(members) are in that component.
    type: str
    choices: [answers, primary, synced]
  members:
    description:
      - Names of the members that must be in the component for V(synced) of O(wait_for). Others may be there as well.
      - They are those of C(wsrep_node_incoming_address).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - quorate.swarm.member
  - quorate.swarm.health
  - quorate.swarm.connection
  - quorate.swarm.attributes.info
"""

EXAMPLES = r"""
- name: Look at the member on each host
  quorate.swarm.galera_health:
    container: "{{ galera_name }}"
    user: quorate
    password: "{{ vault_galera_health_password }}"
  register: result

- name: Wait until it is in step with the others again
  quorate.swarm.galera_health:
    container: galera-node1
    user: quorate
    password: "{{ vault_galera_health_password }}"
    data_path: /srv/galera/data
    wait_for: synced
    members: [galera-node1, galera-node2, galera-node3]
    wait_timeout: 600

- name: Ask a member at a published port, without an engine
  quorate.swarm.galera_health:
    address: 10.10.10.88
    user: monitor
    password: "{{ vault_monitor_password }}"
    mysql_tls: true
    mysql_ca_path: /etc/ssl/certs/database_ca.pem
"""

RETURN = r"""
reachable:
  description: Whether the member answered.
  returned: success, and where a condition was not met
  type: bool
  sample: true
error:
  description: Why there is no answer; none where there is one.
  returned: success, and where a condition was not met
  type: str
  sample: nothing listens on port 3306 in the container galera-node1
met:
  description: Whether the condition of O(wait_for) held; without one, whether the member answered.
  returned: success, and where a condition was not met
  type: bool
  sample: true
library_missing:
  description: Whether this host lacks PyMySQL, so that nothing could be asked.
  returned: success, and where that is why a condition was not met
  type: bool
  sample: false
transfer:
  description: Whether the member is about to take all data from another one, as far as O(data_path) tells it.
  returned: success, and where a condition was not met
  type: bool
  sample: false
state:
  description: What the member told last; none where it did not answer.
  returned: success, and where a condition was not met
  type: dict
  contains:
    name:
      description: The member's name in its cluster.
      type: str
      sample: galera-node1
    version:
      description: The server's version.
      type: str
      sample: 10.11.6
    cluster_name:
      description: The cluster's name.
      type: str
      sample: galera
    cluster_uuid:
      description: UUID of the cluster's data, the same on all members; none where the member has not been in a cluster yet.
      type: str
      sample: b9f7bf71-ed15-11f1-9c2e-72eed756da22
    cluster_status:
      description: V(Primary), V(non-Primary) or V(Disconnected); none of a server without Galera.
      type: str
      sample: Primary
    conf_id:
      description: Number of the component's membership, which changes with each member that comes or goes; none in no primary component.
      type: int
      sample: 3
    size:
      description: Number of members in the component.
      type: int
      sample: 3
    members:
      description: Their names, as far as they are known.
      type: list
      elements: str
      sample: [galera-node1, galera-node2, galera-node3]
    connected:
      description: Whether it is connected to other members, or could be.
      type: bool
      sample: true
    ready:
      description: Whether it answers queries.
      type: bool
      sample: true
    local_state:
      description: 1 while it asks for data, 2 while it gives its data to another one, 3 while it catches up, 4 once it is synced.
      type: int
      sample: 4
    local_state_comment:
      description: The same in the server's words.
      type: str
      sample: Synced
    seqno:
      description: The last transaction that it has applied.
      type: int
      sample: 48
    flow_control_paused:
      description: Part of the time since its start or the last C(FLUSH STATUS) in which the cluster had to wait, from 0 to 1.
      type: float
      sample: 0.0
    desynced:
      description: Whether somebody has let it fall behind by C(wsrep_desync).
      type: bool
      sample: false
"""

import os

from ansible_collections.quorate.swarm.plugins.module_utils import galera_session as session
from ansible_collections.quorate.swarm.plugins.module_utils import galera_state as galera
from ansible_collections.quorate.swarm.plugins.module_utils.errors import NoAnswer, QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.frame import run_reconnecting_module
from ansible_collections.quorate.swarm.plugins.module_utils.health import health_arguments, watch
from ansible_collections.quorate.swarm.plugins.module_utils.member_socket import MODULE_OPTIONS

TRANSFER = "sst_in_progress"


def execute(reach, params, check_mode):
    if session.lacks_library() and params["wait_for"]:
        raise Refusal("%s." % session.NO_LIBRARY, library_missing=True)
    ask = session.asker(reach, params)
    try:
        outcome = watch(lambda: look(ask, params), params, galera.conditions(params), galera.describe)
    except QuorateError as exc:
        exc.facts["transfer"] = takes_all_data(params)
        raise
    outcome.facts.update(library_missing=session.lacks_library(), transfer=takes_all_data(params))
    return outcome


def look(ask, params):
    try:
        with ask() as query:
            # Else a member that lags behind would answer late, and one in no primary component not at all.
            query("SET SESSION wsrep_sync_wait = 0")
            status = query("SHOW GLOBAL STATUS LIKE 'wsrep\\_%'")
            names = ", ".join("'%s'" % name for name in galera.VARIABLES)
            return galera.state(dict(status), dict(query("SHOW GLOBAL VARIABLES WHERE Variable_name IN (%s)" % names)))
    except NoAnswer as exc:
        if not takes_all_data(params):
            raise
        raise NoAnswer(
            "%s, while it takes all data from another member (%s is in its data directory)" % (exc, TRANSFER), exc.ended, exc.denied
        ) from exc


def takes_all_data(params):
    return bool(params["data_path"]) and os.path.exists(os.path.join(params["data_path"], TRANSFER))


ARGUMENTS = dict(
    session.galera_arguments(),
    **health_arguments(galera.conditions({"members": []})),
    members={"type": "list", "elements": "str", "default": []},
    data_path={"type": "path"},
)


def main():
    run_reconnecting_module(execute, ARGUMENTS, **MODULE_OPTIONS)


if __name__ == "__main__":
    main()
