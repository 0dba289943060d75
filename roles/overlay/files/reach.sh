#!/bin/sh
# Runs in a probe, with busybox alone: reach.sh LIMIT HOST,NETWORK,MAC,NAME,ADDRESS...
# Tries all targets until each is reached by name with packets of full size, or LIMIT seconds have passed; then it prints a
# sentence for each that is not. MAC is the address of the probe's own interface on the network.

deadline=$(($(date +%s) + $1))
shift

mtu_of() {
    for interface in /sys/class/net/*; do
        [ "$(cat "$interface/address")" != "$1" ] || cat "$interface/mtu"
    done
}

arrives() {
    ping -c 1 -W 3 -s "$1" "$2" > /dev/null 2>&1
}

problem_with() {
    # shellcheck disable=SC2046 # the fields have no spaces in them
    set -- $(echo "$1" | tr , ' ')
    where="$1 on the overlay $2"
    mtu=$(mtu_of "$3")
    if ! timeout 5 nslookup -type=a "$4.$2" 2>&1 | grep -qwF "$5"; then
        echo "$where: the name $4 does not resolve to $5. Restart the engine of that host (systemctl restart docker)."
    elif arrives $((mtu - 28)) "$5"; then # 28 bytes are the headers of IPv4 and ICMP
        return
    elif arrives 0 "$5"; then
        echo "$where: packets of its MTU, $mtu bytes, do not arrive, though small ones do. Give the network a smaller mtu."
    else
        echo "$where: no packet arrives at $5. Open the data path port (4789/udp) between the hosts, and for encrypted networks" \
            "also IP protocol 50 (ESP)."
    fi
}

while problems=$(for target; do problem_with "$target" & done; wait) && [ -n "$problems" ]; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo "$problems"
        exit 1
    fi
    sleep 1
done
