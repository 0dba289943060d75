#!/bin/bash
# Read by the programs beside it: where configuration and jars lie, and what Java is to be started with.
ZOOCFGDIR=${ZOOCFGDIR:-/conf}
for file in "$ZOOCFGDIR/zookeeper-env.sh" "$ZOOCFGDIR/java.env"; do
    # shellcheck source=/dev/null  # it is the user's
    if [ -f "$file" ]; then . "$file"; fi
done
ZOO_LOG_DIR=${ZOO_LOG_DIR:-/logs}
SERVER_JVMFLAGS="-Xmx${ZK_SERVER_HEAP:-1000}m ${SERVER_JVMFLAGS:-}"
CLIENT_JVMFLAGS="-Xmx${ZK_CLIENT_HEAP:-256}m ${CLIENT_JVMFLAGS:-}"

java_jars=/usr/share/java
# zookeeper.jar names most of what it needs itself, but not all that Netty and the AdminServer do, nor who writes the log.
CLASSPATH=$ZOOCFGDIR:${CLASSPATH:+$CLASSPATH:}$java_jars/zookeeper.jar:$java_jars/logback-classic.jar:$java_jars/logback-core.jar
for name in netty-codec netty-resolver netty-transport-native-unix-common servlet-api; do CLASSPATH+=:$java_jars/$name.jar; done

# run_java CLASS FLAGS ARGUMENT…: become that Java program.
run_java() {
    local class=$1 flags
    read -r -d '' -a flags <<< "$2" || true
    exec java "-Dzookeeper.log.dir=$ZOO_LOG_DIR" -cp "$CLASSPATH" "${flags[@]}" "$class" "${@:3}"
}
