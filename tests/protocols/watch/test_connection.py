"""HTTP over bare sockets: what an honest server may send, and what a strange one does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from fairlead.protocols.watch.connection import Connection, ControlAddress, ControlUnreachable

Serve = Callable[[list[bytes]], Connection]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer each request with the next of some bytes; an empty one hangs up."""
    opened: list[socket.socket] = []

    def start(answers: list[bytes]) -> Connection:
        listening = socket.create_server(("127.0.0.1", 0))
        opened.append(listening)

        def run() -> None:
            waiting = list(answers)
            with suppress(OSError):  # the client hangs up on what it does not understand
                while waiting:
                    peer, _ = listening.accept()
                    opened.append(peer)
                    answer_with(waiting, peer)
                    peer.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=run, daemon=True).start()
        address = ControlAddress(host="127.0.0.1", port=listening.getsockname()[1])
        return Connection(address, timeout=5.0)

    yield start
    for one in opened:
        one.close()


def answer_with(waiting: list[bytes], peer: socket.socket) -> None:
    while waiting and peer.recv(65536):
        answer = waiting.pop(0)
        peer.sendall(answer)
        if not answer:
            return
        if waiting and not waiting[0]:
            waiting.pop(0)
            return


def answered(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answered(b"hello", "Content-Length: 5"), (200, b"hello")),
        (answered(b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), (200, b"hello")),
        (answered(b"3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: v\r\n\r\n", "transfer-encoding: Chunked"),
         (200, b"hello")),
        (answered(b"hello"), (200, b"hello")),
        (answered(b"", status="204 No Content"), (204, b"")),
        (answered(b"", "Content-Length: 0", status="403 Forbidden"), (403, b"")),
    ],
)  # fmt: skip
def test_every_way_to_end_a_body_is_understood(serve, answer, expected):
    """A proxy between may choose another than our own server does."""
    connection = serve([answer, b""])

    assert connection.request("GET", "/") == expected


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        "HTTP/1.1 \xb2 OK\r\n\r\n".encode("latin-1"),
        answered(b"", "Content-Length: -1"),
        answered(b"", "Content-Length: many"),
        answered(b"zz\r\n", "Transfer-Encoding: chunked"),
        answered(b"5\r\nhelloworld\r\n", "Transfer-Encoding: chunked"),
        answered(b"hel", "Content-Length: 5"),
        b"X" * 70_000,
        answered(b"\r\n" + b"0" * 70_000, "Transfer-Encoding: chunked"),
        answered(b"", f"Content-Length: {1 << 40}") + b"x" * (2 << 20),
    ],
)
def test_a_server_that_is_none_is_unreachable_and_no_crash(serve, answer):
    """A wrong port in a setting meets all sorts of servers."""
    connection = serve([answer, b""])

    with pytest.raises(ControlUnreachable, match=r"127\.0\.0\.1:\d+: "):
        connection.request("GET", "/")


def test_a_kept_connection_that_died_is_made_again(serve):
    """Servers close idle connections; a renewal must not be lost to that."""
    ok = answered(b"ok", "Content-Length: 2")
    connection = serve([ok, b"", ok])

    assert connection.request("POST", "/", b"{}") == (200, b"ok")
    assert connection.request("POST", "/", b"{}") == (200, b"ok")


def test_a_first_connection_that_dies_is_not_tried_again(serve):
    """The caller decides how often to try, with pauses that grow."""
    connection = serve([b"", answered(b"ok", "Content-Length: 2")])

    with pytest.raises(ControlUnreachable):
        connection.request("POST", "/", b"{}")


def test_silence_ends_in_unreachable():
    """A machine that is gone does not hang up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = ControlAddress(host="127.0.0.1", port=listening.getsockname()[1])
        connection = Connection(address, timeout=0.05)

        with pytest.raises(ControlUnreachable, match="timed out"):
            connection.request("GET", "/")


def test_an_interrupted_stream_ends_in_unreachable(serve):
    """Stopping the agent must not wait for the next heartbeat."""
    connection = serve([answered(b"3\r\nabc\r\n", "Transfer-Encoding: chunked"), b""])
    _, pieces = connection.stream("/")
    assert next(pieces) == b"abc"

    connection.interrupt()

    with pytest.raises(ControlUnreachable):
        next(pieces)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8580", ("127.0.0.1", 8580)),
        ("http://[::1]:9", ("::1", 9)),
        ("http://control.mesh:80/", ("control.mesh", 80)),
    ],
)
def test_an_address_is_read_from_a_url(url, address):
    """IPv6 hosts stand in brackets."""
    found = ControlAddress.of(url)

    assert (found.host, found.port) == address
    assert str(found) in url


def test_a_host_that_does_not_exist_is_unreachable():
    """A name that does not resolve is the network's fault too."""
    with pytest.raises(ControlUnreachable):
        Connection(ControlAddress(host="nowhere.invalid", port=1), timeout=5.0).request("GET", "/")
