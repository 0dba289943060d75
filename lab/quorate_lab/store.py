"""The image store: a disk with all images as the engine keeps them, and the registry's copy of the same images."""

import json
import os
import shutil
from pathlib import Path

from . import builder, images
from .cache import key_of
from .commands import run_step
from .disks import make_file_system

RECIPE = Path(__file__).resolve().parent.parent / "store"
SIZE = "16G"


def key():
    """The store's key: every image, and the tools that fill the disk."""
    return key_of("store", SIZE, RECIPE, builder.key(), *(image.key() for image in images.all_images()))


def obtain(cache):
    """The directory with store.img and registry/."""
    def build(directory):
        built = {image: images.obtain(cache, image) for image in images.all_images()}
        _build(directory, built, images.obtain_base(cache), builder.obtain(cache), cache.log("store"))
    return cache.obtain("store", key(), build)


def _build(directory, built, base, tools, log):
    registry = directory / "registry"
    for image, blobs in built.items():
        _publish(registry, image, [blobs, base])
    binds = {directory: "/build", RECIPE: "/lab"}
    names = [f"{image.pulled}={image.reference}" for image in built]
    run_step(f"Image store: an engine pulls {len(names)} images",
             tools.command(["/lab/preload.sh", *names], binds=binds, network=True), log)
    run_step("Image store: writing the file system",
             tools.command(make_file_system("/build/docker", "/build/store.img", SIZE), binds=binds), log)
    shutil.rmtree(directory / "docker")


def _publish(registry, image, sources):
    """Put an image into the registry's storage, in the form in which docker-registry keeps it."""
    storage = registry / "docker/registry/v2"
    repository = storage / "repositories" / image.repository
    manifest = (sources[0] / "manifest").read_text()
    parts = json.loads(_blob(sources, manifest).read_text())
    contents = [part["digest"] for part in (parts["config"], *parts["layers"])]
    for digest in (manifest, *contents):
        target = storage / "blobs/sha256" / _hex(digest)[:2] / _hex(digest) / "data"
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            os.link(_blob(sources, digest), target)
    for digest in contents:
        _write_link(repository / "_layers/sha256" / _hex(digest), digest)
    _write_link(repository / "_manifests/revisions/sha256" / _hex(manifest), manifest)
    _write_link(repository / "_manifests/tags" / image.tag / "current", manifest)
    _write_link(repository / "_manifests/tags" / image.tag / "index/sha256" / _hex(manifest), manifest)


def _blob(sources, digest):
    return next(path for path in (source / "blobs" / _hex(digest) for source in sources) if path.exists())


def _hex(digest):
    return digest.removeprefix("sha256:")


def _write_link(directory, digest):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "link").write_text(digest)
