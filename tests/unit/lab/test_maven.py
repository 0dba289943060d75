import hashlib

import pytest
from quorate_lab import builder, images, maven


@pytest.fixture
def homes(tmp_path):
    """The directories of a user's and of a machine's settings, both empty."""
    places = tmp_path / "user", tmp_path / "machine"
    for place in places:
        place.mkdir()
    return places


def test_a_machine_without_settings_of_maven_adds_none(homes):
    assert maven.machine_settings(*homes) == ([], {})


def test_maven_uses_the_settings_of_the_user_and_of_the_machine(homes):
    user, machine = homes
    for place in homes:
        (place / "settings.xml").touch()
    options, binds = maven.machine_settings(user, machine)
    assert options == ["--settings", "/settings/user/settings.xml", "--global-settings", "/settings/machine/settings.xml"]
    assert binds == {user: "/settings/user", machine: "/settings/machine"}


def test_passwords_in_settings_stay_encrypted(homes):
    (homes[0] / "settings-security.xml").touch()
    options, binds = maven.machine_settings(*homes)
    assert options == ["-Dsettings.security=/settings/user/settings-security.xml"]
    assert binds == {homes[0]: "/settings/user"}


def test_the_builder_has_a_place_for_each_bind():
    assert {builder.USER_SETTINGS, builder.MACHINE_SETTINGS, "/build"} <= set(builder.MOUNT_POINTS)


def test_a_trust_store_is_a_java_key_store_of_certificates():
    store = maven.java_trust_store([b"first", b"second one"])
    assert store[:12] == bytes.fromhex("feedfeed 00000002 00000002")
    first = bytes.fromhex("00000002 000a") + b"authority0" + bytes(8) + bytes.fromhex("0005") + b"X.509" + b"\0\0\0\x05first"
    assert store[12:].startswith(first)
    password = b"\0c\0h\0a\0n\0g\0e\0i\0t"
    assert store[-20:] == hashlib.sha1(password + b"Mighty Aphrodite" + store[:-20]).digest()


def test_a_machine_without_certificates_leaves_the_builder_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    assert maven.trusted_certificates() == []


def test_only_versions_decide_whether_libraries_are_gathered_again(tmp_path):
    image = next(image for image in images.all_images() if image.name == "elasticsearch")
    before = maven.key(image.pom)
    (tmp_path / "pom.xml").write_text(image.pom.read_text())
    assert maven.key(tmp_path / "pom.xml") == before
    (tmp_path / "pom.xml").write_text(image.pom.read_text().replace("7.17.29", "7.17.28"))
    assert maven.key(tmp_path / "pom.xml") != before


def test_no_definition_names_the_host_of_a_registry():
    for image in images.all_images():
        if image.pom:
            assert "<url>" not in image.pom.read_text()


def test_the_libraries_of_the_image_are_of_its_version():
    image = next(image for image in images.all_images() if image.name == "elasticsearch")
    module = image.directory / "files/usr/share/elasticsearch/modules/transport-netty4/plugin-descriptor.properties"
    assert image.pom.read_text().count(f"<version>{image.tag}</version>") == 2
    assert f"\nelasticsearch.version={image.tag}\n" in module.read_text()
