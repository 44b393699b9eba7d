"""The syntax tree of a regular expression, with what each part may start with.

Made from the tree of Python's own parser, so that what is judged is what will run.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Literal

from fairlead.kinds.regex.charset import WIDE, Alphabet, Charset, ranges

_DEEPEST = 40
# Folding a range's case costs Python a step per character, each time a pattern is compiled.
_WIDEST_FOLDED = WIDE
_WIDEST_TOGETHER = 16 * WIDE

_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
_UNSUPPORTED = {
    op.GROUPREF: "a back-reference",
    op.GROUPREF_EXISTS: "a conditional group",
    op.ASSERT: "look-around",
    op.ASSERT_NOT: "look-around",
    op.ATOMIC_GROUP: "an atomic group",
    op.POSSESSIVE_REPEAT: "a possessive quantifier",
}


class Unsupported(Exception):
    """The pattern uses what a linear engine has not, or exceeds a bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a pattern.

    `first` is what it may start with; `nullable` says that it may match nothing. `rival` is what a
    repeat could take as the first thing, with nothing firm before it.
    """

    kind: Literal["nothing", "character", "sequence", "choice", "repeat"]
    first: Charset = 0
    nullable: bool = False
    rival: Charset = 0
    parts: tuple[Part, ...] = ()
    low: int = 1
    high: int = 1


def parse(pattern: str) -> Part:
    """Return the tree of `pattern`. Raises re.error, or Unsupported."""
    try:
        with warnings.catch_warnings():
            # A set that Python will one day read differently is no set to rely on.
            warnings.simplefilter("error")
            tree = parser.parse(pattern)
            if sum(min(high - low, WIDE) for low, high in ranges(tree)) > _WIDEST_TOGETHER:
                raise Unsupported("so many wide ranges of characters")
            part = _Reader(Alphabet.of(tree)).sequence(tree, tree.state.flags, 0)
            re.compile(pattern)
    except (OverflowError, Warning) as error:
        raise re.error(str(error)) from error
    except RecursionError as error:
        raise Unsupported(f"groups nested more than {_DEEPEST} deep") from error
    return part


class _Reader:
    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._folded = 0

    def sequence(self, items: Iterable[Any], flags: int, depth: int) -> Part:
        if depth > _DEEPEST:
            raise Unsupported(f"groups nested more than {_DEEPEST} deep")
        parts = tuple(self._item(item, flags, depth) for item in items)
        first = rival = 0
        nullable = True
        for part in parts:
            first |= part.first
            rival |= part.rival
            if not part.nullable:
                nullable = False
                break
        return Part(kind="sequence", first=first, nullable=nullable, rival=rival, parts=parts)

    def _item(self, item: Any, flags: int, depth: int) -> Part:
        kind, value = item
        if kind in _UNSUPPORTED:
            raise Unsupported(_UNSUPPORTED[kind])
        if kind in _REPEATS:
            return self._repeat(value, flags, depth)
        if kind is op.SUBPATTERN:
            _, added, removed, body = value
            return self.sequence(body, (flags | added) & ~removed, depth + 1)
        if kind is op.BRANCH:
            return self._choice(value[1], flags, depth)
        if kind is op.AT:
            return Part(kind="nothing", nullable=True)
        return Part(kind="character", first=self._characters(kind, value, flags))

    def _characters(self, kind: Any, value: Any, flags: int) -> Charset:
        alphabet = self._alphabet
        if kind is op.ANY:
            return alphabet.dot(flags)
        if kind is op.LITERAL:
            return alphabet.single(value, flags)
        if kind is op.NOT_LITERAL:
            return alphabet.everything & ~alphabet.single(value, flags)
        if kind is op.IN:
            self._limit_folding(value, flags)
            return alphabet.listed(value, flags)
        raise Unsupported(f"{str(kind).lower()}")

    def _limit_folding(self, items: Sequence[Any], flags: int) -> None:
        if flags & re.IGNORECASE:
            self._folded += sum(high - low for low, high in ranges(items))
            if self._folded > _WIDEST_FOLDED:
                raise Unsupported("a wide range of characters that ignores case")

    def _choice(self, branches: Iterable[Any], flags: int, depth: int) -> Part:
        parts = tuple(self.sequence(branch, flags, depth + 1) for branch in branches)
        first = rival = 0
        for part in parts:
            first, rival = first | part.first, rival | part.rival
        nullable = any(part.nullable for part in parts)
        return Part(kind="choice", first=first, nullable=nullable, rival=rival, parts=parts)

    def _repeat(self, value: Any, flags: int, depth: int) -> Part:
        low, high, body = int(value[0]), int(value[1]), value[2]
        part = self.sequence(body, flags, depth + 1)
        if high == 0:
            return Part(kind="nothing", nullable=True)
        return Part(
            kind="repeat",
            first=part.first,
            nullable=low == 0 or part.nullable,
            rival=part.first if low != high else part.rival,
            parts=(part,),
            low=low,
            high=high,
        )
