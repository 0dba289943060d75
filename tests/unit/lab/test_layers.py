import gzip
import hashlib
import os
import tarfile

import pytest
from quorate_lab import layers


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    (root / "b/c").mkdir(parents=True)
    (root / "a").write_text("one")
    (root / "b/link").symlink_to("../a")
    os.link(root / "a", root / "b/same")
    return root


def pack(root, directory):
    directory.mkdir()
    layers.pack(root, directory)
    layer = layers.read(directory)
    return layer, directory / "blobs" / layer["digest"].removeprefix("sha256:")


def test_the_digests_are_those_of_the_bytes(tree, tmp_path):
    layer, blob = pack(tree, tmp_path / "out")
    assert layer["digest"] == "sha256:" + hashlib.sha256(blob.read_bytes()).hexdigest()
    assert layer["diff_id"] == "sha256:" + hashlib.sha256(gzip.decompress(blob.read_bytes())).hexdigest()
    assert layer["size"] == blob.stat().st_size


def test_the_same_tree_at_another_time_is_the_same_layer(tree, tmp_path):
    first, _ = pack(tree, tmp_path / "first")
    os.utime(tree / "a", (1, 1))
    second, _ = pack(tree, tmp_path / "second")
    assert first == second


def test_files_links_and_directories_are_in_it(tree, tmp_path):
    _, blob = pack(tree, tmp_path / "out")
    with tarfile.open(blob) as archive:
        assert archive.getnames() == ["a", "b", "b/c", "b/link", "b/same"]
        assert archive.extractfile("a").read() == b"one"
        assert archive.getmember("b/link").linkname == "../a"
        assert archive.getmember("b/same").islnk()


def test_a_removed_file_becomes_a_whiteout(tree, tmp_path):
    try:
        os.mknod(tree / "b/gone", 0o20644, os.makedev(0, 0))
    except PermissionError:
        pytest.skip("this user may not make overlayfs' mark of a removed file")
    _, blob = pack(tree, tmp_path / "out")
    with tarfile.open(blob) as archive:
        assert "b/.wh.gone" in archive.getnames()
        assert "b/gone" not in archive.getnames()
