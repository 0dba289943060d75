#!/bin/bash
# Starts mariadbd in a container; in an empty data directory it first makes the database that the environment describes.
set -euo pipefail

SOCKET=/run/mysqld/mysqld.sock
START_SECONDS=60
SETTINGS=(ROOT_HOST ROOT_PASSWORD RANDOM_ROOT_PASSWORD ALLOW_EMPTY_ROOT_PASSWORD DATABASE USER PASSWORD INITDB_SKIP_TZINFO)
# What the official image can do and this one cannot.
MISSING=(ROOT_PASSWORD_HASH PASSWORD_HASH REPLICATION_USER MASTER_HOST MYSQL_LOCALHOST_USER HEALTHCHECK_GRANTS)

say() { echo "$(date --rfc-3339=seconds) [entrypoint] $*"; }
refuse() { say "$*" >&2; exit 1; }

# Each setting may come as MARIADB_X or MYSQL_X, or in a file that MARIADB_X_FILE or MYSQL_X_FILE names: afterwards it is
# MARIADB_X. This happens as root, so that a secret's file need not be readable by mysql.
load_settings() {
    local setting prefix name file value
    for setting in "${SETTINGS[@]}"; do
        for prefix in MYSQL MARIADB; do
            name=${prefix}_$setting
            file=${name}_FILE
            if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then refuse "$name and $file are both set; set only one."; fi
            value=${!name:-}
            if [ -n "${!file:-}" ]; then value=$(cat "${!file}"); fi
            if [ -n "$value" ]; then export "MARIADB_$setting=$value"; fi
            unset "$file"
        done
    done
}

refuse_what_is_missing() {
    local setting name
    for setting in "${MISSING[@]}"; do
        name=MARIADB_$setting
        if [ -n "${!name:-}" ]; then refuse "$name is set, but only the official image knows it: this image of the lab does not."; fi
    done
}

refuse_without_root_password() {
    if [ -z "${MARIADB_ROOT_PASSWORD:-}${MARIADB_RANDOM_ROOT_PASSWORD:-}${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}" ]; then
        refuse "The data directory is empty and no root password is given: set MARIADB_ROOT_PASSWORD," \
            "MARIADB_ROOT_PASSWORD_FILE, MARIADB_RANDOM_ROOT_PASSWORD or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD."
    fi
}

random_password() { head -c 24 /dev/urandom | base64; }

quoted() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\\\'}"; }

sql() { mariadb --defaults-extra-file="$login" --protocol=socket --socket="$SOCKET" --user=root --batch "$@"; }

# The client reads the password from a file: in its arguments every process list would show it.
remember_login() {
    printf '[client]\npassword="%s"\n' "$(sed 's/[\\"]/\\&/g' <<< "$1")" > "$login"
}

start_for_setup() {
    "$@" --skip-networking --socket="$SOCKET" --wsrep-on=OFF --skip-slave-start --default-time-zone=SYSTEM &
    server=$!
    local tries
    for ((tries = START_SECONDS * 5; tries > 0; tries--)); do
        if sql -e 'SELECT 1' > /dev/null 2>&1; then return; fi
        kill -0 "$server" 2> /dev/null || refuse "The server ended while it was set up; see its messages above."
        sleep 0.2
    done
    refuse "The server did not answer within $START_SECONDS s while it was set up."
}

stop_after_setup() {
    kill "$server"
    wait "$server" || refuse "The server did not stop cleanly after its set-up."
}

accounts() {
    local host user database health
    echo "SET sql_log_bin = 0;"
    # mariadb-install-db makes these without a password.
    echo "DROP USER IF EXISTS root@'127.0.0.1', root@'::1';"
    echo "EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@\\'', @@hostname, '\\'');"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$MARIADB_ROOT_PASSWORD");"
    if [ "${MARIADB_ROOT_HOST:-%}" != localhost ]; then
        echo "CREATE USER 'root'@'${MARIADB_ROOT_HOST:-%}' IDENTIFIED BY $(quoted "$MARIADB_ROOT_PASSWORD");"
        echo "GRANT ALL ON *.* TO 'root'@'${MARIADB_ROOT_HOST:-%}' WITH GRANT OPTION;"
    fi
    health=$(random_password)
    (umask 077 && printf '[client]\nsocket=%s\nuser=healthcheck\npassword=%s\n' "$SOCKET" "$health" > "$data/.my-healthcheck.cnf")
    for host in 127.0.0.1 ::1 localhost; do
        echo "CREATE USER 'healthcheck'@'$host' IDENTIFIED BY $(quoted "$health");"
    done
    database=${MARIADB_DATABASE:-}
    user=${MARIADB_USER:-}
    if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"; fi
    if [ -n "$user" ] && [ -n "${MARIADB_PASSWORD:-}" ]; then
        echo "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$MARIADB_PASSWORD");"
        if [ -n "$database" ]; then echo "GRANT ALL ON \`${database//_/\\_}\`.* TO $(quoted "$user")@'%';"; fi
    fi
}

run_shell_file() {
    if [ -x "$1" ]; then
        "$1"
    else
        # shellcheck source=/dev/null  # it is the user's
        . "$1"
    fi
}

run_user_files() {
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh) say "Running $file"; run_shell_file "$file" ;;
            *.sql) say "Running $file"; sql --database="${MARIADB_DATABASE:-mysql}" < "$file" ;;
            *.sql.gz) say "Running $file"; gunzip --stdout "$file" | sql --database="${MARIADB_DATABASE:-mysql}" ;;
        esac
    done
}

initialise() {
    if [ -z "${MARIADB_ROOT_PASSWORD:-}" ] && [ -n "${MARIADB_RANDOM_ROOT_PASSWORD:-}" ]; then
        MARIADB_ROOT_PASSWORD=$(random_password)
        say "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
    fi
    MARIADB_ROOT_PASSWORD=${MARIADB_ROOT_PASSWORD:-}

    say "Initialising the database files in $data"
    mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal "${@:2}" --skip-test-db --skip-log-bin \
        > /dev/null
    login=$(mktemp)
    remember_login ""
    start_for_setup "$@"
    if [ -z "${MARIADB_INITDB_SKIP_TZINFO:-}" ]; then
        mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2> /dev/null | sql --database=mysql
    fi
    accounts | sql --database=mysql
    remember_login "$MARIADB_ROOT_PASSWORD"
    run_user_files
    stop_after_setup
    rm -f "$login"
    say "The database is made"
}

case ${1:-} in -*) set -- mariadbd "$@" ;; mysqld) set -- mariadbd "${@:2}" ;; esac
if [ "${1:-}" != mariadbd ] || [[ " $* " =~ \ (--help|-\?|--version|-V|--print-defaults)\  ]]; then
    exec "$@"
fi

data=$("$@" --verbose --help 2> /dev/null | awk '$1 == "datadir" { print $2; exit }')
data=${data%/}
[ -n "$data" ] || refuse "mariadbd does not accept its options or configuration: $("$@" --verbose --help 2>&1 | tail -n 3)"

export MYSQL_ALLOW_EMPTY_ROOT_PASSWORD=${MYSQL_ALLOW_EMPTY_PASSWORD:-}
load_settings
refuse_what_is_missing
if [ ! -d "$data/mysql" ]; then refuse_without_root_password; fi

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$data" /run/mysqld
    find "$data" /run/mysqld \! -user mysql -exec chown mysql:mysql {} +
    exec gosu mysql "$0" "$@"
fi

if [ ! -d "$data/mysql" ]; then initialise "$@"; fi
unset MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD MARIADB_PASSWORD MYSQL_PASSWORD
exec "$@"
