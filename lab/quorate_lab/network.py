"""The lab's network: a bridge and one tap for each host, in a network namespace of its own."""

from .commands import run
from .state import NAMESPACE
from .topology import GATEWAY, PREFIX

BRIDGE = "lab"


def inside(command):
    """COMMAND as one that runs in the lab's network."""
    return ["ip", "netns", "exec", NAMESPACE, *command]


def exists():
    """Whether the namespace is there."""
    return NAMESPACE in (line.split()[0] for line in run(["ip", "netns", "list"]).stdout.splitlines() if line.strip())


def create():
    """Make the namespace and its bridge; what is there already stays."""
    if not exists():
        run(["ip", "netns", "add", NAMESPACE])
    if BRIDGE not in _links():
        for step in (f"link add {BRIDGE} type bridge", f"address add {GATEWAY}/{PREFIX} dev {BRIDGE}", "link set lo up",
                     f"link set {BRIDGE} up",
                     # Nothing lies beyond the lab: say so at once to whoever tries, instead of letting it wait.
                     "route add unreachable default"):
            run(inside(["ip", *step.split()]))
        run(inside(["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0"]))


def remove():
    """Remove the namespace with all that is in it."""
    if exists():
        run(["ip", "netns", "delete", NAMESPACE])


def attach(host):
    """Give HOST a cable, plugged in."""
    if host.tap not in _links():
        run(inside(["ip", "tuntap", "add", host.tap, "mode", "tap"]))
        run(inside(["ip", "link", "set", host.tap, "up"]))
    plug(host)


def cut(host):
    """Pull HOST's cable out of the bridge.

    Setting the tap down instead would break the host's network device for good: a write to it fails then.
    """
    run(inside(["ip", "link", "set", host.tap, "nomaster"]))


def plug(host):
    """Plug HOST's cable in."""
    run(inside(["ip", "link", "set", host.tap, "master", BRIDGE]))


def is_cut(host):
    """Whether HOST's cable is pulled."""
    return f" master {BRIDGE} " not in _links().get(host.tap, "")


def _links():
    """{name of a link: what ip says of it}."""
    links = {}
    for line in run(inside(["ip", "-oneline", "link", "show"])).stdout.splitlines():
        links[line.split()[1].rstrip(":").split("@")[0]] = line
    return links
