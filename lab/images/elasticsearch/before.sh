#!/bin/sh
# Data on a host's disk belongs to these numbers, as with the official image.
groupadd --gid 1000 elasticsearch
useradd --uid 1000 --gid elasticsearch --groups root --home-dir /usr/share/elasticsearch --no-create-home elasticsearch
# Java's package fails without it.
mkdir -p /usr/share/man/man1
