#!/bin/sh
# Loads the collection's own chains of iptables, and sees that INPUT and DOCKER-USER jump to them, or no longer do.
set -eu

sync_chain() {
    command=$1 rules=$2 builtin=$3 own=$4
    if grep -q "^:$own " "$rules"; then
        $command -w -C "$builtin" -j "$own" 2> /dev/null || $command -w -I "$builtin" "$(place "$command" "$builtin")" -j "$own"
    else
        while $command -w -D "$builtin" -j "$own" 2> /dev/null; do :; done
        if $command -w -F "$own" 2> /dev/null; then
            $command -w -X "$own"
        fi
    fi
}

# Behind the rules with which the engine drops what should have been encrypted: an opened port must not take precedence over them.
place() {
    $1 -w -S "$2" | awk '/^-A/ { number++ } /^-A .*-m (u32|bpf) .*-j DROP/ { last = number } END { print last + 1 }'
}

# What is let through before DOCKER-USER passes by it; engines may put rules there when firewalld is loaded anew.
put_first() {
    number=$($1 -w -S FORWARD | awk '/^-A/ { number++ } $0 == "-A FORWARD -j DOCKER-USER" { print number; exit }')
    if [ "${number:-1}" -gt 1 ]; then
        $1 -w -I FORWARD 1 -j DOCKER-USER
        $1 -w -D FORWARD $((number + 1))
    fi
}

for command in iptables ip6tables; do
    rules=/etc/quorate/rules.$command
    if [ -e "$rules" ] && command -v $command > /dev/null; then
        $command-restore -w --noflush "$rules"
        sync_chain "$command" "$rules" INPUT QUORATE
        # The engine adopts a chain that is there before it starts.
        if grep -q '^:QUORATE-PUBLISHED ' "$rules"; then
            $command -w -N DOCKER-USER 2> /dev/null || :
        fi
        sync_chain "$command" "$rules" DOCKER-USER QUORATE-PUBLISHED
        if grep -q '^:QUORATE-PUBLISHED ' "$rules"; then
            put_first "$command"
        fi
    fi
done
