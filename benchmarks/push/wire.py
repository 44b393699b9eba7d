"""A client of xDS that is cheap: HTTP/2 by hand, one stream on a connection of its own.

Windows are as wide as Envoy's. Of a response it reads its end alone: which type it is of, and the
nonce that an acknowledgement repeats.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS, tagged

PATH = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
WINDOW = 0x7FFF0000

DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 4, 6, 7, 8
LARGEST_FRAME = 16_384
INITIAL_WINDOW = b"\0\x04"
"""The setting of it."""


def frame(kind: int, payload: bytes, *, flags: int = 0, stream: int = 0) -> bytes:
    """Return a frame of HTTP/2."""
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags))
    return head + stream.to_bytes(4, "big") + payload


def message(content: bytes) -> Iterator[bytes]:
    """Yield a message of gRPC as frames of the one stream."""
    left = b"\0" + len(content).to_bytes(4, "big") + content
    for at in range(0, len(left), LARGEST_FRAME):
        yield frame(DATA, left[at : at + LARGEST_FRAME], stream=1)


def literal(name: str, value: str) -> bytes:
    """Return a header as HPACK has one that is in no table: of at most 126 bytes, each."""
    words = (name.encode(), value.encode())
    return b"\0" + b"".join(bytes((len(one),)) + one for one in words)


HELLO = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    + frame(SETTINGS, INITIAL_WINDOW + WINDOW.to_bytes(4, "big"))
    + frame(WINDOW_UPDATE, WINDOW.to_bytes(4, "big"))
    + frame(
        HEADERS,
        b"".join(
            literal(*one)
            for one in (
                (":method", "POST"),
                (":scheme", "http"),
                (":path", PATH),
                (":authority", "localhost"),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
            )
        ),
        flags=0x4,
        stream=1,
    )
)


def acknowledgement(end: bytes) -> Iterator[bytes]:
    """Yield the frame that takes a response with this `end`: type_url, and nonce last."""
    at = end.rindex(b"\x2a")
    type_url = ENDPOINTS if b"ClusterLoadAssignment" in end else CLUSTER
    yield from message(tagged(2, type_url.encode()) + tagged(6, end[at + 2 :]))


class Stub(asyncio.Protocol):
    """A connection with its stream."""

    def __init__(self, failed: Callable[[], None], *requests: bytes) -> None:
        """Say `requests` as soon as there is a connection, and `failed` when it is ended."""
        self._failed, self._closing = failed, False
        self._waiting = deque(chain.from_iterable(map(message, requests)))
        self.transport: Any = None
        self.learned: list[bytes] | None = None
        """Where a list is put: what came, the last of it not whole yet."""
        self._data = b""
        self._left, self._end = 0, b""
        self._room = [65_535, 65_535]
        """Bytes that the server takes: on the connection, on the stream."""
        self._initial = 65_535

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self.transport = transport
        transport.write(HELLO)
        self._send()

    def _send(self, frames: Iterable[bytes] = ()) -> None:
        """Send what the server has room for."""
        self._waiting.extend(frames)
        while self._waiting and len(self._waiting[0]) - 9 <= min(self._room):
            one = self._waiting.popleft()
            self._room = [room + 9 - len(one) for room in self._room]
            self.transport.write(one)

    def data_received(self, data: bytes) -> None:
        """Read frames."""
        data = self._data + data if self._data else data
        at, end = 0, len(data)
        while end - at >= 9:
            after = at + 9 + (data[at] << 16 | data[at + 1] << 8 | data[at + 2])
            if after > end:
                break
            if data[at + 3] == DATA:
                self._content(data, at + 9, after)
            else:
                self._control(data[at : at + 9], data[at + 9 : after])
            at = after
        self._data = data[at:] if at < end else b""

    def _control(self, head: bytes, payload: bytes) -> None:
        kind, flags = head[3], head[4]
        if kind == WINDOW_UPDATE:
            self._room[bool(head[8])] += int.from_bytes(payload, "big")
            self._send()
        elif kind in (SETTINGS, PING) and not flags & 1:
            if kind == SETTINGS:
                self._settle(payload)
            self.transport.write(frame(kind, payload if kind == PING else b"", flags=1))
            self._send()
        elif kind == GOAWAY or (kind == HEADERS and flags & 1):
            self._failed()

    def _settle(self, settings: bytes) -> None:
        for at in range(0, len(settings), 6):
            if settings[at : at + 2] == INITIAL_WINDOW:
                size = int.from_bytes(settings[at + 2 : at + 6], "big")
                self._room[1] += size - self._initial
                self._initial = size

    def _content(self, data: bytes, at: int, after: int) -> None:
        while at < after:
            if not self._left:
                self._left, self._end = int.from_bytes(data[at + 1 : at + 5], "big"), b""
                at += 5
            taken = min(self._left, after - at)
            self._left -= taken
            at += taken
            if self.learned is not None:
                self.learned[-1] += data[at - taken : at]
            if self._left < 200:
                self._end = (self._end + data[max(at - 200, at - taken) : at])[-200:]
            if not self._left:
                self._send(acknowledgement(self._end))
                if self.learned is not None:
                    self.learned.append(b"")

    def close(self) -> None:
        """Break the connection."""
        self._closing = True
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say what was not meant."""
        del exc
        if not self._closing:
            self._failed()
