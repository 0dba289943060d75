import json
import os
import sys

import pytest
from quorate_lab import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def records(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PROCESSES", tmp_path)
    yield tmp_path
    for name in processes.names():
        processes.kill(name)


def test_a_process_is_known_until_it_is_ended(tmp_path):
    processes.start("host", SLEEP, tmp_path / "x.log")
    assert processes.running("host")
    assert processes.names() == ["host"]
    processes.kill("host")
    assert processes.running("host") is None
    assert processes.names() == []


def test_a_process_that_ended_by_itself_is_not_running(tmp_path):
    processes.start("host", ["true"], tmp_path / "x.log")
    assert processes.ended("host", seconds=10)


def test_another_process_under_a_used_up_number_is_left_alone(records):
    (records / "host").write_text(json.dumps({"pid": os.getpid(), "started": "1"}))
    assert processes.running("host") is None
    processes.kill("host")
    assert processes.names() == []


def test_its_output_is_kept(tmp_path):
    processes.start("host", ["echo", "hello"], tmp_path / "x.log")
    assert processes.ended("host", seconds=10)
    assert (tmp_path / "x.log").read_text() == "hello\n"
