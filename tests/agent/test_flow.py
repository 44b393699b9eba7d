"""Flow governance on real servers: places are given back, and breakers open and close."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from select import select
from threading import Thread
from time import monotonic

import pytest

from fairlead.policy.breaker import ERROR_RATIO, SLOW_RATIO
from fairlead.policy.encode import seal
from fairlead.policy.limit import Param
from fairlead.policy.rule import Rule
from tests.agent.program import Launcher, Program
from tests.agent.test_servers import port as port  # noqa: PLC0414 - a fixture
from tests.agent.wire import WireServer, snapshot, until
from tests.instruments.gates import (
    QUEUED,
    REDIRECT,
    UNAVAILABLE,
    breaker,
    cap,
    flow,
    hot,
    rate,
    throttle,
)

APP = """
import asyncio, time
from pathlib import Path
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse
from flask import Flask, Response as FlaskResponse

asgi, wsgi, here = FastAPI(), Flask("wsgi"), Path(__file__).parent

def condition():
    if (here / "slow").exists():
        time.sleep(0.7)
    return 503 if (here / "down").exists() else 200

@asgi.get("/work")
def work():
    return Response("worked", condition())

@wsgi.get("/work")
def wsgi_work():
    return "worked", condition()

@asgi.get("/items/{sku}")
async def item(sku: str):
    return sku

@wsgi.get("/items/<sku>")
def wsgi_item(sku):
    return sku

@asgi.get("/stream")
async def stream():
    async def steps():
        while True:
            yield "step"
            await asyncio.sleep(0.02)
    return StreamingResponse(steps())

@wsgi.get("/stream")
def wsgi_stream():
    def steps():
        while True:
            yield "step"
            time.sleep(0.02)
    return FlaskResponse(steps())
"""

BIN = Path(sys.executable).parent
UVICORN = ("uvicorn", "app:asgi", "--port", "{port}")
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "app:wsgi")
SERVERS = {
    "uvicorn-h11": (*UVICORN, "--http", "h11"),
    "uvicorn-httptools": (*UVICORN, "--http", "httptools"),
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:{port}", "-w", "0", "app:asgi"),
    "granian": ("granian", "--port", "{port}", "--interface", "asgi", "app:asgi"),
    "gunicorn-threads": (*GUNICORN, "--threads", "4"),
    "gunicorn-gevent": (*GUNICORN, "-k", "gevent"),
    "flask": ("flask", "--app", "app:wsgi", "run", "--port", "{port}"),
}


class Service:
    """One server that enforces rules, and what it answers."""

    def __init__(self, name: str, launch: Launcher, wire: WireServer, port: int) -> None:
        self.port = port
        self.folder = launch.folder
        (self.folder / "app.py").write_text(APP)
        self._wire = wire
        self._revision = 0
        words = [word.format(port=port) for word in SERVERS[name]]
        self._begin = lambda: launch.command(
            [str(BIN / words[0]), *words[1:]],
            PYTHONPATH=str(self.folder),
            PATH=f"{BIN}:{os.environ['PATH']}",
        )
        self._program: Program | None = None

    def start(self, *rules: Rule) -> None:
        """Begin to serve, with `rules` in force."""
        self.enforce(*rules)
        self._program = self._begin()
        until(lambda: len(self._wire.nodes) == 1)

    def enforce(self, *rules: Rule) -> None:
        """Have `rules` be in force soon."""
        self._revision += 1
        self._wire.publish(seal(replace(snapshot(self._revision), flow=flow(*rules))))

    def stop(self) -> None:
        """End it as an operator does: a server that is killed leaves its workers behind."""
        if self._program is not None:
            self._program.end(signal.SIGTERM)

    def open(
        self, path: str, headers: dict[str, str] | None = None, peer: str = "127.0.0.1"
    ) -> tuple[HTTPConnection, HTTPResponse]:
        """Ask from the address `peer`, and return before the body has been read."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(peer, 0))
        connection.request("GET", path, headers=headers or {})
        return connection, connection.getresponse()

    def ask(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Return status and body of an answer."""
        connection, response = self.open(path, headers)
        body = response.read(4) if path == "/stream" and response.status == 200 else response.read()
        hang_up(connection, response)
        return response.status, body.decode()

    def status(self, path: str = "/work", headers: dict[str, str] | None = None) -> int:
        """Return the status of an answer; of a stream, whose client then hangs up."""
        return self.ask(path, headers)[0]

    def turned_away(self) -> bool:
        """Tell whether there is an answer soon, which is a rejection: others have to wait."""
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.sendall(b"GET /work HTTP/1.1\r\nHost: a\r\n\r\n")
            return bool(select([client], [], [], 1.0)[0])

    def become(self, condition: str) -> None:
        """Be ``slow`` or ``down`` from now on."""
        (self.folder / condition).touch()

    def recover(self, condition: str) -> None:
        """Be so no longer."""
        (self.folder / condition).unlink()


def hang_up(connection: HTTPConnection, response: HTTPResponse) -> None:
    """Close a connection, whatever is still to come on it."""
    with suppress(OSError, HTTPException):
        response.close()
    connection.close()


@pytest.fixture
def service(
    request: pytest.FixtureRequest, launch: Launcher, wire: WireServer, port: int
) -> Iterator[Service]:
    service = Service(request.param, launch, wire, port)
    yield service
    service.stop()


on = pytest.mark.parametrize("service", SERVERS, indirect=True)


@on
def test_a_client_that_hangs_up_on_a_stream_gives_its_place_back(service: Service) -> None:
    """S2-17. Each server finds it out in its own way; none may keep the place."""
    service.start(cap("/stream", 1))
    first = service.open("/stream")
    assert first[1].read(4) == b"step"
    assert service.ask("/stream") == (429, "overloaded: GET:/stream")
    assert service.status("/work") == 200
    hang_up(*first)
    for _ in range(3):
        until(lambda: service.status("/stream") == 200)


@pytest.mark.parametrize("service", ["uvicorn-httptools", "gunicorn-threads"], indirect=True)
@pytest.mark.parametrize(
    ("condition", "kind", "bad"), [("down", ERROR_RATIO, 503), ("slow", SLOW_RATIO, 200)]
)
def test_a_breaker_opens_tries_again_and_closes(
    service: Service, condition: str, kind: str, bad: int
) -> None:
    """S2-18, S2-19: half of the calls are bad; a probe that is bad opens it again."""
    rule = breaker(
        "/work",
        strategy_kind=kind,
        threshold=0.5,
        min_requests=4,
        slow_ms=500,
        window_ms=60_000,
        recovery_ms=600,
    )
    service.start(rule)
    assert [service.status() for _ in range(2)] == [200, 200]
    service.become(condition)
    assert [service.status() for _ in range(2)] == [bad, bad]
    # A client has its answer a moment before the server knows that it is sent.
    until(lambda: service.ask("/work") == (429, "circuit open: GET:/work"))

    seen: list[int] = []

    def tried_again() -> bool:
        seen.append(service.status())
        return seen[-1] == bad

    until(tried_again)
    assert set(seen[:-1]) <= {429}
    assert service.status() == 429

    service.recover(condition)
    until(lambda: [service.status() for _ in range(5)] == [200] * 5)


PLACES = {
    "header": (
        Param(source="header", name="X-Tenant"),
        lambda value: ("/items/1", {"x-tenant": value}),
    ),
    "query": (Param(source="query", name="sku"), lambda value: (f"/items/1?sku={value}", {})),
    "cookie": (
        Param(source="cookie", name="user"),
        lambda value: ("/items/1", {"cookie": f"user={value}"}),
    ),
    "path": (Param(source="path", name="sku"), lambda value: (f"/items/{value}", {})),
}


@pytest.mark.parametrize("service", ["uvicorn-httptools", "gunicorn-threads"], indirect=True)
def test_each_value_of_a_part_of_a_request_is_limited_by_itself(service: Service) -> None:
    """S2-20: wherever in a request it is; who has none is not limited."""
    service.start()
    for place, (param, request) in PLACES.items():
        service.enforce(hot("/items/{sku}", "", param=param, strategy=place, threshold=2))
        path, headers = request("hot")
        until(lambda: service.status(path, headers) == 429)  # noqa: B023
        for value in ("cold", "colder"):
            path, headers = request(value)
            assert [service.status(path, headers) for _ in range(3)] == [200, 200, 429]
        if place != "path":
            assert [service.status("/items/1") for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("service", ["uvicorn-httptools", "gunicorn-threads"], indirect=True)
def test_a_client_is_the_peer_of_its_socket_whatever_it_says(service: Service) -> None:
    """A header that anybody can write is no address, unless the server is told whom to believe."""
    service.start(hot("/items/{sku}", "client-ip"))
    found = []
    for peer, forged in (("127.0.0.2", "10.0.0.1"), ("127.0.0.2", "10.0.0.2"), ("127.0.0.3", "")):
        connection, response = service.open("/items/1", {"x-forwarded-for": forged}, peer)
        found.append(response.status)
        hang_up(connection, response)
    assert found == [200, 429, 200]


@pytest.mark.parametrize("service", ["uvicorn-h11", "gunicorn-threads", "flask"], indirect=True)
def test_what_the_rejected_get_is_sent_as_it_is_written(service: Service) -> None:
    """S2-21: elsewhere, another status, a word about the queue."""
    service.start(rate("/items/{sku}", 0, fallback=REDIRECT))
    connection, response = service.open("/items/1")
    assert (response.status, response.getheader("location")) == (302, "https://shop.example/busy")
    hang_up(connection, response)
    service.enforce(rate("/items/{sku}", 0, fallback=UNAVAILABLE))
    until(lambda: service.ask("/items/1") == (503, '{"error": "busy"}'))
    service.enforce(rate("/items/{sku}", 0, fallback=QUEUED))
    until(lambda: service.status("/items/1") == 429)
    connection, response = service.open("/items/1")
    seconds = response.getheader("retry-after")
    assert response.read().decode() == f"come back in {seconds} s"
    hang_up(connection, response)


@pytest.mark.parametrize(
    "service", ["uvicorn-h11", "gunicorn-threads", "gunicorn-gevent"], indirect=True
)
def test_requests_that_are_paced_stand_in_line(service: Service) -> None:
    """None is lost, none comes early, and who would wait too long is told so."""
    service.start(throttle("/work", 150, 1000))
    ended: list[tuple[int, float]] = []

    def ask() -> None:
        ended.append((service.status(), monotonic()))

    begun = monotonic()
    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [status for status, _ in ended] == [200] * 4
    assert max(time for _, time in ended) - begun >= 0.45
    service.enforce(throttle("/work", 3_600_000, 10, strategy="slower"))
    until(lambda: service.status() == 429)


@pytest.mark.parametrize(
    "service", ["uvicorn-h11", "uvicorn-httptools", "hypercorn"], indirect=True
)
def test_who_hangs_up_in_the_line_gives_their_turn_back(service: Service) -> None:
    """The server tells the application where it would read the body."""
    service.start(throttle("/work", 1_800_000, 7_200_000), cap("/work", 1))
    assert service.status() == 200
    waiting = socket.create_connection(("127.0.0.1", service.port))
    waiting.sendall(b"GET /work HTTP/1.1\r\nHost: a\r\n\r\n")
    until(service.turned_away)
    waiting.close()
    until(lambda: not service.turned_away())
