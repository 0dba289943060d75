# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame around every module: options in, one shape of result out, errors turned into failed tasks here only."""

from __future__ import annotations

import traceback
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.basic import AnsibleModule, env_fallback
from ansible_collections.quorate.swarm.plugins.module_utils.errors import QuorateError

SHORTEST_SECRET_LINE = 8


@dataclass
class Outcome:
    """What a module did, or would do in check mode."""

    changed: bool = False
    before: t.Any = None
    after: t.Any = None
    actions: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, t.Any] = field(default_factory=dict)

    @classmethod
    def of(cls, plan, **facts):
        return cls(
            changed=bool(plan.steps),
            before=plan.before,
            after=plan.after,
            actions=[step.sentence() for step in plan.steps],
            warnings=list(plan.warnings),
            facts=facts,
        )


def connection_arguments():
    """Options of the doc fragment quorate.swarm.connection, named as in community.docker."""
    return {
        "docker_host": {
            "type": "str",
            "default": "unix:///var/run/docker.sock",
            "fallback": (env_fallback, ["DOCKER_HOST"]),
            "aliases": ["docker_url"],
        },
        "tls_hostname": {"type": "str", "fallback": (env_fallback, ["DOCKER_TLS_HOSTNAME"])},
        "api_version": {
            "type": "str",
            "default": "auto",
            "fallback": (env_fallback, ["DOCKER_API_VERSION"]),
            "aliases": ["docker_api_version"],
        },
        "timeout": {"type": "int", "default": 60, "fallback": (env_fallback, ["DOCKER_TIMEOUT"])},
        "ca_path": {"type": "path", "aliases": ["ca_cert", "tls_ca_cert", "cacert_path"]},
        "client_cert": {"type": "path", "aliases": ["tls_client_cert", "cert_path"]},
        "client_key": {"type": "path", "aliases": ["tls_client_key", "key_path"]},
        "tls": {"type": "bool", "default": False, "fallback": (env_fallback, ["DOCKER_TLS"])},
        "use_ssh_client": {"type": "bool", "default": False},
        "validate_certs": {
            "type": "bool",
            "default": False,
            "fallback": (env_fallback, ["DOCKER_TLS_VERIFY"]),
            "aliases": ["tls_verify"],
        },
    }


def connect(params):
    """Imported here, so that modules that speak to no engine do without the Docker SDK, which takes a second on slow hosts."""
    from ansible_collections.quorate.swarm.plugins.module_utils import engine

    return engine.connect(params)


def run_module(execute, argument_spec, **module_options):
    """Run C(execute(engine, params, check_mode) -> Outcome) as an Ansible module."""
    run_reconnecting_module(
        lambda reach, params, check_mode: execute(reach(), params, check_mode), argument_spec, **module_options
    )


def run_reconnecting_module(execute, argument_spec, **module_options):
    """Run C(execute(reach, params, check_mode) -> Outcome) for an engine that may not answer; C(reach()) connects to it anew."""
    _run(
        lambda params, check_mode: execute(lambda: connect(params), params, check_mode),
        dict(connection_arguments(), **argument_spec),
        **module_options,
    )


def run_local_module(execute, argument_spec, **module_options):
    """Run C(execute(params, check_mode) -> Outcome), which speaks to no engine, as an Ansible module.

    C(secrets(params)) tells what of an option's value is secret, where the option as a whole is not.
    """
    _run(execute, argument_spec, **module_options)


def _run(execute, argument_spec, secrets=None, **module_options):
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True, **module_options)
    module.no_log_values.update(secrets(module.params) if secrets else ())
    _hide_line_by_line(module.no_log_values)
    try:
        outcome = execute(module.params, module.check_mode)
    except QuorateError as exc:
        module.fail_json(msg=str(exc), **exc.facts)
    except Exception as exc:
        module.fail_json(
            msg="This is a defect of the module: %r. Please report it with what ANSIBLE_DISPLAY_TRACEBACK=error shows." % exc,
            exception=traceback.format_exc(),
        )
    for warning in outcome.warnings:
        module.warn(warning)
    result = dict(outcome.facts, changed=outcome.changed, actions=outcome.actions)
    if outcome.before is not None or outcome.after is not None:
        result["diff"] = {"before": outcome.before or {}, "after": outcome.after or {}}
    module.exit_json(**result)


def _hide_line_by_line(secrets):
    """A key in a message may have other ends of its lines than it was given with, and be shown for that."""
    lines = {line for secret in secrets for line in secret.splitlines()}
    secrets.update(line for line in lines if len(line) >= SHORTEST_SECRET_LINE)
