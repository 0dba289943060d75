# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host itself tells where its engine does not: its ClusterID, identity and raft log on disk, its addresses, its routes.

Only managers report a ClusterID over the API. Every member's certificate carries it as the organization of its subject.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import os
import socket
import ssl

from ansible_collections.quorate.swarm.plugins.module_utils import raft_log

SWARM = "swarm"
WRITE_AHEAD_LOG = os.path.join(SWARM, "raft", "wal-v3-encrypted")
START_OPTIONS = os.path.join(SWARM, "docker-state.json")
NODE_KEY = os.path.join(SWARM, "certificates", "swarm-node.key")
LOOKS_AT_A_LOG = 3
CERTIFICATE = os.path.join("swarm", "certificates", "swarm-node.crt")
SWARM_STATE = {"certificates", "docker-state.json"}
ORGANIZATION = b"\x55\x04\x0a"
ROUTES = "/proc/net/route"
LOCAL_ADDRESSES = "/proc/net/fib_trie"
MACHINE_ID = "/etc/machine-id"
ENGINE_KEY = "/etc/docker/key.json"
ENGINE_ROOT = "/var/lib/docker"
ROUTE_REJECTS = 0x200


def cluster_id_on_disk(engine_root):
    """The ClusterID of the certificate below the engine's data directory, None where none can be read."""
    try:
        with open(os.path.join(engine_root, CERTIFICATE), encoding="ascii") as certificate:
            return organization(certificate.read())
    except (OSError, ValueError, IndexError):
        return None


def organization(pem):
    """The organization (O) of the subject of the first certificate in a PEM text, None if there is none.

    The issuer's must not be taken for it: a swarm can have a CA of its owner.
    """
    end = "-----END CERTIFICATE-----"
    [certificate] = _elements(ssl.PEM_cert_to_DER_cert(pem[: pem.index(end) + len(end)]))
    fields = _elements(_elements(certificate)[0])
    # version, serial number, signature, issuer, validity, subject
    for relative_name in _elements(fields[5]):
        for attribute in _elements(relative_name):
            kind, value = _elements(attribute)
            if kind == ORGANIZATION:
                return value.decode("utf-8")
    return None


def _elements(der):
    """The contents of the elements that follow each other in a DER text."""
    contents = []
    while der:
        length, start = der[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[2:start], "big")
        contents.append(der[start : start + length])
        der = der[start + length :]
    return contents


def engine_root(config_path):
    """The engine's data directory, as its configuration file names it."""
    return _json(config_path).get("data-root") or ENGINE_ROOT


def has_swarm_state(root):
    """Whether the engine with this data directory holds a membership, finished or not; None where nobody may look."""
    try:
        return not SWARM_STATE.isdisjoint(os.listdir(os.path.join(root, "swarm")))
    except PermissionError:
        return None
    except OSError:
        return False


def machine_id():
    """The host's machine ID as a digest, since the ID itself is to stay on its host; None where it has none yet."""
    text = _text(MACHINE_ID)
    return hashlib.sha256(text.encode()).hexdigest()[:32] if len(text) == 32 else None


def engine_id(root):
    """The engine's ID on disk: a file of its own since 23.0, the name of a key before. None where none can be read."""
    return _text(os.path.join(root, "engine-id")) or _json(ENGINE_KEY).get("kid")


def _text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""


def _json(path):
    try:
        found = json.loads(_text(path))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def raft_state(engine_root):
    """How far the raft log of a manager goes, and whether autolock encrypts its keys; None where there is no raft log.

    Keys are not told, nor is anything of the log but terms and indexes.
    """
    try:
        names = sorted(name for name in os.listdir(os.path.join(engine_root, WRITE_AHEAD_LOG)) if name.endswith(".wal"))
    except FileNotFoundError:
        return None
    except OSError as exc:
        return _unknown_position(engine_root, exc.strerror)
    reason = "it has no file"
    # an engine that runs may be writing a record at the moment
    for _look in range(LOOKS_AT_A_LOG if names else 0):
        try:
            with contextlib.ExitStack() as stack:
                paths = [os.path.join(engine_root, WRITE_AHEAD_LOG, name) for name in names]
                position = raft_log.position([stack.enter_context(open(path, "rb")) for path in paths])
            return dict(position.summary(), autolock=keys_are_encrypted(engine_root), error=None)
        except OSError as exc:
            reason = exc.strerror
        except raft_log.Unreadable as exc:
            reason = str(exc)
    return _unknown_position(engine_root, reason)


def _unknown_position(engine_root, reason):
    nothing = dict.fromkeys(raft_log.Position().summary())
    return dict(nothing, autolock=keys_are_encrypted(engine_root), error="The raft log cannot be read: %s." % reason)


def keys_are_encrypted(engine_root):
    """Whether the key of the node's certificate is encrypted, as autolock has it; None where that cannot be read."""
    try:
        with open(os.path.join(engine_root, NODE_KEY), encoding="ascii") as key:
            return any("ENCRYPTED" in line for line in key if line.startswith(("-----BEGIN", "Proc-Type")))
    except (OSError, ValueError):
        return None


def start_options(engine_root):
    """With which addresses and ports the engine starts its part of the swarm, as it keeps them on disk; empty where it does not."""
    return _json(os.path.join(engine_root, START_OPTIONS))


def addresses_of(host):
    """The IP addresses of a host's name, or the name itself where nothing knows it."""
    try:
        return sorted({found[4][0] for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})
    except OSError:
        return [host]


def host_name(address):
    """The name that this host's resolver has for an address, None where it has none."""
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return None


def owns_address(address):
    """Whether an IP address, or the name of a network interface, is this host's own."""
    try:
        socket.if_nametoindex(address)
        return True
    except OSError:
        pass
    try:
        candidates = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return any(_can_bind(family, sockaddr) for family, _type, _proto, _name, sockaddr in candidates)


def _can_bind(family, sockaddr):
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(sockaddr)
        except OSError:
            return False
    return True


def own_addresses():
    """The IPv4 addresses of this host."""
    return local_addresses(_text(LOCAL_ADDRESSES))


def local_addresses(trie):
    """Read the kernel's tree of routes: an address, and on the line after it what it is."""
    lines = [line.split() for line in trie.splitlines()]
    found = {above[1] for above, line in zip(lines, lines[1:]) if line == ["/32", "host", "LOCAL"] and above[0] == "|--"}
    return sorted(found)


def local_routes():
    """The IPv4 subnets that this host reaches, as (description, network)."""
    return [("this host's interface %s" % interface, network) for interface, network in interface_routes()]


def interface_routes():
    """The IPv4 subnets that this host reaches, as (interface, network)."""
    return routes(_text(ROUTES))


def routes(table):
    """Read the kernel's table; its addresses are hexadecimal, lowest byte first. The default route says nothing."""
    found = []
    for line in table.splitlines()[1:]:
        interface, destination, _gateway, flags, _references, _use, _metric, mask = line.split()[:8]
        prefix_length = bin(int(mask, 16)).count("1")
        if prefix_length and not int(flags, 16) & ROUTE_REJECTS:
            address = ipaddress.IPv4Address(bytes.fromhex(destination)[::-1])
            found.append((interface, ipaddress.IPv4Network((address, prefix_length), strict=False)))
    return found
