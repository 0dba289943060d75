#!/bin/sh
# Data on a host's disk belongs to these numbers; Debian's package would choose others.
groupadd --system --gid 999 mysql
useradd --system --uid 999 --gid mysql --home-dir /var/lib/mysql --no-create-home mysql
