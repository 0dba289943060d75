#!/bin/sh
# Data on a host's disk belongs to these numbers, as with the official image.
groupadd --gid 1000 zookeeper
useradd --uid 1000 --gid zookeeper --home-dir /data --no-create-home zookeeper
# Java's package fails without it.
mkdir -p /usr/share/man/man1
