"""One host: its disks, its process, and the wait until it can be used."""

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from . import network, processes, ssh
from .cache import mark_used
from .errors import LabError
from .state import HOSTS, NAMESPACE, RUN
from .topology import ALL_HOSTS, GATEWAY, PREFIX

BOOT_SECONDS = 180
SHUTDOWN_SECONDS = 45
CONSOLE_LINES = 25
POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Disks:
    """The shared files under a host's own disks; a copy-on-write file is worthless without the one it was made on."""

    release: str
    root: Path
    store: Path


def directory(host):
    """Where HOST's own disks and console log are."""
    return HOSTS / host.name


def disks_of(host):
    """What HOST's disks were made on, or None if it has no disks."""
    record = directory(host) / "disks.json"
    if not record.exists():
        return None
    known = json.loads(record.read_text())
    return Disks(known["release"], Path(known["root"]), Path(known["store"]))


def give_disks(host, disks):
    """Give HOST fresh disks: they fill as it writes."""
    erase_disks(host)
    directory(host).mkdir(parents=True)
    record = {"release": disks.release, "root": str(disks.root), "store": str(disks.store)}
    (directory(host) / "disks.json").write_text(json.dumps(record))


def erase_disks(host):
    """Remove HOST's disks."""
    shutil.rmtree(directory(host), ignore_errors=True)


def with_disks():
    """The hosts that have disks."""
    return [host for host in ALL_HOSTS if disks_of(host)]


def running():
    """The hosts that have power."""
    return [host for host in ALL_HOSTS if is_running(host)]


def is_running(host):
    """Whether HOST has power."""
    return processes.running(host.name) is not None


def power_on(host, kernel, memory):
    """Start HOST's kernel on its disks, with MEMORY in MB at most."""
    disks = disks_of(host)
    for base in (disks.root, disks.store):
        if not base.exists():
            raise LabError(f"The disks of {host.name} were made on {base}, which is gone; "
                           f"`lab reset {host.name}` gives it fresh ones.")
        mark_used(base.parent)
    ssh.hang_up(host)
    network.attach(host)
    own = directory(host)
    processes.start(host.name, network.inside([
        kernel / "linux", f"mem={memory}M", "seccomp=on", "panic=1",
        f"ubd0={own / 'root.cow'},{disks.root}", f"ubd1={own / 'store.cow'},{disks.store}",
        "root=/dev/ubda", "rw", "init=/sbin/init", "con=null", "con0=null,fd:1",
        f"vec0:transport=tap,ifname={host.tap},mac={host.mac}", f"uml_dir={RUN}/uml/", f"umid={NAMESPACE}-{host.name}",
        f"lab.name={host.name}", f"lab.address={host.address}/{PREFIX}", f"lab.gateway={GATEWAY}",
        f"lab.key={ssh.public_key()}"]), own / "console.log",
        # Its memory is a file; on a disk it would be slow.
        environment={**os.environ, "TMPDIR": "/dev/shm"})


def wait_until_ready(host):
    """Wait until HOST has started all it starts; returns the names of units that failed."""
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline:
        if not is_running(host):
            raise LabError(f"{host.name} ended while it started. The end of its console:\n{console_tail(host)}")
        answer = ssh.ask(host, "systemctl is-system-running --wait; systemctl --failed --plain --no-legend",
                         deadline - time.monotonic())
        if answer:
            state, *failed = answer.stdout.splitlines()
            if state in ("running", "degraded"):
                return [line.split()[0] for line in failed]
        time.sleep(POLL_SECONDS)
    raise LabError(f"{host.name} was not ready {BOOT_SECONDS} s after it was started. The end of its console:\n"
                   f"{console_tail(host)}")


def shut_down(host):
    """Let HOST stop its services and its disks; power is cut if that takes too long. Returns whether it was orderly."""
    ssh.ask(host, "systemctl poweroff", 15)
    orderly = processes.ended(host.name, SHUTDOWN_SECONDS)
    power_off(host)
    return orderly


def power_off(host):
    """Cut HOST's power."""
    processes.kill(host.name)
    ssh.hang_up(host)


def console_tail(host):
    """The last lines of HOST's console."""
    log = directory(host) / "console.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"  {line}" for line in lines[-CONSOLE_LINES:])
