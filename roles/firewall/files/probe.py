"""probe.py TARGETS: tries to connect to each of [{"host", "address", "port", "wanted", "listens"}] and prints a sentence for each
that is wrong.

Wanted is true for what a firewall must let through, and false for what nobody may reach. Where somebody listens, as that host itself
has told, a connection must come about. Elsewhere one that is refused shows a port that is open and that nobody has, or a firewall that
answers in the same way, as REJECT of iptables does; these two cannot be told apart.
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
        refused = "%s is not reached: something listens there, and yet connections are refused, as a rule with REJECT does it" % where
        return refused if target["listens"] else None
    except OSError as exc:
        return "%s is not reached: %s" % (where, exc) if target["wanted"] else None
    return None if target["wanted"] else "%s is reached, though it is the engine's API" % where


with concurrent.futures.ThreadPoolExecutor(32) as pool:
    print("; ".join(filter(None, pool.map(problem_with, json.loads(sys.argv[1])))))
