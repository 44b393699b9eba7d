"""A real HTTP server on loopback that says what reached it, for clients to call."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


@dataclass
class Backend:
    """One instance: its name, its address, and the requests it has seen."""

    name: str
    address: str
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    drop_next: int = 0
    """Close this many requests' connections instead of answering them."""
    gate: Event = field(default_factory=Event)
    """What ``/wait`` waits for."""

    @property
    def last(self) -> Seen:
        return self.seen[-1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.backend.connections += 1
        self.number = self.server.backend.connections

    def _respond(self) -> None:
        backend = self.server.backend
        body = self._body()
        backend.seen.append(
            Seen(self.command, self.path, list(self.headers.items()), body, self.number)
        )
        if backend.drop_next:
            backend.drop_next -= 1
            self.close_connection = True
            return
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        match url.path:
            case "/redirect":
                self._send(int(query.get("status", "302")), b"", {"Location": query["to"]})
            case "/cookie":
                self._send(200, backend.name.encode(), {"Set-Cookie": "c=1; Path=/"})
            case "/stream":
                self._stream()
            case "/wait":
                backend.gate.wait(10)
                self._send(200, backend.name.encode())
            case "/fail":
                self._send(503, backend.name.encode())
            case _:
                self._send(200, backend.name.encode())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for index in range(5):
            part = f"{self.server.backend.name}-{index};".encode()
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = _respond  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    backend: Backend

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


@contextmanager
def backend(name: str) -> Iterator[Backend]:
    """Run an instance called `name` on a free port."""
    server = Server(("127.0.0.1", 0), Handler)
    server.backend = Backend(name, f"127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.backend
    finally:
        server.backend.gate.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def closed_port() -> Iterator[str]:
    """Hold an address that refuses connections: bound, so that nobody else gets it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def silent_port() -> Iterator[str]:
    """Hold an address that lets nobody in and does not say so, as a lost machine does."""
    with socket.socket() as held, ExitStack() as waiting:
        held.bind(("127.0.0.1", 0))
        held.listen(0)
        for _ in range(3):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(held.getsockname())
        yield f"127.0.0.1:{held.getsockname()[1]}"
