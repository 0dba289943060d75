# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member of a cluster on this machine's loopback that is spoken to over HTTP, and the options with which modules reach it."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from ansible_collections.quorate.swarm.tests.unit.plugins.fakes.members import at


class HttpMember:
    """What a member answers by method and path, and the requests that it was sent.

    An answer is JSON, a pair of status and JSON, or a function of the query and the body that returns one of these.
    """

    def __init__(self, answers):
        self.answers = answers
        self.asked = []
        self.credentials = []
        self.closes = False

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


def over_http(port, **said):
    """The options that all modules have that speak HTTP to a member."""
    none = ("user", "password", "https_ca_path", "https_hostname", "https_client_cert", "https_client_key")
    return at(port, **{**dict.fromkeys(none), "scheme": "http", "https_validate_certs": True, **said})
