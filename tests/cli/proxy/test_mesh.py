"""A real Envoy that `fairlead bootstrap` wrote for follows our control plane."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from tests.cli.proxy.test_gateway import free_port
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.envoy.upstream import Upstream
from tests.control.fleet import Agent, until
from tests.control.serving import Server, serving

ENVOY = os.environ.get("ENVOY", "")
NAMESPACE = "shop"
BLUE = "user=ada,x-opensergo-traffic=blue"

pytestmark = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")


class Sidecar:
    """Applications behind a control plane, and an Envoy that calls them."""

    def __init__(self, server: Server, upstream: Upstream, port: int) -> None:
        self.server, self._upstream, self._port = server, upstream, port
        self._asked = 0

    def register(self, app: str, name: str, **more: Any) -> Agent:
        """Have the instance `name` of an app register."""
        agent = Agent(self.server.url, NAMESPACE, app, self._upstream.ports[name], **more)
        agent.register()
        return agent

    def reached(self, host: str, times: int = 1, baggage: str = "") -> Counter[str]:
        """Call an app through Envoy; return which instances were reached."""
        found: Counter[str] = Counter()
        for _ in range(times):
            self._asked += 1
            script = f'{{"id": "{self._asked}"}}'
            sent = {"host": host, "x-judge-script": script, "baggage": baggage}
            httpx.get(f"http://127.0.0.1:{self._port}/", headers=sent, trust_env=False)
            found.update(seen.cluster for seen in self._upstream.seen(str(self._asked)))
        return found

    def refused(self) -> list[Any]:
        """Return what the control plane's clients refuse."""
        with self.server.client() as http:
            clients = http.get("/fairlead/v1/xds").json()["clients"]
        return [refusal for client in clients for refusal in client["refused"]]


def xds_port(server: Server) -> int:
    """Return where xDS is answered."""

    def port() -> Any:
        with server.client() as http:
            return http.get("/fairlead/v1/xds").json()["port"]

    return int(until(port))


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Run all of it."""
    capture = free_port()
    before = f'import fairlead.control.mesh; fairlead.control.mesh.CAPTURE = "127.0.0.1:{capture}"'
    folder: Path = tmp_path_factory.mktemp("mesh")
    with (
        serving(folder / "data", xds="127.0.0.1:0", before=before) as server,
        Upstream(["base", "second", "blue", "late"]) as upstream,
    ):
        words = ["--envoy", "--app", "cart", "--xds", f"127.0.0.1:{xds_port(server)}"]
        words += ["--namespace", NAMESPACE, "--admin", "127.0.0.1:0"]
        options: argparse.Namespace = options_parser().parse_args(words)
        with Envoy(ENVOY, bootstrap(options, {}), folder):
            yield Sidecar(server, upstream, capture)


def test_a_lane_is_followed_and_base_serves_what_has_none(sidecar: Sidecar):
    """The label travels in the baggage, as with the agent."""
    sidecar.register("orders", "base")
    sidecar.register("orders", "blue", lane="blue")
    until(lambda: sidecar.reached("orders")["base"])
    until(lambda: sidecar.reached("orders", baggage=BLUE)["blue"])

    assert sidecar.reached("orders", 20) == {"base": 20}
    assert sidecar.reached("orders.shop", 20, baggage=BLUE) == {"blue": 20}
    assert sidecar.refused() == []


def test_instances_that_come_and_go_are_followed(sidecar: Sidecar):
    """Nobody restarts an Envoy for it."""
    sidecar.register("stock", "second")
    until(lambda: sidecar.reached("stock")["second"])

    late = sidecar.register("stock", "late")
    until(lambda: sidecar.reached("stock", 4)["late"])
    late.leave()
    until(lambda: sidecar.reached("stock", 10) == {"second": 10})

    assert sidecar.refused() == []
