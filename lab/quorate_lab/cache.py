"""What is built is kept in the user's cache directory, under a key of everything that it is made from."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from .progress import say

UNUSED_DAYS = 14


def default_root():
    """The cache directory of this user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quorate-lab"


def key_of(*ingredients):
    """A short key of files (name and content), directories (all files in them) and words."""
    digest = hashlib.sha256()
    for ingredient in ingredients:
        for part in _parts(ingredient):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:12]


def _parts(ingredient):
    if isinstance(ingredient, Path) and ingredient.is_dir():
        for path in sorted(p for p in ingredient.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            yield str(path.relative_to(ingredient)).encode()
            yield from _parts(path)
    elif isinstance(ingredient, Path):
        yield ingredient.name.encode()
        yield b"x" if os.access(ingredient, os.X_OK) else b"-"
        yield ingredient.read_bytes()
    else:
        yield str(ingredient).encode()


def mark_used(artefact):
    """Keep an artefact from being taken for an old one."""
    os.utime(artefact)


class Cache:
    """Finished artefacts as directories NAME-KEY; unfinished ones are never seen under that name."""

    def __init__(self, root=None):
        self.root = Path(root) if root else default_root()

    def find(self, kind, key):
        """The artefact's directory, or None. Its name may tell more between kind and key (a version)."""
        return next(iter(sorted(self.root.glob(f"{kind}-*{key}"))), None)

    def log(self, kind):
        """Where the steps that build an artefact of this kind write."""
        return self.root / "logs" / f"{kind}.log"

    def obtain(self, kind, key, build):
        """Return the artefact, made first by BUILD(directory) if it is missing.

        BUILD may return words for the directory's name. Two builds of a kind wait for each other.
        """
        found = self.find(kind, key)
        if found:
            mark_used(found)
            return found
        with self._lock(kind):
            found = self.find(kind, key)
            if found:
                return found
            for left_over in self.root.glob(f".building-{kind}-*"):
                shutil.rmtree(left_over)
            building = self.root / f".building-{kind}-{key}"
            building.mkdir()
            self.log(kind).unlink(missing_ok=True)
            try:
                label = build(building)
                finished = self.root / "-".join(filter(None, [kind, label, key]))
                building.rename(finished)
            finally:
                shutil.rmtree(building, ignore_errors=True)
        self._remove_unused()
        return finished

    def _remove_unused(self):
        """Remove artefacts that no lab has used for long: what changed often would fill the disk."""
        oldest = time.time() - UNUSED_DAYS * 24 * 3600
        for path in self.root.iterdir():
            if re.search(r"-[0-9a-f]{12}$", path.name) and path.stat().st_mtime < oldest:
                say(f"Removing {path}: no lab has used it for {UNUSED_DAYS} days.")
                shutil.rmtree(path)

    @contextlib.contextmanager
    def _lock(self, kind):
        (self.root / "locks").mkdir(parents=True, exist_ok=True)
        with (self.root / "locks" / kind).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"Waiting: another command builds the lab's {kind} in {self.root}.")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
