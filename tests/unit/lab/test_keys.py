"""What is built again when something changes: that, what is made from it, and nothing else."""

import shutil

import pytest
from quorate_lab import builder, disks, images, kernel, store


@pytest.fixture
def recipes(tmp_path, monkeypatch):
    """Copies of all recipes, to be changed."""
    for module, name, place in ((images, "DEFINITIONS", "images"), (disks, "RECIPE", "root"),
                                (kernel, "RECIPE", "kernel"), (store, "RECIPE", "store")):
        shutil.copytree(getattr(module, name), tmp_path / place)
        monkeypatch.setattr(module, name, tmp_path / place)
    return tmp_path


def all_keys():
    keys = {image.name: image.key() for image in images.all_images()}
    keys |= {f"disk {release}": disks.key(release) for release in disks.EXTRA_PACKAGES}
    return keys | {"base": images.base_key(), "store": store.key(), "kernel": kernel.key(), "builder": builder.key()}


def changed_by(path):
    before = all_keys()
    path.write_text(path.read_text() + "\n# changed\n")
    after = all_keys()
    return {name for name in before if before[name] != after[name]}


def test_an_image_changes_itself_and_the_store(recipes):
    assert changed_by(recipes / "images/mariadb/files/usr/local/bin/docker-entrypoint.sh") == {"mariadb", "store"}
    assert changed_by(recipes / "images/busybox/image.toml") == {"busybox", "store"}


def test_the_shared_layer_changes_all_images(recipes):
    assert changed_by(recipes / "images/base.sh") == {"base", "store", *(image.name for image in images.all_images())}


def test_the_kernel_changes_the_disks_that_carry_its_list_of_modules(recipes):
    assert changed_by(recipes / "kernel/kernel.config") == {"kernel", "disk bookworm", "disk trixie", "disk testing"}


def test_a_file_of_the_hosts_changes_the_disks(recipes):
    assert changed_by(recipes / "root/files/etc/docker/daemon.json") == {"disk bookworm", "disk trixie", "disk testing"}


def test_how_the_store_is_filled_changes_the_store(recipes):
    assert changed_by(recipes / "store/preload.sh") == {"store"}


def test_a_package_of_one_release_changes_its_disk(monkeypatch):
    before = all_keys()
    monkeypatch.setitem(disks.EXTRA_PACKAGES, "trixie", ["another"])
    after = all_keys()
    assert {name for name in before if before[name] != after[name]} == {"disk trixie"}


def test_an_image_has_the_name_by_which_users_know_it():
    names = {image.name: (image.pulled, image.reference) for image in images.all_images()}
    assert names["redis"] == ("redis:7.0", "redis:7.0")
    assert names["etcd"] == ("coreos/etcd:v3.4.23", "quay.io/coreos/etcd:v3.4.23")
