"""One HTTP/1.1 connection to the control plane, over the operating system's own sockets.

`http.client` would do, but it costs tens of milliseconds to import and gets its sockets from
`socket`, which gevent and eventlet replace. This speaks only what the wire needs: a request with a
small body, and an answer that is counted, chunked, or ends with the connection.
"""

from __future__ import annotations

import _socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fairlead.protocols.watch.tls import TlsSocket, Trust

HEAD_LIMIT = 64 << 10
BODY_LIMIT = 1 << 20
_RECEIVE = 64 << 10
_WITHOUT_BODY = (204, 304)
# The application may have asked the kernel to end it on a broken pipe; not for our sake.
_NO_SIGNAL = getattr(_socket, "MSG_NOSIGNAL", 0)


class ControlUnreachable(Exception):
    """The network's fault, or the other side's: the control plane did not answer as it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAddress:
    """Where the control plane listens."""

    host: str
    port: int
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> ControlAddress:
        """Return the address in ``http://HOST:PORT`` or ``https://HOST:PORT``."""
        scheme, _, rest = url.partition("://")
        host, _, port = rest.rstrip("/").rpartition(":")
        return cls(host=host.strip("[]"), port=int(port), tls=scheme == "https")

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read what is sent there."""
        return self.tls or self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def name(self) -> bytes:
        """The host as it is looked up."""
        # As text it would be looked up through the idna codec, whatever it looks like: a codec is
        # imported, and that may fail in a process that has given up its rights.
        return self.host.encode("ascii" if self.host.isascii() else "idna")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Connection:
    """Sends requests one after the other, and connects again where the last one broke.

    Silence of `timeout` seconds, at any point, is ControlUnreachable. A connection belongs to one
    thread; `close` may come from any.
    """

    def __init__(
        self,
        address: ControlAddress,
        *,
        timeout: float,
        token: Callable[[], str] = lambda: "",
        trust: Trust | None = None,
    ) -> None:
        self.address = address
        self._trust = trust or Trust()
        self._timeout = timeout
        self._token = token
        self._socket: _socket.socket | TlsSocket | None = None
        self._buffer = b""

    def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send a request; return the status and the body. Raises ControlUnreachable.

        A connection that was kept may have died unnoticed: then once more, on a new one. Every
        request of this wire may be repeated.
        """
        kept = self._socket is not None
        try:
            return self._exchange(method, path, body)
        except ControlUnreachable as error:
            if not kept or isinstance(error.__cause__, TimeoutError):
                raise
            return self._exchange(method, path, body)

    def stream(self, path: str) -> tuple[int, Iterator[bytes]]:
        """Ask for `path`; return the status and the pieces of the body as they come."""
        try:
            status, headers = self._head("GET", path, b"")
        except (OSError, UnicodeError) as error:
            raise self._broken(error) from error
        return status, self._guarded(self._pieces(status, headers))

    def close(self) -> None:
        """Close this process's side; a forked parent keeps its own."""
        connected, self._socket = self._socket, None
        if connected is not None:
            connected.close()

    def interrupt(self) -> None:
        """Make the thread that waits for an answer get ControlUnreachable; for other threads.

        It does not close: the number of the descriptor could be another's before the wait is over.
        """
        connected = self._socket
        if connected is not None:
            try:
                connected.shutdown(_socket.SHUT_RDWR)
            except OSError:
                return

    def _exchange(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            status, headers = self._head(method, path, body)
            answer = self._body(status, headers)
        except (OSError, UnicodeError) as error:
            raise self._broken(error) from error
        if headers.get("connection", "").lower() == "close" or not _counts(status, headers):
            self.close()
        return status, answer

    def _body(self, status: int, headers: dict[str, str]) -> bytes:
        answer = b""
        for piece in self._pieces(status, headers):
            answer += piece
            if len(answer) > BODY_LIMIT:
                raise OSError("an answer that does not end")
        return answer

    def _guarded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        except OSError as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> ControlUnreachable:
        self.close()
        return ControlUnreachable(f"{self.address}: {error}")

    def _head(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str]]:
        connected = self._socket or self._connect()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.address}", "Accept: */*"]
        token = self._token()
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if method != "GET":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        connected.sendall(head + body, _NO_SIGNAL)
        return self._read_head()

    def _connect(self) -> _socket.socket | TlsSocket:
        plain = self._connect_plain()
        # Kept at once: `interrupt` has to end a handshake too.
        self._socket, self._buffer = plain, b""
        if self.address.tls:
            try:
                context, host = self._trust.context(), self.address.host
                self._socket = TlsSocket(plain, context, host, _NO_SIGNAL)
            except BaseException:
                self._socket = None
                plain.close()
                raise
        return self._socket

    def _connect_plain(self) -> _socket.socket:
        failure = OSError(f"no address of {self.address.host}")
        found = _socket.getaddrinfo(self.address.name, self.address.port, 0, _socket.SOCK_STREAM)
        for family, kind, protocol, _, target in found:
            candidate = _socket.socket(family, kind, protocol)
            candidate.settimeout(self._timeout)
            try:
                candidate.connect(target)
            except OSError as error:
                candidate.close()
                failure = error
                continue
            # Small requests and small answers: waiting to fill a packet would delay every one.
            candidate.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            return candidate
        raise failure

    def _read_head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
            if len(self._buffer) > HEAD_LIMIT:
                raise OSError("headers that do not end")
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if not first.startswith("HTTP/1.") or len(words) < 2 or not words[1].isdecimal():
            raise OSError(f"not an HTTP answer: {first[:60]!r}")
        pairs = (line.partition(":") for line in lines)
        return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}

    def _pieces(self, status: int, headers: dict[str, str]) -> Iterator[bytes]:
        if status in _WITHOUT_BODY:
            return iter(())
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        if "content-length" in headers:
            return self._counted(_number(headers["content-length"], 10))
        return self._rest()

    def _rest(self) -> Iterator[bytes]:
        while self._buffer or self._more():
            piece, self._buffer = self._buffer, b""
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = _number(self._line().partition(b";")[0].strip().decode("latin-1"), 16)
            yield from self._counted(size)
            if size == 0:
                while self._line():
                    continue
                return
            if self._line():
                raise OSError("a chunk of another length than announced")

    def _counted(self, left: int) -> Iterator[bytes]:
        while left:
            if not self._buffer:
                self._receive()
            piece, self._buffer = self._buffer[:left], self._buffer[left:]
            left -= len(piece)
            yield piece

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            self._receive()
            if len(self._buffer) > HEAD_LIMIT:
                raise OSError("a line that does not end")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _receive(self) -> None:
        if not self._more():
            raise OSError("the connection ended")

    def _more(self) -> bool:
        connected = self._socket
        piece = b"" if connected is None else connected.recv(_RECEIVE)
        self._buffer += piece
        return bool(piece)


def _counts(status: int, headers: dict[str, str]) -> bool:
    """Whether the end of the body can be told without the end of the connection."""
    known = "content-length" in headers or "transfer-encoding" in headers
    return known or status in _WITHOUT_BODY


def _number(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError as error:
        raise OSError(f"not a length: {text[:20]!r}") from error
    if number < 0:
        raise OSError(f"not a length: {text[:20]!r}")
    return number
