"""F22: one connection carries many requests, and none of them the lane of the one before it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LANES = ("gray", "base", "blue", "base", "gray", "base") * 5

APP = "tests.instruments.hooked_app"
UVICORN = ("uvicorn", f"{APP}:asgi", "--log-level", "error", "--fd", "{fd}")
GUNICORN = ("gunicorn", f"{APP}:wsgi", "--log-level", "error", "--bind", "fd://{fd}")
SERVERS = (
    (*UVICORN, "--http", "h11", "--loop", "asyncio"),
    (*UVICORN, "--http", "httptools", "--loop", "uvloop"),
    (*GUNICORN, "--threads", "2"),
    (*GUNICORN, "--worker-class", "gevent"),
    (*GUNICORN[:1], f"{APP}:asgi", *GUNICORN[2:], "-k", "uvicorn_worker.UvicornWorker"),
)


@contextmanager
def server(command: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Run `command` on a socket of ours: it takes connections before the server is there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        arguments = [argument.format(fd=listening.fileno()) for argument in command]
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=ROOT, pass_fds=[listening.fileno()]
        )
        try:
            yield listening.getsockname()
        finally:
            process.terminate()
            process.wait(10)


def ask(lane: str, path: str, *, last: bool) -> bytes:
    label = "" if lane == "base" else f"Baggage: x-opensergo-traffic={lane}\r\n"
    end = "Connection: close\r\n" if last else ""
    return f"GET /{path} HTTP/1.1\r\nHost: a\r\n{label}{end}\r\n".encode()


def bodies(answers: bytes) -> list[str]:
    return [part.partition(b"\r\n\r\n")[2].decode() for part in answers.split(b"HTTP/1.1 200 ")[1:]]


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("command", SERVERS, ids=lambda command: f"{command[0]} {command[-1]}")
def test_requests_of_one_connection_keep_apart(command: tuple[str, ...]) -> None:
    """Sent all at once: the next one is begun from inside the one before it."""
    with server(command) as address:
        for path in ("async", "sync"):
            with socket.create_connection(address, timeout=20) as connection:
                last = len(LANES) - 1
                requests = [ask(lane, path, last=i == last) for i, lane in enumerate(LANES)]
                connection.sendall(b"".join(requests))
                assert bodies(read_all(connection)) == list(LANES)


@pytest.mark.parametrize("command", SERVERS, ids=lambda command: f"{command[0]} {command[-1]}")
def test_requests_of_two_connections_keep_apart(command: tuple[str, ...]) -> None:
    """Kept alive and taking turns, as a pool of connections does."""
    with (
        server(command) as address,
        socket.create_connection(address, timeout=20) as first,
        socket.create_connection(address, timeout=20) as second,
    ):
        seen = []
        for index, lane in enumerate(LANES):
            connection = (first, second)[index % 2]
            connection.sendall(ask(lane, "sync", last=False))
            answer = b""
            while not answer.endswith(lane.encode()):
                part = connection.recv(65536)
                assert part, answer
                answer += part
            seen += bodies(answer)
    assert seen == list(LANES)
