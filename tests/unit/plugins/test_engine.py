# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the engine: what it sends, and what it makes of the answers."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import json
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import docker
import pytest
from ansible_collections.quorate.swarm.plugins.module_utils import engine
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, Refusal
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.answers import response
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.containers import ContainerHost
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.host import Host
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.swarm import Swarm
from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.world import World
from docker.errors import APIError

PARAMS = {
    "docker_host": "unix:///var/run/docker.sock",
    "tls_hostname": None,
    "api_version": "auto",
    "timeout": 5,
    "ca_path": None,
    "client_cert": None,
    "client_key": None,
    "tls": False,
    "use_ssh_client": False,
    "validate_certs": False,
}


@contextlib.contextmanager
def serving(answers, certificate=None):
    """A server on this host's loopback that gives C(answers), status and body by path, and records what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers.get(self.path, (404, b'{"message": "page not found"}'))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.do_GET()

        def log_message(self, *_arguments):
            pass

    asked = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield "tcp://127.0.0.1:%d" % server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def version(number="1.41"):
    return {"/version": (200, json.dumps({"ApiVersion": number}).encode())}


def connect(**options):
    return engine.connect(dict(PARAMS, **options))


# Connecting


def test_an_engine_that_answers():
    with serving(dict(version(), **{"/v1.41/info": (200, b'{"Name": "node1"}')})) as (url, _asked):
        assert connect(docker_host=url).info() == {"Name": "node1"}


@pytest.mark.parametrize("url", ["unix:///nonexistent/docker.sock", "tcp://127.0.0.1:9"])
def test_no_engine_answers(url):
    with pytest.raises(EngineError) as failure:
        connect(docker_host=url)
    assert str(failure.value).startswith("No Docker engine answers at %s on this host: " % url)
    assert "systemctl start docker" in str(failure.value)


@pytest.mark.parametrize("number, is_recent", [("1.40", False), ("1.24", False), ("1.41", True), ("1.100", True), ("2.0", True)])
def test_the_engines_age(number, is_recent):
    with serving(version(number)) as (url, _asked):
        if is_recent:
            connect(docker_host=url)
        else:
            with pytest.raises(Refusal, match=r"Docker engine of API %s; 1.41 \(engine 20.10\) or newer is needed" % number) as refusal:
                connect(docker_host=url)
            assert refusal.value.facts == {"too_old": True}


@pytest.mark.parametrize("number, is_recent", [("4.4.4", False), ("5.0.3", True), ("7.1.0", True), ("10.0.0.dev1", True)])
def test_the_sdks_age(monkeypatch, number, is_recent):
    monkeypatch.setattr(docker, "__version__", number)
    with pytest.raises(EngineError if is_recent else Refusal) as failure:
        connect(docker_host="unix:///nonexistent/docker.sock")
    assert is_recent or str(failure.value) == (
        "This host has the Docker SDK for Python 4.4.4; 5.0 or newer is needed. Upgrade it."
    )


def test_a_missing_sdk(monkeypatch):
    monkeypatch.setitem(sys.modules, "docker", None)
    found = importlib.util.spec_from_file_location("engine_without_sdk", engine.__file__)
    without_sdk = importlib.util.module_from_spec(found)
    found.loader.exec_module(without_sdk)
    with pytest.raises(Refusal) as refusal:
        without_sdk.connect(PARAMS)
    assert "The Docker SDK for Python (5.0 or newer) is missing on this host. Install the package python3-docker" in str(refusal.value)
    assert "ModuleNotFoundError" in refusal.value.facts["exception"]


@pytest.mark.parametrize("text", ["newest", "1", "v1.41", ""])
def test_an_api_version_that_is_none(text):
    with pytest.raises(Refusal, match="neither 'auto' nor a version such as 1.41"):
        connect(api_version=text)


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A directory as DOCKER_CERT_PATH names it; the server's certificate, which is its own CA, is for engine.test."""
    directory = tmp_path_factory.mktemp("tls")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"]
    names = ["-subj", "/CN=engine.test", "-addext", "subjectAltName=DNS:engine.test"]
    subprocess.run(["openssl", "req", "-x509", *new_key, *names], cwd=directory, check=True, capture_output=True)
    (directory / "ca.pem").write_text((directory / "cert.pem").read_text())
    return directory


@pytest.fixture(autouse=True)
def environment_without_certificates(monkeypatch):
    """The library under the SDK lets these two overrule what it was told."""
    for name in ("DOCKER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "options, answers",
    [
        pytest.param({"tls": True}, True, id="no check"),
        pytest.param({"validate_certs": True, "ca_path": "ca.pem", "tls_hostname": "engine.test"}, True, id="the expected name"),
        pytest.param({"validate_certs": True, "ca_path": "ca.pem", "tls_hostname": "other.test"}, False, id="another name"),
        pytest.param({"validate_certs": True, "ca_path": "ca.pem"}, False, id="the address is not in the certificate"),
        pytest.param({"validate_certs": True, "tls_hostname": "engine.test"}, False, id="an unknown CA"),
        pytest.param({"tls": True, "validate_certs": True, "tls_hostname": "engine.test"}, False, id="a check goes before none"),
        pytest.param({}, False, id="no TLS"),
    ],
)
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_tls(certificate, options, answers):
    if "ca_path" in options:
        options = dict(options, ca_path=str(certificate / options["ca_path"]))
    with serving(version(), certificate) as (url, _asked):
        with contextlib.nullcontext() if answers else pytest.raises(EngineError):
            connect(docker_host=url, **options)


def test_certificates_from_the_environment(certificate, monkeypatch):
    monkeypatch.setenv("DOCKER_CERT_PATH", str(certificate))
    with serving(version(), certificate) as (url, _asked):
        api = connect(docker_host=url, validate_certs=True, tls_hostname="engine.test")._api
    assert api.verify == str(certificate / "ca.pem")
    assert api.cert == (str(certificate / "cert.pem"), str(certificate / "key.pem"))


@pytest.mark.parametrize("options", [{"ca_path": "/missing"}, {"client_cert": "/missing", "client_key": "/missing"}])
def test_a_missing_file_for_tls(options):
    with pytest.raises(Refusal, match="A file for TLS is missing: .*/missing"):
        connect(validate_certs=True, **options)


# Answers


@pytest.mark.parametrize(
    "status, body, sentence",
    [
        (503, b'{"message": "This node is not a swarm manager."}', "The engine refused: This node is not a swarm manager."),
        (500, b"plain words\n", "The engine refused: plain words."),
        (502, b"", "The engine refused: 502 Server Error for http://"),
    ],
)
def test_a_refusal_of_the_engine_becomes_a_sentence(status, body, sentence):
    with serving(dict(version(), **{"/v1.41/info": (status, body)})) as (url, _asked):
        client = connect(docker_host=url)
        with pytest.raises(EngineError) as failure:
            client.info()
    assert str(failure.value).startswith(sentence)
    assert (failure.value.status, failure.value.may_pass) == (status, True)


@pytest.mark.parametrize("explanation", [b"as bytes.\n", "as bytes.", "as bytes"])
def test_sdk_5_gives_plain_words_as_bytes(explanation):
    class Refusing:
        def info(self):
            raise APIError("", response=response(400), explanation=explanation)

    with pytest.raises(EngineError) as failure:
        engine.Engine(Refusing()).info()
    assert (str(failure.value), failure.value.may_pass) == ("The engine refused: as bytes.", False)


def test_an_engine_that_goes_away():
    with serving(version()) as (url, _asked):
        client = connect(docker_host=url)
    with pytest.raises(EngineError, match="The engine did not answer: ") as failure:
        client.info()
    assert failure.value.may_pass


@pytest.mark.parametrize(
    "status, body, found",
    [
        (200, b'{"Id": "c1", "Name": "/zoo1"}', {"Id": "c1", "Name": "/zoo1"}),
        (200, b'{"Id": "zoo1c1", "Name": "/other"}', None),
        (404, b'{"message": "No such container: zoo1"}', None),
    ],
)
def test_one_container(status, body, found):
    with serving(dict(version(), **{"/v1.41/containers/zoo1/json": (status, body)})) as (url, _asked):
        assert connect(docker_host=url).container("zoo1") == found


def test_a_container_of_which_the_engine_does_not_tell():
    with serving(dict(version(), **{"/v1.41/containers/zoo1/json": (500, b'{"message": "disk I/O error"}')})) as (url, _asked):
        with pytest.raises(EngineError, match="disk I/O error"):
            connect(docker_host=url).container("zoo1")


INIT = dict.fromkeys(
    ("advertise_addr", "listen_addr", "data_path_addr", "data_path_port", "default_addr_pool", "subnet_size")
)


@pytest.mark.parametrize(
    "options, request_body",
    [
        ({}, {}),
        (
            {"advertise_addr": "10.0.0.1", "listen_addr": "0.0.0.0:2377", "data_path_addr": "eth1", "data_path_port": 4790},
            {"AdvertiseAddr": "10.0.0.1", "ListenAddr": "0.0.0.0:2377", "DataPathAddr": "eth1", "DataPathPort": 4790},
        ),
        ({"default_addr_pool": ["10.1.0.0/16"]}, {"DefaultAddrPool": ["10.1.0.0/16"], "SubnetSize": 24}),
        ({"subnet_size": 26}, {"DefaultAddrPool": ["10.0.0.0/8"], "SubnetSize": 26}),
    ],
)
def test_the_request_for_a_swarm(options, request_body):
    with serving(dict(version(), **{"/v1.41/swarm/init": (200, b'"node1"')})) as (url, asked):
        connect(docker_host=url).swarm_init(**dict(INIT, **options))
    assert asked == [("/v1.41/swarm/init", request_body)]


def test_a_refused_request_for_a_swarm():
    with serving(dict(version(), **{"/v1.41/swarm/init": (400, b'{"message": "must specify a listening address"}')})) as (url, _asked):
        with pytest.raises(EngineError, match="The engine refused: must specify a listening address.") as failure:
            connect(docker_host=url).swarm_init(**INIT)
    assert failure.value.status == 400


def test_an_update_is_repeated_on_what_somebody_else_wrote_in_between():
    swarm = Swarm(World())
    host = Host(swarm.world, "m1", "10.0.0.1").become(swarm, "manager")
    swarm.interfering = engine.UPDATE_ATTEMPTS - 1
    engine.Engine(host).node_update(host.node_id, lambda spec: dict(spec, Availability="drain"))
    assert swarm.node(host.node_id)["Spec"] == {"Role": "manager", "Availability": "drain", "Labels": None, "Name": "kept"}
    swarm.interfering = engine.UPDATE_ATTEMPTS
    with pytest.raises(EngineError, match="update out of sequence"):
        engine.Engine(host).node_update(host.node_id, lambda spec: dict(spec, Availability="active"))


def test_an_update_of_the_swarm_is_repeated_on_what_somebody_else_wrote_in_between():
    swarm = Swarm(World())
    host = Host(swarm.world, "m1", "10.0.0.1").become(swarm, "manager")
    known, token = swarm.settings, swarm.tokens["Worker"]
    theirs = [lambda: known.spec["Labels"].update(theirs="1")] * engine.UPDATE_ATTEMPTS
    known.interfering = theirs[1:]
    engine.Engine(host).swarm_update(lambda spec: dict(spec, Labels=dict(spec["Labels"], ours="1")), ["worker_token"])
    assert (known.spec["Labels"], swarm.tokens["Worker"]) == ({"theirs": "1", "ours": "1"}, "%s-1" % token)
    known.interfering = theirs
    with pytest.raises(EngineError, match="update out of sequence"):
        engine.Engine(host).swarm_update(lambda spec: spec)


SWARM = {"Version": {"Index": 7}, "Spec": {"Name": "default", "Labels": None, "Raft": {"ElectionTick": 10, "SnapshotInterval": 2**63}}}


@pytest.mark.parametrize(
    "rotated, query",
    [
        ([], "rotateWorkerToken=False&rotateManagerToken=False&version=7"),
        (["worker_token"], "rotateWorkerToken=True&rotateManagerToken=False&version=7"),
        (["manager_token", "unlock_key"], "rotateWorkerToken=False&rotateManagerToken=True&version=7&rotateManagerUnlockKey=True"),
    ],
)
def test_the_request_for_other_settings(rotated, query):
    path = "/v1.41/swarm/update?%s" % query
    with serving(dict(version(), **{"/v1.41/swarm": (200, json.dumps(SWARM).encode()), path: (200, b"")})) as (url, asked):
        connect(docker_host=url).swarm_update(lambda spec: dict(spec, Labels={"a": "b"}), rotated)
    assert asked == [(path, dict(SWARM["Spec"], Labels={"a": "b"}))]


def test_the_request_to_unlock():
    with serving(dict(version(), **{"/v1.41/swarm/unlock": (401, b'{"message": "invalid key provided"}')})) as (url, asked):
        with pytest.raises(EngineError, match="The engine refused: invalid key provided.") as failure:
            connect(docker_host=url).swarm_unlock("SWMKEY-1-x")
    assert asked == [("/v1.41/swarm/unlock", {"UnlockKey": "SWMKEY-1-x"})]
    assert not failure.value.may_pass


@pytest.mark.parametrize("body, key", [(b'{"UnlockKey": "SWMKEY-1-x"}', "SWMKEY-1-x"), (b'{"UnlockKey": ""}', None), (b"{}", None)])
def test_the_unlock_key(body, key):
    with serving(dict(version(), **{"/v1.41/swarm/unlockkey": (200, body)})) as (url, _asked):
        assert connect(docker_host=url).unlock_key() == key


# Containers


@pytest.mark.parametrize(
    "status, body, expected",
    [
        (200, {"Id": "abc", "Name": "/zoo1"}, {"Id": "abc", "Name": "/zoo1"}),
        (200, {"Id": "zoo1f00", "Name": "/other"}, None),
        (404, {"message": "No such container: zoo1"}, None),
    ],
)
def test_a_container_by_its_name(status, body, expected):
    with serving(dict(version(), **{"/v1.41/containers/zoo1/json": (status, json.dumps(body).encode())})) as (url, _asked):
        assert connect(docker_host=url).container("zoo1") == expected


def test_an_engine_that_fails_has_not_said_that_there_is_no_container():
    with serving(dict(version(), **{"/v1.41/containers/zoo1/json": (500, b'{"message": "broken"}')})) as (url, _asked):
        with pytest.raises(EngineError, match="The engine refused: broken."):
            connect(docker_host=url).container("zoo1")


@pytest.mark.parametrize("status, expected", [(200, "sha256:one"), (404, None)])
def test_an_image(status, expected):
    with serving(dict(version(), **{"/v1.41/images/zoo:1/json": (status, b'{"Id": "sha256:one", "message": "none"}')})) as (url, _asked):
        found = connect(docker_host=url).image("zoo:1")
    assert (found and found["Id"]) == expected


def test_the_request_for_a_container():
    path = "/v1.41/containers/create?name=zoo1"
    with serving(dict(version(), **{path: (201, b'{"Id": "abc", "Warnings": ["no swap"]}')})) as (url, asked):
        assert connect(docker_host=url).container_create("zoo1", {"Image": "zoo:1"}) == ["no swap"]
    assert asked == [(path, {"Image": "zoo:1"})]


def test_a_refused_request_for_a_container():
    path = "/v1.41/containers/create?name=zoo1"
    with serving(dict(version(), **{path: (404, b'{"message": "network demo not found"}')})) as (url, _asked):
        with pytest.raises(EngineError, match="The engine refused: network demo not found."):
            connect(docker_host=url).container_create("zoo1", {})


def test_the_request_to_connect_a_container():
    path = "/v1.41/networks/a%2Fb/connect"
    with serving(dict(version(), **{path: (200, b"")})) as (url, asked):
        connect(docker_host=url).container_connect("a/b", "abc", {"Aliases": ["x"]})
    assert asked == [(path, {"Container": "abc", "EndpointConfig": {"Aliases": ["x"]}})]


class Images:
    """The SDK's client, as far as it pulls."""

    def __init__(self, *events):
        self.events = events

    def pull(self, name, stream, decode):
        assert (name, stream, decode) == ("zoo:1", True, True)
        return iter(self.events)


def test_an_image_is_pulled():
    engine.Engine(Images({"status": "Pulling"}, {"status": "Done"})).pull("zoo:1")


def test_what_goes_wrong_in_the_midst_of_a_pull():
    with pytest.raises(EngineError, match="The engine refused: no space left on device."):
        engine.Engine(Images({"status": "Pulling"}, {"error": "no space left on device."})).pull("zoo:1")


def test_a_log_that_cannot_be_told():
    class Logless:
        def logs(self, container, tail):
            raise APIError("", response=response(501), explanation="configured logging driver does not support reading")

    assert engine.Engine(Logless()).container_log("abc", 10) == []


CALLS = [
    (fake, name)
    for fake in (Host, ContainerHost)
    for name, value in vars(fake).items()
    if inspect.isfunction(value) and not name.startswith("_") and hasattr(docker.APIClient, name)
]


@pytest.mark.parametrize("fake, name", CALLS)
def test_the_hosts_in_memory_take_what_the_sdk_takes(fake, name):
    call = getattr(docker.APIClient, name)
    # what the SDK's session takes, and passes on
    taken = set(inspect.signature(call).parameters) | ({"params", "timeout"} if name == "post" else set())
    assert set(inspect.signature(getattr(fake, name)).parameters) - {"_options"} <= taken
