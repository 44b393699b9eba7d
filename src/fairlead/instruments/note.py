"""One request of the access log, from its beginning to the last byte of its response."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fairlead.policy.trace import id_of
from fairlead.telemetry.access_log import LONGEST, Line

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry
    from fairlead.flow.overload.protection import Verdict
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.observing import Observing
    from fairlead.instruments.passage import Passage

GONE = 499
"""Status of a request whose client has gone before it was answered (nginx's)."""

LONGEST_METHOD = 32


class Note:
    """What is kept of one request until it has ended."""

    __slots__ = ("_began", "_method", "_observing", "_refusal", "_simulated")

    def __init__(self, observing: Observing, method: str) -> None:
        self._observing, self._method = observing, method
        self._began = time.monotonic_ns()
        self._refusal: Refusal | None = None
        self._simulated = False

    def hear(self, entry: Entry | Verdict) -> None:
        """Hear what a gate says of it; the first that says anything decides."""
        if self._refusal is None or (self._simulated and entry.refused is not None):
            self._refusal = entry.refused or entry.simulated
            self._simulated = entry.refused is None

    def over(self, passage: Passage) -> None:
        """Put its line in the log. A fault of ours is counted."""
        try:
            log, refusal = self._observing.log, self._refusal
            wanted = log.wanted(rejected=refusal is not None and not self._simulated)
            if wanted:
                log.add(self._line(passage), wanted)
        except Exception:
            self._observing.fault()

    def _line(self, passage: Passage) -> Line:
        refusal = self._refusal
        resource = passage.entrance or (refusal.resource if refusal is not None else "")
        trace = self._observing.traces.of(passage)
        return Line(
            at=time.time(),
            lane=passage.lane,
            method=self._method[:LONGEST_METHOD],
            interface=resource,
            status=_status(passage),
            seconds=(time.monotonic_ns() - self._began) / 1e9,
            caller=passage.caller()[:LONGEST],
            trace=id_of(trace),
            rule=refusal.rule.rule if refusal is not None else "",
            reason=refusal.reason if refusal is not None else "",
            simulated=self._simulated,
        )


def _status(passage: Any) -> int | None:
    if passage.grpc is not None:
        return int(passage.grpc)
    if passage.status is None and passage.gone:
        return GONE
    status: int | None = passage.status
    return status
