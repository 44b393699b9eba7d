"""A long statement without its blank stretches, and the way back to where things stand in it.

A thousand rows that were blanked are sixty thousand blanks, which a parser reads one by one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

STRETCH = re.compile(r" {32,}")


class Squeezed:
    """A text and its neutral form with the same stretches taken out of both."""

    __slots__ = ("_places", "_removed", "plain", "text")

    def __init__(self, text: str, plain: str) -> None:
        spans = [(match.start() + 1, match.end()) for match in STRETCH.finditer(plain)]
        lengths = [end - start for start, end in spans]
        self._removed = [0, *accumulate(lengths)]
        self._places = [
            start - removed for (start, _), removed in zip(spans, self._removed[:-1], strict=True)
        ]
        self.text, self.plain = _without(text, spans), _without(plain, spans)

    def place(self, position: int) -> int:
        """Return where in the whole text the squeezed one's `position` is."""
        return position + self._removed[bisect_right(self._places, position)]


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    pieces, done = [], 0
    for start, end in spans:
        pieces.append(text[done:start])
        done = end
    return "".join((*pieces, text[done:]))
