"""Debian's packages, from the mirror that this machine's own apt uses."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .commands import run
from .errors import LabError

KEYRINGS = [Path("/usr/share/keyrings") / name for name in ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")]
UNRELEASED = {"testing", "unstable"}


@dataclass(frozen=True)
class Mirror:
    """Where Debian's packages and their security updates come from."""

    archive: str
    security: str | None

    def sources(self, suite, signed_by=None):
        """The lines of a sources.list for a release, with its updates; backports and testing stand alone."""
        suites = [(self.archive, suite)]
        if suite not in UNRELEASED and "-" not in suite:
            suites.append((self.archive, f"{suite}-updates"))
            if self.security:
                suites.append((self.security, f"{suite}-security"))
        return [f"deb [signed-by={signed_by or keyring()}] {uri} {name} main" for uri, name in suites]


def keyring():
    """The file of Debian's archive keys."""
    for path in KEYRINGS:
        if path.exists():
            return path
    raise LabError("Debian's archive keys are not on this machine; install the package debian-archive-keyring.")


@cache
def machine_mirror():
    """The mirror in this machine's apt configuration; its package lists are fetched first if there are none."""
    found = _mirror_in(_index_targets())
    if not found:
        run(["apt-get", "update"], timeout=300)
        found = _mirror_in(_index_targets())
    if not found:
        raise LabError("This machine's apt has no Debian archive as a source; add one to /etc/apt/sources.list.d "
                       "and run `apt-get update`.")
    return found


def _index_targets():
    return run(["apt-get", "indextargets", "--format", "$(CREATED_BY)|$(REPO_URI)|$(ORIGIN)|$(LABEL)"]).stdout


def _mirror_in(index_targets):
    rows = [line.split("|") for line in index_targets.splitlines()]
    by_label = {label: uri for kind, uri, origin, label in reversed(rows) if kind == "Packages" and origin == "Debian"}
    if "Debian" not in by_label:
        return None
    return Mirror(by_label["Debian"].rstrip("/"), by_label.get("Debian-Security", "").rstrip("/") or None)


class PrivateApt:
    """An apt with a directory of its own: it sees another suite and leaves the machine's apt alone."""

    def __init__(self, directory, suite):
        self.directory = Path(directory)
        for part in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/lib/apt/lists/partial",
                     "var/cache/apt/archives/partial", "var/lib/dpkg"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)
        (self.directory / "var/lib/dpkg/status").touch()
        (self.directory / "etc/apt/sources.list").write_text("\n".join(machine_mirror().sources(suite)) + "\n")
        self._options = ["-o", f"Dir={self.directory}", "-o", "APT::Architecture=amd64",
                         "-o", "APT::Architectures::=amd64", "-o", "APT::Sandbox::User=root",
                         "-o", "Acquire::Check-Valid-Until=false"]
        run(["apt-get", *self._options, "update"], timeout=600)

    def names(self, prefix):
        """The packages whose name begins with PREFIX."""
        listed = run(["apt-cache", *self._options, "search", "--names-only", f"^{prefix}"]).stdout
        return [line.split(" - ")[0] for line in listed.splitlines()]

    def download_command(self, package):
        """The command that puts PACKAGE's file into the current directory."""
        return ["apt-get", *self._options, "download", package]
