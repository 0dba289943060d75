#!/bin/bash
# Starts ZooKeeper in a container, not as root; where there is no zoo.cfg or myid yet, it first writes what the environment says.
set -euo pipefail

write_configuration() {
    local entry
    cat <<X
dataDir=$ZOO_DATA_DIR
dataLogDir=$ZOO_DATA_LOG_DIR
tickTime=$ZOO_TICK_TIME
initLimit=$ZOO_INIT_LIMIT
syncLimit=$ZOO_SYNC_LIMIT
autopurge.snapRetainCount=$ZOO_AUTOPURGE_SNAPRETAINCOUNT
autopurge.purgeInterval=$ZOO_AUTOPURGE_PURGEINTERVAL
maxClientCnxns=$ZOO_MAX_CLIENT_CNXNS
standaloneEnabled=$ZOO_STANDALONE_ENABLED
admin.enableServer=$ZOO_ADMINSERVER_ENABLED
X
    if [ -n "${ZOO_4LW_COMMANDS_WHITELIST:-}" ]; then echo "4lw.commands.whitelist=$ZOO_4LW_COMMANDS_WHITELIST"; fi
    # Both are lists, with blanks between the entries.
    for entry in ${ZOO_SERVERS:-"server.1=localhost:2888:3888;2181"}; do echo "$entry"; done
    for entry in ${ZOO_CFG_EXTRA:-}; do echo "$entry"; done
}

if [ "${1:-}" = zkServer.sh ]; then
    if [ "$(id -u)" = 0 ]; then
        chown -R zookeeper "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" "$ZOO_LOG_DIR" "$ZOO_CONF_DIR"
        exec gosu zookeeper "$0" "$@"
    fi
    if [ ! -f "$ZOO_CONF_DIR/zoo.cfg" ]; then write_configuration > "$ZOO_CONF_DIR/zoo.cfg"; fi
    if [ ! -f "$ZOO_DATA_DIR/myid" ]; then echo "${ZOO_MY_ID:-1}" > "$ZOO_DATA_DIR/myid"; fi
fi
exec "$@"
