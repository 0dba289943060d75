#!/bin/sh
home=/usr/share/elasticsearch
mkdir -p $home/lib $home/plugins $home/data $home/logs $home/config/jvm.options.d
cp /tmp/jars/netty-*.jar /tmp/jars/transport-netty4-client-*.jar $home/modules/transport-netty4/
for jar in /tmp/jars/*.jar; do
    [ -e "$home/modules/transport-netty4/${jar##*/}" ] || cp "$jar" $home/lib/
done
chmod -R a+rX $home
# Whoever runs the server as another user does so in the group root.
chown -R 1000:0 $home/config $home/data $home/logs $home/plugins
chmod -R ug+rwX,o+rX $home/config $home/data $home/logs $home/plugins
