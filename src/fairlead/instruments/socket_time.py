"""The time of a response that `http.client` reads: as a whole, and not of each read by itself.

Bytes that come one by one would keep a call alive for ever: a socket's timeout is for one of them.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from math import inf
from socket import SocketIO
from typing import TYPE_CHECKING, Any

from fairlead.instruments.headers import marked
from fairlead.instruments.timing import is_over, least, remaining, shorter

if TYPE_CHECKING:
    from fairlead.flow.call import Call

PLACE_OF_TIMEOUT = 4
"""Arguments that urllib3 has behind a request's headers, up to its timeout."""


@contextmanager
def limited(sock: Any, end: float) -> Iterator[None]:
    """Have `sock` give up at `end`, and as it would have afterwards: its connection may be kept."""
    theirs = sock.gettimeout()
    if end != inf:
        sock.settimeout(shorter(theirs, end))
    try:
        yield
    finally:
        if end != inf and sock.fileno() >= 0:
            sock.settimeout(theirs)


class TimedIO(SocketIO):
    """What reads from a socket until `end`, on the monotonic clock."""

    def __init__(self, sock: Any, end: float, late: str) -> None:
        """`late` is what the error of that end says."""
        super().__init__(sock, "r")
        self.end, self.late = end, late
        self._socket = sock

    def readinto(self, b: Any) -> int | None:
        """Read what there is, or raise TimeoutError."""
        if time.monotonic() >= self.end:  # what is there already is not waited for
            raise TimeoutError(self.late)
        try:
            with limited(self._socket, self.end):
                return super().readinto(b)
        except TimeoutError as error:
            if not is_over(self.end):
                raise
            raise TimeoutError(self.late) from error


class Timing:
    """Makes the response of one connection, read in time."""

    def __init__(self, end: float, late: str) -> None:
        self._end, self._late = end, late
        self._raw: TimedIO | None = None

    def __call__(self, sock: Any, *args: Any, **kwargs: Any) -> HTTPResponse:
        """Return a response, as `http.client` makes it."""
        response = HTTPResponse(sock, *args, **kwargs)
        raw = self._raw = TimedIO(sock, self._end, self._late)
        sock._io_refs += 1  # noqa: SLF001 - what `makefile` does; who reads holds the socket open
        response.fp.close()
        response.fp = io.BufferedReader(raw)
        return response

    def end(self, end: float, late: str) -> None:
        """Have what is still to be read end at another time."""
        if self._raw is not None:
            self._raw.end, self._raw.late = end, late


def told(
    request: tuple[Any, ...], options: dict[str, Any], call: Call, usual: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return a request that tells of time and attempts, and what it may take.

    A pool has a `usual` time.
    """
    Timeout = sys.modules["urllib3.util.timeout"].Timeout  # noqa: N806 - a class
    method, url, body, headers, *rest = request
    if call.marks:
        headers = marked(headers, call.marks)
    # Behind `redirect` come `assert_same_host` and `timeout`, if they are given by place.
    limited = call.until is not None or call.connect
    if limited and len(rest) < PLACE_OF_TIMEOUT:
        limit = None if call.until is None else remaining(call.until)
        theirs = options.get("timeout", usual)
        if not isinstance(theirs, Timeout):
            asked = theirs if isinstance(theirs, int | float) else None
            theirs = Timeout(connect=asked, read=asked)
        ours = theirs.clone()
        if limit is not None:
            ours.total = least(_number(theirs.total), limit)
        if call.connect:
            ours._connect = least(_number(theirs._connect), call.connect)  # noqa: SLF001 - a setting
        options = {**options, "timeout": ours}
    return (method, url, body, headers, *rest), options


def _number(limit: Any) -> float | None:
    return float(limit) if isinstance(limit, int | float) else None
