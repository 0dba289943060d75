#!/bin/sh
# Data on a host's disk belongs to these numbers; Debian's package would choose others.
groupadd --system --gid 999 redis
useradd --system --uid 999 --gid redis --home-dir /data --no-create-home redis
