"""Names, addresses and Debian releases of the hosts."""

from dataclasses import dataclass

from .errors import LabError

GATEWAY = "10.10.10.1"
PREFIX = 24
REGISTRY = f"{GATEWAY}:5000"
ADDRESSES = {f"node{number}": f"10.10.10.{last}" for number, last in enumerate((88, 76, 77, 78, 79, 80, 81, 82), start=1)}
# Mixed on purpose: a swarm must work across engines of different age.
DEFAULT_RELEASES = dict.fromkeys(ADDRESSES, "bookworm") | {"node4": "trixie"}
RELEASES = ("bookworm", "trixie", "testing")
USUAL_HOSTS = 4


@dataclass(frozen=True)
class Host:
    """One host of the lab: what never changes about it."""

    name: str
    address: str

    @property
    def number(self):
        return int(self.name.removeprefix("node"))

    @property
    def tap(self):
        """Its network cable on this machine's side."""
        return f"tap-{self.name}"

    @property
    def mac(self):
        return f"52:54:00:00:00:{self.number:02x}"


ALL_HOSTS = [Host(name, address) for name, address in ADDRESSES.items()]


def first_hosts(count):
    """The COUNT hosts that a lab of that size has."""
    if not 1 <= count <= len(ALL_HOSTS):
        raise LabError(f"A lab of {count} hosts was asked for; between 1 and {len(ALL_HOSTS)} are possible.")
    return ALL_HOSTS[:count]


def host_named(name):
    """The host with this name or address."""
    for host in ALL_HOSTS:
        if name in (host.name, host.address):
            return host
    raise LabError(f"The lab has no host {name}; its hosts are {', '.join(ADDRESSES)}.")


def parse_releases(settings):
    """['node4=testing', …] as {name: release}."""
    releases = {}
    for setting in settings:
        name, _, release = setting.partition("=")
        if release not in RELEASES:
            raise LabError(f"{setting!r} names no release; write HOST=RELEASE with one of {', '.join(RELEASES)}.")
        releases[host_named(name).name] = release
    return releases
