"""Run other programs: quietly for their answer, or as a long step that tells how far it is."""

import subprocess
import time
from pathlib import Path

from .errors import LabError
from .progress import say, spell_duration

TELL_EVERY_SECONDS = 10
LAST_LINES = 15


def run(command, *, check=True, timeout=60, text_input=None):
    """Run COMMAND and return its completed process; a failure is a LabError with what it printed."""
    command = [str(word) for word in command]
    try:
        result = subprocess.run(command, input=text_input, capture_output=True, text=True, timeout=timeout,
                                stdin=None if text_input is not None else subprocess.DEVNULL)
    except FileNotFoundError:
        raise LabError(f"The program {command[0]} is missing; `lab build` installs what the lab needs.") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(command)}` gave no result within {timeout} s.") from None
    if check and result.returncode:
        printed = (result.stderr or result.stdout).strip()
        raise LabError(f"`{' '.join(command)}` failed with exit code {result.returncode}: {printed}")
    return result


def isolated(command, *, network=False, lasting=False):
    """COMMAND in mount and process namespaces of its own; the kernel removes all it mounted or started when it ends.

    Unless LASTING it ends with this program, also when this program is killed.
    """
    leash = [] if lasting else ["setpriv", "--pdeathsig", "KILL"]
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return [*leash, *unshare, *(["--net"] if network else []), *command]


def run_step(title, command, log, *, expected_lines=0, environment=None):
    """Run a long COMMAND with its output in LOG, telling now and then how far it is."""
    log = Path(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    say(title)
    started = time.monotonic()
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, env=environment, start_new_session=True)
        try:
            while True:
                try:
                    code = process.wait(TELL_EVERY_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    say(f"  {_how_far(log, begin, expected_lines, time.monotonic() - started)}")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if code:
        tail = "\n".join("  " + line for line in _lines(log, begin)[-LAST_LINES:])
        raise LabError(f"This step failed with exit code {code}: {title}. The last lines of {log}:\n{tail}")
    say(f"  done in {spell_duration(time.monotonic() - started)}")


def _lines(log, begin):
    with log.open("rb") as written:
        written.seek(begin)
        return written.read().decode(errors="replace").replace("\r", "\n").splitlines()


def _how_far(log, begin, expected_lines, elapsed):
    lines = _lines(log, begin)
    percent = f" {min(99, 100 * len(lines) // expected_lines):2} %" if expected_lines else ""
    latest = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"{spell_duration(elapsed)}{percent}  {latest[:90]}"
