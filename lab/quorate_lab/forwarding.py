"""A port of this machine's loopback that leads to a port of a host."""

import socket
import subprocess

from .errors import LabError
from .network import inside
from .progress import say


def parse(text):
    """PORT or PORT:HOST:PORT as (local port, host's name, host's port); the host is node1 unless named."""
    local, *there = text.split(":")
    host, port = there if len(there) == 2 else ("node1", local)
    if len(there) not in (0, 2) or not all(number.isdecimal() and 0 < int(number) < 65536 for number in (local, port)):
        raise LabError(f"{text!r} is no forwarding; write PORT or PORT:HOST:PORT, such as 8888:node2:80.")
    return int(local), host, int(port)


def serve(local_port, host, port):
    """Relay every connection until interrupted."""
    try:
        listener = socket.create_server(("127.0.0.1", local_port))
    except OSError as error:
        raise LabError(f"Port {local_port} of this machine cannot be used: {error.strerror}. "
                       f"Choose another: `lab forward PORT:{host.name}:{port}`.") from None
    say(f"http://127.0.0.1:{local_port} is port {port} of {host.name}; end with Ctrl-C.")
    relays = []
    try:
        while True:
            connection, _ = listener.accept()
            with connection:
                relays = [relay for relay in relays if relay.poll() is None]
                # The relay reads from and writes to the connection itself; it stands in the lab's network, we do not.
                relays.append(subprocess.Popen(inside(["nc", "-N", host.address, str(port)]),
                                               stdin=connection, stdout=connection))
    except KeyboardInterrupt:
        say("")
    finally:
        for relay in relays:
            relay.terminate()
