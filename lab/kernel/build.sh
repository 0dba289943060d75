#!/bin/sh
# Runs in the builder: the source package in /build becomes a User-Mode Linux kernel in /build/out.
set -eu
cd /build

mkdir source out
dpkg-deb --fsys-tarfile linux-source-*.deb | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
    tar -xJ --strip-components=1 -C source
cd source

make ARCH=um defconfig
scripts/kconfig/merge_config.sh -m .config /lab/kernel.config
make ARCH=um olddefconfig
# kconfig drops without a word what a kernel does not know, or what depends on an option that is off.
refused=$(while read -r option; do
    case $option in
        CONFIG_*=n) ! grep "^${option%=n}=" .config ;;
        CONFIG_*) grep -qx "$option" .config || echo "$option" ;;
    esac
done < /lab/kernel.config)
if [ -n "$refused" ]; then
    echo "kernel.config asks for options that this kernel's configuration refused:" $refused
    exit 1
fi

make ARCH=um -j"$(nproc)" linux
make ARCH=um -s kernelrelease > /build/out/version
cp linux .config modules.builtin modules.builtin.modinfo /build/out/
