#!/usr/bin/env bash
# Written by quorate.swarm.galera. What a member needs before its image's own entrypoint, which knows nothing of clusters.
set -eu

data=/var/lib/mysql
config=/etc/mysql/conf.d/galera.cnf
own=$(sed -n 's/^wsrep_node_name=//p' "$config")
members=$(sed -n 's,^wsrep_cluster_address=gcomm://,,p' "$config")
options=()

saved() { sed -n "s/^$1: *//p" "$data/grastate.dat" 2> /dev/null || true; }

# After an unclean end Galera has no position on disk but that in InnoDB. Without it the member would take all data anew, and of members
# that form their cluster again by themselves nobody would know who is behind.
recover_position() {
    local log position
    log=$(mktemp)
    mariadbd --user=mysql --wsrep-recover --skip-networking --log-error="$log.err" > "$log" 2>&1 || true
    position=$(cat "$log.err" "$log" 2> /dev/null | sed -n 's/.*WSREP: Recovered position: *//p' | tail -n 1)
    if [ -z "$position" ]; then
        echo "quorate: of the data in $data no position can be told: the server does not recover them. Its last lines:" >&2
        cat "$log.err" "$log" 2> /dev/null | tail -n 20 >&2
        exit 1
    fi
    rm -f "$log" "$log.err"
    echo "quorate: the position of the data is $position"
    options+=("--wsrep-start-position=$position")
}

if [ ! -d "$data/mysql" ] && [ -n "$members" ]; then
    # It takes the data of the others, so the entrypoint need not make any first.
    mkdir -p "$data/mysql"
    unset MARIADB_AUTO_UPGRADE
elif [ "$(saved seqno)" = -1 ] && [ "$(saved uuid)" != 00000000-0000-0000-0000-000000000000 ] && [ ! -e "$data/sst_in_progress" ]; then
    recover_position
fi
if [ "$members" = "$own" ] && [ "$(saved safe_to_bootstrap)" = 1 ]; then
    # The only member, and by what Galera wrote the last one of its cluster: nobody is ahead of it, and there is nobody to join.
    options+=(--wsrep-new-cluster)
fi
exec docker-entrypoint.sh mariadbd "${options[@]}"
