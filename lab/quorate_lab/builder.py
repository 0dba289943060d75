"""A small Debian 12 in the cache that has every tool the lab builds with, so that this machine needs none of them."""

import shlex
from pathlib import Path

from .cache import key_of
from .commands import isolated, run_step
from .mirror import machine_mirror

RELEASE = "bookworm"
PACKAGES = ("gcc make flex bison bc perl libelf-dev libssl-dev xz-utils kmod e2fsprogs iproute2 ca-certificates "
            "docker.io docker-registry maven").split()
# Directories that a program in the builder may write to; all else is mounted read-only.
SCRATCH = ("/run", "/tmp", "/etc/docker")
# Where this machine's settings of Maven are seen.
USER_SETTINGS, MACHINE_SETTINGS = "/settings/user", "/settings/machine"
MOUNT_POINTS = ("/build", "/lab", USER_SETTINGS, MACHINE_SETTINGS, *SCRATCH)


def key():
    """The builder's key; a newer Debian package does not change it."""
    return key_of("builder", RELEASE, *PACKAGES, *MOUNT_POINTS)


def obtain(cache):
    """The builder, bootstrapped first if the cache has none."""
    return Builder(cache.obtain("builder", key(), lambda directory: _bootstrap(directory, cache.log("builder"))))


def _bootstrap(directory, log):
    root = directory / "root"
    mount_points = " ".join(f'"$1{point}"' for point in MOUNT_POINTS)
    run_step("Build tools: bootstrapping a private Debian 12 with compiler, Docker, registry and Maven",
             bootstrap_command(RELEASE, root, PACKAGES, ["--variant=apt", "--dpkgopt=path-exclude=/usr/share/man/*",
                                                         # Java's package fails without it.
                                                         '--essential-hook=mkdir -p "$1/usr/share/man/man1"',
                                                         f"--customize-hook=mkdir -p {mount_points}"]),
             log)


def bootstrap_command(release, target, packages, options=()):
    """The mmdebstrap command that makes a Debian RELEASE with PACKAGES in the directory TARGET."""
    include = [f"--include={','.join(packages)}"] if packages else []
    return isolated(["mmdebstrap", "--mode=root", "--architectures=amd64", "--aptopt=Apt::Install-Recommends false",
                     # The mirror may be a snapshot of an earlier day; it is signed all the same.
                     "--aptopt=Acquire::Check-Valid-Until false",
                     "--dpkgopt=force-unsafe-io", *include, *options, release, str(target), *machine_mirror().sources(release)])


class Builder:
    """Runs commands inside the bootstrapped Debian."""

    def __init__(self, directory):
        self.root = Path(directory) / "root"

    def command(self, words, *, binds=None, network=False, lasting=False):
        """WORDS as a command that runs inside; BINDS maps directories and files of this machine to places inside."""
        root = shlex.quote(str(self.root))
        script = ["set -e", f"mount --bind {root} {root}", f"mount -o remount,bind,ro {root}",
                  f"mount --rbind /dev {root}/dev", f"mount --rbind /sys {root}/sys", f"mount -t proc proc {root}/proc"]
        script += [f"mount -t tmpfs tmpfs {root}{place}" for place in SCRATCH]
        script += [f"mount --bind {shlex.quote(str(source))} {root}{place}" for source, place in (binds or {}).items()]
        script += [f"cd {root}", f"exec chroot {root} {shlex.join(str(word) for word in words)}"]
        return isolated(["sh", "-c", "\n".join(script)], network=network, lasting=lasting)
