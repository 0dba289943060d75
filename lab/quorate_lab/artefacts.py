"""Everything built that a lab runs on."""

from dataclasses import dataclass
from pathlib import Path

from . import builder, disks, kernel, store
from .builder import Builder
from .cache import Cache
from .hosts import Disks


@dataclass(frozen=True)
class Artefacts:
    """Where the built things are."""

    tools: Builder
    kernel: Path
    roots: dict
    store: Path

    def disks(self, release):
        """What a host of this release is made on."""
        return Disks(release, self.roots[release], self.store / "store.img")


def obtain(releases):
    """Take what these releases need from the cache, and build what is missing."""
    cache = Cache()
    return Artefacts(builder.obtain(cache), kernel.obtain(cache),
                     {release: disks.obtain(cache, release) for release in sorted(releases)}, store.obtain(cache))


def all_built(releases):
    """Whether the cache has all that these releases need."""
    cache = Cache()
    wanted = [("builder", builder.key()), ("kernel", kernel.key()), ("store", store.key()),
              *((f"disk-{release}", disks.key(release)) for release in releases)]
    return all(cache.find(kind, key) for kind, key in wanted)
