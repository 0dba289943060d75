#!/bin/sh
install -d -o zookeeper -g zookeeper /conf /data /datalog /logs
chown zookeeper:zookeeper /conf/logback.xml
# What zkEnv.sh names: a jar that is missing would only show when it is used.
for jar in zookeeper logback-classic logback-core netty-codec netty-resolver netty-transport-native-unix-common servlet-api; do
    [ -e "/usr/share/java/$jar.jar" ] || { echo "Debian's packages have no $jar.jar"; exit 1; }
done
