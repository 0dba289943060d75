"""The command line of the lab."""

import argparse
import os
import signal
import sys

from . import forwarding, refusals, state, verbs
from .errors import LabError
from .topology import DEFAULT_RELEASES, USUAL_HOSTS, first_hosts, host_named, parse_releases

HOST_MEMORY_MB = 4096
LEAST_HOST_MEMORY_MB = 512


def main(arguments=None):
    """Run one verb; a LabError is one sentence on stderr and exit code 1."""
    signal.signal(signal.SIGTERM, _interrupt)
    options = parser().parse_args(arguments)
    try:
        refusals.check_machine()
        run_verb(options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; the same command goes on from here.", file=sys.stderr, flush=True)
        # Not sys.exit: it would wait for the threads that wait for hosts.
        os._exit(130)
    return 0


def run_verb(options):
    """Call the verb; those that change the lab do it one at a time."""
    if options.verb == "build":
        options.call(options)
    elif options.verb in ("status", "ssh", "exec", "forward"):
        refusals.check_owner()
        options.call(options)
    else:
        with state.changing_the_lab(options.verb):
            refusals.check_owner()
            options.call(options)


def parser():
    """Verbs and their arguments."""
    top = argparse.ArgumentParser(prog="lab", description="Real Docker hosts to test on, in a network of their own.")
    verb = top.add_subparsers(dest="verb", metavar="VERB", required=True)

    def add(name, call, text):
        sub = verb.add_parser(name, help=text, description=text)
        sub.set_defaults(call=call)
        return sub

    def chosen(options):
        return [host_named(name) for name in options.host]

    def releases(options):
        return parse_releases(options.release)

    sub = add("build", lambda o: verbs.build({*DEFAULT_RELEASES.values(), *releases(o).values()}),
              "build what the hosts need: kernel, disks, images")
    _add_release(sub)
    sub = add("up", lambda o: verbs.up(first_hosts(o.hosts), releases(o), o.memory), "start the hosts that are not up")
    sub.add_argument("--hosts", type=int, default=USUAL_HOSTS, metavar="N", help=f"how many (default {USUAL_HOSTS})")
    _add_release(sub)
    _add_memory(sub)
    add("down", lambda o: verbs.down(), "shut all hosts down; their disks stay")
    add("status", lambda o: verbs.status(), "show the hosts")
    sub = add("ssh", lambda o: verbs.open_shell(host_named(o.host), o.command), "open a shell on a host, or run a command")
    sub.add_argument("host", metavar="HOST")
    sub.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD")
    sub = add("exec", lambda o: verbs.execute(o.command), "run a command of this machine inside the lab's network")
    sub.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD")
    sub = add("forward", _forward, "let a port on 127.0.0.1 reach a host's port, until interrupted")
    sub.add_argument("ports", metavar="PORT[:HOST:PORT]")
    sub = add("power-off", lambda o: verbs.power_off(chosen(o)), "cut the power of hosts; their disks stay")
    sub.add_argument("host", nargs="+", metavar="HOST")
    sub = add("power-on", lambda o: verbs.power_on(chosen(o), o.memory), "give hosts power again")
    sub.add_argument("host", nargs="+", metavar="HOST")
    _add_memory(sub)
    for name, call, text in (("cut", verbs.cut, "pull the network cable of hosts"),
                             ("heal", verbs.heal, "plug the network cable of hosts in")):
        sub = add(name, lambda o, call=call: call(chosen(o)), text)
        sub.add_argument("host", nargs="+", metavar="HOST")
    sub = add("reset", lambda o: verbs.reset(chosen(o), o.memory), "give hosts fresh disks (default: all that have one)")
    sub.add_argument("host", nargs="*", metavar="HOST")
    _add_memory(sub)
    sub = add("snapshot", lambda o: verbs.snapshot(o.name, o.memory), "keep a copy of all disks")
    sub.add_argument("name", metavar="NAME")
    _add_memory(sub)
    sub = add("restore", lambda o: verbs.restore(o.name, o.memory), "bring all disks back and start the hosts")
    sub.add_argument("name", metavar="NAME")
    _add_memory(sub)
    return top


def _add_release(sub):
    sub.add_argument("--release", action="append", default=[], metavar="HOST=RELEASE",
                     help="another Debian release for a new host, such as node4=testing; may be repeated")


def _add_memory(sub):
    sub.add_argument("--memory", type=_memory, default=HOST_MEMORY_MB, metavar="MB",
                     help=f"a host's memory, taken from this machine only as used (default {HOST_MEMORY_MB})")


def _memory(text):
    if not text.isdecimal() or int(text) < LEAST_HOST_MEMORY_MB:
        raise argparse.ArgumentTypeError(f"{text!r} is not enough; a host needs {LEAST_HOST_MEMORY_MB} MB at least")
    return int(text)


def _forward(options):
    local, host, port = forwarding.parse(options.ports)
    verbs.forward(local, host_named(host), port)


def _interrupt(*_):
    raise KeyboardInterrupt
