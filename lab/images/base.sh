#!/bin/sh
# base.sh ROOT: what the bootstrapped Debian needs to be the layer under the images.
set -eu
root=$1

rm -rf "$root"/etc/apt/sources.list "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/var/log/* \
    "$root"/var/cache/ldconfig/*
: > "$root/etc/resolv.conf"
: > "$root/etc/hostname"
