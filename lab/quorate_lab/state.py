"""Where a lab keeps what: lasting things in its checkout, what ends with this machine's uptime in /run."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from .errors import LabError
from .progress import say

CHECKOUT = Path(__file__).resolve().parents[2]
NAMESPACE = os.environ.get("QUORATE_LAB_NAME", "quorate-lab")

STATE = CHECKOUT / ".lab"
HOSTS = STATE / "hosts"
SNAPSHOTS = STATE / "snapshots"
SSH_CONFIG = STATE / "ssh_config"
SSH_KEY = STATE / "key"

# Sockets live here too: the path of a socket may not be longer than 108 bytes, that of a checkout may.
RUN = Path("/run") / NAMESPACE
PROCESSES = RUN / "processes"
OWNER = RUN / "owner"
LOCK = RUN / "lock"

LOCK_WAIT_SECONDS = 900


def owner():
    """The checkout whose lab runs on this machine, or None."""
    return Path(OWNER.read_text().strip()) if OWNER.exists() else None


def take_ownership():
    """Record that the running lab is this checkout's."""
    OWNER.write_text(f"{CHECKOUT}\n")


def release_ownership():
    """Record that no lab runs."""
    OWNER.unlink(missing_ok=True)


@contextlib.contextmanager
def changing_the_lab(verb):
    """Only one command changes the lab at a time; a second one waits and says for what."""
    RUN.mkdir(mode=0o700, exist_ok=True)
    PROCESSES.mkdir(exist_ok=True)
    with LOCK.open("a+") as lock:
        _wait_for(lock)
        lock.truncate(0)
        lock.write(f"`lab {verb}` (process {os.getpid()})")
        lock.flush()
        yield


def _wait_for(lock):
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    told = False
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read() or "another lab command"
        if not told:
            say(f"Waiting for {holder} to end.")
            told = True
        if time.monotonic() > deadline:
            raise LabError(f"{holder} has been at work for {LOCK_WAIT_SECONDS // 60} minutes and is not done; "
                           "look at what it does, end it, and run this command again.")
        time.sleep(0.2)
