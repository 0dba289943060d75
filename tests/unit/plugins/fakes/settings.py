# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a swarm in memory, its tokens, keys and root CA, with the delays and the silences of real ones."""

from __future__ import annotations

import base64
import copy
import itertools

from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import refuse

HOUR = 3600 * 10**9
NEW_SWARM = {
    "Name": "default",
    "Labels": {},
    "Orchestration": {"TaskHistoryRetentionLimit": 5},
    "Raft": {"SnapshotInterval": 10000, "KeepOldSnapshots": 0, "LogEntriesForSlowFollowers": 500, "ElectionTick": 10, "HeartbeatTick": 1},
    "Dispatcher": {"HeartbeatPeriod": 5 * 10**9},
    "CAConfig": {"NodeCertExpiry": 2160 * HOUR},
    "TaskDefaults": {},
    "EncryptionConfig": {"AutoLockManagers": False},
}


def pem(text, kind="CERTIFICATE"):
    """Something in the form of a certificate or of a key."""
    body = base64.b64encode(text.encode()).decode()
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (kind, body, kind)


def issuer(root):
    """What of a root certificate is told where nodes tell who issued theirs."""
    return {"CertIssuerSubject": "subject of %s" % root, "CertIssuerPublicKey": "key of %s" % root}


def nonzero(section):
    """The engine leaves out what is zero or empty, except for these."""
    told = ("Name", "KeepOldSnapshots", "ElectionTick", "HeartbeatTick", "TaskHistoryRetentionLimit", "AutoLockManagers")
    return {key: value for key, value in section.items() if value or key in told}


class Settings:
    """What a swarm's managers know of the swarm as a whole."""

    def __init__(self, swarm):
        self.swarm = swarm
        self.spec = copy.deepcopy(NEW_SWARM)
        self.version = 10
        self.interfering = []
        self.keeps_log_driver = False
        self.unlock_key = None
        self.root, self.next_root = pem("root of %s" % swarm.cluster_id), None
        self.looks_until_rotated = 3
        self.pool = {"DefaultAddrPool": ["10.0.0.0/8"], "SubnetSize": 24, "DataPathPort": 4789}
        self._looks_left = 0
        self._serials = itertools.count(1)

    def told(self):
        self.pass_time()
        sections = {key: nonzero(value) if isinstance(value, dict) else value for key, value in self.spec.items()}
        return dict(
            copy.deepcopy(self.pool),
            Version={"Index": self.version},
            Spec=copy.deepcopy(dict(sections, Labels=self.spec.get("Labels") or {})),
            TLSInfo=dict(issuer(self.next_root or self.root), TrustRoot=self.root),
            RootRotationInProgress=self.next_root is not None,
        )

    def pass_time(self):
        """After a few looks every node that is up has its new certificate, and the rotation ends if that is all of them."""
        if self.next_root is None:
            return
        self._looks_left -= 1
        if self._looks_left > 0:
            return
        entries = self.swarm.entries.values()
        for entry in entries:
            if entry["Status"]["State"] != "down":
                entry["Description"]["TLSInfo"] = issuer(self.next_root)
        if all(entry["Description"].get("TLSInfo") == issuer(self.next_root) for entry in entries):
            self.root, self.next_root = self.next_root, None
            self.rotate("Worker"), self.rotate("Manager")

    def update(self, version, spec, rotate_worker_token, rotate_manager_token, rotate_manager_unlock_key):
        if self.interfering:
            self.interfering.pop(0)()
            self.version += 1
        if version != self.version:
            refuse(500, "rpc error: code = Unknown desc = update out of sequence")
        spec = copy.deepcopy(spec)
        self._refuse_invalid(spec)
        with self.swarm.world.write("update the swarm"):
            self._rotate_root(spec.get("CAConfig") or {})
            self._renew_unlock_key((spec.get("EncryptionConfig") or {}).get("AutoLockManagers"), rotate_manager_unlock_key)
            if rotate_worker_token:
                self.rotate("Worker")
            if rotate_manager_token:
                self.rotate("Manager")
            if not self.keeps_log_driver:
                spec["TaskDefaults"] = {}
            for secret in ("SigningCACert", "SigningCAKey"):
                spec.get("CAConfig", {}).pop(secret, None)
            self.spec = spec
            self.version += 1

    def rotate(self, role):
        self.swarm.tokens[role] = "%s-%d" % (self.swarm.tokens[role], next(self._serials))

    def _refuse_invalid(self, spec):
        if spec.get("Name") != "default":
            refuse(400, 'swarm spec must be named "default"')
        if (spec.get("CAConfig") or {}).get("NodeCertExpiry", HOUR) < HOUR:
            refuse(400, "rpc error: code = InvalidArgument desc = minimum certificate expiry time is: 1h0m0s")

    def _rotate_root(self, ca):
        if ca.get("SigningCACert"):
            if not ca.get("SigningCAKey") and ca["SigningCACert"] not in [known.get("CACert") for known in ca.get("ExternalCAs", ())]:
                refuse(400, "there must be at least one valid, reachable external CA corresponding to the desired CA certificate")
            self.next_root = None if ca["SigningCACert"] == self.root else ca["SigningCACert"]
        elif ca.get("ForceRotate", 0) != self.spec["CAConfig"].get("ForceRotate", 0):
            self.next_root = pem("root %d of %s" % (next(self._serials), self.swarm.cluster_id))
        else:
            return
        self._looks_left = self.looks_until_rotated

    def _renew_unlock_key(self, autolock, rotate):
        if not autolock:
            self.unlock_key = None
        elif rotate or self.unlock_key is None:
            self.unlock_key = "SWMKEY-1-%s-%d" % (self.swarm.cluster_id, next(self._serials))
