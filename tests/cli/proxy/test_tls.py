"""A real Envoy asks with TLS, shows a certificate, and asks nothing more when calls go through."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from scripts.servers.ports import free_port
from tests.cli.proxy.following import NAMESPACE, Sidecar
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.envoy.upstream import Upstream
from tests.control.access.certificates import Pair, certificate
from tests.control.fleet import Agent, until
from tests.control.serving import Server, serving

ENVOY = os.environ.get("ENVOY", "")
pytestmark = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")
CALLS = 500


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pair, Pair]:
    """Return the pairs of the server and of a client."""
    folder = tmp_path_factory.mktemp("pairs")
    return certificate(folder / "server"), certificate(folder / "client")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, shown: tuple[Pair, Pair]) -> Iterator[Server]:
    own, client = shown
    authority = str(client.certificate)
    data = tmp_path_factory.mktemp("tls") / "data"
    with serving(data, xds_tls="127.0.0.1:0", xds_client_ca=authority, **own.options) as running:
        yield running


def state(server: Server) -> dict[str, Any]:
    with server.client() as http:
        found: dict[str, Any] = http.get("/fairlead/v1/xds").json()
    return found


def config(server: Server, capture: int, own: Pair, shows: Pair) -> dict[str, Any]:
    port = until(lambda: state(server).get("tlsPort"))
    words = ["--envoy", "--app", "cart", "--xds", f"127.0.0.1:{port}", "--xds-tls"]
    words += ["--namespace", NAMESPACE, "--admin", "127.0.0.1:0", "--capture", str(capture)]
    words += ["--xds-cert", str(shows.certificate), "--xds-key", str(shows.key)]
    environ = {"FAIRLEAD_CA_FILE": str(own.certificate)}
    return bootstrap(options_parser().parse_args(words), environ)


def test_it_follows_and_calls_ask_the_control_plane_for_nothing(
    server: Server, shown: tuple[Pair, Pair], tmp_path: Path
) -> None:
    capture = free_port()
    with Upstream(["one"]) as upstream, Envoy(ENVOY, config(server, capture, *shown), tmp_path):
        port, more = upstream.ports["one"], {"ca": server.ca}
        Agent(server.url, NAMESPACE, "orders", port, **more).register()
        calls = Sidecar(server, upstream, capture)
        until(lambda: calls.status("orders", "/") == 200)
        assert calls.refused() == []
        until(lambda: not unanswered(server))
        before = state(server)["requests"]

        with httpx.Client(trust_env=False, headers={"host": "orders"}) as http:
            url = f"http://127.0.0.1:{capture}/"
            answers = {http.get(url).status_code for _ in range(CALLS)}

        assert answers == {200}
        assert state(server)["requests"] == before, "of xDS, of all kinds together"


def unanswered(server: Server) -> bool:
    """Say whether something may still come without a call: two looks differ."""
    first = state(server)["requests"]
    try:
        until(lambda: state(server)["requests"] != first, 0.5)
    except AssertionError:
        return False
    return True
