#!/bin/bash
# zkServer.sh start-foreground|status|version [FILE]: the server, with FILE (zoo.cfg) of the configuration directory.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=zkEnv.sh
. "$(dirname "$(readlink -f "$0")")/zkEnv.sh"

file=${2:-zoo.cfg}
case $file in */*) ;; *) file=$ZOOCFGDIR/$file ;; esac

setting() { sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$2" 2> /dev/null | tail -n 1; }

# The client's port: a line of its own, or what stands behind `;` in this server's line, here or in the file of the members.
client_port() {
    local port id members line
    port=$(setting clientPort "$file")
    if [ -z "$port" ]; then
        id=$(cat "$(setting dataDir "$file")/myid" 2> /dev/null || echo 1)
        members=$(setting dynamicConfigFile "$file")
        line=$(setting "server\\.$id" "${members:-$file}")
        port=${line##*;}
        port=${port##*:}
    fi
    echo "${port:-2181}"
}

case ${1:-} in
    start-foreground)
        echo "Using config: $file" >&2
        run_java "${ZOOMAIN:-org.apache.zookeeper.server.quorum.QuorumPeerMain}" \
            "-XX:+HeapDumpOnOutOfMemoryError -XX:+ExitOnOutOfMemoryError ${SERVER_JVMFLAGS} ${JVMFLAGS:-}" "$file" ;;
    status)
        port=$(client_port)
        echo "Client port found: $port. Client address: localhost." >&2
        mode=$(printf srvr | nc -w 5 localhost "$port" | grep ^Mode) || { echo "Error contacting service. It is probably not running." >&2; exit 1; }
        echo "$mode" ;;
    version)
        run_java org.apache.zookeeper.version.VersionInfoMain "${CLIENT_JVMFLAGS} ${JVMFLAGS:-}" ;;
    *)
        echo "zkServer.sh: ${1:-nothing} was asked for; this image of the lab knows start-foreground, status and version." >&2
        exit 1 ;;
esac
