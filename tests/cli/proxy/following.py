"""A control plane, applications, and a real Envoy that follows."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from scripts.servers.ports import free_port
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.envoy.upstream import Upstream
from tests.control.fleet import Agent, until
from tests.control.serving import Server, serving

ENVOY = os.environ.get("ENVOY", "")
NAMESPACE = "shop"
ISTIO = "networking.istio.io/v1"
BLUE = "user=ada,x-opensergo-traffic=blue"
GREEN = "x-opensergo-traffic=green"
"""A lane that no rule has another label for."""


class Sidecar:
    """Applications behind a control plane, and an Envoy that calls them."""

    def __init__(self, server: Server, upstream: Upstream, port: int) -> None:
        self.server, self.upstream, self.port = server, upstream, port
        self._asked = 0

    def register(self, app: str, name: str, **more: Any) -> Agent:
        """Have the instance `name` of an app register."""
        agent = Agent(self.server.url, NAMESPACE, app, self.upstream.ports[name], **more)
        agent.register()
        return agent

    def reached(
        self, host: str, times: int = 1, baggage: str = "", path: str = "/"
    ) -> Counter[str]:
        """Call an app through Envoy; return which instances were reached."""
        found: Counter[str] = Counter()
        for _ in range(times):
            self._asked += 1
            script = f'{{"id": "{self.port}-{self._asked}"}}'
            sent = {"host": host, "x-judge-script": script, "baggage": baggage}
            httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=sent, trust_env=False)
            found.update(seen.cluster for seen in self.upstream.seen(f"{self.port}-{self._asked}"))
        return found

    def status(self, host: str, path: str) -> int:
        """Return what a call of an app is answered with."""
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.get(url, headers={"host": host}, trust_env=False).status_code

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
    folder: Path = tmp_path_factory.mktemp("mesh")
    with (
        serving(folder / "data", xds="127.0.0.1:0") as server,
        Upstream(["base", "second", "blue", "late"]) as upstream,
    ):
        words = ["--envoy", "--app", "cart", "--xds", f"127.0.0.1:{xds_port(server)}"]
        words += ["--namespace", NAMESPACE, "--admin", "127.0.0.1:0", "--capture", str(capture)]
        options: argparse.Namespace = options_parser().parse_args(words)
        with Envoy(ENVOY, bootstrap(options, {}), folder):
            yield Sidecar(server, upstream, capture)


def rules(
    server: Server,
    kind: str,
    name: str,
    spec: dict[str, Any],
    version: str = "gateway.networking.k8s.io/v1",
) -> None:
    """Have the control plane keep an object, by default one of the Gateway API."""
    plain = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}
    path = f"/apis/{version}/namespaces/{NAMESPACE}/{kind.lower()}s"
    with server.client() as http:
        if http.get(f"{path}/{name}").is_success:
            merge = {"content-type": "application/merge-patch+json"}
            content = json.dumps({"spec": spec})
            http.patch(f"{path}/{name}", content=content, headers=merge).raise_for_status()
        else:
            http.post(path, json=plain).raise_for_status()
