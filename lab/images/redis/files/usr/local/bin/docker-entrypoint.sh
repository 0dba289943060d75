#!/bin/sh
# Starts Redis in a container, not as root. The official image's server is built without protected mode, so that it is switched off here,
# unless somebody says otherwise.
set -eu

case ${1:-} in -* | *.conf) set -- redis-server "$@" ;; esac

if [ "${1:-}" = redis-server ]; then
    if [ "$(id -u)" = 0 ]; then
        find . \! -user redis -exec chown redis '{}' +
        exec gosu redis "$0" "$@"
    fi
    umask 0077
    said=no
    case " $* " in *" --protected-mode "*) said=yes ;; esac
    if [ -f "${2:-}" ] && grep -qi '^[[:space:]]*protected-mode' "$2"; then said=yes; fi
    if [ "$said" = no ]; then set -- "$@" --protected-mode no; fi
fi
exec "$@"
