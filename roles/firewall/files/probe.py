"""probe.py TARGETS: tries to connect to each of [{"host", "address", "port", "wanted"}] and prints a sentence for each that is wrong.

Wanted is true for what a firewall must let through, whether or not somebody listens, and false for what nobody may reach.
"""

import concurrent.futures
import json
import socket
import sys

LIMIT = 5


def problem_with(target):
    where = "%s:%s (%s)" % (target["address"], target["port"], target["host"])
    try:
        socket.create_connection((target["address"], int(target["port"])), LIMIT).close()
    except ConnectionRefusedError:
        return None
    except OSError as exc:
        return "%s is not reached: %s" % (where, exc) if target["wanted"] else None
    return None if target["wanted"] else "%s is reached, though it is the engine's API" % where


with concurrent.futures.ThreadPoolExecutor(32) as pool:
    print("; ".join(filter(None, pool.map(problem_with, json.loads(sys.argv[1])))))
