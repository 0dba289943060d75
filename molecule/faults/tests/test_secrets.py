# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be seen nowhere while a swarm is formed."""

from __future__ import annotations

import functools
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

SITE = "playbooks/site.yml"
TOKEN = "SWMTKN-"
LEAK = "a file that everybody can read has a token: "
PROCESSES_AND_LEAKS = (
    "ps -eo args; find /root/.ansible /tmp /var/tmp -type f -perm /o+r -exec grep -l SWMTKN {} + | sed 's/^/%s/'" % LEAK
)


def test_no_join_token_is_in_output_process_list_or_files_of_the_run_that_forms_it(lab, play, swarm):
    """The play joins three hosts at the highest verbosity while their process lists are watched."""
    swarm.take_apart()
    seen = []
    stop = threading.Event()

    def watch(look):
        while not stop.is_set():
            seen.append(look())

    looks = [functools.partial(lab.sh, host, PROCESSES_AND_LEAKS) for host in ("node1", "node2", "node4")]
    looks.append(lambda: subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout)
    with ThreadPoolExecutor() as pool:
        watchers = [pool.submit(watch, look) for look in looks]
        try:
            output = play.ok(SITE, "-vvvv")
        finally:
            stop.set()
    assert all(watcher.result() is None for watcher in watchers)
    assert "Join the swarm" in output and len(seen) > 8
    assert TOKEN not in output
    assert not [line for text in seen for line in text.split("\n") if TOKEN in line or line.startswith(LEAK)]
    swarm.assert_whole(swarm.cluster_id())
