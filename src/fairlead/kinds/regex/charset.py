r"""Sets of characters of a regular expression, small enough to compare.

Two sets of a pattern overlap if they share one of its sample characters: ASCII, every end of a
range the pattern names, its neighbours and what they fold to, and one non-ASCII character of each
class that ``\d``, ``\s`` and ``\w`` tell apart. A set is a bit mask over the samples.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any, TypeAlias

from fairlead.kinds.regex.folding import alike

Charset: TypeAlias = int

# Arabic-Indic zero, e with acute, no-break space, euro sign: one per class beyond ASCII.
_CLASSES = (0x0660, 0x00E9, 0x00A0, 0x20AC)
_HIGHEST = 0x10FFFF

WIDE = 4096
"""Characters of a range that are looked at one by one."""

_TESTS: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdecimal,
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
}
_OPPOSITES = {
    op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT,
    op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
    op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
}


class Alphabet:
    """The sample characters of one pattern, and the sets its parts stand for."""

    def __init__(self, named: Iterable[int]) -> None:
        """Take the samples for a pattern that names the code points `named`."""
        points = {*range(128), *_CLASSES}
        for point in named:
            points.update(range(max(0, point - 1), min(_HIGHEST, point + 1) + 1))
        self._points = tuple(sorted(points))
        self._index = {point: i for i, point in enumerate(self._points)}
        self._classes = self._mask(_CLASSES)
        self._categories: dict[tuple[Any, bool], Charset] = {}
        self.everything = (1 << len(self._points)) - 1

    @classmethod
    def of(cls, tree: Sequence[Any]) -> Alphabet:
        """Return the alphabet of a syntax tree of ``re``."""
        return cls(_named(tree))

    def single(self, point: int, flags: int) -> Charset:
        """Return the set of one literal."""
        return self._mask(alike(point, flags))

    def dot(self, flags: int) -> Charset:
        """Return the set of ``.``."""
        return self.everything if flags & re.DOTALL else self.everything & ~self._mask((10,))

    def listed(self, items: Sequence[Any], flags: int) -> Charset:
        """Return the set of a bracket expression or a class.

        One that ignores case has no range wider than WIDE.
        """
        found, negated = 0, False
        for kind, value in items:
            if kind is op.NEGATE:
                negated = True
            elif kind is op.LITERAL:
                found |= self.single(value, flags)
            elif kind is op.RANGE:
                found |= self._ranged(value[0], value[1], flags)
            else:
                found |= self._category(value, flags)
        return self.everything & ~found if negated else found

    def _ranged(self, low: int, high: int, flags: int) -> Charset:
        if flags & re.IGNORECASE:
            return self._mask(m for point in range(low, high + 1) for m in alike(point, flags))
        begin, end = bisect_left(self._points, low), bisect_right(self._points, high)
        found: Charset = (1 << end) - (1 << begin)
        return found | self._classes if high - low > WIDE and high > 127 else found

    def _category(self, name: Any, flags: int) -> Charset:
        if name in _OPPOSITES:
            return self.everything & ~self._category(_OPPOSITES[name], flags)
        key = name, bool(flags & re.ASCII)
        if key not in self._categories:
            kept = self._points if not key[1] else range(128)
            self._categories[key] = self._mask(p for p in kept if _TESTS[name](chr(p)))
        return self._categories[key]

    def _mask(self, points: Iterable[int]) -> Charset:
        found = 0
        for point in points:
            index = self._index.get(point)
            if index is not None:
                found |= 1 << index
        return found


def ranges(tree: Any) -> Iterator[tuple[int, int]]:
    """Yield the ranges of characters in a syntax tree of ``re``."""
    return (value for kind, value in _leaves(tree) if kind is op.RANGE)


def _named(tree: Any) -> Iterator[int]:
    """Yield the code points a syntax tree names, their folds, and some of each class in ranges."""
    for kind, value in _leaves(tree):
        if kind is op.RANGE:
            yield from value
            yield from _one_of_each(*value)
            yield from _fold_ends(*value)
        else:
            yield from alike(value, re.IGNORECASE)


def _leaves(tree: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, tuple) and len(tree) == 2:
        kind, value = tree
        if kind in (op.LITERAL, op.NOT_LITERAL, op.RANGE):
            yield kind, value
            return
    if isinstance(tree, list | tuple) or hasattr(tree, "data"):
        for part in tree:
            yield from _leaves(part)


def _one_of_each(low: int, high: int) -> Iterator[int]:
    seen = set()
    for point in range(max(low, 128), min(high, max(low, 128) + WIDE) + 1):
        character = chr(point)
        kind = (character.isdecimal(), character.isspace(), character.isalnum())
        if kind not in seen:
            seen.add(kind)
            yield point


def _fold_ends(low: int, high: int) -> Iterator[int]:
    """Yield where a range begins and ends, and begins and ends anew, once case is ignored."""
    if high - low <= WIDE:
        folds = {m for point in range(low, high + 1) for m in alike(point, re.IGNORECASE)}
        yield from (m for m in folds if not {m - 1, m + 1} <= folds)
