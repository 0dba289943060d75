#!/bin/bash
# Starts mariadbd in a container; in an empty data directory it first makes the database that the environment describes.
set -euo pipefail

SOCKET=/run/mysqld/mysqld.sock
START_SECONDS=60

say() { echo "$(date --rfc-3339=seconds) [entrypoint] $*"; }
refuse() { say "$*" >&2; exit 1; }

# setting NAME: the value of MARIADB_NAME or MYSQL_NAME, or what is in the file that either with _FILE names.
setting() {
    local name value file
    for name in "MARIADB_$1" "MYSQL_$1"; do
        value=${!name:-}
        file=${name}_FILE
        file=${!file:-}
        if [ -n "$value" ] && [ -n "$file" ]; then refuse "$name and ${name}_FILE are both set; set only one."; fi
        if [ -n "$file" ]; then cat "$file"; return; fi
        if [ -n "$value" ]; then printf %s "$value"; return; fi
    done
}

configured() { "$@" --verbose --help 2> /dev/null | awk -v name="$option" '$1 == name { print $2; exit }'; }

quoted() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\\\'}"; }

sql() { mariadb --protocol=socket --socket="$SOCKET" --user=root --batch "$@"; }

start_for_setup() {
    "$@" --skip-networking --socket="$SOCKET" --wsrep-on=OFF --skip-slave-start &
    server=$!
    local tries
    for ((tries = START_SECONDS * 5; tries > 0; tries--)); do
        if sql "${login[@]}" -e 'SELECT 1' > /dev/null 2>&1; then return; fi
        kill -0 "$server" 2> /dev/null || refuse "The server ended while it was set up; see its messages above."
        sleep 0.2
    done
    refuse "The server did not answer within $START_SECONDS s while it was set up."
}

stop_after_setup() { kill "$server"; wait "$server" || refuse "The server did not stop cleanly after its set-up."; }

initialise() {
    local root database user password
    root=$(setting ROOT_PASSWORD)
    database=$(setting DATABASE)
    user=$(setting USER)
    password=$(setting PASSWORD)
    if [ -z "$root" ] && [ -n "$(setting RANDOM_ROOT_PASSWORD)" ]; then
        root=$(head -c 24 /dev/urandom | base64)
        say "GENERATED ROOT PASSWORD: $root"
    fi
    if [ -z "$root" ] && [ -z "$(setting ALLOW_EMPTY_ROOT_PASSWORD)$(setting ALLOW_EMPTY_PASSWORD)" ]; then
        refuse "The data directory is empty and no root password is given: set MARIADB_ROOT_PASSWORD," \
            "MARIADB_ROOT_PASSWORD_FILE, MARIADB_RANDOM_ROOT_PASSWORD or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD."
    fi

    say "Initialising the database files in $data"
    mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db \
        --default-time-zone=SYSTEM > /dev/null
    login=()
    start_for_setup "$@"
    [ -n "${MARIADB_INITDB_SKIP_TZINFO:-}${MYSQL_INITDB_SKIP_TZINFO:-}" ] ||
        mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2> /dev/null | sql --database=mysql

    local health
    health=$(head -c 24 /dev/urandom | base64)
    {
        echo "SET sql_log_bin = 0;"
        echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$root");"
        echo "CREATE USER 'root'@'%' IDENTIFIED BY $(quoted "$root");"
        echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
        echo "GRANT PROXY ON ''@'%' TO 'root'@'%' WITH GRANT OPTION;"
        local host
        for host in 127.0.0.1 ::1 localhost; do
            echo "CREATE USER 'healthcheck'@'$host' IDENTIFIED BY $(quoted "$health");"
            echo "GRANT USAGE ON *.* TO 'healthcheck'@'$host';"
        done
        [ -z "$database" ] || echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"
        if [ -n "$user" ] && [ -n "$password" ]; then
            echo "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$password");"
            [ -z "$database" ] || echo "GRANT ALL ON \`${database//_/\\_}\`.* TO $(quoted "$user")@'%';"
        fi
    } | sql --database=mysql
    (umask 077 && printf '[mariadb-client]\nport=3306\nsocket=%s\nuser=healthcheck\npassword=%s\n' \
        "$SOCKET" "$health" > "$data/.my-healthcheck.cnf")

    # The password reaches the client through a file, never through a process list.
    secret=$(mktemp)
    printf '[client]\npassword="%s"\n' "$(sed 's/[\\"]/\\&/g' <<< "$root")" > "$secret"
    login=()
    sql() { mariadb --defaults-extra-file="$secret" --protocol=socket --socket="$SOCKET" --user=root --batch "$@"; }
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh) say "Running $file"; if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
            *.sql) say "Running $file"; sql ${database:+--database="$database"} < "$file" ;;
            *.sql.gz) say "Running $file"; gunzip --stdout "$file" | sql ${database:+--database="$database"} ;;
        esac
    done
    stop_after_setup
    rm -f "$secret"
    say "The database is ready to be started"
}

[ "${1:-}" = "${1#-}" ] || set -- mariadbd "$@"
case ${1:-} in mysqld) shift; set -- mariadbd "$@" ;; esac
if [ "${1:-}" != mariadbd ] || [[ " $* " =~ \ (--help|-\?|--version|-V|--print-defaults)\  ]]; then
    exec "$@"
fi

option=datadir
data=$(configured "$@")
data=${data%/}
[ -n "$data" ] || refuse "mariadbd does not accept its options or configuration: $("$@" --verbose --help 2>&1 | tail -n 3)"

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$data" /run/mysqld
    find "$data" /run/mysqld \! -user mysql -exec chown mysql:mysql {} +
    exec gosu mysql "$0" "$@"
fi

if [ ! -d "$data/mysql" ]; then
    initialise "$@"
elif [ -n "${MARIADB_AUTO_UPGRADE:-}" ]; then
    say "MARIADB_AUTO_UPGRADE is set, but this image upgrades nothing: it has one version only."
fi

for name in ROOT_PASSWORD PASSWORD; do unset "MARIADB_$name" "MYSQL_$name"; done
exec "$@"
