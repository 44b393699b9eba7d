"""What is told of single requests and calls, beside what is counted of them: to most, nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from fairlead.instruments.inherit import Header, read
from fairlead.instruments.note import Note
from fairlead.instruments.trace import Traces
from fairlead.telemetry.access_log import AccessLog

if TYPE_CHECKING:
    from fairlead.flow.call import Call
    from fairlead.flow.engine import Engine
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.passage import Served


class Spans(Protocol):
    """The application's own spans, which say what was decided; none of these raises."""

    def lane(self, lane: str) -> None:
        """Say on the current span which lane its work is on."""

    def refused(self, refusal: Refusal, *, simulated: bool) -> None:
        """Say on the current span that a rule turned a call away, or would have."""

    def answered(self, call: Call) -> None:
        """Say on the current span which instance a call was sent to."""


class Observing:
    """Of one process."""

    __slots__ = ("_engine", "_noting", "fault", "log", "spans", "traces")

    def __init__(self, engine: Engine, fault: Callable[[], None], drop: Callable[[], None]) -> None:
        """`fault` counts one of ours, which no request is to notice, `drop` a line of the log."""
        self._engine, self.fault = engine, fault
        self._noting = False
        self.traces = Traces()
        self.log = AccessLog(engine.dice, time.monotonic, drop)
        self.spans: Spans | None = None
        """None where the application makes no spans."""

    @property
    def wants_requests(self) -> bool:
        """Whether somebody is to hear of each request's beginning."""
        # Where nobody rules about calls, nothing is looked for in headers.
        return self._noting or self.spans is not None or self._engine.plan.ruled

    def look(self) -> None:
        """Take in whether anybody wants requests to be noted."""
        if self.log.on != self._noting:
            self._noting = self.log.on
            self._engine.note_requests(self._noting)

    def begin_again(self) -> None:
        """Begin anew in a forked process."""
        self.traces.begin_again()
        self.log.begin_again()

    def begun(self, served: Served, method: str, header: Header) -> None:
        """Hear of a request that begins, which is a passage where requests are noted."""
        try:
            if self._engine.plan.ruled:
                served.above = read(header)
            if self.spans is not None:
                self.spans.lane(served.lane)
            if self._noting and hasattr(served, "note"):
                served.note = Note(self, method)
        except Exception:  # counted; the request goes on
            self.fault()
