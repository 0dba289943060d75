# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker engine, as far as this collection needs it: the only file that imports the Docker SDK.

Methods return the engine's own JSON. What it means is decided elsewhere, in files without I/O.
"""

from __future__ import annotations

import os
import re
import traceback
from urllib.parse import quote

from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, Refusal

try:
    import docker
    from docker.errors import APIError, DockerException, create_api_error_from_http_exception
    from docker.tls import TLSConfig
    from requests.adapters import HTTPAdapter
    from requests.exceptions import HTTPError, RequestException
except ImportError:
    docker = None
    SDK_IMPORT_ERROR = traceback.format_exc()
    APIError = DockerException = HTTPError = RequestException = Exception
    TLSConfig = HTTPAdapter = object
else:
    SDK_IMPORT_ERROR = None

OLDEST_SDK = (5, 0)
OLDEST_API = (1, 41)
NOT_RUNNING = 409
OUT_OF_SEQUENCE = "update out of sequence"
UPDATE_ATTEMPTS = 5
DEFAULT_ADDR_POOL = "10.0.0.0/8"
DEFAULT_SUBNET_SIZE = 24
ROTATIONS = {
    "worker_token": "rotate_worker_token",
    "manager_token": "rotate_manager_token",
    "unlock_key": "rotate_manager_unlock_key",
}


class Engine:
    """One connection to one engine."""

    def __init__(self, api):
        self._api = api

    # This engine

    def info(self):
        return _answer(self._api.info)

    def containers(self):
        return _answer(self._api.containers, all=True)

    def container(self, name):
        """One container as an inspection tells it, None where there is none of that name."""
        found = _unless_missing(self._api.inspect_container, name)
        # the engine takes the beginning of another one's ID for a name, too
        return found if found and found["Name"].lstrip("/") == name else None

    def container_create(self, name, body):
        """The engine's warnings. Not with the SDK's create_container, which before 6.0 lacks keys that the engine has."""
        return _answer(self._post, "/containers/create", body, name=name).json().get("Warnings") or []

    def container_connect(self, network, container_id, endpoint):
        """A container that does not run is taken for networks, too, that this engine gets to know when it starts."""
        _answer(self._post, "/networks/%s/connect" % quote(network, safe=""), {"Container": container_id, "EndpointConfig": endpoint})

    def container_start(self, name):
        _answer(self._api.start, name)

    def container_kill(self, container_id):
        """It may have ended by itself meanwhile."""
        try:
            _answer(self._api.kill, container_id)
        except EngineError as exc:
            if exc.status != NOT_RUNNING:
                raise

    def container_stop(self, container_id, grace):
        _answer(self._api.stop, container_id, timeout=grace)

    def container_remove(self, container_id):
        """Its volumes stay, also those without a name."""
        _answer(self._api.remove_container, container_id)

    def container_log(self, container_id, lines):
        """The last lines of its output; none where its log driver cannot tell them."""
        try:
            text = _answer(self._api.logs, container_id, tail=lines)
        except EngineError:
            return []
        return text.decode("utf-8", "replace").splitlines()

    def image(self, name):
        """An image as an inspection tells it, None where the engine does not have it."""
        return _unless_missing(self._api.inspect_image, name)

    def pull(self, name):
        """What goes wrong on the way is told in the midst of an answer that began well."""
        for event in _answer(lambda: list(self._api.pull(name, stream=True, decode=True))):
            if event.get("error"):
                raise EngineError("The engine refused: %s." % event["error"].strip().rstrip("."))

    # Membership of this engine in a swarm

    def swarm_init(self, advertise_addr, listen_addr, data_path_addr, data_path_port, default_addr_pool, subnet_size, force=False):
        """C(force) makes a new cluster of what this manager has. Not with the SDK's init_swarm, which knows no data path port before 7.0.

        The engine ignores a subnet size without a pool, and takes a pool without a size for one of size 0.
        """
        if subnet_size or default_addr_pool:
            default_addr_pool = default_addr_pool or [DEFAULT_ADDR_POOL]
            subnet_size = subnet_size or DEFAULT_SUBNET_SIZE
        request = {
            "AdvertiseAddr": advertise_addr,
            "ListenAddr": listen_addr,
            "DataPathAddr": data_path_addr,
            "DataPathPort": data_path_port,
            "DefaultAddrPool": default_addr_pool,
            "SubnetSize": subnet_size,
            "ForceNewCluster": force or None,
        }
        _answer(self._post, "/swarm/init", {key: value for key, value in request.items() if value is not None})

    def swarm_join(self, **request):
        _answer(self._api.join_swarm, **request)

    def swarm_unlock(self, key):
        _answer(self._api.unlock_swarm, key)

    def swarm_leave(self, force):
        _answer(self._api.leave_swarm, force=force)

    # The cluster; answered by managers only

    def swarm(self):
        return _answer(self._api.inspect_swarm)

    def swarm_update(self, change, rotated=()):
        """Write C(change(spec)) over the swarm's whole spec, again if somebody else wrote in between; C(rotated) is made anew with it."""
        flags = {ROTATIONS[what]: True for what in rotated}
        _rewrite(self._api.inspect_swarm, lambda *written: self._api.update_swarm(*written, **flags), change)

    def unlock_key(self):
        """None where managers are not locked."""
        return _answer(self._api.get_unlock_key).get("UnlockKey") or None

    def nodes(self):
        return _answer(self._api.nodes)

    def node_update(self, node_id, change):
        """Write C(change(spec)) over a node's whole spec, again if somebody else wrote in between."""
        _rewrite(lambda: self._api.inspect_node(node_id), lambda *written: self._api.update_node(node_id, *written), change)

    def node_remove(self, node_id):
        _answer(self._api.remove_node, node_id)

    def services(self):
        return _answer(self._api.services)

    def service_create(self, spec):
        """The engine's warnings. Not with the SDK's create_service, which lacks keys that the engine has."""
        return _answer(self._post, "/services/create", spec).json().get("Warnings") or []

    def service_update(self, name, change):
        """Write C(change(spec)) over a service's whole spec, again if somebody else wrote in between."""

        def update(version, spec):
            self._post("/services/%s/update" % quote(name, safe=""), spec, version=version)

        _rewrite(lambda: self._api.inspect_service(name), update, change)

    def service_remove(self, name):
        _answer(self._api.remove_service, name)

    def tasks(self):
        return _answer(self._api.tasks)

    def wanted_tasks(self):
        """Those that shall run, not the ones that are kept for their history."""
        return _answer(self._api.tasks, filters={"desired-state": ["running"]})

    def attachments(self):
        """The tasks behind standalone containers on overlay networks; the plain list leaves them out."""
        return _answer(self._api.tasks, filters={"runtime": ["attachment"]})

    # Networks

    def networks(self):
        return _answer(self._api.networks)

    def network(self, network_id):
        """One network with what only an inspection tells: peers and containers."""
        return _answer(self._api.inspect_network, network_id)

    def network_create(self, name, **request):
        return _answer(self._api.create_network, name, **request)["Id"]

    def network_remove(self, network_id):
        _answer(self._api.remove_network, network_id)

    def _post(self, path, body, **query):
        url = "%s/v%s%s" % (self._api.base_url, self._api.api_version, path)
        response = self._api.post(url, json=body, params=query, timeout=self._api.timeout)
        try:
            response.raise_for_status()
        except HTTPError as exc:
            create_api_error_from_http_exception(exc)
        return response


def _rewrite(inspect, update, change):
    for attempt in range(1, UPDATE_ATTEMPTS + 1):
        found = _answer(inspect)
        try:
            _answer(update, found["Version"]["Index"], change(found["Spec"]))
            return
        except EngineError as exc:
            if OUT_OF_SEQUENCE not in str(exc) or attempt == UPDATE_ATTEMPTS:
                raise


def _unless_missing(call, name):
    try:
        return _answer(call, name)
    except EngineError as exc:
        if exc.status == 404:
            return None
        raise


def _answer(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except APIError as exc:
        raise EngineError("The engine refused: %s." % _explanation(exc), status=exc.status_code) from exc
    except (DockerException, RequestException) as exc:
        raise EngineError("The engine did not answer: %s." % exc) from exc


def _explanation(exc):
    """The engine's words; SDK 5 gives those that are no JSON as bytes, and a proxy may have none."""
    text = exc.explanation or str(exc)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return text.strip().rstrip(".")


def connect(params):
    """Open the connection that the module's options describe, and see that both ends are recent enough."""
    if docker is None:
        raise Refusal(
            "The Docker SDK for Python (%d.%d or newer) is missing on this host. Install the package python3-docker, or "
            "'docker' from PyPI, for the Python that Ansible uses there; the role quorate.swarm.docker_engine does it."
            % OLDEST_SDK,
            exception=SDK_IMPORT_ERROR,
        )
    require_recent("the Docker SDK for Python", docker.__version__, OLDEST_SDK, "5.0")
    if not re.fullmatch(r"auto|\d+\.\d+", params["api_version"]):
        raise Refusal("The api_version %s is neither 'auto' nor a version such as 1.41." % params["api_version"])
    tls = _tls(params)
    try:
        api = docker.APIClient(
            base_url=params["docker_host"],
            version=params["api_version"],
            timeout=params["timeout"],
            tls=tls,
            use_ssh_client=params["use_ssh_client"],
        )
    except (DockerException, RequestException) as exc:
        raise EngineError(
            "No Docker engine answers at %s on this host: %s. Start it (systemctl start docker), or name another one with "
            "docker_host; the role quorate.swarm.docker_engine installs one." % (params["docker_host"], exc)
        ) from exc
    require_recent("a Docker engine of API", api.api_version, OLDEST_API, "1.41 (engine 20.10)")
    return Engine(api)


def require_recent(what, version, oldest, oldest_name):
    """Refuse a C(version) older than C(oldest)."""
    if tuple(int(part) for part in version.split(".")[:2]) < oldest:
        raise Refusal("This host has %s %s; %s or newer is needed. Upgrade it." % (what, version, oldest_name), too_old=True)


def _tls(params):
    if not (params["tls"] or params["validate_certs"]):
        return False
    directory = os.environ.get("DOCKER_CERT_PATH")
    paths = {}
    for option, filename in (("ca_path", "ca.pem"), ("client_cert", "cert.pem"), ("client_key", "key.pem")):
        paths[option] = params[option] or (os.path.join(directory, filename) if directory else None)
    client = (paths["client_cert"], paths["client_key"]) if paths["client_cert"] and paths["client_key"] else None
    try:
        return _NamedTLSConfig(
            params["tls_hostname"], client_cert=client, ca_cert=paths["ca_path"], verify=bool(params["validate_certs"])
        )
    except DockerException as exc:
        raise Refusal(
            "A file for TLS is missing: %s See ca_path (%s), client_cert (%s) and client_key (%s), or DOCKER_CERT_PATH."
            % (str(exc).partition("TLS configurations")[0].strip(), paths["ca_path"], paths["client_cert"], paths["client_key"])
        ) from exc


class _NamedTLSConfig(TLSConfig):
    """TLS that can expect a name other than the address's; the SDK dropped its own option for this in 7.0."""

    def __init__(self, expected_name, **options):
        super().__init__(**options)
        self._expected_name = expected_name

    def configure_client(self, client):
        super().configure_client(client)
        if self._expected_name:
            client.mount("https://", _ExpectedNameAdapter(self._expected_name))


class _ExpectedNameAdapter(HTTPAdapter):
    def __init__(self, name):
        self._name = name
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, assert_hostname=self._name, **kwargs)
