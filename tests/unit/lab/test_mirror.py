import pytest
from quorate_lab import mirror
from quorate_lab.errors import LabError

ROWS = """\
Packages|http://mirror.example/other|Other|Other
Packages|http://mirror.example/debian/|Debian|Debian
Sources|http://mirror.example/wrong|Debian|Debian
Packages|http://mirror.example/security/|Debian|Debian-Security
"""


@pytest.fixture(autouse=True)
def a_keyring(tmp_path, monkeypatch):
    (tmp_path / "keys.gpg").touch()
    monkeypatch.setattr(mirror, "KEYRINGS", [tmp_path / "keys.pgp", tmp_path / "keys.gpg"])


def test_the_mirror_is_that_of_the_machines_apt():
    found = mirror._mirror_in(ROWS)
    assert (found.archive, found.security) == ("http://mirror.example/debian", "http://mirror.example/security")


def test_a_machine_without_a_debian_source_has_no_mirror():
    assert mirror._mirror_in(ROWS.splitlines()[0]) is None


def test_a_release_comes_with_its_updates():
    lines = mirror._mirror_in(ROWS).sources("trixie")
    assert [line.split("] ")[1] for line in lines] == [
        "http://mirror.example/debian trixie main", "http://mirror.example/debian trixie-updates main",
        "http://mirror.example/security trixie-security main"]


@pytest.mark.parametrize("suite", ["testing", "trixie-backports"])
def test_testing_and_backports_stand_alone(suite):
    assert len(mirror._mirror_in(ROWS).sources(suite)) == 1


def test_a_machine_without_security_updates_does_without():
    assert len(mirror._mirror_in(ROWS.splitlines()[1]).sources("trixie")) == 2


def test_missing_keys_are_told(monkeypatch):
    monkeypatch.setattr(mirror, "KEYRINGS", [])
    with pytest.raises(LabError, match="install the package debian-archive-keyring"):
        mirror.keyring()
