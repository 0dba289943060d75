# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's disk and addresses tell."""

from __future__ import annotations

import socket
import subprocess

import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import evidence
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.raft_files import Log


def openssl(directory, *arguments):
    subprocess.run(("openssl",) + arguments, cwd=directory, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A CA with an organization of its own, and certificates as it signs them for the members of a swarm."""
    directory = tmp_path_factory.mktemp("certificates")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem")
    openssl(directory, "req", "-x509", *key, "-subj", "/O=Owner of the CA/CN=swarm-ca", "-out", "ca.pem")
    openssl(directory, "req", "-x509", "-key", "key.pem", "-subj", "/CN=nobody", "-out", "anonymous.pem")
    openssl(directory, "req", "-new", "-key", "key.pem", "-subj", "/O=thecluster/OU=swarm-manager/CN=thenode", "-out", "member.csr")
    (directory / "extensions").write_text("extendedKeyUsage=serverAuth,clientAuth")
    signing = ("-CA", "ca.pem", "-CAkey", "key.pem", "-extfile", "extensions")
    openssl(directory, "x509", "-req", "-in", "member.csr", *signing, "-out", "member.pem")
    openssl(directory, "x509", "-req", "-in", "member.csr", *signing[:4], "-out", "version1.pem")
    return directory


@pytest.fixture
def engine_root(tmp_path):
    (tmp_path / evidence.CERTIFICATE).parent.mkdir(parents=True)
    return tmp_path


def test_a_members_certificate_names_its_cluster(certificates, engine_root):
    chain = (certificates / "member.pem").read_text() + (certificates / "ca.pem").read_text()
    (engine_root / evidence.CERTIFICATE).write_text(chain)
    assert evidence.cluster_id_on_disk(str(engine_root)) == "thecluster"


@pytest.mark.parametrize("name", ["anonymous.pem", "version1.pem"])
def test_a_certificate_that_is_no_members(certificates, engine_root, name):
    (engine_root / evidence.CERTIFICATE).write_text((certificates / name).read_text())
    assert evidence.cluster_id_on_disk(str(engine_root)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
        "not ascii: ü",
    ],
)
def test_an_unreadable_certificate_is_no_evidence(engine_root, text):
    (engine_root / evidence.CERTIFICATE).write_text(text, encoding="utf-8")
    assert evidence.cluster_id_on_disk(str(engine_root)) is None


def test_a_missing_certificate_is_no_evidence(tmp_path):
    assert evidence.cluster_id_on_disk(str(tmp_path)) is None


@pytest.mark.parametrize(
    "address, expected",
    [
        ("127.0.0.1", True),
        ("lo", True),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("eth99", False),
        ("localhost", False),
        ("300.1.1.1", False),
    ],
)
def test_own_addresses_and_interfaces(address, expected):
    assert evidence.owns_address(address) is expected


def test_names_and_addresses(monkeypatch):
    def lookup(host, *_arguments, **_options):
        if host != "node1":
            raise socket.gaierror
        return [(socket.AF_INET, 0, 0, "", (address, 0)) for address in ("10.0.0.2", "10.0.0.1", "10.0.0.2")]

    assert evidence.addresses_of("10.0.0.1") == ["10.0.0.1"]
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert evidence.addresses_of("node1") == ["10.0.0.1", "10.0.0.2"]
    assert evidence.addresses_of("unknown") == ["unknown"]


# The raft log and the engine's start options


@pytest.fixture
def raft(engine_root):
    directory = engine_root / evidence.WRITE_AHEAD_LOG
    directory.mkdir(parents=True)
    (directory / "0000000000000000-0000000000000000.wal").write_bytes(Log().entry(1, 1).entry(2, 2).state(2, 1).allocated())
    (directory / "0.tmp").write_bytes(bytes(64))
    return directory


POSITION = {"committed_term": 1, "committed_index": 1, "last_term": 2, "last_index": 2}
CLEAR = "-----BEGIN PRIVATE KEY-----\nraft-dek: ENCRYPTED\n\nMIGH\n-----END PRIVATE KEY-----\n"
LOCKED = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nkek-version: 27\n\nMIGH\n-----END ENCRYPTED PRIVATE KEY-----\n"


@pytest.mark.parametrize("key, autolock", [(CLEAR, False), (LOCKED, True), (None, None)])
def test_the_state_of_a_managers_raft_log(engine_root, raft, key, autolock):
    if key:
        (engine_root / evidence.NODE_KEY).write_text(key)
    assert evidence.raft_state(str(engine_root)) == dict(POSITION, autolock=autolock, error=None)


def test_a_worker_has_no_raft_log(engine_root):
    assert evidence.raft_state(str(engine_root)) is None


def test_a_raft_log_that_cannot_be_read(engine_root, raft):
    (raft / "0000000000000000-0000000000000000.wal").write_bytes(b"something else")
    told = evidence.raft_state(str(engine_root))
    assert told["committed_index"] is None
    assert told["error"] == "The raft log cannot be read: it has no entry."


def test_a_raft_log_without_files(engine_root, raft):
    (raft / "0000000000000000-0000000000000000.wal").unlink()
    assert evidence.raft_state(str(engine_root))["error"] == "The raft log cannot be read: it has no file."


@pytest.mark.parametrize(
    "text, expected", [('{"DataPathPort": 4790}', {"DataPathPort": 4790}), ("[]", {}), ("torn", {}), (None, {})]
)
def test_the_options_with_which_an_engine_starts(engine_root, text, expected):
    if text is not None:
        (engine_root / evidence.START_OPTIONS).write_text(text)
    assert evidence.start_options(str(engine_root)) == expected
