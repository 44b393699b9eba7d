"""An outbound call, what became of it, and the errors that a decision can end in."""

from __future__ import annotations

import enum
from typing import Any

from fairlead.policy.endpoint import Endpoint


class Fault(enum.Enum):
    """How much of a failed attempt the other side can have seen."""

    REFUSED = "refused"
    """No connection: nothing was sent, so any other endpoint may be tried."""
    DROPPED = "dropped"
    """A pooled connection died before a byte came back: only idempotent methods may repeat."""
    OTHER = "other"
    """Anything else, timeouts among them: the caller's to judge."""


class Call:
    """One call by app name. Layers fill in `endpoint`; everything else is the caller's."""

    __slots__ = ("endpoint", "host", "lane", "method")

    def __init__(self, host: str, method: str, lane: str) -> None:
        self.host = host
        self.method = method
        self.lane = lane
        self.endpoint: Endpoint | None = None


class Outcome:
    """The result of an attempt, or of the whole call: a response, or an error and its fault."""

    __slots__ = ("error", "fault", "response")

    def __init__(
        self,
        response: Any = None,
        error: BaseException | None = None,
        fault: Fault = Fault.OTHER,
    ) -> None:
        self.response = response
        self.error = error
        self.fault = fault


class Unreachable(Exception):
    """A known app has no endpoint that may serve this lane.

    Instruments raise it as the host library's own connect error.
    """

    def __init__(self, app: str, lane: str) -> None:
        super().__init__(f"fairlead: no live endpoint of app {app!r} for lane {lane or 'base'!r}")
        self.app = app
        self.lane = lane

    def __reduce__(self) -> tuple[type[Unreachable], tuple[str, str]]:
        """Go to another process with the library's error, whose cause this is."""
        return type(self), (self.app, self.lane)
