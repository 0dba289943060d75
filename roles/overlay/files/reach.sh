#!/bin/sh
# Runs in a probe, with busybox alone: reach.sh LIMIT NETWORK MAC HOST,NAME,ADDRESS...
# Tries all hosts until each is reached by the name of its probe with packets of full size, or LIMIT seconds have passed; then
# it prints a sentence for each that is not. MAC is the address of this probe's own interface on the network.

deadline=$(($(date +%s) + $1))
network=$2
mac=$3
shift 3

for interface in /sys/class/net/*; do
    [ "$(cat "$interface/address")" != "$mac" ] || mtu=$(cat "$interface/mtu")
done

resolves() {
    timeout 5 nslookup -type=a "$1.$network" 2>&1 | grep -qwF "$2"
}

answers() {
    ping -c 1 -W 3 -s "$2" "$1" > /dev/null 2>&1
}

problem_with() {
    # shellcheck disable=SC2046 # the fields have no spaces in them
    set -- $(echo "$1" | tr , ' ')
    if ! resolves "$2" "$3"; then
        echo "$1 on $network: the name $2 does not resolve to $3. Restart the engine there (systemctl restart docker)."
    elif answers "$3" $((mtu - 28)); then # 28 bytes are the headers of IPv4 and ICMP
        return
    elif answers "$3" 0; then
        echo "$1 on $network: packets of $mtu bytes do not cross, though small ones do. Give the network a smaller mtu."
    else
        echo "$1 on $network: no packet crosses. Open 4789/udp (or the swarm's data path port) between the hosts, and IP protocol" \
            "50 (ESP) for encrypted networks."
    fi
}

while problems=$(for target; do problem_with "$target" & done; wait) && [ -n "$problems" ]; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo "$problems"
        exit 1
    fi
    sleep 1
done
