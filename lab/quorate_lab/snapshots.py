"""Copies of all disks under a name, to start again from."""

import re
import shutil

from . import hosts
from .commands import run
from .errors import LabError
from .progress import say
from .state import SNAPSHOTS
from .topology import ALL_HOSTS


def names():
    """All snapshots."""
    return sorted(path.name for path in SNAPSHOTS.iterdir() if not path.name.startswith(".")) if SNAPSHOTS.exists() else []


def hosts_in(name):
    """The hosts whose disks a snapshot holds."""
    if name not in names():
        raise LabError(f"There is no snapshot {name}; there {'are ' + ', '.join(names()) if names() else 'is none'}. "
                       f"`lab snapshot {name}` makes it.")
    return [host for host in ALL_HOSTS if (SNAPSHOTS / name / host.name).exists()]


def check_name(name):
    """A snapshot's name becomes a directory's."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise LabError(f"{name!r} cannot be a snapshot's name; use letters, digits, dots, - and _.")


def save(name, chosen):
    """Copy the disks of hosts without power; an older snapshot of that name is replaced once the copy is whole."""
    unfinished = SNAPSHOTS / f".{name}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for host in chosen:
        _copy(hosts.directory(host), unfinished / host.name)
    shutil.rmtree(SNAPSHOTS / name, ignore_errors=True)
    unfinished.rename(SNAPSHOTS / name)
    say(f"Snapshot {name}: kept the disks of {', '.join(host.name for host in chosen)}.")


def bring_back(name):
    """Give the hosts of a snapshot its disks again, and all others none."""
    for host in ALL_HOSTS:
        hosts.erase_disks(host)
    for host in hosts_in(name):
        hosts.directory(host).parent.mkdir(parents=True, exist_ok=True)
        _copy(SNAPSHOTS / name / host.name, hosts.directory(host))
    say(f"Snapshot {name}: brought back the disks of {', '.join(host.name for host in hosts_in(name))}.")


def _copy(source, target):
    # disks.json is copied last: a copy without it is no disk, if this is interrupted.
    target.mkdir()
    for path in sorted(source.iterdir(), key=lambda path: path.suffix == ".json"):
        run(["cp", "--sparse=always", "--reflink=auto", "--preserve=timestamps", path, target], timeout=600)
