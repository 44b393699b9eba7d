"""Where work goes on for a request that is over: the places in the application, and how often.

A lane that outlived its request is usually a task that nobody awaited. Its place is looked for when
it calls, which is rare; a place is the innermost line of code that is neither ours nor installed.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass, replace
from functools import cache
from types import FrameType

MOST = 20
_DEEPEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Calls made on `lane` from one place; `last` is on the monotonic clock."""

    lane: str
    place: str
    """``FILE:LINE in FUNCTION``, ``""`` where only libraries are on the stack."""
    count: int = 1
    last: float = 0.0


class Leftovers:
    """The places seen last, MOST of them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Leftover] = {}

    def note(self, lane: str, now: float) -> None:
        """Take note of the code that calls, which is on the `lane` of a request that is over."""
        place = _place()
        before = self._kept.get((lane, place))
        if before is None and len(self._kept) >= MOST:
            return
        found = before or Leftover(lane=lane, place=place, count=0)
        self._kept[lane, place] = replace(found, count=found.count + 1, last=now)

    def read(self) -> tuple[Leftover, ...]:
        """Return what is kept, the last one first."""
        kept = tuple(self._kept.values())  # in one step: other threads add to it
        return tuple(sorted(kept, key=lambda one: -one.last))


def _place() -> str:
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - there is no other way to ask
    for _ in range(_DEEPEST):
        if frame is None:
            break
        file = frame.f_code.co_filename
        if not file.startswith(_installed()):
            return f"{file}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return ""


@cache
def _installed() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    names = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return (own, "<frozen", *sorted(names))
