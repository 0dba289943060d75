import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from quorate_lab import refusals
from quorate_lab.errors import LabError

Usage = namedtuple("Usage", "free")


def refused(check, *arguments):
    with pytest.raises(LabError) as refusal:
        check(*arguments)
    return str(refusal.value)


def test_not_linux_on_x86_64(monkeypatch):
    monkeypatch.setattr(refusals.platform, "machine", lambda: "aarch64")
    assert "Linux on aarch64; the lab needs Linux on x86-64" in refused(refusals.check_machine)


def test_not_root(monkeypatch):
    monkeypatch.setattr(refusals.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(refusals.os, "geteuid", lambda: 1000)
    assert "user id 1000" in refused(refusals.check_machine)


def test_no_tun(monkeypatch):
    monkeypatch.setattr(refusals, "TUN", Path("/nonexistent/tun"))
    assert "`modprobe tun`" in refused(refusals.check_tun)


def test_too_little_memory(monkeypatch):
    monkeypatch.setattr(refusals, "_available_memory_mb", lambda: 2000)
    assert "2000 MB of memory are available; 4 hosts need at least 2800 MB" in refused(refusals.check_memory, 4)
    refusals.check_memory(2)


def test_too_little_shared_memory(monkeypatch):
    monkeypatch.setattr(refusals, "_available_memory_mb", lambda: 64000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1000 * 2**20))
    assert "/dev/shm" in refused(refusals.check_memory, 4)


@pytest.mark.parametrize(("built", "free_gb", "refuses"), [(False, 11, True), (False, 12, False), (True, 2, True), (True, 3, False)])
def test_too_little_disk(monkeypatch, tmp_path, built, free_gb, refuses):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free_gb * 2**30))
    if refuses:
        assert f"{free_gb} GB free" in refused(refusals.check_disk, built)
    else:
        refusals.check_disk(built)


@pytest.mark.parametrize(("owner", "runs", "refuses"), [
    ("other", True, True),      # somebody's lab
    ("other", False, False),    # it was not taken down, but nothing of it runs
    ("gone", True, False),      # nobody can end it but us
    ("ours", True, False),
    (None, False, False),
])
def test_a_lab_of_another_checkout(monkeypatch, tmp_path, owner, runs, refuses):
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(refusals.state, "CHECKOUT", tmp_path / "ours")
    monkeypatch.setattr(refusals.state, "owner", lambda: tmp_path / owner if owner else None)
    monkeypatch.setattr(refusals.processes, "names", lambda: ["node1"])
    monkeypatch.setattr(refusals.processes, "running", lambda name: 1 if runs else None)
    if refuses:
        assert f"end it with `{tmp_path}/other/lab/lab down`" in refused(refusals.check_owner)
    else:
        refusals.check_owner()
