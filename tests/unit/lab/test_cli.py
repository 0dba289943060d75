import pytest
from quorate_lab import cli, forwarding
from quorate_lab.errors import LabError
from quorate_lab.table import render

VERBS = ["build", "up", "down", "status", "ssh node1", "exec true", "forward 8888", "power-off node1", "power-on node1",
         "cut node1", "heal node1", "reset", "snapshot formed", "restore formed"]


@pytest.mark.parametrize("line", VERBS)
def test_every_verb_is_known(line):
    assert cli.parser().parse_args(line.split()).verb == line.split()[0]


def test_a_remote_commands_own_options_are_not_the_labs():
    assert cli.parser().parse_args(["ssh", "node1", "ls", "--help"]).command == ["ls", "--help"]
    assert cli.parser().parse_args(["exec", "curl", "-s", "x"]).command == ["curl", "-s", "x"]


@pytest.mark.parametrize("line", ["", "dance", "power-off", "cut", "up --memory 100", "up --memory much"])
def test_bad_command_lines_are_refused(line, capsys):
    with pytest.raises(SystemExit) as refusal:
        cli.parser().parse_args(line.split())
    assert refusal.value.code == 2


def test_a_refusal_is_one_sentence_on_stderr(monkeypatch, capsys):
    def refuse():
        raise LabError("This machine is too small.")
    monkeypatch.setattr(cli.refusals, "check_machine", refuse)
    assert cli.main(["status"]) == 1
    assert capsys.readouterr() == ("", "lab: This machine is too small.\n")


@pytest.mark.parametrize(("text", "parsed"), [("8888", (8888, "node1", 8888)), ("80:node3:8100", (80, "node3", 8100))])
def test_a_forwarding_is_read(text, parsed):
    assert forwarding.parse(text) == parsed


@pytest.mark.parametrize("text", ["", "web", "80:node1", "80:node1:x", "0", "70000", "1:node1:2:3"])
def test_a_bad_forwarding_is_refused(text):
    with pytest.raises(LabError, match="PORT or PORT:HOST:PORT"):
        forwarding.parse(text)


def test_the_table_has_a_line_a_host_in_columns():
    lines = render([("node1", "10.10.10.88", "bookworm", "up", "20.10", "90 MB", "0:15"),
                    ("node4", "10.10.10.78", "trixie", "off", "-", "-", "-")]).splitlines()
    assert [line.index("10.10.10") for line in lines[1:]] == [lines[0].index("ADDRESS")] * 2


def test_an_empty_table_says_what_to_do():
    assert "`lab up`" in render([])
