#!/bin/bash
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=zkEnv.sh
. "$(dirname "$(readlink -f "$0")")/zkEnv.sh"
run_java org.apache.zookeeper.server.SnapshotFormatter "${CLIENT_JVMFLAGS} ${JVMFLAGS:-}" "$@"
