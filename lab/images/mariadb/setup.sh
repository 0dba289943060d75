#!/bin/sh
# Debian's package initialises a database for its own service; a container does so in its volume.
rm -rf /var/lib/mysql
install -d -o mysql -g mysql -m 1777 /var/lib/mysql /run/mysqld
mkdir /docker-entrypoint-initdb.d
sed -i -E 's/^(bind-address|user)\b/#&/' /etc/mysql/mariadb.conf.d/50-server.cnf
# The official image reads /etc/mysql/conf.d last, so that a file mounted there has the last word.
sed -i '/^!includedir/d' /etc/mysql/mariadb.cnf
printf '!includedir /etc/mysql/%s/\n' mariadb.conf.d conf.d >> /etc/mysql/mariadb.cnf
cat > /etc/mysql/mariadb.conf.d/05-skipcache.cnf <<'X'
[mariadb]
host-cache-size=0
skip-name-resolve
X
