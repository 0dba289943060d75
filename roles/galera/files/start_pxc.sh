#!/usr/bin/env bash
# Written by quorate.swarm.galera. What a member needs before its image's own entrypoint, which knows of clusters by its environment alone.
set -eu

config=/etc/percona-xtradb-cluster.conf.d/galera.cnf
own=$(sed -n 's/^wsrep_node_name=//p' "$config")
members=$(sed -n 's,^wsrep_cluster_address=gcomm://,,p' "$config")
options=()

if [ -n "$members" ]; then
    # It takes the data of the others, so the entrypoint makes none.
    export CLUSTER_JOIN=$members
fi
if [ "$members" = "$own" ] && grep -q '^safe_to_bootstrap: *1' /var/lib/mysql/grastate.dat 2> /dev/null; then
    # The only member, which has ended cleanly: nobody else can be ahead, and there is nobody to join.
    options+=(--wsrep-new-cluster)
fi
exec /entrypoint.sh mysqld "${options[@]}"
