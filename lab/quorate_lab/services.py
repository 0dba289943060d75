"""What stands on the lab's bridge besides the hosts: a registry with what was built, and a name server."""

import sys
import time
from pathlib import Path

from . import nameserver, network, processes
from .commands import run
from .errors import LabError
from .state import RUN
from .store import RECIPE
from .topology import GATEWAY, REGISTRY

REGISTRY_PROCESS = "registry"
NAMESERVER_PROCESS = "nameserver"
START_SECONDS = 20


def are_running():
    """Whether both are there."""
    return all(map(processes.running, (REGISTRY_PROCESS, NAMESERVER_PROCESS)))


def start(tools, store):
    """Start those that do not run yet, and wait until the registry answers."""
    if not processes.running(NAMESERVER_PROCESS):
        _start(NAMESERVER_PROCESS, [sys.executable, Path(nameserver.__file__), GATEWAY])
    if not processes.running(REGISTRY_PROCESS):
        _start(REGISTRY_PROCESS, tools.command(["docker-registry", "serve", "/lab/registry.yml"],
                                               binds={store: "/build", RECIPE: "/lab"}, lasting=True))
    deadline = time.monotonic() + START_SECONDS
    host, port = REGISTRY.split(":")
    while run(network.inside(["nc", "-z", host, port]), check=False).returncode:
        if time.monotonic() > deadline or not processes.running(REGISTRY_PROCESS):
            raise LabError(f"The lab's registry does not answer on {REGISTRY}; its log: {_log(REGISTRY_PROCESS).read_text()}")
        time.sleep(0.1)


def _start(name, command):
    processes.start(name, network.inside(command), _log(name))


def _log(name):
    return RUN / f"{name}.log"
