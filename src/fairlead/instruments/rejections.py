"""Calls that rules turn away, or would have: counted by reason, and under the resource's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.flow.refusal import AUTHORITY, BREAKER, CONCURRENCY, HOT, QUEUE, RATE
from fairlead.telemetry import names

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry
    from fairlead.telemetry.counters import Counters

_COUNTED = {
    RATE: names.RATE_LIMITED,
    QUEUE: names.QUEUE_FULL,
    CONCURRENCY: names.OVERLOADED,
    BREAKER: names.CIRCUIT_OPEN,
    HOT: names.HOT_LIMITED,
    AUTHORITY: names.NOT_ALLOWED,
}


def told(counters: Counters, entry: Entry) -> None:
    """Count what `entry` says of a call that has just been asked about."""
    refusal, simulated = entry.refused, entry.simulated
    if refusal is not None:
        counters.count(_COUNTED[refusal.reason], refusal.resource)
        return
    if simulated is not None:
        name = names.WOULD_LIMIT if simulated.reason == RATE else names.WOULD_REJECT
        counters.count(name, simulated.resource)
