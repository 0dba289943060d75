# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible's own templates make of the variables of roles, without hosts."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import yaml

ROLES = pathlib.Path(__file__).resolve().parents[3] / "roles"
# A process of its own, since what finds Ansible's lookups changes how Python imports.
PROGRAM = """
import json, sys
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

def trusted(value):
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value

vault, questions = json.load(sys.stdin)
init_plugin_loader()
loader = DataLoader()
loader.set_vault_secrets([("default", VaultSecret(vault.encode()))] if vault else [])
for wanted, variables in map(trusted, questions):
    templar = Templar(loader, variables=variables)
    try:
        print(json.dumps([templar.template(text) for text in wanted]))
    except Exception as exc:
        print(json.dumps({"error": str(exc)}))
"""


SHAPED = ("elasticsearch", "etcd", "galera", "redis", "zookeeper")
STEPS = ("start", "mend", "rejoin", "join", "replace", "write", "forget", "remove", "finish")
NOTHING_TO_DO = {"way": "keep", "wait": "", "serving": [], **dict.fromkeys(STEPS, [])}


def known(role):
    """The role's own variables; of the clusters' roles those of the shape that they fill as well."""
    variables = {"ansible_search_path": [str(ROLES / role)], "__cluster_member_plan": NOTHING_TO_DO}
    if role in SHAPED:
        variables["__%s_roster" % role] = "{{ __%s_told }}" % role
    for name in ("cluster_member", role) if role in SHAPED else (role,):
        for path in sorted((ROLES / name).glob("defaults/*.yml")) + sorted((ROLES / name).glob("vars/**/*.yml")):
            variables.update(yaml.safe_load(path.read_text(encoding="utf-8")))
    return variables


def answers(questions, vault=""):
    """For each (templates, variables) what the templates come to, or a dictionary with the error."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps([vault, questions]), capture_output=True, text=True,
        timeout=120, check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def worked_out(role, names, hosts, vault=""):
    """Some variables of a role on each of several hosts, whose own variables take the place of the role's."""
    return answers([(["{{ %s }}" % name for name in names], dict(known(role), **variables)) for variables in hosts], vault)


def refusals(role, hosts, vault=""):
    """For each host's variables the sentences with which the role's judge.yml refuses them, or what made a template fail."""
    wanted = "{{ __%s_group_refusals or __%s_refusals }}" % (role, role)
    told = answers([([wanted], dict(known(role), **variables)) for variables in hosts], vault)
    return [[answer["error"]] if isinstance(answer, dict) else answer[0] for answer in told]


def tasks_of(role, name):
    return yaml.safe_load((ROLES / role / "tasks" / ("%s.yml" % name)).read_text(encoding="utf-8"))
