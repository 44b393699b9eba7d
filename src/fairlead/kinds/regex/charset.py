r"""Sets of characters of a regular expression, small enough to compare.

Two sets of a pattern overlap if they share one of its sample characters: ASCII, every character
the pattern names and its neighbours, and one non-ASCII character of each class that ``\d``,
``\s`` and ``\w`` tell apart. A set is a bit mask over the samples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any, TypeAlias

Charset: TypeAlias = int

# Arabic-Indic zero, e with acute, no-break space, euro sign: one per class beyond ASCII.
_CLASSES = (0x0660, 0x00E9, 0x00A0, 0x20AC)
_WIDE = 4096
_HIGHEST = 0x10FFFF


class Alphabet:
    """The sample characters of one pattern, and the sets its parts stand for."""

    def __init__(self, named: Iterable[int]) -> None:
        """Take the samples for a pattern that names the code points `named`."""
        points = {*range(128), *_CLASSES}
        for point in named:
            near = range(max(0, point - 1), min(_HIGHEST, point + 1) + 1)
            cases = {ord(c) for c in (chr(point).lower(), chr(point).upper()) if len(c) == 1}
            points |= {*near, *cases}
        self._samples = tuple(chr(point) for point in sorted(points))
        self._classes = self._mask(chr(point) for point in _CLASSES)
        self.everything = (1 << len(self._samples)) - 1

    @classmethod
    def of(cls, tree: Sequence[Any]) -> Alphabet:
        """Return the alphabet of a syntax tree of ``re``."""
        return cls(_named(tree))

    def single(self, point: int, flags: int) -> Charset:
        """Return the set of one literal."""
        return self._ranged(point, point, flags)

    def dot(self, flags: int) -> Charset:
        """Return the set of ``.``."""
        return self.everything if flags & re.DOTALL else self.everything & ~self._mask("\n")

    def listed(self, items: Sequence[Any], flags: int) -> Charset:
        """Return the set of a bracket expression or a class."""
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
        bounds = chr(low), chr(high)
        found = self._mask(c for c in self._samples if bounds[0] <= c <= bounds[1])
        if high - low > _WIDE and high > 127:
            found |= self._classes
        if flags & re.IGNORECASE:
            wanted = {form for c in self._taken(found) for form in (c.lower(), c.upper())}
            same = (c for c in self._samples if c.lower() in wanted or c.upper() in wanted)
            found |= self._mask(same)
        return found

    def _category(self, name: Any, flags: int) -> Charset:
        tests: dict[Any, Callable[[str], bool]] = {
            op.CATEGORY_DIGIT: str.isdecimal,
            op.CATEGORY_SPACE: str.isspace,
            op.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
        }
        opposites = {
            op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT,
            op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
            op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
        }
        if name in opposites:
            return self.everything & ~self._category(opposites[name], flags)
        narrow, test = bool(flags & re.ASCII), tests[name]
        return self._mask(c for c in self._samples if test(c) and (c.isascii() or not narrow))

    def _mask(self, characters: Iterable[str]) -> Charset:
        wanted = frozenset(characters)
        return sum(1 << i for i, c in enumerate(self._samples) if c in wanted)

    def _taken(self, found: Charset) -> Iterator[str]:
        return (c for i, c in enumerate(self._samples) if found >> i & 1)


def _named(tree: Any) -> Iterator[int]:
    """Yield the code points a syntax tree names, and some of each class in its ranges."""
    if isinstance(tree, tuple) and len(tree) == 2:
        kind, value = tree
        if kind in (op.LITERAL, op.NOT_LITERAL):
            yield value
            return
        if kind is op.RANGE:
            yield from value
            yield from _one_of_each(*value)
            return
    if isinstance(tree, list | tuple) or hasattr(tree, "data"):
        for part in tree:
            yield from _named(part)


def _one_of_each(low: int, high: int) -> Iterator[int]:
    seen = set()
    for point in range(max(low, 128), min(high, max(low, 128) + _WIDE) + 1):
        character = chr(point)
        kind = (character.isdecimal(), character.isspace(), character.isalnum())
        if kind not in seen:
            seen.add(kind)
            yield point
