"""Limits on real servers: a rejection is an answer like any other on its connection."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fairlead.policy.encode import seal
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit, Window
from tests.agent.program import Launcher
from tests.agent.test_servers import port as port  # noqa: PLC0414 - a fixture
from tests.agent.wire import WireServer, snapshot, until

APP = """
from fastapi import FastAPI, Request
from flask import Flask

asgi, wsgi = FastAPI(), Flask("wsgi")

@asgi.api_route("/free", methods=["GET", "POST"])
@wsgi.route("/free", methods=["GET", "POST"])
def free():
    return "free"

@asgi.api_route("/closed", methods=["GET", "HEAD"])
@wsgi.get("/closed")
def closed():
    return "closed"

@asgi.post("/closed")
async def upload(request: Request):
    return len(await request.body())

@wsgi.post("/closed")
def read():
    from flask import request
    return str(len(request.data))

def served(words):
    from aiohttp import web
    async def answer(request):
        return web.Response(text=request.path[1:])
    async def counted(request):
        return web.Response(text=str(len(await request.read())))
    app = web.Application()
    app.add_routes([web.route("*", "/free", answer), web.get("/closed", answer)])
    app.add_routes([web.post("/closed", counted)])
    return app
"""

BIN = Path(sys.executable).parent
UVICORN = ("uvicorn", "app:asgi", "--port", "{port}")
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--access-logfile", "-", "app:wsgi")
SERVERS = {
    "uvicorn-h11": (*UVICORN, "--http", "h11"),
    "uvicorn-httptools": (*UVICORN, "--http", "httptools"),
    "gunicorn-sync": GUNICORN,
    "gunicorn-threads": (*GUNICORN, "--threads", "2"),
    "gunicorn-gevent": (*GUNICORN, "-k", "gevent"),
    "flask": ("flask", "--app", "app:wsgi", "run", "--port", "{port}"),
    "aiohttp": ("python", "-m", "aiohttp.web", "-H", "127.0.0.1", "-P", "{port}", "app:served"),
}

ASKED = (("GET", "/closed"), ("HEAD", "/closed"), ("GET", "/free"), ("GET", "/closed"))

HIDDEN = b"GET /free HTTP/1.1\r\nHost: hidden\r\n\r\n"
LARGE = HIDDEN * 6000


def closed(threshold: float = 0) -> RateLimit:
    return RateLimit(
        rule="FaultToleranceRule/r",
        strategy="RateLimitStrategy/s",
        resource="/closed",
        windows=(Window(threshold=threshold, window_ms=3_600_000),),
        fallback=Fallback(headers=(("X-Queue", "7"),), body="you are in the queue"),
    )


class Client:
    """One connection; reads answers by their length, as any client does."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 20)
        self._file = self._socket.makefile("rb")

    def send(self, head: str, body: bytes = b"") -> None:
        try:
            lines = head.replace("\n", "\r\n")
            self._socket.sendall(f"{lines}\r\n\r\n".encode() + body)
        except OSError:
            return  # a server may hang up on a body that nobody reads

    def answer(self, *, head: bool = False) -> tuple[int, dict[str, str], bytes] | None:
        """Return the next answer, None where the server has hung up."""
        try:
            line = self._file.readline()
        except OSError:
            return None
        if not line:
            return None
        headers = {}
        while (field := self._file.readline().strip()) != b"":
            name, _, value = field.decode().partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if head else int(headers.get("content-length", 0))
        return int(line.split()[1]), headers, self._file.read(length)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.mark.parametrize("name", SERVERS)
def test_a_rejection_is_an_answer_like_any_other(
    name: str, launch: Launcher, wire: WireServer, port: int
) -> None:
    """One server for all of it: what goes out on a connection, what is logged, when it ends."""
    (launch.folder / "app.py").write_text(APP)
    wire.publish(seal(replace(snapshot(1), flow=FlowRules(rate_limits=(closed(),)))))
    words = [word.format(port=port) for word in SERVERS[name]]
    program = launch.command(
        [str(BIN / words[0]), *words[1:]],
        PYTHONPATH=str(launch.folder),
        PATH=f"{BIN}:{os.environ['PATH']}",
        PYTHONUNBUFFERED="1",
    )
    until(lambda: len(wire.nodes) == 1)

    the_connection_goes_on(port)
    a_body_that_nobody_reads_is_no_next_request(name, port, chunked=False)
    if name != "flask":  # werkzeug's development server gives chunked bodies to nobody
        a_body_that_nobody_reads_is_no_next_request(name, port, chunked=True)
    who_waits_to_be_told_to_go_on_is_told_no(port)
    wire.publish(snapshot(2))
    until(lambda: status(port) == 200)
    wire.publish(seal(replace(snapshot(3), flow=FlowRules(rate_limits=(closed(1),)))))
    until(lambda: status(port) == 429)

    program.end(signal.SIGTERM)
    lines = "".join(iter(program.line, "")) + program.errors
    # werkzeug's is in colours.
    assert re.search(r'GET /closed HTTP/1.1\S*" 429', lines)


def the_connection_goes_on(port: int) -> None:
    """HEAD has no body and GET has one: a client that counts otherwise reads the next one's."""
    client = Client(port)
    for method, path in ASKED:
        client.send(f"{method} {path} HTTP/1.1\nHost: a")
        answer = client.answer(head=method == "HEAD")
        assert answer is not None
        status, headers, body = answer
        assert status == (200 if path == "/free" else 429)
        if path == "/closed":
            assert (headers["x-queue"], headers["content-length"]) == ("7", "20")
            assert body == (b"" if method == "HEAD" else b"you are in the queue")
        if headers.get("connection", "").lower() == "close":
            client.close()
            client = Client(port)
    client.close()


def a_body_that_nobody_reads_is_no_next_request(name: str, port: int, *, chunked: bool) -> None:
    """What a rejected client uploads must never be taken for requests of its own."""
    client = Client(port)
    body = LARGE
    head = f"POST /closed HTTP/1.1\nHost: a\nContent-Length: {len(LARGE)}"
    if chunked:
        head = "POST /closed HTTP/1.1\nHost: a\nTransfer-Encoding: chunked"
        body = f"{len(LARGE):x}\r\n".encode() + LARGE + b"\r\n0\r\n\r\n"
    client.send(head, body)
    if name != "flask":  # it closes every connection, and would wait for us to do so as well
        client.send("GET /free HTTP/1.1\nHost: a\nConnection: close")
    found = []
    while (answer := client.answer()) is not None:
        found.append(answer[0])
        if answer[1].get("connection", "").lower() == "close":
            break
    client.close()
    # A server either reads the body away and goes on, or hangs up; never a third answer.
    assert found == [429, 200] if name.startswith("uvicorn") else found in ([429, 200], [429], [])


def who_waits_to_be_told_to_go_on_is_told_no(port: int) -> None:
    """Expect: 100-continue is there so that a rejected body is never sent."""
    client = Client(port)
    client.send("POST /closed HTTP/1.1\nHost: a\nContent-Length: 1000\nExpect: 100-continue")
    answer = client.answer()
    while answer is not None and answer[0] == 100:  # some servers say it before they ask the app
        answer = client.answer()
    assert answer is not None
    assert answer[0] == 429
    client.close()


def status(port: int) -> int:
    """Return what ``/closed`` answers now."""
    client = Client(port)
    client.send("GET /closed HTTP/1.1\nHost: a\nConnection: close")
    answer = client.answer()
    client.close()
    return answer[0] if answer else 0


ODD = """
from fastapi import FastAPI

class Odd(FastAPI):
    @property
    def routes(self):
        raise RuntimeError("not today")

asgi = Odd()
"""


def test_routes_that_cannot_be_told_cost_no_registration(
    launch: Launcher, wire: WireServer, port: int
) -> None:
    """They are a stranger's; an instance that gives up its lease for them serves nobody."""
    (launch.folder / "app.py").write_text(ODD)
    wire.publish(seal(replace(snapshot(1), flow=FlowRules(rate_limits=(closed(),)))))
    wire.renew = 0.05
    words = [word.format(port=port) for word in UVICORN]
    launch.command([str(BIN / words[0]), *words[1:]], PYTHONPATH=str(launch.folder))
    until(lambda: len(wire.registrations) > 2)
    assert wire.registrations[-1]["counters"]["agent_faults"] == {"interfaces": 2}
