"""Calls that rules turn away, or would have: counted by reason, and under the resource's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fairlead.flow.refusal import AUTHORITY, BREAKER, CONCURRENCY, HOT, OVERLOAD, QUEUE, RATE
from fairlead.telemetry import names

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry
    from fairlead.flow.overload.protection import Verdict
    from fairlead.instruments.observing import Observing
    from fairlead.telemetry.counters import Counters


class Telling(Protocol):
    """The agent, as far as it is told of rejections."""

    counters: Counters
    observing: Observing


_COUNTED = {
    RATE: names.RATE_LIMITED,
    QUEUE: names.QUEUE_FULL,
    CONCURRENCY: names.OVERLOADED,
    BREAKER: names.CIRCUIT_OPEN,
    HOT: names.HOT_LIMITED,
    AUTHORITY: names.NOT_ALLOWED,
    OVERLOAD: names.OVERLOAD_SHED,
}


def told(plane: Telling, entry: Entry | Verdict) -> None:
    """Count what `entry` says of a call that has just been asked about, and say it on its span."""
    refusal, simulated = entry.refused, entry.simulated
    counters, spans = plane.counters, plane.observing.spans
    if refusal is not None:
        counters.count(_COUNTED[refusal.reason], refusal.resource)
    elif simulated is not None:
        name = names.WOULD_LIMIT if simulated.reason == RATE else names.WOULD_REJECT
        counters.count(name, simulated.resource)
    told_of = refusal or simulated
    if spans is not None and told_of is not None:
        spans.refused(told_of, simulated=refusal is None)
