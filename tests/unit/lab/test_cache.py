import os

import pytest
from quorate_lab.cache import Cache, key_of
from quorate_lab.errors import LabError


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def test_what_is_built_is_found_again_without_building(cache):
    made = cache.obtain("thing", "key1", lambda directory: (directory / "file").write_text("x") and None)
    assert (made / "file").read_text() == "x"
    assert cache.obtain("thing", "key1", lambda _: pytest.fail("built twice")) == made


def test_the_label_of_a_build_stands_in_its_name(cache):
    assert cache.obtain("kernel", "abc", lambda _: "7.3.4").name == "kernel-7.3.4-abc"
    assert cache.find("kernel", "abc").name == "kernel-7.3.4-abc"


def test_a_build_that_fails_leaves_nothing_to_stumble_over(cache):
    def fail(directory):
        (directory / "half").touch()
        raise LabError("no")
    with pytest.raises(LabError):
        cache.obtain("thing", "key1", fail)
    assert cache.find("thing", "key1") is None
    assert not list(cache.root.glob(".building*"))


def test_what_a_killed_build_left_is_removed_by_the_next(cache):
    left_over = cache.root / ".building-thing-older"
    left_over.mkdir(parents=True)
    cache.obtain("thing", "key1", lambda _: None)
    assert not left_over.exists()


def test_what_no_lab_used_for_long_is_removed_by_the_next_build(cache):
    keys = ["0123456789ab", "ba9876543210"]
    unused, used = (cache.obtain("thing", key, lambda _: None) for key in keys)
    for path in (unused, used, cache.root / "locks"):
        os.utime(path, (1, 1))
    cache.obtain("thing", keys[1], lambda _: None)
    cache.obtain("other", "abc", lambda _: None)
    assert not unused.exists()
    assert used.exists()
    assert (cache.root / "locks").exists()


@pytest.mark.parametrize("change", [
    lambda directory: (directory / "a").write_text("other"),
    lambda directory: (directory / "a").rename(directory / "b"),
    lambda directory: (directory / "a").chmod(0o755),
    lambda directory: (directory / "new").touch(),
], ids=["content", "name", "executable", "new file"])
def test_every_change_of_a_directory_changes_its_key(tmp_path, change):
    (tmp_path / "a").write_text("content")
    (tmp_path / "a").chmod(0o644)
    before = key_of(tmp_path)
    change(tmp_path)
    assert key_of(tmp_path) != before


def test_the_same_directory_elsewhere_has_the_same_key(tmp_path):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("content")
    assert key_of(tmp_path / "here") == key_of(tmp_path / "there")


def test_words_that_run_together_have_another_key():
    assert key_of("ab", "c") != key_of("a", "bc")
