"""What happens to calls that rules are about, and who hears of it: flow knows no counters."""

from __future__ import annotations

from collections.abc import Callable

EJECTED = "ejected"
"""An instance is left out."""
REPEATED = "repeated"
"""A call is sent again by a rule."""
NO_BUDGET = "no budget"
"""A call is not sent again, as there is no budget for it."""
TIMED_OUT = "timed out"
"""The time of a call is over."""
INJECTED = "injected"
"""A call is delayed, or aborted, on purpose."""

Note = Callable[[str, str], None]
"""Hears what happened to a call, or an instance, of an app."""
Tell = Callable[[str], None]
"""The same of one app."""


def unheard(*_: str) -> None:
    """Have nobody hear."""
