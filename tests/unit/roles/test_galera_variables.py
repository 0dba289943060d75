# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role galera makes of a group and settings, what it refuses of them, and what its gate makes of answers."""

from __future__ import annotations

import pytest
from ansible_collections.quorate.swarm.tests.unit.roles import templates

PASSWORDS = {"galera_root_password": "root's\\secret", "galera_health_password": "health"}
PXC = {"galera_flavour": "pxc", "galera_image": "percona/percona-xtradb-cluster:8.0"}
TLS = {"galera_tls_ca": "the authority", "galera_tls_cert": "the certificate", "galera_tls_key": "the key"}
PLAY = ["c", "a", "b"]


def on(host="b", group=PLAY, hosts=None, **variables):
    """The variables of a host, in an inventory of one group and with what is said of each host."""
    hostvars = {member: dict({"inventory_hostname": member}, **(hosts or {}).get(member, {})) for member in group}
    known = {"groups": {"galera": list(group)}, "hostvars": hostvars, "ansible_play_hosts": list(group)}
    return known | PASSWORDS | hostvars.get(host, {}) | {"inventory_hostname": host} | variables


def worked_out(names, hosts):
    told = templates.worked_out("galera", names, hosts)
    assert [answer for answer in told if isinstance(answer, dict)] == []
    return told


def sections(text):
    """Names to keys and values."""
    found = {}
    for line in filter(None, text.splitlines()):
        if line.startswith("["):
            keys = found.setdefault(line.strip("[]"), {})
        else:
            key, _sign, value = line.partition("=")
            assert key not in keys, key
            keys[key] = value
    return found


def member(name, cluster="galera", **further):
    return dict(
        {
            "wsrep_node_name": name,
            "wsrep_node_address": name,
            "wsrep_node_incoming_address": "%s:3306" % name,
            "wsrep_cluster_name": cluster,
            "wsrep_provider": "/usr/lib/galera/libgalera_smm.so",
            "wsrep_provider_options": '"gcache.size=128M; pc.recovery=TRUE"',
            "wsrep_on": "ON",
            "wsrep_sst_method": "mariabackup",
            "wsrep_sst_auth": '"mysql:"',
            "datadir": "/var/lib/mysql",
            "port": "3306",
            "bind_address": "0.0.0.0",
            "binlog_format": "ROW",
            "default_storage_engine": "InnoDB",
            "innodb_autoinc_lock_mode": "2",
            "innodb_buffer_pool_size": "128M",
            "innodb_flush_log_at_trx_commit": "1",
            "sync_binlog": "1",
        },
        **further,
    )


def percona(name, encrypted="OFF", **further):
    said = member(
        name,
        wsrep_provider="/usr/lib64/galera4/libgalera_smm.so",
        wsrep_sst_method="xtrabackup-v2",
        pxc_strict_mode="ENFORCING",
        pxc_encrypt_cluster_traffic=encrypted,
        **further,
    )
    return {key: value for key, value in said.items() if key not in ("wsrep_on", "wsrep_sst_auth")}


SSL = {"ssl_%s" % kind: "/etc/mysql/secrets/%s.pem" % kind for kind in ("ca", "cert", "key")}
SOCKET = '"gcache.size=128M; pc.recovery=TRUE; %s"' % "; ".join("socket.%s=%s" % item for item in SSL.items())
# The host with its inventory, the members that it finds the cluster by, and the rest of its section.
FILES = [
    (on("b"), "galera-a,galera-b,galera-c", member("galera-b")),
    (on("a", ["a"]), "galera-a", member("galera-a")),
    # In whatever order the group is, and none that leaves.
    (on("a", ["b", "a", "c"], {"c": {"galera_state": "absent"}}), "galera-a,galera-b", member("galera-a")),
    (on("a", hosts={"b": {"galera_name": "x"}}, galera_cluster_name="library"), "galera-a,galera-c,x", member("galera-a", "library")),
    (
        on(galera_buffer_pool_size="4G", galera_gcache_size="1G", galera_provider_options={"gcs.fc_limit": 64, "pc.recovery": "FALSE"}),
        "galera-a,galera-b,galera-c",
        member(
            "galera-b", innodb_buffer_pool_size="4G", wsrep_provider_options='"gcache.size=1G; gcs.fc_limit=64; pc.recovery=FALSE"'
        ),
    ),
    # A dash is as good as an underscore, and what the user says is there once.
    (
        on(galera_settings={"innodb-flush-log-at-trx-commit": 2, "max_connections": 500}), "galera-a,galera-b,galera-c",
        member("galera-b", innodb_flush_log_at_trx_commit="2", max_connections="500"),
    ),
    (on(**TLS), "galera-a,galera-b,galera-c", member("galera-b", wsrep_provider_options=SOCKET, **SSL)),
    (on(**PXC), "galera-a,galera-b,galera-c", percona("galera-b")),
    (on(**PXC, **TLS), "galera-a,galera-b,galera-c", percona("galera-b", "ON", **SSL)),
]


def test_the_servers_configuration():
    told = worked_out(["__galera_rendered", "__galera_rendered_forming"], [case[0] for case in FILES])
    for (variables, names, expected), (kept, forming) in zip(FILES, told, strict=True):
        assert sections(kept)["mysqld"] == dict(expected, wsrep_cluster_address="gcomm://%s" % names)
        # The empty list forms a cluster, and nothing else differs.
        assert sections(forming)["mysqld"] == dict(expected, wsrep_cluster_address="gcomm://")
        is_encrypted = bool(variables.get("galera_tls_ca")) and variables.get("galera_flavour") != "pxc"
        assert sections(kept).get("sst") == ({"ssl-mode": "VERIFY_CA"} if is_encrypted else None)


def test_the_list_of_members_alone_needs_no_restart():
    [[wish]] = worked_out(["__galera_wish"], [on()])
    kept, forming = ({file["path"]: file for file in wish[files]} for files in ("files", "forming_files"))
    assert [path for path in kept if kept[path] != forming[path]] == ["/srv/galera/config/galera.cnf"]
    assert kept["/srv/galera/config/galera.cnf"]["passing"] == "^wsrep_cluster_address="
    assert kept["/srv/galera/config/start.sh"].get("passing") is None


def test_passwords_are_in_files_for_the_member_alone_and_nowhere_else():
    application = {"galera_user": "shop", "galera_password": "shop's", "galera_database": "my_shop"}
    cases = [on(**application), on(**PXC, **application), on(**TLS)]
    told = worked_out(["__galera_wish", "lookup('template', 'users.sql.j2')"], cases)
    for (wish, sql), uid in zip(told, ["999", "1001", "999"], strict=True):
        secret = {file["path"].rpartition("/")[2]: file for file in wish["files"] if file.get("secret")}
        assert {(file["owner"], file["mode"]) for file in secret.values()} == {(uid, "0400")}
        assert all(file["path"].startswith("/srv/galera/config/secrets/") for file in secret.values())
        assert (secret["root.password"]["content"], secret["users.sql"]["content"]) == ("root's\\secret", sql)
        plain = [file["content"] for file in wish["files"] if not file.get("secret")] + [str(wish["container"])]
        assert not [text for text in plain for password in ("secret'", "'health'", "shop's", "the key") if password in text]
    assert sorted(secret) == ["ca.pem", "cert.pem", "key.pem", "root.password", "users.sql"]
    # The database has them already, and a change of the file does not reach it.
    assert all(secret[name]["passing"] == "" for name in ("root.password", "users.sql")) and "passing" not in secret["key.pem"]


def test_the_users_of_the_first_start():
    application = {"galera_user": "shop", "galera_password": "a'b\\c", "galera_database": "my_`shop"}
    names = ["lookup('template', 'users.sql.j2')"]
    [plain], [full], [pxc] = worked_out(names, [on(), on(**application), on(**PXC)])
    health = "CREATE USER IF NOT EXISTS 'quorate'@'127.0.0.1' IDENTIFIED BY 'health';"
    sst = [
        "CREATE USER IF NOT EXISTS 'mysql'@'localhost' IDENTIFIED VIA unix_socket;",
        "GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO 'mysql'@'localhost';",
    ]
    assert plain.splitlines() == [health, *sst]
    assert pxc.splitlines() == [health]
    assert full.splitlines() == [
        health,
        *sst,
        "CREATE DATABASE IF NOT EXISTS `my_``shop`;",
        "CREATE USER IF NOT EXISTS 'shop'@'%' IDENTIFIED BY 'a\\'b\\\\c';",
        "GRANT ALL ON `my\\_``shop`.* TO 'shop'@'%';",
    ]


def test_the_container():
    cases = [on(), on(**PXC), on(galera_publish=False, galera_memory="2g", galera_container={"mounts": [{"source": "/x", "target": "/y"}]})]
    [[own], [pxc], [further]] = worked_out(["__galera_container"], cases)
    assert own["networks"] == [{"name": "demo", "aliases": ["galera-b"]}] and own["hostname"] == "galera-b"
    assert own["command"] == ["bash", "/etc/mysql/quorate_start.sh"] and own["stop_timeout"] == 300
    assert own["ports"] == [{"published": 3306, "target": 3306, "address": "127.0.0.1"}]
    mounts = {mount["target"]: (mount["source"], mount.get("read_only", False)) for mount in own["mounts"]}
    assert mounts["/var/lib/mysql"] == ("/srv/galera/data", False)
    assert mounts["/etc/mysql/conf.d/galera.cnf"] == ("/srv/galera/config/galera.cnf", True)
    assert mounts["/docker-entrypoint-initdb.d/quorate.sql"] == ("/srv/galera/config/secrets/users.sql", True)
    assert own["env"] == {
        "MARIADB_ROOT_PASSWORD_FILE": "/etc/mysql/secrets/root.password", "MARIADB_ROOT_HOST": "localhost",
        "MARIADB_INITDB_SKIP_TZINFO": "1", "MARIADB_AUTO_UPGRADE": "1",
    }
    assert "/etc/percona-xtradb-cluster.conf.d/galera.cnf" in [mount["target"] for mount in pxc["mounts"]]
    assert pxc["env"]["MYSQL_ROOT_PASSWORD_FILE"] == pxc["env"]["XTRABACKUP_PASSWORD_FILE"] == "/etc/mysql/secrets/root.password"
    assert further["ports"] == [] and further["memory"] == "2g" and {"source": "/x", "target": "/y"} in further["mounts"]


def test_what_the_decision_is_told_of_each_member():
    hosts = {"c": {"galera_state": "absent"}}
    [[members, by_tls], [_members, pxc], [_same, encrypted]] = worked_out(
        ["__galera_members", "__galera_asks_by_tls"],
        [on(hosts=hosts, galera_writer="a", galera_image="registry:5000/mariadb:10.11.6-jammy"), on(**PXC), on(**TLS)],
    )
    assert list(members) == PLAY
    assert members["a"] == {"name": "galera-a", "state": "present", "cluster": "galera", "writer": True, "version": "10.11"}
    assert (members["c"]["state"], members["b"]["writer"]) == ("absent", False)
    assert not any(password in str(members) for password in PASSWORDS.values())
    assert (by_tls, pxc, encrypted) == (False, True, True)


DECIDED = "galera_settings of galera-b say what the role decides: %s"
REFUSALS = [
    (on(), []),
    (on(**PXC, **TLS), []),
    (on("a", ["a"]), []),
    (on(group=[]), ["The group galera has no host. Put hosts into it"]),
    (on(galera_writer="x"), ["galera_writer is x, which is no host of the group galera: c, a, b."]),
    (on(galera_root_password=""), ["galera_root_password is empty. Give it a password in one line"]),
    (on(galera_health_password="a\nb"), ["galera_health_password has more than one line."]),
    (on(galera_user="shop"), ["galera_password is empty."]),
    (on(galera_password="x"), ["There is a galera_password, and no galera_user whose it is."]),
    (on(galera_health_user="root"), ["galera_health_user is root, the name of another user."]),
    (
        on(galera_settings={"wsrep-cluster-address": "gcomm://x", "PORT": 3307, "max_connections": 1}),
        [DECIDED % "wsrep_cluster_address (the group says who the members are); port (galera_port is the port of the host). Leave it out."],
    ),
    (on(galera_settings={"wsrep_sst_auth": "sst:x"}), [DECIDED % "wsrep_sst_auth (galera.cnf is no place for secrets"]),
    (on(galera_container={"command": ["mariadbd"]}), ["galera_container of galera-b has a command or entrypoint"]),
    (on(galera_tls_cert="x"), ["Of galera_tls_ca, galera_tls_cert and galera_tls_key some are given"]),
    (on(galera_buffer_pool_size="1.5G"), ['galera_buffer_pool_size is "1.5G", and the server takes a whole number']),
    (on(galera_gcache_size="much"), ['galera_gcache_size is "much", and the server takes a whole number']),
]


def test_groups_and_settings_that_are_refused():
    told = templates.refusals("galera", [variables for variables, _sentences in REFUSALS])
    for (_variables, expected), sentences in zip(REFUSALS, told, strict=True):
        assert len(sentences) == len(expected), sentences
        assert all(sentence.startswith(words) for sentence, words in zip(sentences, expected, strict=True)), sentences


# The gate


@pytest.fixture(scope="module")
def plan():
    return dict(templates.NOTHING_TO_DO, serving=PLAY)


def test_who_is_asked_at_the_gate_and_for_whom(plan):
    cases = [
        (on("a", __cluster_member_plan=plan), ["a"], PLAY),
        # The first host of the play asks those that are not in it.
        (on("a", ansible_play_hosts=["a", "b"], __cluster_member_plan=plan), ["a", "c"], PLAY),
        (on("b", ansible_play_hosts=["a", "b"], __cluster_member_plan=plan), ["b"], PLAY),
        # The one that is changed comes first.
        (on("c", cluster_member_host="b", __cluster_member_plan=dict(plan, replace=["b"])), ["b", "c", "a"], PLAY),
        # Nobody waits for those that have still to come, back or at all.
        (on("c", __cluster_member_plan=dict(plan, rejoin=["a"], join=["b"])), ["c"], ["c"]),
        (on("c", cluster_member_host="a", __cluster_member_plan=dict(plan, rejoin=["a"], join=["b"])), ["a", "c"], ["c", "a"]),
        (
            on("c", cluster_member_host="c", __cluster_member_plan=dict(plan, replace=["c"], rejoin=["a"], join=["b"])),
            ["c", "a"], ["c", "a"],
        ),
        (on("c", cluster_member_host="b", __cluster_member_plan=dict(plan, rejoin=["a"], join=["b"])), ["b", "c", "a"], PLAY),
        (on("b", hosts={"b": {"galera_state": "absent"}}, __cluster_member_plan=plan), [], ["c", "a"]),
    ]
    told = worked_out(["__galera_gate_asks", "__galera_awaited"], [case[0] for case in cases])
    assert [tuple(answer) for answer in told] == [case[1:] for case in cases]


def met(uuid="u", conf=3):
    return {"met": True, "state": {"cluster_uuid": uuid, "conf_id": conf}}


MISSED = {"met": False, "msg": "Waited 180 s until the member was synced.", "state": None}
RECOVER = "No member is in a primary component, and within 180 s they have formed none by themselves."


def test_what_the_gate_makes_of_the_answers(plan):
    nobody = dict(plan, serving=[])
    cases = [
        (plan, [met(), met(), met()], []),
        (plan, [met(), met(conf=4), met()], ["The members are not in one and the same component: their clusters are u, and the numbers"]),
        (plan, [met(), met("v"), met()], ["The members are not in one and the same component: their clusters are u and v"]),
        (plan, [met(), MISSED, met()], [MISSED["msg"]]),
        (plan, [met(), {"failed": True}, met()], ["A member could not be asked."]),
        # Which member is to begin is for the recovery to say, not for a guess.
        (nobody, [MISSED, MISSED, MISSED], [MISSED["msg"]] * 3 + [RECOVER]),
        (dict(nobody, way="form", form=["c"]), [MISSED], [MISSED["msg"]]),
    ]
    hosts = []
    for decided, results, _expected in cases:
        side_by_side = {host: {"__galera_gate": {"results": [result]}} for host, result in zip(PLAY, results, strict=False)}
        hosts.append(on("c", PLAY[: len(results)], side_by_side, __cluster_member_plan=decided))
    told = [answer[0] for answer in worked_out(["__galera_gate_refusals"], hosts)]
    for (_plan, _results, expected), sentences in zip(cases, told, strict=True):
        assert len(sentences) == len(expected), sentences
        assert all(sentence.startswith(words) for sentence, words in zip(sentences, expected, strict=True)), sentences
