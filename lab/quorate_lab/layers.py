"""Directories as image layers: the same content gives the same bytes, and so the same digest."""

import gzip
import hashlib
import json
import os
import stat
import tarfile
from pathlib import Path

EPOCH = "2024-01-01T00:00:00Z"
EPOCH_SECONDS = 1704067200
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


def pack(root, directory):
    """Pack the directory ROOT as a layer among the blobs of DIRECTORY, and describe it in layer.json there."""
    blobs = _blobs(directory)
    packed = blobs / "unfinished"
    with packed.open("wb") as raw:
        compressed = _Hashing(raw)
        with gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=compressed, mtime=0) as zipped:
            plain = _Hashing(zipped)
            with tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                _add(archive, Path(root))
    packed.rename(blobs / compressed.hexdigest())
    layer = {"digest": f"sha256:{compressed.hexdigest()}", "diff_id": f"sha256:{plain.hexdigest()}",
             "size": (blobs / compressed.hexdigest()).stat().st_size}
    (Path(directory) / "layer.json").write_text(json.dumps(layer))


def read(directory):
    """The description of the layer in DIRECTORY."""
    return json.loads((Path(directory) / "layer.json").read_text())


def store_blob(directory, content):
    """Keep CONTENT among the blobs of DIRECTORY; its size and digest."""
    digest = hashlib.sha256(content).hexdigest()
    (_blobs(directory) / digest).write_bytes(content)
    return {"size": len(content), "digest": f"sha256:{digest}"}


def _blobs(directory):
    blobs = Path(directory) / "blobs"
    blobs.mkdir(exist_ok=True)
    return blobs


def _add(archive, root):
    for parent, directories, files in os.walk(root):
        directories.sort()
        for name in sorted([*directories, *files]):
            path = Path(parent) / name
            _add_one(archive, path, str(path.relative_to(root)))


def _add_one(archive, path, name):
    status = path.lstat()
    if stat.S_ISSOCK(status.st_mode):
        return
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
        # overlayfs marks a removed file by a device 0/0, an image layer by a name.
        archive.addfile(_dated(tarfile.TarInfo(os.path.join(os.path.dirname(name), WHITEOUT + path.name))))
        return
    entry = _dated(archive.gettarinfo(path, name))
    entry.uname = entry.gname = ""
    attributes = os.listxattr(path, follow_symlinks=False)
    if "security.capability" in attributes:
        capability = os.getxattr(path, "security.capability", follow_symlinks=False)
        entry.pax_headers["SCHILY.xattr.security.capability"] = capability.decode("utf-8", "surrogateescape")
    if entry.isreg():
        with path.open("rb") as content:
            archive.addfile(entry, content)
    else:
        archive.addfile(entry)
    if "trusted.overlay.opaque" in attributes:
        archive.addfile(_dated(tarfile.TarInfo(f"{name}/{OPAQUE}")))


def _dated(entry):
    entry.mtime = EPOCH_SECONDS
    return entry


class _Hashing:
    """A file that is written to and hashed on the way."""

    def __init__(self, target):
        self._target = target
        self._digest = hashlib.sha256()

    def write(self, data):
        self._digest.update(data)
        return self._target.write(data)

    def flush(self):
        self._target.flush()

    def hexdigest(self):
        return self._digest.hexdigest()
