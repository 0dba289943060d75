#!/bin/sh
# The two programs, what they are linked with, and the few files that a program without a system around it reads.
mkdir -p /image/usr/local/bin /image/etc/ssl/certs /image/var/lib/etcd /image/var/etcd
mkdir -m 1777 /image/tmp
cp /usr/bin/etcd /usr/bin/etcdctl /image/usr/local/bin/
for library in $(ldd /usr/bin/etcd /usr/bin/etcdctl | grep -o '/[^ ]*' | grep -v ':$' | sort -u); do
    mkdir -p "/image${library%/*}"
    cp -L "$library" "/image$library"
done
cp -L /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/
echo 'hosts: files dns' > /image/etc/nsswitch.conf
echo 'root:x:0:0:root:/root:/sbin/nologin' > /image/etc/passwd
echo 'root:x:0:' > /image/etc/group
