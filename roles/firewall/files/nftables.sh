#!/bin/sh
# nftables.sh load FILE   what nftables.service does with FILE, but for the tables of iptables, in which Docker's chains are:
#                         where FILE says "flush ruleset", all other tables are replaced, in one transaction.
# nftables.sh stop        removes all tables but those.
# nftables.sh apply       (again) loads the collection's own rules alone.
set -eu

own=/etc/quorate/rules.nft
iptables='^table (ip6?|arp|bridge) (filter|nat|mangle|raw|security|broute|docker-bridges)$'

# A table that another program owns would not let itself be deleted, and "flush ruleset" leaves it alone, too.
other_tables() {
    nft list tables | grep -Ev "$iptables" | while read -r table; do
        nft --terse list "$table" | grep -q '^\s*flags .*owner' || echo "delete $table"
    done
}

# Jumps that are there already: the own rules bring them again.
own_jumps() {
    nft --handle --terse list ruleset | awk '
        $1 == "table" { table = $2 " " $3 }
        $1 == "chain" { chain = $2 }
        /jump quorate/ && match($0, /# handle [0-9]+$/) { print "delete rule", table, chain, substr($0, RSTART + 2) }'
}

own_rules() {
    [ ! -e "$own" ] || cat "$own"
}

case $1 in
    load)
        flush='^[^#"]*flush ruleset[[:space:]]*(;|$)'
        if grep -Eq "$flush" "$2"; then
            rules=$(other_tables; sed -E "/$flush/s/flush ruleset//" "$2")
        else
            rules=$(own_jumps; cat "$2")
        fi
        if ! { printf '%s\n' "$rules"; own_rules; } | nft --file -; then
            # Better without the own rules than without any.
            echo "$own could not be loaded together with $2, so $2 is loaded alone; run the role quorate.swarm.firewall again." >&2
            printf '%s\n' "$rules" | nft --file -
        fi
        ;;
    apply) { own_jumps; own_rules; } | nft --file - ;;
    stop) other_tables | nft --file - ;;
esac
