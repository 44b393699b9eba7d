"""The times at which a gate has let calls in, as far back as its windows ask.

`Gate.log` is a ring: the time of admission `i` is at ``i % span``.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate


def lengthen(gate: Gate, span: int) -> None:
    """Remember the times of so many admissions."""
    log: Any = array("q", bytes(8 * span))
    for i in range(max(0, gate.count - gate.span), gate.count):
        log[i % span] = gate.log[i % gate.span]
    gate.log, gate.span = log, span


def remember(gate: Gate, used: int, span: int, now: int) -> None:
    """Take the last `used` admissions for ones of `now`, unless their times are known."""
    if gate.span:
        return
    lengthen(gate, span)
    for i in range(max(0, gate.count - min(used, span)), gate.count):
        gate.log[i % span] = now
