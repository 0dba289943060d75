# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernels of the hosts lack. No I/O."""

from __future__ import annotations

from ansible_collections.quorate.swarm.plugins.module_utils.finding import Finding, any_outside, names

ALWAYS = ("vxlan", "ip_vs")
WHERE_ENCRYPTED = ("esp4",)

LOST = {
    "vxlan": ("CONFIG_VXLAN", "no overlay network works there", True),
    "ip_vs": ("CONFIG_IP_VS", "virtual addresses of services and published ports do not answer there", False),
    "esp4": ("CONFIG_INET_ESP", "encrypted overlay networks carry nothing there", True),
}
WHERE_TO_GET_IT = (
    "Install what belongs to the running kernel and see 'modprobe %s' succeed: linux-modules-extra-$(uname -r) on Ubuntu "
    "(linux-modules-extra-raspi on a Raspberry Pi), kernel-modules and kernel-modules-extra in the family of RHEL, a kernel that is not "
    "the cloud flavour on Debian; a kernel of one's own needs %s. A module that was disabled in /etc/modprobe.d must be enabled"
)


def modules_wanted(networks):
    encrypted = any(network.get("encrypted") for network in networks)
    return list(ALWAYS + (WHERE_ENCRYPTED if encrypted else ()))


def findings(looks):
    for module, (option, loss, refuses) in LOST.items():
        hosts = [host for host, look in looks.items() if look["kernel"].get(module) is False]
        if hosts:
            yield Finding(
                "The kernel of %s has no module %s, so %s. %s." % (names(hosts), module, loss, WHERE_TO_GET_IT % (module, option)),
                refuses and any_outside(looks, hosts),
            )
