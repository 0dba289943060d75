# Copyright (c) Quorate contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import run_sanity

LISTED = """\
:env:.find-links='/wheels'
:env:.timeout='60'
global.timeout='5'
install.no-index='true'
"""


def test_pip_settings_are_kept_and_the_environment_wins():
    settings = run_sanity.parse_pip_settings(LISTED)
    assert dict(settings["global"]) == {"find-links": "/wheels", "timeout": "60"}
    assert dict(settings["install"]) == {"no-index": "true"}


def test_without_pip_settings_nothing_is_set():
    assert dict(run_sanity.parse_pip_settings("")["global"]) == {}
