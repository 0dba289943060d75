"""The registry inside the lab: Debian's docker-registry, serving what was built, read-only."""

import time

from . import network, processes
from .commands import run
from .errors import LabError
from .state import RUN
from .store import RECIPE
from .topology import GATEWAY, REGISTRY

NAME = "store"
START_SECONDS = 20


def start(tools, store):
    """Start the registry if it does not run yet, and wait until it answers."""
    if processes.running(NAME):
        return
    log = RUN / "registry.log"
    processes.start(NAME, network.inside(tools.command(
        ["docker-registry", "serve", "/lab/registry.yml"], binds={store: "/build", RECIPE: "/lab"}, lasting=True)), log)
    deadline = time.monotonic() + START_SECONDS
    host, port = REGISTRY.split(":")
    while run(network.inside(["nc", "-z", host, port]), check=False).returncode:
        if time.monotonic() > deadline or not processes.running(NAME):
            raise LabError(f"The lab's registry does not answer on {GATEWAY}; its log: {log.read_text().strip()}")
        time.sleep(0.1)


def stop():
    """End the registry."""
    processes.kill(NAME)
