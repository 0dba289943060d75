"""The lab's lasting processes: started detached, recorded, and ended only if they are still the ones that were started."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from .errors import LabError
from .state import PROCESSES

END_SECONDS = 10


def start(name, command, log, environment=None):
    """Start COMMAND as a process group of its own that outlives this program; its output goes to LOG."""
    with log.open("wb") as output:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True, env=environment)
    record = PROCESSES / name
    record.with_suffix(".new").write_text(json.dumps({"pid": process.pid, "started": _start_time(process.pid)}))
    record.with_suffix(".new").rename(record)


def running(name):
    """The process id recorded under NAME, or None if that process is no more."""
    record = PROCESSES / name
    if not record.exists():
        return None
    known = json.loads(record.read_text())
    return known["pid"] if known["started"] and _start_time(known["pid"]) == known["started"] else None


def names():
    """All recorded names."""
    return sorted(path.name for path in PROCESSES.iterdir() if not path.suffix) if PROCESSES.exists() else []


def kill(name):
    """End the process group at once, as a power cut does, and wait until it is gone."""
    pid = running(name)
    if pid:
        os.killpg(pid, signal.SIGKILL)
        if not ended(name, END_SECONDS):
            raise LabError(f"Process {pid} ({name}) does not end, even after SIGKILL; this machine may need a reboot.")
    (PROCESSES / name).unlink(missing_ok=True)


def ended(name, seconds):
    """Wait up to SECONDS for the process to end by itself; True if it did."""
    deadline = time.monotonic() + seconds
    while running(name):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _start_time(pid):
    """When a living process started, in the kernel's ticks: with the pid it names one process for ever."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, start_time = fields[0], fields[19]
    return None if state in "ZX" else start_time
