#!/bin/sh
# setup.sh ROOT KERNEL HOSTS: makes a bootstrapped Debian a lab host.
set -eu
root=$1 kernel=$2 hosts=$3
here=$(dirname "$(readlink -f "$0")")

# All packages of the host also lie on it as an apt source, its only one:
# a test may purge the engine and see it installed again, without any network.
packages=$root/var/lib/lab/packages
mkdir -p "$packages"
mv "$root"/var/cache/apt/archives/*.deb "$packages"
for deb in "$packages"/*.deb; do
    dpkg-deb --field "$deb"
    echo "Filename: ./$(basename "$deb")"
    echo "Size: $(stat --format=%s "$deb")"
    echo "SHA256: $(sha256sum "$deb" | cut -d' ' -f1)"
    echo
done > "$packages/Packages"
{
    echo "Date: $(LC_ALL=C date --utc '+%a, %d %b %Y %T UTC')"
    echo "SHA256:"
    echo " $(sha256sum < "$packages/Packages" | cut -d' ' -f1) $(stat --format=%s "$packages/Packages") Packages"
} > "$packages/Release"
rm -rf "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/apt.conf.d/99mmdebstrap \
    "$root"/var/lib/apt/lists/*

cp -rT "$here/files" "$root"
cp "$hosts" "$root/etc/hosts"
: > "$root/etc/machine-id"
rm -f "$root"/etc/hostname "$root"/etc/ssh/ssh_host_* "$root"/var/lib/dbus/machine-id
mkdir -p "$root/var/log/journal" "$root/var/lib/docker"

version=$(cat "$kernel/version")
mkdir -p "$root/lib/modules/$version"
cp "$kernel/modules.builtin" "$kernel/modules.builtin.modinfo" "$root/lib/modules/$version"
: > "$root/lib/modules/$version/modules.order"
chroot "$root" depmod "$version"

chroot "$root" systemctl --quiet enable lab-host.service ssh.service docker.service
# Work that a test bed does not need and that costs time or disk on every boot.
chroot "$root" systemctl --quiet mask \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer getty@tty1.service systemd-pstore.service systemd-random-seed.service \
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service \
    modprobe@fuse.service modprobe@loop.service

env --unset=APT_CONFIG chroot "$root" apt-get --option APT::Sandbox::User=root update

# systemd takes a disk without these marks for one that was just upgraded, and rebuilds its caches on the first boot.
touch "$root/etc/.updated" "$root/var/.updated"
