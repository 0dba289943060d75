"""The kernel of the hosts: User-Mode Linux, built once from Debian's newest kernel source package."""

import re
import shutil
from pathlib import Path

from . import builder
from .cache import key_of
from .commands import run_step
from .errors import LabError
from .mirror import PrivateApt

RECIPE = Path(__file__).resolve().parent.parent / "kernel"
SOURCE_SUITE = "trixie-backports"
# The first series whose User-Mode Linux has seccomp=on, without which every system call is a ptrace stop.
OLDEST_SERIES = (6, 16)


def key():
    """The kernel's key: its options and its recipe, not the version that Debian has today."""
    return key_of("kernel", SOURCE_SUITE, RECIPE)


def obtain(cache):
    """The directory with linux, version, modules.builtin and modules.builtin.modinfo."""
    def build(directory):
        return _build(directory, builder.obtain(cache), cache.log("kernel"))
    return cache.obtain("kernel", key(), build)


def _build(directory, tools, log):
    work = directory / "work"
    work.mkdir()
    apt = PrivateApt(directory / "apt", SOURCE_SUITE)
    package = newest_series(apt.names("linux-source-"))
    run_step(f"Kernel: downloading {package} (about 150 MB)",
             ["env", f"--chdir={work}", *apt.download_command(package)], log)
    run_step(f"Kernel: compiling {package} (five to eight minutes on two cores)",
             tools.command(["/lab/build.sh"], binds={work: "/build", RECIPE: "/lab"}), log, expected_lines=2000)
    for name in ("linux", "version", ".config", "modules.builtin", "modules.builtin.modinfo"):
        shutil.move(work / "out" / name, directory / name.removeprefix("."))
    shutil.rmtree(work)
    shutil.rmtree(directory / "apt")
    return (directory / "version").read_text().strip()


def newest_series(packages):
    """The linux-source-X.Y of the highest series among PACKAGES."""
    series = {}
    for package in packages:
        match = re.fullmatch(r"linux-source-(\d+)\.(\d+)", package)
        if match:
            series[tuple(map(int, match.groups()))] = package
    if not series or max(series) < OLDEST_SERIES:
        wanted = ".".join(map(str, OLDEST_SERIES))
        raise LabError(f"Debian's {SOURCE_SUITE} offers {', '.join(series.values()) or 'no kernel source package'}; "
                       f"the lab needs linux-source-{wanted} or newer. Check this machine's Debian mirror.")
    return series[max(series)]
