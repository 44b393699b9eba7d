"""xDS with TLS: gRPC clients come in by what `fairlead bootstrap` prints, strangers do not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from fairlead.control.tls import CertificateUnusable, authorities
from tests.control.access.certificates import Pair, certificate
from tests.control.fleet import Agent, until
from tests.control.serving import serving, start
from tests.protocols.xds.caller import answering, started


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificate(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificate(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, shown: Pair, client: Pair) -> Any:
    data = tmp_path_factory.mktemp("tls") / "data"
    more = {"xds_tls": "127.0.0.1:0", "xds_client_ca": str(client.certificate), **shown.options}
    with serving(data, **more) as running:
        yield running


def state(server: Any) -> dict[str, Any]:
    with server.client() as http:
        found: dict[str, Any] = http.get("/fairlead/v1/xds").json()
    return found


def register(server: Any, address: str) -> None:
    port, more = int(address.rpartition(":")[2]), {"protocol": "grpc", "ca": server.ca}
    Agent(server.url, "default", "orders", port, **more).register()


def printed(port: int, authority: Path, shows: Pair | None) -> dict[str, Any]:
    words = ["--grpc", "--xds", f"127.0.0.1:{port}", "--xds-tls"]
    if shows is not None:
        words += ["--xds-cert", str(shows.certificate), "--xds-key", str(shows.key)]
    return bootstrap(options_parser().parse_args(words), {"FAIRLEAD_CA_FILE": str(authority)})


def test_who_shows_a_certificate_of_the_authority_is_served(
    server: Any, shown: Pair, client: Pair
) -> None:
    port = until(lambda: state(server).get("tlsPort"))
    with answering("one") as at:
        register(server, at["one"])
        with started(printed(port, shown.certificate, client)) as caller:
            assert until(lambda: caller.call("xds:///orders")["one"])
    assert "port" not in state(server), "nothing is spoken in the clear"


@pytest.mark.parametrize("who", ["nobody", "a stranger"])
def test_others_are_let_in_by_nobody(server: Any, shown: Pair, tmp_path: Path, who: str) -> None:
    """Neither without a certificate, nor with one that somebody else has signed."""
    port = until(lambda: state(server).get("tlsPort"))
    shows = certificate(tmp_path) if who == "a stranger" else None
    before = state(server)["requests"]

    with started(printed(port, shown.certificate, shows)) as caller:
        assert caller.call("xds:///orders").keys() <= {"UNAVAILABLE", "DEADLINE_EXCEEDED"}

    assert state(server)["requests"] == before


def test_authorities_that_cannot_be_read_are_named(tmp_path: Path, shown: Pair) -> None:
    """Before anything is served, with exit status 2."""
    empty = tmp_path / "ca.pem"
    empty.write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    with pytest.raises(CertificateUnusable, match="can be read"):
        authorities(empty)

    told = {"xds_tls": "127.0.0.1:0", "xds_client_ca": str(empty)}
    more: dict[str, Any] = {**told, **shown.options}
    process = start(tmp_path / "data", **more)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 2
    assert str(empty) in errors


def test_a_new_certificate_is_shown_to_who_comes_next(tmp_path: Path) -> None:
    """Without a restart, as over HTTP; the client believes the newer one alone."""
    pair, newer = certificate(tmp_path / "a"), certificate(tmp_path / "b")
    often = "import fairlead.control.app as app; app.LOOK_AGAIN = 0.05"
    with serving(tmp_path / "data", xds_tls="127.0.0.1:0", before=often, **pair.options) as running:
        port = until(lambda: state(running).get("tlsPort"))
        with answering("one") as at:
            register(running, at["one"])
            shutil.copy(newer.key, pair.key)
            shutil.copy(newer.certificate, pair.certificate)

            with started(printed(port, newer.certificate, None)) as caller:
                assert until(lambda: caller.call("xds:///orders")["one"], 20)
