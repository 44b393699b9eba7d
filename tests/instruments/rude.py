"""A server on loopback that behaves as badly as its script says, and counts what reaches it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nbad"


@dataclass
class Rude:
    """One instance."""

    address: str = ""
    behave: Callable[[Rude, socket.socket], None] = lambda rude, peer: peer.sendall(OK)
    requests: list[bytes] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def header(self, name: str, of: int = -1) -> str | None:
        """Return a header of a request, of the last one unless told otherwise."""
        for line in self.requests[of].split(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.decode().lower() == name:
                return value.decode().strip()
        return None


Behaviour = Callable[[Rude, socket.socket], None]


def always(answer: bytes) -> Behaviour:
    return lambda rude, peer: peer.sendall(answer)


def well(rude: Rude, peer: socket.socket) -> None:
    """Answer at once."""
    peer.sendall(OK)


def one_by_one(rude: Rude, peer: socket.socket) -> None:
    """Send a header each twentieth of a second, for ever: slow loris."""
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    while not rude.over.wait(0.05):
        peer.sendall(b"x-a: b\r\n")


def body_one_by_one(rude: Rude, peer: socket.socket) -> None:
    """Answer at once, and send a byte of the body each twentieth of a second."""
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not rude.over.wait(0.05):
        peer.sendall(b"x")


def silent(rude: Rude, peer: socket.socket) -> None:
    """Never answer: a machine that is gone."""
    rude.over.wait(10)


def reset(rude: Rude, peer: socket.socket) -> None:
    """Answer with a reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def reset_in_body(rude: Rude, peer: socket.socket) -> None:
    """Answer, and reset in the middle of the body."""
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf")
    reset(rude, peer)


def huge_headers(rude: Rude, peer: socket.socket) -> None:
    """Answer with headers of megabytes."""
    with suppress(OSError):
        peer.sendall(b"HTTP/1.1 200 OK\r\n" + b"x-a: " + b"b" * 4_000_000 + b"\r\n\r\n")


@contextmanager
def rude(behave: Behaviour = well) -> Iterator[Rude]:
    """Run an instance that behaves so."""
    listener = socket.create_server(("127.0.0.1", 0))
    one = Rude(f"127.0.0.1:{listener.getsockname()[1]}", behave)
    Thread(target=_accept, args=(one, listener), daemon=True).start()
    try:
        yield one
    finally:
        one.over.set()
        listener.close()


def _accept(one: Rude, listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            peer, _ = listener.accept()
            Thread(target=_serve, args=(one, peer), daemon=True).start()


def _serve(one: Rude, peer: socket.socket) -> None:
    with suppress(OSError), peer:
        while request := _read(peer):
            one.requests.append(request)
            one.behave(one, peer)


def _read(peer: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        part = peer.recv(65_536)
        if not part:
            return b""
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += peer.recv(65_536)
    return head + b"\r\n\r\n" + body
