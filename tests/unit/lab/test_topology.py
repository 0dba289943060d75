import pytest
from quorate_lab.errors import LabError
from quorate_lab.topology import ALL_HOSTS, first_hosts, host_named, parse_releases


def test_the_usual_lab_is_that_of_the_source_article():
    assert [(host.name, host.address) for host in first_hosts(4)] == [
        ("node1", "10.10.10.88"), ("node2", "10.10.10.76"), ("node3", "10.10.10.77"), ("node4", "10.10.10.78")]


def test_no_two_hosts_share_an_address_a_cable_or_a_mac():
    for attribute in ("name", "address", "tap", "mac"):
        assert len({getattr(host, attribute) for host in ALL_HOSTS}) == 8


def test_the_name_of_a_cable_fits_into_the_kernels_15_characters():
    assert all(len(host.tap) <= 15 for host in ALL_HOSTS)


@pytest.mark.parametrize("count", [0, 9, -1])
def test_an_impossible_number_of_hosts_is_refused(count):
    with pytest.raises(LabError, match=f"{count} hosts was asked for; between 1 and 8"):
        first_hosts(count)


def test_a_host_is_found_by_name_and_by_address():
    assert host_named("node2") is host_named("10.10.10.76")


def test_an_unknown_host_is_refused_with_the_known_ones():
    with pytest.raises(LabError, match="no host node9; its hosts are node1, .*node8"):
        host_named("node9")


def test_releases_are_read():
    assert parse_releases(["node4=testing", "node1=trixie"]) == {"node4": "testing", "node1": "trixie"}


@pytest.mark.parametrize("setting", ["node4", "node4=", "node4=bullseye"])
def test_an_unknown_release_is_refused(setting):
    with pytest.raises(LabError, match="HOST=RELEASE with one of bookworm, trixie, testing"):
        parse_releases([setting])
