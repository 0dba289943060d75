"""Rules of the Docker engine that it does not restore by itself.

When firewalld is loaded anew, it may empty iptables. The engine notices and restores most of its rules. But engines older than
29.0 (moby#50443) forget those of the routing mesh, so that published ports of services no longer answer, and all engines forget
those of encrypted overlays, so that their packets leave unencrypted. Engines of 20.10 forget as well what keeps bridges apart.

docker_rules.py check    tells as JSON what is missing
docker_rules.py repair   adds what is missing
docker_rules.py watch    repairs whenever firewalld has been loaded anew, until it is ended
"""

import contextlib
import fcntl
import glob
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time

SOCKET = "/var/run/docker.sock"
NAMESPACES = "/var/run/docker/netns"
CONFIGURATION = "/etc/docker/daemon.json"
OWN_CHAINS = "/etc/quorate/iptables.sh"
LOCK = "/run/quorate-docker-rules.lock"
GATEWAY_BRIDGE = "docker_gwbridge"
INGRESS = "DOCKER-INGRESS"
LEAVING, ENTERING = "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"
# As the engine's language reads them.
OFF = ("0", "f", "F", "false", "FALSE", "False")
ENCRYPTION_MARK = 0xD0C4E3
RELOADED = "type='signal',interface='org.fedoraproject.FirewallD1',member='Reloaded'"
STARTED = "type='signal',member='NameOwnerChanged',arg0='org.fedoraproject.FirewallD1'"

NO_ANSWER = (OSError, ValueError, http.client.HTTPException)

# What the rules have to be. No I/O.


def ingress_rules(version, gateway, ports, forward):
    """Chains, then rules as (table, chain, where, words), in the order in which they are made."""
    if not ports:
        return [], []
    local = ["-m", "addrtype", "--dst-type", "LOCAL", "-j", INGRESS]
    rules = [
        ("nat", INGRESS, "-A", ["-j", "RETURN"]),
        ("filter", INGRESS, "-A", ["-j", "RETURN"]),
        ("nat", "OUTPUT", "-I", local),
        ("nat", "PREROUTING", "-I", local),
        ("filter", forward, "-I", ["-j", INGRESS]),
        ("nat", "POSTROUTING", "-I", ["-m", "addrtype", "--src-type", "LOCAL", "-o", GATEWAY_BRIDGE, "-j", "MASQUERADE"]),
    ]
    for protocol, port in ports:
        rules += [
            ("nat", INGRESS, "-I", ["-p", protocol, "--dport", port, "-j", "DNAT", "--to-destination", "%s:%s" % (gateway, port)]),
            ("filter", INGRESS, "-I", [*answers_from(version, protocol, port), "-j", "ACCEPT"]),
            ("filter", INGRESS, "-I", ["-p", protocol, "--dport", port, "-j", "ACCEPT"]),
        ]
    return [("nat", INGRESS), ("filter", INGRESS)], rules


def answers_from(version, protocol, port):
    """In the engine's own order, since it deletes only a rule whose matches are in the order in which it would write them."""
    source = ["-p", protocol, "--sport", port]
    if version < (23,):
        return ["-m", "state", "--state", "ESTABLISHED,RELATED", *source]
    return [*source, "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED"]


def isolation_rules(bridges):
    """What keeps packets of one bridge from another one."""
    rules = []
    for bridge in bridges:
        rules += [
            ("filter", LEAVING, "-I", ["-i", bridge, "!", "-o", bridge, "-j", ENTERING]),
            ("filter", ENTERING, "-I", ["-o", bridge, "-j", "DROP"]),
        ]
    return rules


def bridges_of(networks):
    """The devices of the networks that the engine keeps apart; an internal one has rules of another kind."""
    return [
        (network.get("Options") or {}).get("com.docker.network.bridge.name") or "br-" + network["Id"][:12]
        for network in networks
        if network["Driver"] == "bridge" and not network.get("Internal")
    ]


def encryption_rules(version, vni, port):
    """What marks packets for encryption, and drops those that come in unencrypted, exactly as this engine makes them."""
    packets = ["-p", "udp", "--dport", str(port), *vni_match(version, vni)]

    def policy(name):
        return ["-m", "policy", "--dir", "in", "--pol", name, *packets]

    rules = [("mangle", "OUTPUT", "-A", [*packets, "-j", "MARK", "--set-mark", str(ENCRYPTION_MARK)])]
    if version < (25,):
        rules.append(("filter", "INPUT", "-A", [*policy("ipsec"), "-j", "ACCEPT"]))
    if version < (20, 10, 24):
        rules.append(("filter", "INPUT", "-A", [*packets, "-j", "DROP"]))
    else:
        rules.append(("filter", "INPUT", "-I", [*policy("none"), "-j", "DROP"]))
    return rules


def vni_match(version, vni):
    if version < (24,):
        return ["-m", "u32", "--u32", "0>>22&0x3C@12&0xFFFFFF00=%d" % (vni << 8)]
    program = ["32 0 0 4294963252", "7 0 0 0", "64 0 0 4", "116 0 0 8", "21 1 0 %d" % vni, "6 0 0 0", "6 0 0 4294967295"]
    return ["-m", "bpf", "--bytecode", ",".join([str(len(program)), *program])]


def spellings(words):
    """The orders of words in which an engine may have written a rule; to iptables they are different rules."""
    if "--ctstate" not in words:
        return [words]
    place = words.index("--ctstate") - 2
    return [words, [*words[place:place + 4], *words[:place], *words[place + 4:]]]


def version_of(text):
    """20.10.24+dfsg1 is (20, 10, 24)."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def published_ports(rules):
    """What the sandbox of the routing mesh marks for its virtual servers: the ports that are published on every host."""
    return sorted(set(re.findall(r"^-A PREROUTING -p (\w+) .*--dport (\d+) .*-j MARK", rules, re.MULTILINE)))


def tunnels(links):
    """The (VNI, port) of the VXLAN devices in what C(ip -d -o link) tells."""
    return [(int(vni), int(port)) for vni, port in re.findall(r"\bvxlan id (\d+) .*?\bdstport (\d+)", links)]


def switch(words, name):
    """What a command line says of a flag that is on or off, none where it says nothing; the last word counts."""
    said = [word.partition("=")[2] for word in words if word.partition("=")[0] == "--" + name]
    return said[-1] not in OFF if said else None


def text_flag(words, name):
    """The text that a command line gives to a flag, after a sign or as the next word."""
    said = None
    for place, word in enumerate(words):
        flag, sign, value = word.partition("=")
        if flag == "--" + name:
            said = value if sign else "".join(words[place + 1:place + 2])
    return said


# What the host has.


class Engine:
    """The engine's API, as far as it is needed here, without its SDK."""

    def get(self, path):
        connection = http.client.HTTPConnection("docker", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        connection.sock.connect(SOCKET)
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError("the engine answers %s with status %d" % (path, answer.status))
        return json.loads(answer.read())


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=False)


def inside(namespace, *command):
    done = run("nsenter", "--net=%s" % namespace, *command)
    return done.stdout if done.returncode == 0 else ""


def iptables(*words):
    return run("iptables", "--wait", *words)


def has_chain(table, chain):
    return iptables("--table", table, "--numeric", "--list", chain).returncode == 0


def has_rule(table, chain, words):
    return any(iptables("--table", table, "--check", chain, *form).returncode == 0 for form in spellings(words))


def uses_iptables():
    """Whether the engine makes rules of iptables, as it was started; what its command line leaves out is in its configuration file."""
    words = command_line()
    settings = read_settings(text_flag(words, "config-file") or CONFIGURATION)
    makes_rules = switch(words, "iptables")
    if makes_rules is None:
        makes_rules = settings.get("iptables", True)
    backend = text_flag(words, "firewall-backend") or settings.get("firewall-backend") or "iptables"
    return bool(makes_rules) and backend == "iptables"


def command_line():
    """The words with which the running engine was started, none where that is not known."""
    try:
        pid = int(run("systemctl", "show", "--property", "MainPID", "--value", "docker.service").stdout or 0)
        with open("/proc/%d/cmdline" % pid, encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")
    except (OSError, ValueError):
        return []


def read_settings(path):
    try:
        with open(path, encoding="utf-8") as file:
            settings = json.load(file)
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def wanted(engine):
    """The chains and rules that the routing mesh, the bridges and the encrypted overlays of this host need."""
    version = version_of(engine.get("/version")["Version"])
    networks = engine.get("/networks")
    ports = published_ports(inside(NAMESPACES + "/ingress_sbox", "iptables", "--wait", "--table", "mangle", "--list-rules", "PREROUTING"))
    gateway = gateway_of(engine) if ports else None
    forward = "DOCKER-FORWARD" if has_chain("filter", "DOCKER-FORWARD") else "FORWARD"
    chains, rules = ingress_rules(version, gateway, ports if gateway else [], forward)
    # Newer engines keep bridges apart in other chains.
    if has_chain("filter", LEAVING) and has_chain("filter", ENTERING):
        rules += isolation_rules(bridges_of(networks))
    for network in networks:
        if network["Driver"] == "overlay" and "encrypted" in (network.get("Options") or {}):
            for namespace in glob.glob("%s/*-%s*" % (NAMESPACES, network["Id"][:8])):
                for vni, port in tunnels(inside(namespace, "ip", "-details", "-oneline", "link", "show", "type", "vxlan")):
                    rules += encryption_rules(version, vni, port)
    return chains, rules


def gateway_of(engine):
    """The address of the routing mesh on its bridge."""
    containers = engine.get("/networks/" + GATEWAY_BRIDGE).get("Containers") or {}
    return containers.get("ingress-sbox", {}).get("IPv4Address", "").partition("/")[0] or None


def look(engine):
    """What is missing; C(lost) says that even what the engine restores by itself is, C(iptables) whether the engine makes rules at all."""
    chains, rules = wanted(engine)
    makes_rules = uses_iptables()
    missing = [rule for rule in rules if not has_rule(rule[0], rule[1], rule[3])] if makes_rules else []
    return {
        "iptables": makes_rules,
        "lost": makes_rules and not has_chain("nat", "DOCKER"),
        "missing": [" ".join(["-t", table, where, chain, *words]) for table, chain, where, words in missing],
    }, chains, missing


@contextlib.contextmanager
def alone():
    """The role and the watch may find the same rule missing at the same time."""
    with open(LOCK, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def repair(engine):
    """Add what is missing; whether there is nothing left to do."""
    with alone():
        return add_missing(engine)


def add_missing(engine):
    told, chains, missing = look(engine)
    if told["lost"]:
        return False
    for table, chain in chains if missing else []:
        iptables("--table", table, "--new-chain", chain)
    for table, chain, where, words in missing:
        done = iptables("--table", table, where, chain, *words)
        print("iptables -t %s %s %s %s %s" % (table, where, chain, " ".join(words), done.stderr.strip()), flush=True)
        if chain == "FORWARD" and has_rule("filter", "FORWARD", ["-j", "DOCKER-USER"]):
            # The user's own chain stays the first one.
            iptables("--delete", "FORWARD", "-j", "DOCKER-USER")
            iptables("--insert", "FORWARD", "-j", "DOCKER-USER")
    return not missing


def watch(engine):
    settle(engine)
    monitor = ["busctl", "--system", "monitor", "--json=short", "--match=" + RELOADED, "--match=" + STARTED]
    with subprocess.Popen(monitor, stdout=subprocess.PIPE, universal_newlines=True) as process:
        for _signal in process.stdout:
            settle(engine)


def settle(engine, pause=time.sleep, limit=30, enough=3):
    """Repair until the engine, which does its own part in the meantime, has left nothing to do for some seconds."""
    quiet = 0
    for _attempt in range(limit):
        pause(1)
        if os.path.exists(OWN_CHAINS):
            run("sh", OWN_CHAINS)
        try:
            quiet = quiet + 1 if repair(engine) else 0
        except NO_ANSWER as exc:
            print("The engine does not answer: %s" % exc, flush=True)
            quiet = 0
        if quiet == enough:
            return
    print("After %d s Docker's rules are not complete. Restart the engine: systemctl restart docker" % limit, flush=True)


def main(verb):
    engine = Engine()
    if verb == "watch":
        watch(engine)
    elif verb == "repair":
        settle(engine, limit=10, enough=1)
    else:
        try:
            print(json.dumps(look(engine)[0]))
        except NO_ANSWER:
            print("{}")


if __name__ == "__main__":
    main(sys.argv[1])
