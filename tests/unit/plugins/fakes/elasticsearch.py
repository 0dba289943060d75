# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member of an Elasticsearch cluster on this machine's loopback, with answers of the shape that 7.17 gives."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MASTER, DATA = "Mt9T5oTFSAmvPqKXx0pRwQ", "aYKYbYLQTgyzGWGqyDIZ7A"
NO_MASTER = 503, {"error": {"type": "master_not_discovered_exception", "reason": None}, "status": 503}


def root(uuid="9qSgp5AVQoOwLBGcHwQ2Rw"):
    version = {"number": "7.17.29", "build_flavor": "default", "lucene_version": "8.11.3"}
    return {"name": "elastic-master", "cluster_name": "demo", "cluster_uuid": uuid, "version": version, "tagline": "You Know, for Search"}


def health(status="green", **numbers):
    shards = dict.fromkeys(("relocating_shards", "initializing_shards", "unassigned_shards", "delayed_unassigned_shards"), 0)
    counted = {"number_of_nodes": 2, "active_shards": 2, "number_of_pending_tasks": 0}
    return {"cluster_name": "demo", "status": status, "timed_out": False, **shards, **counted, **numbers}


def nodes(**names):
    """By ID; the master and one with data where none are given."""
    names = names or {MASTER: "elastic-master", DATA: "elastic-data01"}
    return {
        "nodes": {
            key: {"name": name, "ip": "10.0.1.4", "version": "7.17.29", "roles": ["master"] if "master" in name else ["data", "ingest"]}
            for key, name in names.items()
        }
    }


def coordination(exclusions=()):
    voting = {"term": 1, "last_committed_config": [MASTER], "last_accepted_config": [MASTER]}
    if exclusions:
        voting["voting_config_exclusions"] = [{"node_id": key, "node_name": name} for key, name in exclusions]
    return {"master_node": MASTER, "metadata": {"cluster_coordination": voting}}


def routing(shards):
    return {"routing_nodes": {"nodes": {DATA: [{"shard": number} for number in range(shards)]}}} if shards else {}


def settings(persistent=None, transient=None):
    return {"persistent": persistent or {}, "transient": transient or {}}


class Member:
    """What a member answers by method and path, and the requests that it was sent.

    An answer is JSON, a pair of status and JSON, or a function of the query and the body that returns one of these.
    """

    def __init__(self, **answers):
        self.answers = {
            "GET /": root(),
            "GET /_cluster/health": health(),
            "GET /_nodes/http": nodes(),
            "GET /_cluster/settings": settings(),
            "GET /_cluster/state/master_node,metadata": coordination(),
            "GET /_cluster/state/routing_nodes": routing(1),
        }
        self.asked = []
        self.credentials = []
        self.closes = False

    def loses_its_master(self):
        for path in self.answers:
            if path != "GET /":
                self.answers[path] = NO_MASTER
        return self

    def requests(self, method):
        return [request for request in self.asked if request[0].startswith(method + " ")]

    def answer(self, method, target, body):
        address = urlsplit(target)
        what, query = "%s %s" % (method, address.path), {key: values[0] for key, values in parse_qs(address.query).items()}
        self.asked.append((what, query, body))
        answer = self.answers.get(what, (400, {"error": "no handler found for uri [%s]" % target}))
        if callable(answer):
            answer = answer(query, body)
        return answer if isinstance(answer, tuple) else (200, answer)

    @contextlib.contextmanager
    def serving(self, certificate=None):
        """The port on which it listens, with TLS where the directory of a certificate is given."""
        member = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                member.credentials.append(self.headers.get("Authorization"))
                status, content = member.answer(self.command, self.path, json.loads(self.rfile.read(length)) if length else None)
                text = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                if member.closes:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_POST = do_DELETE = handle_any

            def log_message(self, *_arguments):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *_arguments: None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def options(port, **said):
    """The options that the modules for Elasticsearch have in common."""
    base = {
        "container": None,
        "address": "127.0.0.1",
        "port": port,
        "request_timeout": 5,
        "docker_host": "unix:///var/run/docker.sock",
        "scheme": "http",
        "user": None,
        "password": None,
        "https_ca_path": None,
        "https_validate_certs": True,
        "https_hostname": None,
    }
    return dict(base, **said)
