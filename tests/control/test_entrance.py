"""How fast connections are taken in, how many, and how long a head may take."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fairlead.control.entrance import Pace
from fairlead.control.inbound import HEAD_LIMIT
from tests.control.fleet import until
from tests.control.serving import API, Server, serving

SOONER = "import fairlead.control.inbound as inbound; inbound.HEAD_PATIENCE = 0.5"
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("entrance") / "data", before=SOONER) as running:
        yield running


def connected(server: Server) -> socket.socket:
    parts = urlsplit(server.url)
    connection = socket.create_connection((parts.hostname, parts.port), 10)
    connection.settimeout(10)
    return connection


def answer_of(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return head and body of what is answered until the server hangs up."""
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    head, _, body = found.partition(b"\r\n\r\n")
    return head, body


def test_a_storm_is_let_in_at_a_pace() -> None:
    """So many at once, the rest evenly; after a quiet time again so many at once."""
    pace = Pace(rate=100, burst=10)
    waits = [pace.wait(0.0) for _ in range(30)]
    assert waits[:9] == [0.0] * 9
    assert waits[29] == pytest.approx(0.20, abs=0.02)
    assert pace.wait(0.1) == pytest.approx(0.11, abs=0.02)
    assert [pace.wait(50.0) for _ in range(9)] == [0.0] * 9


@pytest.mark.parametrize("sent", [b"", HEAD, b"G", b"\r\n\r\n", HEAD + b"X-A: "])
def test_a_head_that_does_not_end_is_given_up(impatient: Server, sent: bytes) -> None:
    """Ten thousand such connections cost an attacker nothing, and would cost us all of ours."""
    with closing(connected(impatient)) as connection:
        connection.sendall(sent)
        head, body = answer_of(connection)
    if sent.strip():
        assert head.startswith(b"HTTP/1.1 408 ")
        assert json.loads(body)["reason"] == "Timeout"
    else:
        assert head == b""


def test_a_head_that_trickles_is_given_up(impatient: Server) -> None:
    """A byte now and then does not buy time."""
    with closing(connected(impatient)) as connection:
        connection.sendall(HEAD)

        def refused() -> bool:
            try:
                connection.sendall(b"x")
                connection.settimeout(0.02)
                return connection.recv(64).startswith(b"HTTP/1.1 408")
            except TimeoutError:
                return False

        until(refused)


def test_a_connection_that_was_answered_is_held_to_the_same(impatient: Server) -> None:
    """The second request of a connection can be as slow as the first."""
    with closing(connected(impatient)) as connection:
        connection.sendall(HEAD + b"\r\n")
        first = b""
        while not first.endswith(b"\r\n\r\nok"):
            first += connection.recv(4096)
        connection.sendall(HEAD)
        assert answer_of(connection)[0].startswith(b"HTTP/1.1 408 ")


def test_who_waits_for_an_answer_is_not_cut_off(impatient: Server) -> None:
    """A body that comes behind its head ends no request, however long that takes: a watch, here."""
    path = f"{API}/namespaces/default/trafficlabelrules?watch=1"
    with closing(connected(impatient)) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"{}")
        connection.settimeout(1.0)  # twice the patience
        with pytest.raises(TimeoutError):
            answer_of(connection)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "filler",
    [b"X-A: " + b"x" * HEAD_LIMIT, b"X: y\r\n" * (HEAD_LIMIT // 6), b"Cookie: a=b; " * 3000],
)
def test_a_large_head_is_refused(impatient: Server, filler: bytes, whole: bool) -> None:
    """In one piece or in many; a Status says what was wrong."""
    sent = HEAD + filler + b"\r\n\r\n"
    pieces = [sent] if whole else [sent[i : i + 4000] for i in range(0, len(sent), 4000)]
    with closing(connected(impatient)) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        head, body = answer_of(connection)
    assert head.startswith(b"HTTP/1.1 431 "), head
    assert json.loads(body)["code"] == 431


def test_a_target_without_end_is_refused(impatient: Server) -> None:
    """It is kept while it is read."""
    with closing(connected(impatient)) as connection:
        try:
            for _ in range(40):
                connection.sendall(b"GET /" + b"a" * 4096 if not _ else b"a" * 4096)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert answer_of(connection)[0].startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 5\r\n folded\r\n",
        "X\x00Y: z\r\n",
    ],
)
def test_a_head_that_can_be_read_in_two_ways_is_refused(impatient: Server, head: str) -> None:
    """A proxy in front that reads it the other way would let a second request through unseen."""
    with closing(connected(impatient)) as connection:
        inner = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
        text = f"POST {API}/trafficlanes HTTP/1.1\r\nHost: localhost\r\n{head}\r\n0\r\n\r\n{inner}"
        connection.sendall(text.encode("latin-1"))
        found, body = answer_of(connection)
    assert found.startswith(b"HTTP/1.1 400 "), found
    assert b"gitVersion" not in body


def test_two_hosts_are_refused(impatient: Server) -> None:
    """Which of them a proxy looked at cannot be known."""
    with closing(connected(impatient)) as connection:
        connection.sendall(HEAD + b"Host: 127.0.0.1\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 403 ")


def test_headers_behind_a_body_are_none(tmp_path: Path) -> None:
    """A token that is smuggled in as a trailer was seen by nobody in front."""
    with serving(tmp_path / "data", auth=True) as server, closing(connected(server)) as connection:
        head = f"POST {API}/namespaces/default/trafficlanes HTTP/1.1\r\nHost: localhost\r\n"
        head += "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
        connection.sendall(f"{head}Authorization: Bearer {server.token}\r\n\r\n".encode())
        assert answer_of(connection)[0].startswith(b"HTTP/1.1 401 ")


def test_a_stranger_cannot_make_us_read_a_large_body(tmp_path: Path) -> None:
    """Who has not said who they are is answered, and hung up on."""
    with serving(tmp_path / "data", auth=True) as server, closing(connected(server)) as connection:
        head = f"POST {API}/namespaces/default/trafficlanes HTTP/1.1\r\nHost: localhost\r\n"
        connection.sendall(f"{head}Content-Length: 1073741824\r\n\r\n".encode())
        sent = 0
        try:
            while sent < 1 << 30:
                sent += connection.send(b"x" * 65536)
        except (BrokenPipeError, ConnectionResetError):
            pass
        # What the kernel's buffers hold counts as sent.
        assert sent < 64 << 20


def test_a_stranger_who_waits_to_be_told_is_told_no(tmp_path: Path) -> None:
    """`Expect: 100-continue` is how curl asks before it sends a large file."""
    with serving(tmp_path / "data", auth=True) as server, closing(connected(server)) as connection:
        head = f"POST {API}/namespaces/default/trafficlanes HTTP/1.1\r\nHost: localhost\r\n"
        connection.sendall(f"{head}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n".encode())
        head_of_answer, body = answer_of(connection)
        assert head_of_answer.startswith(b"HTTP/1.1 401 ")
        assert json.loads(body)["reason"] == "Unauthorized"


def test_no_more_connections_are_held_than_there_is_room_for(tmp_path: Path) -> None:
    """One more is closed at once; when one goes, there is room again."""
    with (
        serving(tmp_path / "data", fixed={"connections": 20}) as server,
        ExitStack() as stack,
    ):
        held = [stack.enter_context(closing(connected(server))) for _ in range(20)]
        for connection in held:
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        with closing(connected(server)) as other:
            assert answer_of(other)[0] == b""
        held[0].close()

        def served() -> bool:
            with closing(connected(server)) as again:
                try:
                    again.sendall(HEAD + b"Connection: close\r\n\r\n")
                except (BrokenPipeError, ConnectionResetError):
                    return False
                return answer_of(again)[0].startswith(b"HTTP/1.1 200")

        until(served)
