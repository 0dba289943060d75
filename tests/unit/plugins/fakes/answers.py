# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine answers, as the SDK hands it on."""

from __future__ import annotations

import requests
from docker.errors import APIError


def response(status):
    answer = requests.Response()
    answer.status_code = status
    return answer


def refuse(status, explanation):
    raise APIError(explanation, response=response(status), explanation=explanation)
