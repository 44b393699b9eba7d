"""Certificates: what is believed, what is refused with its reason, and what is taken up later."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from fairlead.control.tls import Certificates, CertificateUnusable, Files, load
from tests.control.access.certificates import Pair, certificate
from tests.control.fleet import until
from tests.control.serving import API, serving, start


def files(pair: Pair) -> Files:
    return Files(certificate=pair.certificate, key=pair.key)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificate(tmp_path_factory.mktemp("tls"))


def test_a_certificate_tells_the_names_it_is_for(tmp_path: Path) -> None:
    """They are what the server answers to, with nothing to configure twice."""
    names = "DNS:fairlead.example.org,DNS:*.svc.local,IP:127.0.0.1,IP:::1"
    found = load(files(certificate(tmp_path, names)))
    for host in ("fairlead.example.org", "FAIRLEAD.example.org", "a.svc.local", "127.0.0.1"):
        assert found.is_for(host), host
    for host in ("example.org", "a.b.svc.local", "svc.local", "", "evil.example", "*.evil"):
        assert not found.is_for(host), host


def test_files_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path, pair: Pair) -> None:
    """An operator has a path and a remedy, not a number of OpenSSL's."""
    other = certificate(tmp_path / "other")
    client = certificate(tmp_path / "client", more=("-addext", "extendedKeyUsage=clientAuth"))
    empty, missing = tmp_path / "empty.pem", tmp_path / "missing.pem"
    empty.write_text("")
    big = tmp_path / "big.pem"
    big.write_bytes(b"-----BEGIN CERTIFICATE-----" + b"\n" * (2 << 20))
    locked = tmp_path / "locked.key"
    lock = ["openssl", "ec", "-in", pair.key, "-aes256", "-passout", "pass:x", "-out", locked]
    subprocess.run([str(word) for word in lock], check=True, capture_output=True)
    locked.chmod(0o600)
    refused = {
        (pair.certificate, other.key): "is not the key of the certificate",
        (missing, pair.key): "No such file",
        (pair.certificate, missing): "No such file",
        (empty, pair.key): "holds no certificate in PEM form",
        (pair.certificate, empty): "holds no key in PEM form",
        (pair.key, pair.certificate): "PEM form",
        (big, pair.key): "is larger than",
        (pair.certificate, locked): "locked by a password",
        (client.certificate, client.key): "purpose",
    }
    empty.chmod(0o600)
    for (cert, key), message in refused.items():
        with pytest.raises(CertificateUnusable, match=message) as caught:
            load(Files(certificate=cert, key=key))
        assert str(tmp_path.parent) in str(caught.value)


def test_a_key_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    """Whoever has it is the control plane to every agent."""
    pair = certificate(tmp_path)
    pair.key.chmod(0o644)
    with pytest.raises(CertificateUnusable, match="chmod 600"):
        load(files(pair))


def test_a_new_certificate_is_taken_up_and_a_bad_one_is_not(tmp_path: Path) -> None:
    """Certificates are renewed while the server runs; half a renewal must not end it."""
    pair = certificate(tmp_path / "a")
    found = Certificates(files(pair))
    before = found.current
    found.refresh()
    assert found.current is before
    newer = certificate(tmp_path / "b", "DNS:newer.example")
    shutil.copy(newer.certificate, pair.certificate)
    found.refresh()
    assert found.current is before
    shutil.copy(newer.key, pair.key)
    found.refresh()
    assert found.current.is_for("newer.example")


def test_a_server_with_a_bad_certificate_does_not_start(tmp_path: Path, pair: Pair) -> None:
    """With exit status 2 and one line."""
    missing = str(tmp_path / "none.key")
    process = start(tmp_path / "data", tls_cert=str(pair.certificate), tls_key=missing)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert errors == f"fairlead: {tmp_path}/none.key: No such file or directory\n"
    assert not (tmp_path / "data").exists()


def test_another_address_is_served_with_tls_and_tokens_only(tmp_path: Path, pair: Pair) -> None:
    """The port is then open to whoever can reach the machine."""
    with serving(tmp_path / "data", "0.0.0.0:0", **pair.options) as server:
        assert server.url.startswith("https://0.0.0.0:")
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        trust = ssl.create_default_context(cafile=str(pair.certificate))
        with httpx.Client(base_url=url, verify=trust, trust_env=False) as http:
            assert http.get("/healthz").text == "ok"
            assert http.get(f"{API}/trafficlanes").status_code == 401
            bearer = {"authorization": f"Bearer {server.token}"}
            assert http.get(f"{API}/trafficlanes", headers=bearer).status_code == 200
            foreign = http.get("/healthz", headers={"host": "evil.example"})
            assert foreign.status_code == 403
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{url}/healthz", trust_env=False)
        with pytest.raises(httpx.HTTPError):
            httpx.get(url.replace("https", "http") + "/healthz", trust_env=False)


def test_old_versions_of_tls_are_refused(tmp_path: Path, pair: Pair) -> None:
    """1.0 and 1.1 can be broken."""
    with serving(tmp_path / "data", **pair.options) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(pair.certificate)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
        with socket.create_connection((host, port), 5) as plain:
            plain.settimeout(5)
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(plain, server_hostname="localhost")


def test_a_running_server_takes_up_a_new_certificate(tmp_path: Path) -> None:
    """Without a restart, and without a broken connection."""
    pair, newer = certificate(tmp_path / "a"), certificate(tmp_path / "b")
    sooner = "import fairlead.control.app as app; app.LOOK_AGAIN = 0.05"
    with (
        serving(tmp_path / "data", before=sooner, **pair.options) as server,
        server.client() as http,
    ):
        assert http.get("/healthz").text == "ok"
        for old, new in ((pair.certificate, newer.certificate), (pair.key, newer.key)):
            draft = old.with_suffix(".draft")
            shutil.copy(new, draft)
            draft.replace(old)
        trust = ssl.create_default_context(cafile=str(newer.certificate))

        def renewed() -> bool:
            try:
                url = f"{server.url}/healthz"
                return httpx.get(url, verify=trust, trust_env=False).text == "ok"
            except httpx.ConnectError:
                return False

        until(renewed)
        assert http.get("/healthz").text == "ok"
