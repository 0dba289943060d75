# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  docker_host:
    description:
      - URL of the engine, C(unix://) with a path, C(tcp://) with host and port, or C(ssh://).
      - If the option is not given, the environment variable E(DOCKER_HOST) is used on the host where the module runs.
    type: str
    default: unix:///var/run/docker.sock
    aliases: [docker_url]
  tls_hostname:
    description:
      - Name that the engine's certificate must carry, where it differs from the host in O(docker_host).
      - If the option is not given, the environment variable E(DOCKER_TLS_HOSTNAME) is used.
    type: str
  api_version:
    description:
      - Version of the engine's API to speak; V(auto) takes the newest that the engine offers. At least 1.41 is needed.
      - If the option is not given, the environment variable E(DOCKER_API_VERSION) is used.
    type: str
    default: auto
    aliases: [docker_api_version]
  timeout:
    description:
      - Seconds until the engine must have answered one call.
      - If the option is not given, the environment variable E(DOCKER_TIMEOUT) is used.
    type: int
    default: 60
  ca_path:
    description:
      - File with the certificate of the authority that signed the engine's certificate, for O(validate_certs=true).
      - If the option is not given and E(DOCKER_CERT_PATH) is set, C(ca.pem) in that directory is used.
    type: path
    aliases: [ca_cert, tls_ca_cert, cacert_path]
  client_cert:
    description:
      - File with the client's TLS certificate.
      - If the option is not given and E(DOCKER_CERT_PATH) is set, C(cert.pem) in that directory is used.
    type: path
    aliases: [tls_client_cert, cert_path]
  client_key:
    description:
      - File with the key of the client's TLS certificate.
      - If the option is not given and E(DOCKER_CERT_PATH) is set, C(key.pem) in that directory is used.
    type: path
    aliases: [tls_client_key, key_path]
  tls:
    description:
      - Speak TLS to the engine, without checking its certificate unless O(validate_certs=true).
      - If the option is not given, the environment variable E(DOCKER_TLS) is used.
    type: bool
    default: false
  use_ssh_client:
    description: For C(ssh://) addresses, call the C(ssh) program instead of paramiko.
    type: bool
    default: false
  validate_certs:
    description:
      - Speak TLS to the engine and check its certificate.
      - If the option is not given, the environment variable E(DOCKER_TLS_VERIFY) is used.
    type: bool
    default: false
    aliases: [tls_verify]
requirements:
  - Docker engine 20.10 (API 1.41) or newer on the host
  - Docker SDK for Python 5.0 or newer on the host
"""
