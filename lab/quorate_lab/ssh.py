"""How this machine reaches the hosts: one ssh configuration, used by the lab, by people and by Ansible."""

import subprocess

from .commands import run
from .state import NAMESPACE, RUN, SSH_CONFIG, SSH_KEY
from .topology import ALL_HOSTS


def prepare():
    """Make the key and the configuration of this checkout."""
    SSH_KEY.parent.mkdir(mode=0o700, exist_ok=True)
    if not SSH_KEY.exists():
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "the lab", "-f", SSH_KEY])
    blocks = [_block(f"{host.name} {host.address}", f"HostName {host.address}") for host in ALL_HOSTS]
    common = _block(
        "*",
        "User root",
        f'IdentityFile "{SSH_KEY}"',
        "IdentitiesOnly yes",
        f"ProxyCommand ip netns exec {NAMESPACE} nc %h %p",
        # A host that was reset has new keys; nobody else can answer in the lab's own network.
        "StrictHostKeyChecking no",
        "UserKnownHostsFile /dev/null",
        "LogLevel ERROR",
        "ControlMaster auto",
        f"ControlPath {RUN}/ssh-%C",
        "ControlPersist 10m",
        # A connection to a host that lost power or cable must end, or all that share it hang.
        "ConnectTimeout 10",
        "ServerAliveInterval 5",
        "ServerAliveCountMax 3",
    )
    SSH_CONFIG.write_text("".join([*blocks, common]))


def public_key():
    """The public key, without its type and comment."""
    return SSH_KEY.with_suffix(".pub").read_text().split()[1]


def command(host, words=()):
    """The ssh command for HOST; WORDS are joined as ssh does it."""
    return ["ssh", "-F", SSH_CONFIG, host.address, *words]


def ask(host, script, timeout):
    """Run the shell SCRIPT on HOST; its completed process, or None if there was no connection or no answer in time."""
    try:
        result = subprocess.run(command(host, [script]), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=timeout)
    except subprocess.TimeoutExpired:
        return None
    return None if result.returncode == 255 else result


def hang_up(host):
    """End a kept connection to HOST."""
    if SSH_CONFIG.exists():
        run(["ssh", "-F", SSH_CONFIG, "-O", "exit", host.address], check=False)


def _block(pattern, *settings):
    return "\n    ".join([f"Host {pattern}", *settings]) + "\n"
