"""Java libraries that Debian does not have: Maven in the builder gathers them, with this machine's own settings of Maven."""

import hashlib
import os
import shutil
import ssl
from pathlib import Path

from . import builder
from .builder import MACHINE_SETTINGS, USER_SETTINGS
from .cache import key_of
from .commands import run_step

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# What every Java keeps its trusted certificates under; they are no secret.
STORE_PASSWORD = "changeit"


def key(pom):
    """The key of the libraries: the versions in the file POM decide."""
    return key_of("libraries", pom)


def obtain(cache, name, pom):
    """The directory with the jars that the file POM names, and those that they need in turn."""
    return cache.obtain(f"libraries-{name}", key(pom), lambda directory: _gather(directory, name, pom, builder.obtain(cache),
                                                                                cache.log(f"libraries-{name}"))) / "jars"


def _gather(directory, name, pom, tools, log):
    work = directory / "work"
    work.mkdir()
    shutil.copy(pom, work / "pom.xml")
    options, binds = machine_settings(Path.home() / ".m2", Path("/etc/maven"))
    java_options = [os.environ.get("MAVEN_OPTS", ""), "-Duser.home=/tmp"]
    trusted = trusted_certificates()
    if trusted:
        (work / "trusted").write_bytes(java_trust_store(trusted))
        java_options += ["-Djavax.net.ssl.trustStore=/build/work/trusted", f"-Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}"]
    # This machine's JAVA_HOME is not in the builder.
    environment = {word: value for word, value in os.environ.items() if word != "JAVA_HOME"}
    environment["MAVEN_OPTS"] = " ".join(java_options)
    run_step(f"Image {name}: Maven gathers its libraries",
             tools.command(["mvn", "--batch-mode", "--no-transfer-progress", "--strict-checksums", *options,
                            "-Dmaven.repo.local=/build/work/repository", "--file", "/build/work/pom.xml",
                            "dependency:copy-dependencies", "-DoutputDirectory=/build/jars"],
                           binds={directory: "/build", Path("/etc/resolv.conf"): "/etc/resolv.conf", **binds}),
             log, environment=environment)
    shutil.rmtree(work)


def machine_settings(user, machine):
    """The options and binds by which Maven in the builder uses the settings of this user and of this machine."""
    options, binds = [], {}
    for directory, option, place in ((user, "--settings", USER_SETTINGS), (machine, "--global-settings", MACHINE_SETTINGS)):
        if (directory / "settings.xml").exists():
            options += [option, f"{place}/settings.xml"]
            binds[directory] = place
    if (user / "settings-security.xml").exists():
        options.append(f"-Dsettings.security={USER_SETTINGS}/settings-security.xml")
        binds[user] = USER_SETTINGS
    return options, binds


def trusted_certificates():
    """The authorities that programs of this machine trust, as they lie in certificates."""
    bundle = Path(os.environ.get("SSL_CERT_FILE") or CERTIFICATES)
    if not bundle.exists():
        return []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=bundle)
    return context.get_ca_certs(binary_form=True)


def java_trust_store(certificates):
    """CERTIFICATES in the form in which a Java reads them: a machine need not have one to convert them."""
    entries = b"".join(_number(2, 4) + _text(f"authority{number}") + _number(0, 8) + _text("X.509")
                       + _number(len(certificate), 4) + certificate for number, certificate in enumerate(certificates))
    content = _number(0xFEEDFEED, 4) + _number(2, 4) + _number(len(certificates), 4) + entries
    return content + hashlib.sha1(STORE_PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + content).digest()


def _number(value, size):
    return value.to_bytes(size, "big")


def _text(value):
    return _number(len(value), 2) + value.encode("ascii")
