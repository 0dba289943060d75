#!/bin/sh
mkdir -p /image/bin /image/dev /image/etc /image/home /image/root /image/usr/bin /image/usr/sbin /image/var/www
mkdir -m 1777 /image/tmp /image/var/tmp
cp /bin/busybox /image/bin/busybox
for applet in $(/image/bin/busybox --list); do
    [ "$applet" = busybox ] || ln /image/bin/busybox "/image/bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false' > /image/etc/passwd
echo 'root:x:0:
daemon:x:1:
www-data:x:33:
nobody:x:65534:' > /image/etc/group
