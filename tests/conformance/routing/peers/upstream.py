"""Servers of gRPC behind data planes: a port for each instance, and a note of who asked what.

They speak HTTP/2 by themselves, as what gRPC's own servers hide is looked at: the authority,
headers that are repeated, and an error without headers before it, which alone is tried again.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from fairlead.policy.outcome import GRPC_CODES
from tests.conformance.routing.envoy.upstream import SCRIPT, Seen

Headers = list[tuple[str, str]]
PATIENCE = 3.0
"""Seconds that copies may take."""
CONTENT = ("content-type", "application/grpc")


class Services:
    """Listens for instances, each on a port of its own, from a thread. Answers say their names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(names)
        self.ports: dict[str, int] = {}
        self._seen: dict[str, list[Seen]] = defaultdict(list)
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(PATIENCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)

    async def _listen(self) -> None:
        for name in self._names:
            server = await self._loop.create_server(
                partial(_Connection, self, name), "127.0.0.1", 0
            )
            self.ports[name] = server.sockets[0].getsockname()[1]

    def seen(self, call: str, least: int = 0) -> list[Seen]:
        """Return what was asked for a call, once it is `least` requests: copies come later."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._seen[call]) >= least, PATIENCE)
            return list(self._seen[call])

    def note(self, script: dict[str, Any], seen: Seen) -> str:
        """Keep what was asked; return the code that it is answered with."""
        with self._changed:
            mine = self._seen[script.get("id", "")]
            before = sum(each.cluster == seen.cluster for each in mine)
            mine.append(seen)
            self._changed.notify_all()
        fails = script.get("fails", ())
        return str(fails[before]) if before < len(fails) else "OK"


class _Connection(asyncio.Protocol):
    def __init__(self, services: Services, name: str) -> None:
        self._services, self._name = services, name
        self._http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._asked: dict[int, Headers] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._http.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._http.receive_data(data)
        except ProtocolError:
            events = []
            self._transport.close()
        for event in events:
            if isinstance(event, RequestReceived):
                self._asked[event.stream_id] = [(str(k), str(v)) for k, v in event.headers]
            elif isinstance(event, DataReceived):
                self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                answer = self._answer(event.stream_id, self._asked.pop(event.stream_id))
                task = asyncio.get_running_loop().create_task(answer)
                self._tasks[event.stream_id] = task
            elif isinstance(event, StreamReset) and event.stream_id in self._tasks:
                self._tasks[event.stream_id].cancel()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        for task in self._tasks.values():
            task.cancel()

    def _flush(self) -> None:
        if data := self._http.data_to_send():
            self._transport.write(data)

    async def _answer(self, stream: int, headers: Headers) -> None:
        try:
            plain = {name.removeprefix(":"): value for name, value in headers[:4]}
            kept = [("host", plain.get("authority", "")), *_plain(headers)]
            seen = Seen(self._name, plain.get("path", ""), tuple(kept))
            script = json.loads("".join(seen.values(SCRIPT)) or "{}")
            code = self._services.note(script, seen)
            if script.get("takes"):
                await asyncio.sleep(script["takes"])
            with suppress(ProtocolError):  # the caller may have gone meanwhile
                self._send(stream, code, [(k, v) for k, v in script.get("answers", ())])
            self._flush()
        finally:
            self._tasks.pop(stream, None)

    def _send(self, stream: int, code: str, more: Headers) -> None:
        status = ("grpc-status", str(GRPC_CODES.index(code)))
        first = [(":status", "200"), CONTENT, *more]
        if code != "OK":
            self._http.send_headers(stream, [*first, status], end_stream=True)
            return
        name = self._name.encode()
        self._http.send_headers(stream, first)
        self._http.send_data(stream, b"\0" + len(name).to_bytes(4, "big") + name)
        self._http.send_headers(stream, [status], end_stream=True)


def _plain(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if not name.startswith(":")]
