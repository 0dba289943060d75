# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site with all its clusters, as a user runs it."""

from __future__ import annotations

import pytest

SITE = "playbooks/site.yml"


@pytest.mark.long
def test_the_site_makes_what_is_missing_and_finds_it_the_next_time(play_clusters, elasticsearch):
    told = play_clusters.ok(SITE)
    assert "form the cluster of elastic-master, elastic-data01, elastic-data02, elastic-data03" in " ".join(told.split())
    assert len(elasticsearch.nodes("node1")) == 4
    assert "Nothing changed." in play_clusters.ok(SITE)
    play_clusters.ok("playbooks/verify.yml")
