# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a first run is foretold to do, on hosts that have an engine and nothing else. After the others, since it takes all away."""

from __future__ import annotations

import pytest


@pytest.mark.long
def test_the_first_run_with_clusters_is_foretold_before_there_is_a_swarm(lab, play_clusters):
    lab("reset", limit=600)
    told = " ".join(play_clusters.ok("playbooks/site.yml", "--check", "--diff").split())
    assert "needs the network demo, which is not there yet" in told
    assert "form the cluster of elastic-master, elastic-data01, elastic-data02, elastic-data03" in told
    assert "form the cluster of zoo1, zoo2, zoo3" in told
    assert lab.swarm("node1")["LocalNodeState"] == "inactive" and lab.sh("node1", "docker ps -aq") == ""
