# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of ansible-playbook that may fail, be refused or be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading

from lab_hosts import CHECKOUT, INVENTORY, Lab

SECRETS = ("SWMTKN-", "SWMKEY-")


class Play:
    """ansible-playbook on the lab's inventory, from this checkout."""

    def __init__(self, inventory=INVENTORY):
        self.inventory = inventory

    def command(self, playbook, *words):
        return ["ansible-playbook", "-i", str(self.inventory), str(CHECKOUT / playbook), *words]

    def run(self, playbook, *words, limit=600):
        """The completed run, whatever its exit status; output and errors together."""
        return subprocess.run(
            self.command(playbook, *words), env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=limit, check=False,
        )

    def ok(self, playbook, *words):
        done = self.run(playbook, *words)
        assert done.returncode == 0, failures(done.stdout)
        return done.stdout

    def refused(self, playbook, *words):
        done = self.run(playbook, *words)
        assert done.returncode != 0, "This should have been refused:\n%s" % done.stdout
        return " ".join(done.stdout.split())

    def run_module(self, host, module, arguments):
        """One module on one host."""
        return subprocess.run(
            ["ansible", "-i", str(self.inventory), host, "-m", module, "-a", arguments], env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )

    def at(self, moment, action, playbook, *words, limit=600, time=1):
        """Start a run, call action(process) once a line contains the moment for the given time, and return its output after it ended."""
        process = subprocess.Popen(
            self.command(playbook, *words), env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )
        watchdog = threading.Timer(limit, self.kill, [process])
        watchdog.start()
        lines, reached = [], 0
        try:
            for line in process.stdout:
                lines.append(line)
                if moment in line:
                    reached += 1
                    if reached == time:
                        action(process)
            process.wait()
            assert not watchdog.finished.is_set(), "The run did not end within %d s:\n%s" % (limit, "".join(lines))
        finally:
            watchdog.cancel()
            if process.poll() is None:
                self.kill(process)
                process.wait()
        assert reached >= time, "The run came to '%s' %d times:\n%s" % (moment, reached, "".join(lines))
        return "".join(lines)

    @staticmethod
    def kill(process):
        """SIGKILL to a play and everything that it started here, as when its terminal's machine dies."""
        os.killpg(process.pid, signal.SIGKILL)


class WatchedPlay:
    """Plays at a high verbosity, in whose output no secret of the swarm may be, however they end."""

    def __init__(self, play):
        self._play = play

    def run(self, playbook, *words):
        done = self._play.run(playbook, "-vvv", *words)
        without_secrets(done.stdout)
        return done

    def at(self, moment, action, playbook, *words):
        return without_secrets(self._play.at(moment, action, playbook, "-vvv", *words))

    def killed(self, moment, begun, goal, playbook):
        """Kill a run that has come to a moment, once begun() says that the hosts are at work on it."""

        def kill(process):
            Lab.wait_for(begun, goal)
            self._play.kill(process)

        assert "PLAY RECAP" not in self.at(moment, kill, playbook), "The run ended before it was killed."


def without_secrets(output):
    leaks = [line for line in output.splitlines() if any(secret in line for secret in SECRETS)]
    assert not leaks, "The output tells a token or key: %s" % leaks
    return output


def failures(output):
    """A failed run without what went well, so that the reason is read first."""
    return "\n".join(line for line in output.splitlines() if line and not line.startswith(("ok:", "skipping:", "FAILED - RETRYING")))


def environment():
    return dict(
        os.environ,
        ANSIBLE_CONFIG=str(CHECKOUT / "ansible.cfg"),
        ANSIBLE_HOST_PATTERN_MISMATCH="error",
        ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true",
        # Molecule asks for colours, which would stand between the words that are looked for.
        ANSIBLE_FORCE_COLOR="false",
        ANSIBLE_NOCOLOR="1",
        COLUMNS="500",
    )
