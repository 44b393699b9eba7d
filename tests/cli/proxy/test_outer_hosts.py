"""A real Envoy calls hosts that are no apps, knows what a Sidecar names, and asks for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from scripts.servers.ports import free_port
from tests.cli.proxy.following import ENVOY, ISTIO, NAMESPACE, Sidecar, xds_port
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.envoy.upstream import Upstream
from tests.control.fleet import until
from tests.control.serving import Server, serving

pytestmark = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")


@contextmanager
def started(folder: Path, server: Server, app: str) -> Iterator[tuple[int, Envoy]]:
    """Run an Envoy beside an app; yield the port that it captures calls at, and itself."""
    capture = free_port()
    folder.mkdir()
    words = ["--envoy", "--app", app, "--xds", f"127.0.0.1:{xds_port(server)}"]
    words += ["--namespace", NAMESPACE, "--admin", "127.0.0.1:0", "--capture", str(capture)]
    with Envoy(ENVOY, bootstrap(options_parser().parse_args(words), {}), folder) as envoy:
        yield capture, envoy


def plural(kind: str) -> str:
    """Return it as paths have it."""
    return f"{kind[:-1].lower()}ies" if kind.endswith("y") else f"{kind.lower()}s"


def put(server: Server, kind: str, name: str, spec: dict[str, Any]) -> None:
    """Have the control plane keep an object of Istio's."""
    plain = {"apiVersion": ISTIO, "kind": kind, "metadata": {"name": name}, "spec": spec}
    with server.client() as http:
        http.post(
            f"/apis/{ISTIO}/namespaces/{NAMESPACE}/{plural(kind)}", json=plain
        ).raise_for_status()


def status(port: int, host: str, path: str = "/") -> int:
    """Return the status of a call of a host."""
    try:
        answer = httpx.get(
            f"http://127.0.0.1:{port}{path}", headers={"host": host}, trust_env=False, timeout=10
        )
    except httpx.TransportError:
        return 0
    return answer.status_code


def clusters(envoy: Envoy) -> set[str]:
    """Return the names of the clusters that an Envoy has."""
    answer = httpx.get(f"{envoy.admin}/clusters?format=json", trust_env=False).json()
    return {one["name"] for one in answer.get("cluster_statuses", ())}


def pushed(envoy: Envoy) -> int:
    """Return the bytes of what an Envoy was pushed, as it keeps them."""
    return len(httpx.get(f"{envoy.admin}/config_dump?include_eds", trust_env=False).content)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """Run what is called."""
    with Upstream(["base", "second", "third"]) as found:
        yield found


@pytest.fixture
def sidecar(tmp_path: Path, upstream: Upstream) -> Iterator[Sidecar]:
    """Run a control plane and an Envoy beside cart."""
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path / "data", xds="127.0.0.1:0"))
        port, _ = stack.enter_context(started(tmp_path / "envoy", server, "cart"))
        yield Sidecar(server, upstream, port)


def test_hosts_that_are_listed_or_looked_up_are_called(sidecar: Sidecar, upstream: Upstream):
    """By weight, by subset, by port, and by the name of an instance."""
    ports = upstream.ports
    put(
        sidecar.server,
        "ServiceEntry",
        "bank",
        {
            "hosts": ["api.bank.example"],
            "ports": [
                {"number": 80, "name": "http", "protocol": "HTTP"},
                {"number": 8080, "name": "other", "protocol": "HTTP"},
            ],
            "resolution": "STATIC",
            "endpoints": [
                {
                    "address": "127.0.0.1",
                    "ports": {"http": ports["base"], "other": ports["third"]},
                    "labels": {"version": "v1"},
                    "weight": 3,
                },
                {
                    "address": "127.0.0.1",
                    "ports": {"http": ports["second"], "other": ports["third"]},
                    "labels": {"version": "v2"},
                    "weight": 1,
                },
            ],
        },
    )
    put(
        sidecar.server,
        "ServiceEntry",
        "dns",
        {
            "hosts": ["looked.up.example"],
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
            "resolution": "DNS",
            "endpoints": [{"address": "localhost", "ports": {"http": ports["third"]}}],
        },
    )
    until(lambda: sidecar.reached("api.bank.example").total())
    until(lambda: sidecar.reached("looked.up.example")["third"])

    found = sidecar.reached("api.bank.example", 400)
    assert found.keys() == {"base", "second"}
    assert 66 <= found["second"] <= 134  # 100 expected, 4 standard deviations are 35
    assert sidecar.reached("api.bank.example:8080", 5) == {"third": 5}

    subset = {"host": "api.bank.example", "subset": "new"}
    put(
        sidecar.server,
        "DestinationRule",
        "bank",
        {
            "host": "api.bank.example",
            "subsets": [{"name": "new", "labels": {"version": "v2"}}],
        },
    )
    put(
        sidecar.server,
        "VirtualService",
        "bank",
        {"hosts": ["api.bank.example"], "http": [{"route": [{"destination": subset}]}]},
    )
    until(lambda: sidecar.reached("api.bank.example", 10) == {"second": 10})
    assert sidecar.refused() == []


def test_a_sidecar_leaves_what_it_names_and_refuses_the_rest(sidecar: Sidecar):
    """As Istio's does; with 502."""
    sidecar.register("orders", "base")
    sidecar.register("stock", "second")
    until(lambda: sidecar.reached("orders")["base"] and sidecar.reached("stock")["second"])
    put(
        sidecar.server,
        "Sidecar",
        "default",
        {
            "egress": [{"hosts": ["./orders.shop.svc.cluster.local"]}],
            "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
        },
    )
    until(lambda: status(sidecar.port, "stock") == 502)

    assert sidecar.reached("orders", 5) == {"base": 5}
    assert sidecar.refused() == []


def test_instances_come_when_they_are_called_and_at_once_where_others_called_them(
    tmp_path: Path, upstream: Upstream
):
    """Nobody is pushed the instances of a thousand apps to call two of them."""
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path / "d", xds="127.0.0.1:0", xds_prune=True))
        port, envoy = stack.enter_context(started(tmp_path / "one", server, "cart"))
        caller = Sidecar(server, upstream, port)
        caller.register("orders", "base")
        stock = caller.register("stock", "second")
        until(lambda: caller.reached("orders")["base"])

        name = "outbound|80||{}.shop.svc.cluster.local"
        assert name.format("orders") in clusters(envoy)
        assert name.format("stock") not in clusters(envoy)
        assert caller.reached("stock", 20) == {"second": 20}, "the first call waits, and is served"
        caller.register("stock", "third")
        until(lambda: caller.reached("stock", 4)["third"])
        stock.leave()
        until(lambda: caller.reached("stock", 10) == {"third": 10})

        def there() -> bool:
            with started(tmp_path / f"n{free_port()}", server, "cart") as (_, other):
                return name.format("stock") in clusters(other)

        until(there, 30)
        _, stranger = stack.enter_context(started(tmp_path / "two", server, "front"))
        assert name.format("stock") not in clusters(stranger)
        assert caller.refused() == []
