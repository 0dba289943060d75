#!/bin/bash
# Starts Elasticsearch in a container, not as root; any other command is run as it is.
set -euo pipefail
umask 0002

refuse() { echo "docker-entrypoint.sh: $*" >&2; exit 1; }

case ${1:-eswrapper} in
    eswrapper | elasticsearch | */bin/elasticsearch) set -- elasticsearch "${@:2}" ;;
    *) exec "$@" ;;
esac

# What the official image can do and this one cannot; silently without a password would be worse.
for name in ELASTIC_PASSWORD KEYSTORE_PASSWORD; do
    file=${name}_FILE
    if [ -n "${!name:-}" ] || [ -n "${!file:-}" ]; then
        refuse "$name or $file is set, but only the official image has x-pack and its passwords: this image of the lab does not."
    fi
done

if [ "$(id -u)" = 0 ]; then
    if [ -n "${TAKE_FILE_OWNERSHIP:-}" ]; then chown -R 1000:0 /usr/share/elasticsearch/data /usr/share/elasticsearch/logs; fi
    exec setpriv --reuid=1000 --regid=0 --clear-groups "$@"
fi
exec "$@"
