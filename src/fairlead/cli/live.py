"""What a control plane tells as it happens, for as long as somebody looks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import ENVIRONMENT, Failed

PATH = "/fairlead/v1/live"
AWAY = "away"
"""Name of the event that says that nobody tells anything any more, and why: ours."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between two tries, at most, the first time and later on."""
TOO_MANY, BROKEN = 429, 500


class Event(NamedTuple):
    """One thing that was told."""

    name: str
    data: Mapping[str, Any]


def follow(
    control: ControlPlane,
    query: Mapping[str, str],
    *,
    dice: Callable[[], float] = random.random,
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[Event]:
    """Yield events for good, over restarts of the control plane.

    Raises Failed where nobody has answered at all, or where trying again is of no use.
    """
    failures, heard = 0, False
    while True:
        why = "the stream ended"
        try:
            for name, data in control.events(PATH, query=query):
                failures, heard = 0, True
                yield Event(name, data)
        except Refused as error:
            if not heard or (error.code != TOO_MANY and error.code < BROKEN):
                raise
            why = str(error)
        except Failed as error:
            if not heard or error.status != ENVIRONMENT:
                raise
            why = str(error)
        yield Event(AWAY, {"message": why.removeprefix("fairlead: ")})
        pause(dice() * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10)))
        failures += 1


def rate(value: float | None) -> str:
    """Return a number a second as a table has it."""
    if not value:
        return "0" if value == 0 else "-"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def duration(seconds: float | None) -> str:
    """Return a time as a table has it."""
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.{0 if seconds >= 100 * size else 1}f}{unit}"
    return f"{seconds * 1e6:.0f}µs"
