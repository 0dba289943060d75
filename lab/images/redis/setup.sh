#!/bin/sh
# What Debian's package makes for its own service.
rm -rf /var/lib/redis /etc/redis
install -d -o redis -g redis /data
