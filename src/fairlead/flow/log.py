"""The times at which a gate has let calls in, as far back as its windows ask.

`Gate.log` is a ring: the time of admission `i` is at ``i % span``.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate

NEVER: Final = 1 << 62
"""A time that does not come, and a count that is not reached."""

UNKNOWN: Final = -NEVER
"""The time of an admission that was not remembered: longer ago than any window."""


def lengthen(gate: Gate, span: int) -> None:
    """Remember the times of so many admissions."""
    log: Any = array("q", (UNKNOWN,)) * span
    for i in range(max(0, gate.count - gate.span), gate.count):
        log[i % span] = gate.log[i % gate.span]
    gate.log, gate.span = log, span


def remember(gate: Gate, used: int, span: int, now: int) -> None:
    """Take the last `used` admissions for ones of `now` whose times are not known."""
    known = gate.span
    if span > known:
        lengthen(gate, span)
    span = gate.span
    for i in range(max(0, gate.count - min(used, span)), gate.count):
        if i < gate.count - known or gate.log[i % span] == UNKNOWN:
            gate.log[i % span] = now
