"""The access log of a process: which requests are written, which are shown, and what was shed.

Requests put a line in when they have ended, and never wait: what finds no room is dropped and
counted. Lines have names and counts, and nothing that a header, a query or a body says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

MOST = 4096
"""Lines that wait to be written."""

MOST_SHOWN = 256
"""Lines that wait to be shown to who taps."""

MOST_REJECTED = 100
"""Lines a second of requests that rules turned away, which are written whatever the share."""

WRITE, SHOW = 1, 2
"""What may become of a request."""

LONGEST = 256
"""Characters of a caller's name that a line has: it is a stranger's word."""


class Line(NamedTuple):
    """One request that has ended."""

    at: float
    """When, unix seconds."""
    lane: str
    method: str
    interface: str
    """The resource that it came in by (`policy.resource`), ``""`` where it came to none."""
    status: int | None
    """Of HTTP or of gRPC; None where nobody was answered."""
    seconds: float
    """Until the last byte of its response."""
    caller: str
    trace: str
    """Id of its trace, ``""`` for none."""
    rule: str
    """``Kind/name`` of the rule that turned it away, or would have; ``""`` for none."""
    reason: str
    simulated: bool
    """Whether that rule only would have."""


class AccessLog:
    """Lines on their way. Threads may share it."""

    def __init__(
        self, dice: Callable[[], float], clock: Callable[[], float], drop: Callable[[], object]
    ) -> None:
        """`clock` gives seconds; `drop` hears of each line that found no room."""
        self._dice, self._clock, self._drop = dice, clock, drop
        self.writes = False
        """Whether lines are to be written."""
        self.share = 1.0
        """Part of the requests that are, beside those that rules turned away."""
        self.tap = 0
        """Lines a second that are to be shown."""
        self._waiting: deque[Line] = deque()
        self._shown: deque[Line] = deque(maxlen=MOST_SHOWN)
        self._rejected, self._tapped = _Second(), _Second()

    @property
    def on(self) -> bool:
        """Whether anybody wants lines."""
        return self.writes or self.tap > 0

    def wanted(self, *, rejected: bool) -> int:
        """Return what becomes of a request that has ended: WRITE, SHOW, both or neither."""
        second, found = int(self._clock()), 0
        if self.tap > 0 and self._tapped.take(second, self.tap):
            found = SHOW
        if not self.writes:
            return found
        if not rejected:
            return found | WRITE if self.share >= 1 or self._dice() < self.share else found
        if self._rejected.take(second, MOST_REJECTED):
            return found | WRITE
        self._drop()
        return found

    def add(self, line: Line, wanted: int) -> None:
        """Take in the line of a request, and do with it what is wanted."""
        if wanted & SHOW:
            self._shown.append(line)
        if wanted & WRITE:
            self._put(line)

    def _put(self, line: Line) -> None:
        if len(self._waiting) >= MOST:
            self._drop()
        else:
            self._waiting.append(line)

    def taken(self) -> Line | None:
        """Return the next line to write, None where none waits."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def put_back(self, line: Line) -> None:
        """Have a line wait that could not be written now."""
        self._waiting.appendleft(line)

    def shown(self) -> tuple[Line, ...]:
        """Return what is to be shown since this was asked last."""
        found = []
        while self._shown:
            found.append(self._shown.popleft())
        return tuple(found)

    def begin_again(self) -> None:
        """Forget what is the parent's to write, in a forked process."""
        self._waiting.clear()
        self._shown.clear()


class _Second:
    """How many have been taken in a second."""

    __slots__ = ("count", "second")

    def __init__(self) -> None:
        self.second = self.count = 0

    def take(self, second: int, most: int) -> bool:
        # Threads may take one too many: it is a bound, and no account.
        if second != self.second:
            self.second, self.count = second, 0
        self.count += 1
        return self.count <= most


def plain_line(line: Line, whose: dict[str, Any]) -> dict[str, Any]:
    """Return a line as it is written, without what is empty; `whose` says app and instance."""
    plain = {
        **whose,
        "lane": line.lane or "base",
        "method": line.method,
        "route": _route(line.interface),
        "status": line.status,
        "duration": round(line.seconds, 6),
        "caller": line.caller,
        "trace_id": line.trace,
        "rule": line.rule,
        "reason": line.reason,
        "simulated": line.simulated,
    }
    return {name: value for name, value in plain.items() if value not in ("", None, False)}


def _route(interface: str) -> str:
    """Return the template of a route, or the method of gRPC."""
    method, colon, path = interface.partition(":/")
    return f"/{path}" if colon and method.isalpha() else interface
