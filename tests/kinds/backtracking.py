"""A model of a backtracking search: what Python's engine does, counted instead of timed.

It tries alternatives in order, repeats greedily or lazily, and turns back on failure. It takes no
short cuts, so it needs at least as many steps as the real engine.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Then = Callable[[int], bool]


class TooLong(Exception):
    """The search took more steps than it was given."""


class Search:
    """One full match of a pattern against a text."""

    def __init__(self, text: str, budget: int) -> None:
        self._text = text
        self._budget = budget
        self.steps = 0

    def run(self, pattern: str) -> bool:
        """Return whether the whole text matches. Raises TooLong."""
        tree = list(parser.parse(pattern))
        limit = sys.getrecursionlimit()
        # A few frames for every character taken.
        sys.setrecursionlimit(limit + 20_000)
        try:
            return self._sequence(tree, 0, lambda at: at == len(self._text))
        finally:
            sys.setrecursionlimit(limit)

    def _sequence(self, items: Sequence[Any], at: int, then: Then) -> bool:
        if not items:
            return then(at)
        rest = items[1:]
        return self._item(items[0], at, lambda after: self._sequence(rest, after, then))

    def _item(self, item: Any, at: int, then: Then) -> bool:
        kind, value = item
        if kind is op.SUBPATTERN:
            return self._sequence(list(value[3]), at, then)
        if kind is op.BRANCH:
            return any(self._sequence(list(branch), at, then) for branch in value[1])
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            low, high, body = int(value[0]), int(value[1]), list(value[2])
            return self._repeat((low, high, body, kind is op.MIN_REPEAT), 0, at, then)
        if kind is op.AT:
            return then(at)
        return self._character(item, at) and then(at + 1)

    def _repeat(self, repeat: tuple[int, int, Any, bool], done: int, at: int, then: Then) -> bool:
        low, high, body, lazy = repeat

        def again() -> bool:
            def go_on(after: int) -> bool:
                # An iteration that took nothing is not repeated for ever.
                return after > at and self._repeat(repeat, done + 1, after, then)

            return done < high and self._sequence(body, at, go_on)

        if done < low:
            return self._sequence(
                body, at, lambda after: self._repeat(repeat, done + 1, after, then)
            )
        return (then(at) or again()) if lazy else (again() or then(at))

    def _character(self, item: Any, at: int) -> bool:
        self.steps += 1
        if self.steps > self._budget:
            raise TooLong
        if at >= len(self._text):
            return False
        character = self._text[at]
        kind, value = item
        if kind is op.ANY:
            return character != "\n"
        if kind is op.LITERAL:
            return bool(ord(character) == value)
        if kind is op.NOT_LITERAL:
            return bool(ord(character) != value)
        return _in(value, character)


def _in(items: Sequence[Any], character: str) -> bool:
    found, negated = False, False
    for kind, value in items:
        if kind is op.NEGATE:
            negated = True
        elif kind is op.LITERAL:
            found |= ord(character) == value
        elif kind is op.RANGE:
            found |= value[0] <= ord(character) <= value[1]
        else:
            found |= re.match(_CLASSES[value], character) is not None
    return found != negated


_CLASSES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_NOT_WORD: r"\W",
}


def steps(pattern: str, text: str, budget: int) -> int:
    """Return how many characters a search looks at. Raises TooLong beyond `budget`."""
    search = Search(text, budget)
    search.run(pattern)
    return search.steps
