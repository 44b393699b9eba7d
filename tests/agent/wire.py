"""A small server that speaks the agent wire over real sockets, and remembers what it was told."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from fairlead.policy.encode import seal, to_plain
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from fairlead.protocols.watch.codec import (
    Telemetry,
    heartbeat_line,
    snapshot_line,
    telemetry_line,
)

PATIENCE = 60.0
"""Seconds that a test waits for something that should take a fraction of one."""


def snapshot(revision: int = 1, lane: str = "", **services: str) -> Snapshot:
    """Return a sealed snapshot of app ``shop`` that knows `services` by name and one address."""
    return seal(
        Snapshot(
            revision=revision,
            workload=Workload(app="shop", lane=lane),
            services=tuple(
                Service(namespace="default", app=app, endpoints=(Endpoint(address=address),))
                for app, address in services.items()
            ),
        )
    )


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what `condition` returns as soon as it is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)
    return found


class WireServer:
    """Streams what it is told to publish, and leases to whoever registers."""

    def __init__(self, first: Snapshot | None = None, port: int = 0) -> None:
        self.first = first
        self.delay = 0.0
        """Seconds until a stream is answered."""
        self.refuse: tuple[int, str] | None = None
        """Status and message that everything is refused with."""
        self.renew = 3.0
        self.watches: list[list[tuple[str, str]]] = []
        self.answers: list[dict[str, Any]] = []
        self.registrations: list[dict[str, Any]] = []
        self.departures: list[dict[str, str]] = []
        self.replaced: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.reports: list[dict[str, Any]] = []
        """What was measured, however it came."""
        self.telemetry = b""
        """The line that says how much to measure; on each stream, once there is one."""
        self.contracts: list[dict[str, Any]] = []
        self.posted = 0
        """Reports that came by themselves."""
        self._streams: list[queue.SimpleQueue[bytes | None]] = []
        self._http = _Http(("127.0.0.1", port), self)
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and cut every stream."""
        self.cut()
        self._http.shutdown()
        self._http.server_close()

    def cut(self) -> None:
        """End every stream that is open."""
        while self._streams:
            self._streams.pop().put(None)

    def send(self, line: bytes) -> None:
        """Send `line` on every stream."""
        for stream in self._streams:
            stream.put(line)

    def publish(self, snapshot: Snapshot) -> None:
        """Send a snapshot on every stream, and first on every new one."""
        self.first = snapshot
        self.send(snapshot_line(to_plain(snapshot)))

    def measure(self, telemetry: Telemetry) -> None:
        """Say on every stream how much to measure, and on every new one."""
        self.telemetry = telemetry_line(telemetry)
        self.send(self.telemetry)

    @property
    def addresses(self) -> set[tuple[str, str]]:
        """App and address of every instance that registered and did not leave."""
        gone = {(entry["node"], entry["address"]) for entry in self.departures}
        return {
            (entry["app"], entry["address"])
            for entry in self.registrations
            if (entry["node"], entry["address"]) not in gone
        }

    @property
    def nodes(self) -> set[str]:
        """Every process that has registered."""
        return {entry["node"] for entry in self.registrations}

    def open_stream(self, query: list[tuple[str, str]]) -> queue.SimpleQueue[bytes | None]:
        """Begin a stream: with the snapshot, or with a heartbeat where it would be the same."""
        stream: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.watches.append(query)
        if self.first is not None:
            same = dict(query).get("digest") == self.first.digest
            plain = to_plain(self.first)
            stream.put(heartbeat_line(self.first.revision) if same else snapshot_line(plain))
        self._streams.append(stream)
        if self.telemetry:
            stream.put(self.telemetry)
        return stream


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], wire: WireServer) -> None:
        self.wire = wire
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: agents hang up as they like."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        wire = self.server.wire
        wire.headers.append({name.lower(): value for name, value in self.headers.items()})
        if self._refused():
            return
        if self.path == "/version":
            self._answer(200, {"major": "1"})
            return
        time.sleep(wire.delay)
        stream = wire.open_stream(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while (line := self._next(stream)) is not None:
            self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self) -> None:
        wire = self.server.wire
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._refused():
            return
        if self.path.endswith("/ack"):
            wire.answers.append(body)
            self._answer(204, None)
            return
        if self.path.endswith("/reports"):
            wire.reports.append(body)
            wire.posted += 1
            self._answer(200, {"reported": body["seq"]})
            return
        if self.path.endswith("/contracts"):
            wire.contracts.append(body)
            self._answer(204, None)
            return
        wire.registrations.append(body)
        lease = {"lane": body["lane"] or "", "conflict": None, "lease": 10.0, "renew": wire.renew}
        named = [one["digest"] for one in body.get("contracts", ())]
        known = [one["digest"] for one in wire.contracts]
        lease["wanted"] = [one for one in named if one not in known]
        if "report" in body:
            wire.reports.append(body["report"])
            lease["reported"] = body["report"]["seq"]
        self._answer(200, lease)

    def do_DELETE(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self._refused():
            return
        path = urlsplit(self.path)
        wire = self.server.wire
        told = wire.replaced if path.path.endswith("/replaced") else wire.departures
        told.append(dict(parse_qsl(path.query)))
        self._answer(204, None)

    def _refused(self) -> bool:
        refusal = self.server.wire.refuse
        if refusal is not None:
            self._answer(refusal[0], {"kind": "Status", "message": refusal[1]})
        return refusal is not None

    def _answer(self, status: int, plain: Any) -> None:
        body = b"" if plain is None else json.dumps(plain).encode()
        self.send_response(status)
        if plain is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _next(self, stream: queue.SimpleQueue[bytes | None]) -> bytes | None:
        try:
            return stream.get(timeout=3.0)
        except queue.Empty:
            return heartbeat_line(0)
