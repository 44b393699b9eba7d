"""Copies of calls, sent beside them: nobody waits for the answers, and none of them is missed.

The host that a copy is for ends in ``-shadow`` (Envoy). Copies wait in a queue that is bounded;
where it is full, or the other side is away, a copy is lost, and the call is not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fairlead.flow.changing import Change

WAITING, THREADS, SECONDS = 256, 4, 5.0
"""Copies that wait at most, threads that send them, and how long one of them may take."""
IDLE = 10.0
"""Seconds after which a thread ends that has nothing to do."""
KEPT = 16
"""Connections that a thread keeps."""
LONGEST = 1 << 20
"""Bytes of a body that is copied at most, and of an answer that is read."""

_HOPS = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "transfer-encoding", "upgrade")
)
"""Headers of one connection, and those that are written anew."""


class Copied(NamedTuple):
    """A request as it is sent once more."""

    method: str
    target: str
    authority: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def changed(one: Copied, change: Change | None) -> Copied:
    """Return a copy with what its route changes."""
    if change is None:
        return one
    removed, added = frozenset(change.headers.removed), change.headers.added
    kept = tuple(pair for pair in one.headers if pair[0] not in removed)
    return one._replace(
        target=change.path or one.target,
        authority=change.authority or one.authority,
        headers=(*kept, *added),
    )


def shadowed(authority: str) -> str:
    """Return the host of a copy: ``orders-shadow``, before the port where there is one."""
    host, colon, port = authority.rpartition(":")
    return f"{host}-shadow:{port}" if colon and port.isdigit() else f"{authority}-shadow"


class Mirrors:
    """Sends copies in threads of its own, which are there as long as there is something to do."""

    def __init__(self) -> None:
        self._begin_again()

    def _begin_again(self) -> None:
        self._pid = os.getpid()
        self._lock = Lock()
        self._waiting: Queue[tuple[str, Copied]] = Queue(WAITING)
        self._threads = 0

    def put(self, address: str, one: Copied) -> bool:
        """Have a copy sent to ``HOST:PORT``; tell whether there was room."""
        if self._pid != os.getpid():  # the threads are the parent's
            self._begin_again()
        if len(one.body) > LONGEST:
            return False
        try:
            self._waiting.put_nowait((address, one))
        except Full:
            return False
        with self._lock:
            more = self._threads < THREADS and (self._threads == 0 or not self._waiting.empty())
            self._threads += more
        if more:
            name, waiting = "fairlead-mirror", self._waiting
            Thread(target=self._run, args=(waiting,), name=name, daemon=True).start()
        return True

    def _run(self, waiting: Queue[tuple[str, Copied]]) -> None:
        kept: dict[str, HTTPConnection] = {}
        try:
            while True:
                address, one = waiting.get(timeout=IDLE)
                with suppress(Exception):  # a copy that is lost is nobody's loss
                    _send(kept, address, one)
        except Empty:
            pass
        finally:
            for connection in kept.values():
                connection.close()
            with self._lock:
                self._threads -= 1


mirrors = Mirrors()


def _send(kept: dict[str, HTTPConnection], address: str, one: Copied) -> None:
    host, _, port = address.rpartition(":")
    connection = kept.pop(address, None) or HTTPConnection(
        host.strip("[]"), int(port), timeout=SECONDS
    )
    try:
        connection.putrequest(one.method, one.target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", shadowed(one.authority))
        for name, value in one.headers:
            if name not in _HOPS:
                connection.putheader(name, value)
        if one.body or one.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(one.body)))
        connection.endheaders(one.body or None)
        response = connection.getresponse()
        response.read(LONGEST)
        whole = response.isclosed() and not response.will_close
    except BaseException:
        connection.close()
        raise
    if not whole or len(kept) >= KEPT:
        connection.close()
        return
    kept[address] = connection


def pairs(headers: Mapping[str, str], *ours: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return headers with these in place of what there is under their names."""
    names = frozenset(name for name, _ in ours)
    found = tuple((name, value) for name, value in headers.items() if name not in names)
    return (*found, *(pair for pair in ours if pair[1]))
