"""The lab's name server, started as a program of its own: it knows no name, and says so at once.

With no name server, or a silent one, engines ask public resolvers for every name they do not know, and a task or a
client waits 20 to 40 s for what should fail at once.
"""

import socket
import sys

HEADER_BYTES = 12
LARGEST_QUERY = 4096
ANSWER_NO_SUCH_NAME = 0x8083
KEPT_FROM_QUERY = 0x7900


def answer(query):
    """The reply `no such name` to a query, or None if it is none."""
    if len(query) < HEADER_BYTES:
        return None
    end = HEADER_BYTES
    while end < len(query) and query[end]:
        end += query[end] + 1
    question = query[HEADER_BYTES:end + 5]
    if len(question) < 5 or end + 5 > len(query):
        return None
    flags = int.from_bytes(query[2:4], "big") & KEPT_FROM_QUERY | ANSWER_NO_SUCH_NAME
    return query[:2] + flags.to_bytes(2, "big") + bytes([0, 1, 0, 0, 0, 0, 0, 0]) + question


def main(address):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    while True:
        query, client = server.recvfrom(LARGEST_QUERY)
        reply = answer(query)
        if reply:
            server.sendto(reply, client)


if __name__ == "__main__":
    main(*sys.argv[1:])
