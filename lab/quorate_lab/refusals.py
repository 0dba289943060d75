"""What must be true of this machine before the lab touches anything."""

import os
import platform
import shutil
from pathlib import Path

from . import processes, state
from .cache import default_root
from .commands import run_step
from .errors import LabError

# Programs that the lab runs on this machine, and the Debian packages that bring them.
PROGRAMS = {"ip": "iproute2", "sysctl": "procps", "mount": "mount", "nc": "netcat-openbsd", "ssh": "openssh-client",
            "mmdebstrap": "mmdebstrap"}
TUN = Path("/dev/net/tun")
HOST_MEMORY_MB = 700
BUILD_DISK_GB = 12
RUN_DISK_GB = 3


def check_machine():
    """Every verb needs root on x86-64 Linux."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise LabError(f"This machine is {platform.system()} on {platform.machine()}; the lab needs Linux on x86-64.")
    if os.geteuid():
        raise LabError(f"The lab was started by user id {os.geteuid()}; it makes network devices, so start it as root (sudo).")


def check_owner():
    """One lab a machine: the one that runs must be this checkout's, or that of a checkout that is no more."""
    other = state.owner()
    if other and other != state.CHECKOUT and other.exists() and any(map(processes.running, processes.names())):
        raise LabError(f"A lab of the checkout {other} runs on this machine, and the network has room for one; "
                       f"end it with `{other}/lab/lab down`.")


def check_tun():
    """Hosts' cables are tap devices."""
    if not TUN.exists():
        raise LabError("This machine has no /dev/net/tun, which the hosts' network needs; load the module with "
                       "`modprobe tun`, or if this is a container, start it with that device.")


def check_memory(hosts):
    """Room for HOSTS more hosts with an engine each; what runs in them comes on top."""
    needed = hosts * HOST_MEMORY_MB
    available = _available_memory_mb()
    if available < needed:
        raise LabError(f"{available} MB of memory are available; {hosts} hosts need at least {needed} MB. "
                       "Free some, or start fewer with --hosts.")
    shared = shutil.disk_usage("/dev/shm").free // 2**20
    if shared < needed:
        raise LabError(f"/dev/shm, where the hosts' memory lies, has {shared} MB free; {hosts} hosts need at least "
                       f"{needed} MB. Enlarge it: `mount -o remount,size=90% /dev/shm`.")


def check_disk(built):
    """Room for what is built, or, if all is BUILT, for what the hosts write."""
    for directory, needed in ((default_root(), RUN_DISK_GB if built else BUILD_DISK_GB), (state.CHECKOUT, RUN_DISK_GB)):
        directory.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(directory).free // 2**30
        if free < needed:
            raise LabError(f"The file system of {directory} has {free} GB free; the lab needs {needed} GB there.")


def install_programs():
    """Install the Debian packages of the programs that the lab runs here and that are missing."""
    missing = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if not list(Path("/usr/share/keyrings").glob("debian-archive-trixie-stable.*")):
        # An early Debian 12 does not know the keys of Debian 13 yet; a later update of this package brings them.
        missing.append("debian-archive-keyring")
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise LabError(f"The programs of the Debian packages {', '.join(missing)} are missing and this machine has no "
                       "apt-get; the lab needs Debian 12 or 13.")
    log = default_root() / "logs" / "machine.log"
    run_step("This machine: updating its package lists", ["apt-get", "update"], log)
    run_step(f"This machine: installing {' '.join(missing)}",
             ["apt-get", "install", "--yes", "--no-install-recommends", *missing], log,
             environment={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def _available_memory_mb():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    raise LabError("/proc/meminfo does not tell how much memory is available; the lab needs a Linux with /proc.")
