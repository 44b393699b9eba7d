"""What speaks HTTP by itself: x/net, gorilla; and by net/http: resty, websockets of coder."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h2.connection
import h2.events
import httpx
import pytest

from fairlead.policy.breaker import ERROR_COUNT, CircuitBreaker
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.lane import Lane
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Window
from scripts.servers.ports import free_port
from tests.golang.modules.building import build_of, told

GRAY = "x-opensergo-traffic=gray"
LABELS = (GRAY, "", GRAY)
HOUR = 3_600_000
CLIENTS = ("net-http", "h2c", "resty", "gorilla", "coder")

pytestmark = pytest.mark.timeout(900)  # the first one builds


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program."""
    return build_of("protocols", go, tmp_path_factory.mktemp("protocols")).program()


@contextmanager
def serving(program: Path, environment: dict[str, str]) -> Iterator[str]:
    """Serve; yields the address."""
    with subprocess.Popen([program], stdout=subprocess.PIPE, env=environment, text=True) as one:
        assert one.stdout is not None
        try:
            yield one.stdout.readline().strip()
        finally:
            one.kill()


@pytest.fixture(scope="module")
def orders(program: Path) -> Iterator[str]:
    """Return where an instance of app ``orders`` is, which nothing governs."""
    with serving(program, dict(os.environ)) as address:
        yield address


def front(program: Path, *addresses: str, **parts: Any) -> dict[str, str]:
    instances = tuple(Endpoint(address=one) for one in addresses)
    services = (Service(namespace="default", app="orders", endpoints=instances),)
    return told(program, services=services, lanes=(Lane(name="gray"),), **parts)


def by_h2c(address: str) -> httpx.Client:
    return httpx.Client(base_url=f"http://{address}", http1=False, http2=True, trust_env=False)


def labelled(label: str) -> dict[str, str]:
    return {"baggage": label} if label else {}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_finds_an_app_and_carries_the_lane(program: Path, orders: str, name: str) -> None:
    """Requests of one connection of h2c, each of which is on a lane of its own."""
    with serving(program, front(program, orders)) as address, by_h2c(address) as client:
        answers = [client.get(f"/call/{name}", headers=labelled(label)) for label in LABELS]
    assert [(one.http_version, one.text) for one in answers] == [("HTTP/2", one) for one in LABELS]


@pytest.mark.parametrize("name", CLIENTS)
def test_a_refused_connection_goes_on_to_the_next_instance(
    program: Path, orders: str, name: str
) -> None:
    gone = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    with serving(program, front(program, *gone, orders)) as address, by_h2c(address) as client:
        answers = [client.get(f"/call/{name}") for _ in range(5)]
    assert [one.text for one in answers] == [""] * 5
    assert {one.status_code for one in answers} == {200}


@pytest.mark.parametrize("name", CLIENTS)
def test_rules_for_calls_count_them(program: Path, orders: str, name: str) -> None:
    windows = (Window(threshold=2, window_ms=HOUR),)
    limit = RateLimit(rule="Rule/x", strategy="x", resource="call:orders", windows=windows)
    environment = front(program, orders, flow=(limit,))
    with serving(program, environment) as address, by_h2c(address) as client:
        answers = [client.get(f"/call/{name}") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 502]
    assert "call:orders is turned away by Rule/x (rate)" in answers[2].text


def test_rules_count_requests_of_h2c_and_not_its_connections(program: Path) -> None:
    """One is inside at a time, on two connections that stay open."""
    flow = (
        ConcurrencyLimit(rule="Inside/x", strategy="x", resource="GET:/echo", most=1),
        RateLimit(
            rule="Rule/x",
            strategy="x",
            resource="GET:/echo",
            windows=(Window(threshold=3, window_ms=HOUR),),
        ),
    )
    environment = told(program, flow=flow)
    with serving(program, environment) as at, by_h2c(at) as one, by_h2c(at) as other:
        statuses = [client.get("/echo").status_code for client in (one, other) * 2]
    assert statuses == [200, 200, 200, 429]


@pytest.mark.parametrize("path", ["/fails", "/panics"])
def test_a_breaker_sees_what_becomes_of_requests_of_h2c(program: Path, path: str) -> None:
    breaker = CircuitBreaker(
        rule="Breaker/x",
        strategy="x",
        resource=f"GET:{path}",
        strategy_kind=ERROR_COUNT,
        threshold=2,
        min_requests=1,
        window_ms=HOUR,
        recovery_ms=HOUR,
    )
    with serving(program, told(program, flow=(breaker,))) as address, by_h2c(address) as client:
        for _ in range(2):
            if path == "/fails":
                assert client.get(path).status_code == 500
            else:
                with pytest.raises(httpx.RemoteProtocolError):
                    client.get(path)
        assert client.get(path).status_code == 429


def test_a_connection_that_was_upgraded_is_not_kept_on_the_first_lane(
    program: Path, orders: str
) -> None:
    with serving(program, front(program, orders)) as address:
        assert upgraded(address, "/call/net-http", GRAY, "") == [GRAY, ""]


def upgraded(address: str, path: str, *labels: str) -> list[str]:
    """Upgrade a connection by a request, and send one more; return what was answered."""
    host, _, port = address.rpartition(":")
    connection = h2.connection.H2Connection()
    settings = connection.initiate_upgrade_connection()
    assert settings is not None
    head = [
        f"GET {path} HTTP/1.1",
        f"Host: {address}",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        f"HTTP2-Settings: {settings.decode()}",
        *[f"{name}: {value}" for name, value in labelled(labels[0]).items()],
    ]
    with socket.create_connection((host, int(port)), 10) as wire:
        wire.sendall("\r\n".join([*head, "", ""]).encode() + connection.data_to_send())
        received = b""
        while b"\r\n\r\n" not in received:
            received += wire.recv(65_536)
        answer, _, rest = received.partition(b"\r\n\r\n")
        assert b"101" in answer.splitlines()[0]
        found = [_body(wire, connection, 1, rest)]
        stream = connection.get_next_available_stream_id()
        pairs = [(":method", "GET"), (":scheme", "http"), (":authority", address), (":path", path)]
        connection.send_headers(stream, [*pairs, *labelled(labels[1]).items()], end_stream=True)
        wire.sendall(connection.data_to_send())
        return [*found, _body(wire, connection, stream, b"")]


def _body(
    wire: socket.socket, connection: h2.connection.H2Connection, stream: int, received: bytes
) -> str:
    body = b""
    while True:
        for event in connection.receive_data(received):
            if getattr(event, "stream_id", None) != stream:
                continue
            if isinstance(event, h2.events.DataReceived):
                body += event.data or b""
            if isinstance(event, h2.events.StreamEnded):
                return body.decode()
        wire.sendall(connection.data_to_send())
        received = wire.recv(65_536)
        assert received
