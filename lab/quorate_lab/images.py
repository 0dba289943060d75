"""The container images: Debian's packages under the official images' names and contracts."""

import json
import shlex
import shutil
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import layers, maven
from .builder import bootstrap_command
from .cache import key_of
from .commands import isolated, run_step
from .mirror import keyring, machine_mirror

DEFINITIONS = Path(__file__).resolve().parent.parent / "images"
LAYER_CODE = Path(layers.__file__)
RELEASE = "bookworm"
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Image:
    """One image's definition: image.toml, and beside it what it needs of pom.xml, before.sh, files/ and setup.sh."""

    directory: Path

    @property
    def name(self):
        return self.directory.name

    @cached_property
    def definition(self):
        return tomllib.loads((self.directory / "image.toml").read_text())

    @property
    def repository(self):
        """Its name in the registry; official images live under library/."""
        return self.definition["repository"]

    @property
    def tag(self):
        return self.definition["tag"]

    @property
    def pulled(self):
        """The name by which an engine pulls it through the lab's registry."""
        return f"{self.repository.removeprefix('library/')}:{self.tag}"

    @property
    def reference(self):
        """The name by which users know it, with its registry where that is not Docker's."""
        registry = self.definition.get("registry")
        return f"{registry}/{self.pulled}" if registry else self.pulled

    @property
    def alone(self):
        """The directory that is the whole image, for one without the shared Debian layer; else None."""
        return self.definition.get("alone")

    @property
    def packages(self):
        return self.definition.get("packages", [])

    @property
    def pom(self):
        """The file that names the Java libraries that setup.sh finds in /tmp/jars; None for an image without any."""
        path = self.directory / "pom.xml"
        return path if path.exists() else None

    def key(self):
        """Its key: its definition and files, and the shared layer's if it stands on that."""
        return key_of("image", self.directory, LAYER_CODE, base_key())


def all_images():
    """Every image that the lab has."""
    return [Image(path.parent) for path in sorted(DEFINITIONS.glob("*/image.toml"))]


def base_key():
    """The key of the shared Debian layer."""
    return key_of("image-base", RELEASE, LAYER_CODE, DEFINITIONS / "base.sh")


def obtain_base(cache):
    """The shared Debian layer: its files in root/, and packed."""
    return cache.obtain("base", base_key(), lambda directory: _build_base(directory, cache.log("base")))


def obtain(cache, image):
    """The directory with the image's blobs, and its manifest in the file `manifest`."""
    def build(directory):
        base = obtain_base(cache)
        jars = maven.obtain(cache, image.name, image.pom) if image.pom else None
        _build_image(directory, image, base, jars, cache.log(f"image-{image.name}"))
    return cache.obtain(f"image-{image.name}", image.key(), build)


def _build_base(directory, log):
    root = directory / "root"
    run_step("Images: bootstrapping the Debian layer that they share",
             bootstrap_command(RELEASE, root, [], ["--variant=minbase", "--dpkgopt=path-exclude=/usr/share/man/*",
                                                   "--dpkgopt=path-exclude=/usr/share/doc/*",
                                                   "--dpkgopt=path-exclude=/usr/share/locale/*",
                                                   f"--customize-hook='{DEFINITIONS}/base.sh' \"$1\""]), log)
    layers.pack(root, directory)


def _build_image(directory, image, base, jars, log):
    upper, work, merged = (directory / name for name in ("upper", "work", "merged"))
    for path in (upper, work, merged):
        path.mkdir()
    run_step(f"Image {image.repository}:{image.tag}: building", isolated(["sh", "-c", _script(image, base, jars, directory)]),
             log)
    layers.pack(upper / image.alone.lstrip("/") if image.alone else upper, directory)
    for path in (upper, work, merged):
        shutil.rmtree(path)
    stack = [directory] if image.alone else [base, directory]
    _write_manifest(directory, image, [layers.read(path) for path in stack])


def _script(image, base, jars, directory):
    """What makes the image's files: a shell script that runs in mounts of its own."""
    quoted = {name: shlex.quote(str(path)) for name, path in
              {"root": directory / "merged", "lower": base / "root", "upper": directory / "upper",
               "work": directory / "work", "image": image.directory, "jars": jars or "", "keyring": keyring()}.items()}
    sources = shlex.quote("\n".join(machine_mirror().sources(RELEASE, signed_by="/tmp/debian.gpg")))
    packages = shlex.join(image.packages)
    return """
set -e
mount -t overlay overlay -o lowerdir={lower},upperdir={upper},workdir={work} {root}
mount -t proc proc {root}/proc
mount --rbind /dev {root}/dev
# What is written to these places is not part of the image.
for scratch in tmp var/cache/apt var/lib/apt/lists var/log; do mount -t tmpfs tmpfs {root}/$scratch; done
mount --bind /etc/resolv.conf {root}/etc/resolv.conf
export DEBIAN_FRONTEND=noninteractive
echo {sources} > {root}/tmp/sources.list
cp {keyring} {root}/tmp/debian.gpg
if [ -e {image}/before.sh ]; then chroot {root} sh -eu < {image}/before.sh; fi
if [ -n '{packages}' ]; then
    install='chroot {root} apt-get -o Dir::Etc::SourceList=/tmp/sources.list -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false'
    $install update
    $install install --yes --no-install-recommends {packages}
fi
if [ -n {jars} ]; then mkdir {root}/tmp/jars; mount --bind {jars} {root}/tmp/jars; fi
if [ -d {image}/files ]; then cp -rT {image}/files {root}; fi
if [ -e {image}/setup.sh ]; then chroot {root} sh -eu < {image}/setup.sh; fi
""".format(**quoted, sources=sources, packages=packages)


def _write_manifest(directory, image, stack):
    config = {
        "architecture": "amd64", "os": "linux", "created": layers.EPOCH, "config": image.definition.get("config", {}),
        "rootfs": {"type": "layers", "diff_ids": [layer["diff_id"] for layer in stack]},
        "history": [{"created": layers.EPOCH, "created_by": "the lab"} for _ in stack],
    }
    config_blob = layers.store_blob(directory, json.dumps(config, sort_keys=True).encode())
    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": {"mediaType": CONFIG_TYPE, **config_blob},
        "layers": [{"mediaType": LAYER_TYPE, "size": layer["size"], "digest": layer["digest"]} for layer in stack],
    }
    manifest_blob = layers.store_blob(directory, json.dumps(manifest, sort_keys=True).encode())
    (directory / "manifest").write_text(manifest_blob["digest"])
