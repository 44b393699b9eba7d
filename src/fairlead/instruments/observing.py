"""What is told of single requests and calls, beside what is counted of them: to most, nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from fairlead.instruments.trace import Traces

if TYPE_CHECKING:
    from fairlead.flow.call import Call
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

    __slots__ = ("_fault", "spans", "traces")

    def __init__(self, fault: Callable[[], None], traces: Traces | None = None) -> None:
        """`fault` counts one of ours, which no request is to notice."""
        self._fault = fault
        self.traces = traces or Traces()
        self.spans: Spans | None = None
        """None where the application makes no spans."""

    @property
    def wants_requests(self) -> bool:
        """Whether somebody is to hear of each request's beginning."""
        return self.spans is not None

    def begun(self, served: Served, carrier: Any) -> None:
        """Hear of a request that begins; `carrier` is its scope or environ."""
        try:
            del carrier
            if self.spans is not None:
                self.spans.lane(served.lane)
        except Exception:  # counted; the request goes on
            self._fault()
