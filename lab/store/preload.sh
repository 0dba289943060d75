#!/bin/sh
# preload.sh PULLED=NAME…: runs in the builder, in a network of its own. The registry in /build/registry stands at its usual
# address, and an engine pulls the images through it as the hosts would; so the hosts' engines know their digests.
set -eu
engine_directory=/build/docker
export DOCKER_HOST=unix:///run/docker.sock

ip link set lo up
ip address add 10.10.10.1/24 dev lo
docker-registry serve /lab/registry.yml &
registry=$!
dockerd --data-root "$engine_directory" --exec-root /run/docker --pidfile /run/docker.pid --host "$DOCKER_HOST" \
    --storage-driver overlay2 --bridge none --iptables=false --registry-mirror http://10.10.10.1:5000 &
engine=$!

tries=0
until docker version > /dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 120 ]; then echo "the engine does not answer after 60 s"; exit 1; fi
    sleep 0.5
done
for image; do
    pulled=${image%%=*}
    name=${image#*=}
    docker pull --quiet "$pulled"
    # A mirror stands for Docker's registry alone, so what is to be had elsewhere gets its name here.
    if [ "$name" != "$pulled" ]; then docker tag "$pulled" "$name" && docker rmi "$pulled"; fi
done
kill "$engine" && wait "$engine"
kill "$registry"

# What is one engine's own must not be shared by all hosts.
cd "$engine_directory"
rm -rf engine-id network swarm containers containerd tmp runtimes plugins trust buildkit volumes
