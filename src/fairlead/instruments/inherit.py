"""What a request that comes in says of the time and the attempts of the calls that it causes.

Strangers may have written it: it can only shorten what a call takes, and switch repetitions off.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic

from fairlead.flow.call import NOTHING_INHERITED, Inherited
from fairlead.instruments.propagate import current
from fairlead.policy.resilience import ATTEMPT, DEADLINE, RETRY, RETRY_OFF

DIGITS = 9
"""Of a number in a header; a longer one says nothing."""

Header = Callable[[str], str | None]
"""Returns a header by its name in lower case."""


def inherited() -> Inherited:
    """Return what the request that the running code serves says; nothing once it is over."""
    served = current()
    if served is None or served.ended or served.above is None:
        return NOTHING_INHERITED
    above: Inherited = served.above
    return above


def read(header: Header) -> Inherited | None:
    """Return what headers say, None for nothing."""
    left, attempt = _number(header(DEADLINE)), _number(header(ATTEMPT))
    spent = header(RETRY) == RETRY_OFF
    if left is None and attempt is None and not spent:
        return None
    until = inf if left is None else monotonic() + left / 1000
    return Inherited(until, attempt or 0, spent)


def sooner(above: Inherited | None, left: float | None) -> Inherited | None:
    """Return `above` for a request that has `left` seconds, None for as long as it takes."""
    if left is None or left > 10**DIGITS:
        return above
    above = above or NOTHING_INHERITED
    return above._replace(until=min(above.until, monotonic() + left))


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > DIGITS:
        return None
    return int(text)
