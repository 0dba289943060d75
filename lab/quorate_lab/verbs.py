"""What each verb of the lab does."""

import os
import time
from concurrent.futures import ThreadPoolExecutor, wait

from . import artefacts, forwarding, hosts, network, processes, refusals, services, snapshots, ssh, state, table
from .cache import default_root
from .commands import TELL_EVERY_SECONDS
from .errors import LabError
from .progress import say, spell_duration
from .topology import ALL_HOSTS, DEFAULT_RELEASES


def build(releases):
    """Make everything that hosts of these releases need."""
    _build(releases)
    say(f"All is built, in {default_root()}.")


def up(wanted, releases, memory):
    """Start those of the WANTED hosts that are off, each with the release that RELEASES or the topology names."""
    _refuse_other_release(wanted, releases)
    off = [host for host in wanted if not hosts.is_running(host)]
    if off or not services.are_running():
        _start(off, releases, memory)
    else:
        say(f"Already up: {_names(wanted)}.")
    started = time.monotonic()

    def ready(host):
        network.plug(host)
        failed = hosts.wait_until_ready(host)
        if host in off:
            say(f"  {host.name} ({host.address}) is up after {spell_duration(time.monotonic() - started)}")
        if failed:
            say(f"  On {host.name} these units failed: {', '.join(failed)}.")
    _at_once(ready, wanted, "  waiting for")


def down():
    """Shut all hosts down and remove the lab's network; disks stay."""
    running = hosts.running()
    if running:
        say(f"Shutting down {_names(running)}.")
        _shut_down(running)
    for name in processes.names():
        processes.kill(name)
    network.remove()
    state.release_ownership()
    say("The lab is down; its disks are kept.")


def power_off(chosen):
    """Cut the power of hosts."""
    _at_once(hosts.power_off, chosen)
    say(f"Without power: {_names(chosen)}.")


def power_on(chosen, memory):
    """Give hosts power again, on the disks that they had."""
    for host in chosen:
        if not hosts.disks_of(host):
            raise LabError(f"{host.name} has no disks yet; `lab up` starts it for the first time.")
    up(chosen, {}, memory)


def cut(chosen):
    """Pull hosts' cables."""
    _refuse_powerless(chosen)
    for host in chosen:
        network.cut(host)
    say(f"Cable pulled: {_names(chosen)}.")


def heal(chosen):
    """Plug hosts' cables in."""
    _refuse_powerless(chosen)
    for host in chosen:
        network.plug(host)
    say(f"Cable plugged in: {_names(chosen)}.")


def reset(chosen, memory):
    """Give hosts fresh disks of the release they had; those that were up are up again afterwards."""
    chosen = chosen or hosts.with_disks()
    if not chosen:
        say("No host has a disk yet: there is nothing to reset.")
        return
    were_up = [host for host in chosen if hosts.is_running(host)]
    releases = {host.name: hosts.disks_of(host).release for host in were_up}
    _at_once(hosts.power_off, were_up)
    for host in chosen:
        hosts.erase_disks(host)
    say(f"Disks erased: {_names(chosen)}.")
    if were_up:
        up(were_up, releases, memory)


def snapshot(name, memory):
    """Keep a copy of all disks; hosts that are up are shut down for it and started again."""
    snapshots.check_name(name)
    kept = hosts.with_disks()
    if not kept:
        raise LabError("There are no disks to keep; `lab up` makes the first ones.")
    were_up = hosts.running()
    _shut_down(were_up)
    snapshots.save(name, kept)
    if were_up:
        up(were_up, {}, memory)


def restore(name, memory):
    """Bring all disks back as a snapshot has them, and start its hosts."""
    kept = snapshots.hosts_in(name)
    _at_once(hosts.power_off, hosts.running())
    snapshots.bring_back(name)
    up(kept, {}, memory)


def status():
    """Print a table of the hosts."""
    print(table.render(table.rows()))
    for name in snapshots.names():
        print(f"snapshot: {name}")


def open_shell(host, words):
    """Become an ssh to HOST."""
    _refuse_powerless([host])
    command = ssh.command(host, words)
    os.execvp(command[0], command)


def execute(words):
    """Become a command inside the lab's network."""
    if not words:
        raise LabError("`lab exec` was given no command; write it behind, such as `lab exec curl http://10.10.10.88:8888`.")
    if not network.exists():
        raise LabError("The lab has no network now; `lab up` makes it.")
    command = network.inside(words)
    os.execvp(command[0], command)


def forward(local_port, host, port):
    """Let this machine's LOCAL_PORT reach HOST's PORT until interrupted."""
    _refuse_powerless([host])
    forwarding.serve(local_port, host, port)


def _build(releases):
    refusals.install_programs()
    refusals.check_disk(artefacts.all_built(releases))
    return artefacts.obtain(releases)


def _start(chosen, releases, memory):
    refusals.check_tun()
    refusals.check_memory(len(chosen))
    old = {host: hosts.disks_of(host) for host in chosen}
    release_of = {host: disks.release if disks else releases.get(host.name, DEFAULT_RELEASES[host.name])
                  for host, disks in old.items()}
    built = _build(set(release_of.values()))
    for host, disks in old.items():
        if not disks:
            hosts.give_disks(host, built.disks(release_of[host]))
        elif disks != built.disks(disks.release):
            say(f"{host.name} keeps disks made from an older build; `lab reset {host.name}` gives it new ones.")
    state.take_ownership()
    network.create()
    ssh.prepare()
    services.start(built.tools, built.store)
    if chosen:
        say(f"Starting {_names(chosen)}.")
    for host in chosen:
        hosts.power_on(host, built.kernel, memory)


def _shut_down(chosen):
    for host, orderly in zip(chosen, _at_once(hosts.shut_down, chosen), strict=True):
        if not orderly:
            say(f"{host.name} did not shut down in {hosts.SHUTDOWN_SECONDS} s, so its power was cut.")


def _refuse_other_release(wanted, releases):
    for host in wanted:
        disks = hosts.disks_of(host)
        asked = releases.get(host.name)
        if disks and asked and asked != disks.release:
            raise LabError(f"{asked} was asked for {host.name}, but its disks are of {disks.release}; erase them first: "
                           f"`lab power-off {host.name}`, `lab reset {host.name}`.")


def _refuse_powerless(chosen):
    for host in chosen:
        if not hosts.is_running(host):
            raise LabError(f"{host.name} is not up; `lab up` or `lab power-on {host.name}` starts it.")


def _at_once(action, chosen, waiting="Waiting for"):
    """The results of ACTION on all CHOSEN hosts side by side; now and then says which are not done."""
    pool = ThreadPoolExecutor(len(ALL_HOSTS))
    work = {pool.submit(action, host): host for host in chosen}
    try:
        unfinished = set(work)
        while unfinished:
            unfinished = wait(unfinished, TELL_EVERY_SECONDS).not_done
            if unfinished:
                say(f"{waiting} {_names(host for task, host in work.items() if task in unfinished)}")
        return [task.result() for task in work]
    finally:
        # Whoever interrupts does not wait for the hosts that are still waited for.
        pool.shutdown(wait=False, cancel_futures=True)


def _names(chosen):
    return ", ".join(host.name for host in chosen)
