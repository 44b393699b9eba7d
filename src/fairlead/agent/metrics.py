"""Serve an instance's metrics to Prometheus, where FAIRLEAD_METRICS says so.

One process of the instance has the port, whichever comes first; when it ends another takes over.
The port is served on a thread of its own, which exists only where the setting does.
"""

from __future__ import annotations

import _socket
import json
import select
import time
from collections.abc import Callable

from fairlead.agent import native
from fairlead.agent.address import OURS
from fairlead.agent.notice import warn
from fairlead.agent.page import page
from fairlead.agent.siblings import Siblings
from fairlead.telemetry.exposition import CONTENT_TYPE

_poll = select.poll  # before anybody replaces it

TRY_AGAIN = 1.0
"""Seconds until a process looks again whether the port is free."""

_SECONDS = 2.0
"""That a client may take to ask, and to listen."""

_LONGEST_HEAD = 8192
_HEAD = (
    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"
    "Connection: close\r\n\r\n"
)


class Metrics:
    """The metrics of one process, and of its instance where it has the port."""

    def __init__(self, at: str, whose: tuple[str, str], siblings: Siblings) -> None:
        """Serve at ``host:port``; `whose` are app and namespace."""
        self.at = at
        host, _, port = at.rpartition(":")
        self._host, self._port, self._whose = host.strip("[]"), int(port), whose
        self._siblings = siblings
        self._own: _socket.socket | None = None
        self._port_socket: _socket.socket | None = None
        self._lock = native.Lock()
        self._started = self._stopped = False
        self.problem = ""
        """Why this process cannot have the port, or is not heard."""

    @property
    def serving(self) -> bool:
        """Whether this process has the port."""
        return self._port_socket is not None

    def start(self) -> None:
        """Answer from now on, on a thread; once."""
        with self._lock:
            if self._started:
                return
            self._started = True
        native.spawn(self._run)

    def write(self) -> None:
        """Write down what was counted, as the process is about to end, one way or another."""
        if self._started and not self._stopped:
            try:
                self._siblings.write()
            except OSError as error:
                self.problem = str(error)

    def stop(self) -> None:
        """Leave: what was counted stays in the metrics of those who stay."""
        if not self._started or self._stopped:
            return
        self._stopped = True
        try:
            self._siblings.leave()
        except OSError as error:
            self.problem = str(error)
        for one in (self._own, self._port_socket):
            if one is not None:
                try:
                    one.shutdown(_socket.SHUT_RDWR)
                except OSError:
                    continue

    def abandon(self) -> None:
        """Close this process's side: the sockets are a forked parent's."""
        for one in (self._own, self._port_socket):
            if one is not None:
                OURS.discard(one.fileno())
                one.close()
        self._own = self._port_socket = None

    def _run(self) -> None:
        try:
            self._own = self._listen_to_siblings()
            while not self._stopped:
                if self._port_socket is None:
                    self._port_socket = self._take_port()
                self._serve()
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
            if not self._stopped:
                warn(f"metrics of this process are not served: {self.problem}")
        finally:
            self.abandon()

    def _listen_to_siblings(self) -> _socket.socket:
        path = self._siblings.path
        path.unlink(missing_ok=True)  # of a process that had this number before
        listening = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen(8)
        listening.settimeout(None)
        return listening

    def _take_port(self) -> _socket.socket | None:
        family = _socket.AF_INET6 if ":" in self._host else _socket.AF_INET
        listening = _socket.socket(family, _socket.SOCK_STREAM)
        OURS.add(listening.fileno())
        try:
            listening.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            listening.bind((_address(self._host, family), self._port))
            listening.listen(16)
            listening.settimeout(None)
            self._siblings.sweep()
        except OSError as error:
            OURS.discard(listening.fileno())
            listening.close()
            self.problem = f"{self._host}:{self._port}: {error.strerror or error}"
            return None
        self.problem = ""
        return listening

    def _serve(self) -> None:
        """Answer who asks, for a while."""
        look, sockets = _poll(), {}
        for one in (self._own, self._port_socket):
            if one is not None:
                sockets[one.fileno()] = one
                look.register(one.fileno(), select.POLLIN)
        until = TRY_AGAIN if self._port_socket is None else 60.0
        for descriptor, _ in look.poll(until * 1000):
            if self._stopped:
                return
            try:
                accepted, _ = sockets[descriptor]._accept()  # type: ignore[attr-defined]  # noqa: SLF001
            except OSError:
                native.Bell().sleep(TRY_AGAIN)  # who asked is gone, or there is no descriptor left
                continue
            peer = _socket.socket(fileno=accepted)
            answer = self._tell_sibling if sockets[descriptor] is self._own else self._tell
            _answer(peer, answer)

    def _tell_sibling(self, peer: _socket.socket) -> None:
        peer.sendall(json.dumps(self._siblings.answer()).encode(), _socket.MSG_NOSIGNAL)

    def _tell(self, peer: _socket.socket) -> None:
        method, path = _asked(peer)
        if path.partition("?")[0] != "/metrics":
            status, body = "404 Not Found", b"metrics are at /metrics\n"
        elif method not in ("GET", "HEAD"):
            status, body = "405 Method Not Allowed", b"GET or HEAD\n"
        else:
            status, body = "200 OK", page(*self._whose, self._siblings.all()).encode()
        kind = CONTENT_TYPE if status.startswith("2") else "text/plain; charset=utf-8"
        head = _HEAD.format(status=status, kind=kind, size=len(body)).encode()
        peer.sendall(head + (b"" if method == "HEAD" else body), _socket.MSG_NOSIGNAL)


def _answer(peer: _socket.socket, tell: Callable[[_socket.socket], None]) -> None:
    try:
        peer.settimeout(_SECONDS)
        tell(peer)
    except Exception:
        return  # the one who asked is gone, or does not speak HTTP; the next one is answered
    finally:
        peer.close()


def _asked(peer: _socket.socket) -> tuple[str, str]:
    """Return method and path of a request; its other headers say nothing to us."""
    until, head = time.monotonic() + _SECONDS, b""
    while b"\r\n\r\n" not in head:
        piece = peer.recv(4096)
        head += piece
        if not piece or len(head) > _LONGEST_HEAD or time.monotonic() > until:
            raise ValueError("no request")
    parts = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise ValueError("no request")
    return parts[0], parts[1]


def _address(host: str, family: int) -> str:
    """Return an address of `host`, which may be a name. Raises OSError."""
    found = _socket.getaddrinfo(host, 0, family, _socket.SOCK_STREAM)
    return str(found[0][4][0])
