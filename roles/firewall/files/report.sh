#!/bin/sh
# report.sh PROGRAM: tells what filters on this host, and what Docker's rules lack; PROGRAM is the text of docker_rules.py.
# Changes nothing. Each part begins with a line "@@ NAME" and is the output of one program, for module_utils/firewall_report.py.
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
exec 2> /dev/null

part() { printf '@@ %s\n' "$1"; }
running() { systemctl --quiet is-active "$1"; }

part programs
for program in firewall-cmd ufw nft iptables ip6tables; do
    ! command -v $program > /dev/null || echo $program
done

part units
systemctl show --property Id,LoadState,ActiveState,UnitFileState,ExecStart \
    firewalld.service ufw.service nftables.service docker.service quorate-firewall.service quorate-docker-rules.service

# The port of the connection over which this runs; sudo hides it from the environment, not from that of its parents.
part ssh
pid=$$
while [ "${pid:-0}" -gt 1 ]; do
    tr '\0' '\n' < "/proc/$pid/environ" | sed -n 's/^SSH_CONNECTION=.* //p'
    pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
done

part addresses
ip -o address show

# Where somebody waits for connections, as the kernel writes it. Others must come through there once they are let in.
part listeners
awk '$4 == "0A" { print $2 }' /proc/net/tcp /proc/net/tcp6 | sort -u

if running firewalld; then
    part "firewalld default"
    firewall-cmd --get-default-zone
    part "firewalld runtime"
    firewall-cmd --list-all-zones
    part "firewalld permanent"
    firewall-cmd --permanent --list-all-zones
elif command -v firewall-offline-cmd > /dev/null; then
    part "firewalld default"
    firewall-offline-cmd --get-default-zone
    part "firewalld permanent"
    firewall-offline-cmd --list-all-zones
fi

if command -v ufw > /dev/null; then
    part "ufw status"
    ufw status | head -n 1
    part "ufw added"
    ufw show added
fi

# What firewalld and ufw have loaded is theirs; there is no need to look at it.
if ! running firewalld && ! ufw status | grep -qx "Status: active"; then
    part nftables
    nft --json --terse list ruleset
fi

# The file that nftables.service loads, followed by those that it includes.
part "nftables conf"
conf=$(systemctl show --property ExecStart nftables.service | sed -n 's/.*argv\[\]=[^;]* \(\/[^ ;]*\) ;.*/\1/p')
if [ -r "$conf" ]; then
    printf '#@ %s\n' "$conf"
    cat "$conf"
    sed -n 's/^[[:space:]]*include[[:space:]]*"\(.*\)".*/\1/p' "$conf" | while read -r pattern; do
        for included in $pattern; do
            printf '\n#@ %s\n' "$included"
            cat "$included"
        done
    done
fi

part iptables
iptables --list-rules
part ip6tables
ip6tables --list-rules

part files
sha256sum /etc/quorate/* /etc/systemd/system/quorate-firewall.service /etc/systemd/system/quorate-docker-rules.service \
    /etc/systemd/system/nftables.service.d/quorate.conf

part docker
! running docker || printf '%s' "$1" | python3 - check
