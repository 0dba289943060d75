#!/bin/sh
install -d -o zookeeper -g zookeeper /conf /data /datalog /logs
chown zookeeper:zookeeper /conf/logback.xml
# The server's log goes to the console through logback, as the official image's does.
for jar in zookeeper logback-classic logback-core; do
    [ -e "/usr/share/java/$jar.jar" ] || { echo "Debian's packages have no $jar.jar"; exit 1; }
done
