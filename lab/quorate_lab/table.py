"""The table that `status` prints."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import hosts, network, processes, ssh
from .progress import spell_duration
from .topology import ALL_HOSTS

HEADINGS = ("HOST", "ADDRESS", "RELEASE", "STATE", "ENGINE", "MEMORY", "UPTIME")
ANSWER_SECONDS = 15


def rows():
    """A row for each host that has disks."""
    chosen = hosts.with_disks()
    with ThreadPoolExecutor(len(ALL_HOSTS)) as pool:
        return list(pool.map(_row, chosen))


def render(all_rows):
    """Rows under their headings, in columns."""
    if not all_rows:
        return "The lab has no hosts yet; `lab up` makes them."
    lines = [HEADINGS, *all_rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
                     for line in lines)


def _row(host):
    release = hosts.disks_of(host).release
    pid = processes.running(host.name)
    if not pid:
        return host.name, host.address, release, "off", "-", "-", "-"
    memory = f"{_memory_kb(pid) // 1024} MB"
    if network.is_cut(host):
        return host.name, host.address, release, "cut", "-", memory, "-"
    answer = ssh.ask(host, "cut -d. -f1 /proc/uptime; docker version --format '{{.Server.Version}}'", ANSWER_SECONDS)
    if not answer:
        return host.name, host.address, release, "no answer", "-", memory, "-"
    uptime, *engine = answer.stdout.split()
    return host.name, host.address, release, "up", *(engine or ["none"]), memory, spell_duration(int(uptime))


def _memory_kb(pid):
    """What the host's memory takes on this machine."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssShmem:"):
            return int(line.split()[1])
    return 0
