"""A web page that counts its visits in a database: the answer proves the way from this container to the other."""

import json
import os
import signal
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pymysql

PORT = 8080
TIMEOUT_SECONDS = 5
HOST = os.environ.get("VISITS_DB_HOST", "mariadb")
TABLE = """CREATE TABLE IF NOT EXISTS visits (
    id BIGINT AUTO_INCREMENT PRIMARY KEY, host VARCHAR(255) NOT NULL, at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3))"""


def connect():
    password_file = os.environ.get("VISITS_DB_PASSWORD_FILE")
    return pymysql.connect(
        host=HOST, user=os.environ.get("VISITS_DB_USER", "visits"), database=os.environ.get("VISITS_DB_NAME", "visits"),
        password=Path(password_file).read_text().strip() if password_file else "", autocommit=True,
        connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, write_timeout=TIMEOUT_SECONDS)


def record_visit():
    """Write a visit, and answer with what the database holds now."""
    here = socket.gethostname()
    with connect() as database, database.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute("INSERT INTO visits (host) VALUES (%s)", (here,))
        cursor.execute("SELECT COUNT(*), @@hostname FROM visits")
        visits, database_host = cursor.fetchone()
        cursor.execute("SELECT id, host, at FROM visits ORDER BY id DESC LIMIT 1")
        number, host, at = cursor.fetchone()
    return {"visits": visits, "newest": {"id": number, "host": host, "at": at.isoformat()},
            "database": database_host, "host": here}


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "up", "host": socket.gethostname()})
        elif self.path == "/":
            try:
                self.answer(200, record_visit())
            except (OSError, pymysql.MySQLError) as error:
                self.answer(503, {"error": f"The database {HOST} cannot be used: {error}"})
        else:
            self.answer(404, {"error": f"There is no page {self.path}; there are / and /health."})

    def answer(self, status, body):
        content = (json.dumps(body) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main():
    # As a container's first process this one gets no default handler for SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    ThreadingHTTPServer(("", PORT), Page).serve_forever()


main()
