"""The root disks: one for each Debian release, shared copy-on-write by the hosts that run it."""

import shutil
from pathlib import Path

from . import builder, kernel
from .builder import bootstrap_command
from .cache import key_of
from .commands import run_step
from .topology import ALL_HOSTS

RECIPE = Path(__file__).resolve().parent.parent / "root"
SIZE = "8G"
PACKAGES = ("systemd-sysv dbus udev kmod procps iproute2 iputils-ping iptables nftables curl ca-certificates tcpdump "
            "openssh-server python3 python3-apt python3-docker docker.io").split()
# Later releases have the client in a package of its own, that docker.io only recommends.
EXTRA_PACKAGES = {"bookworm": [], "trixie": ["docker-cli"], "testing": ["docker-cli"]}
# Lie on the hosts with all they need, so that a test may install them; not all of them can be there at once.
SPARE_PACKAGES = "docker-compose firewalld ufw iptables-persistent python3-pymysql".split()


def key(release):
    """The disk's key: its packages and files, and the kernel whose list of built-in modules it carries."""
    return key_of("disk", release, SIZE, *_packages(release), *SPARE_PACKAGES, _hosts_file(), RECIPE, kernel.key())


def obtain(cache, release):
    """The file of the root disk."""
    def build(directory):
        _build(directory, release, builder.obtain(cache), kernel.obtain(cache), cache.log(f"disk-{release}"))
    return cache.obtain(f"disk-{release}", key(release), build) / "root.img"


def _packages(release):
    return PACKAGES + EXTRA_PACKAGES[release]


def _hosts_file():
    names = [f"{host.address} {host.name}" for host in ALL_HOSTS]
    return "\n".join(["127.0.0.1 localhost", "::1 localhost", *names]) + "\n"


def _build(directory, release, tools, kernel_directory, log):
    root = directory / "root"
    hosts_file = directory / "hosts"
    hosts_file.write_text(_hosts_file())
    run_step(f"Root disk of {release}: bootstrapping Debian with Docker's engine",
             bootstrap_command(release, root, _packages(release),
                               ["--variant=minbase", "--skip=cleanup/apt/lists", "--dpkgopt=path-exclude=/usr/share/man/*",
                                "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
                                *(f'--customize-hook=APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --download-only install {name}'
                                  for name in SPARE_PACKAGES),
                                f"--customize-hook='{RECIPE}/setup.sh' \"$1\" '{kernel_directory}' '{hosts_file}'"]),
             log)
    run_step(f"Root disk of {release}: writing the file system",
             tools.command(make_file_system("/build/root", "/build/root.img", SIZE), binds={directory: "/build"}), log)
    shutil.rmtree(root)
    hosts_file.unlink()


def make_file_system(source, image, size):
    """The command that makes a sparse ext4 IMAGE of a directory, with nothing left to be initialised by each host."""
    return ["mke2fs", "-q", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-d", source, image, size]
