#!/bin/bash
# healthcheck.sh [--su-mysql] [--connect] [--innodb_initialized] [--galera_online] …: exit code 0 if every named check holds.
set -euo pipefail

if [ "${1:-}" = --su-mysql ]; then shift; exec gosu mysql "$0" "$@"; fi

data=/var/lib/mysql
client=(mariadb --defaults-file="$data/.my-healthcheck.cnf" --skip-column-names --batch)

status() { "${client[@]}" -e "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='$1'"; }

[ $# -gt 0 ] || { echo "healthcheck.sh: name a check: --connect, --innodb_initialized or --galera_online" >&2; exit 2; }
for check; do
    case $check in
        --connect) "${client[@]}" --host=127.0.0.1 --protocol=tcp -e 'SELECT 1' > /dev/null ;;
        --innodb_initialized) "${client[@]}" -e "SELECT 1 FROM information_schema.ENGINES WHERE engine='innodb' AND support IN ('YES', 'DEFAULT', 'ENABLED')" | grep -q 1 ;;
        --galera_online) [ "$(status WSREP_LOCAL_STATE)" = 4 ] ;;
        *) echo "healthcheck.sh: unknown check $check" >&2; exit 2 ;;
    esac
done
