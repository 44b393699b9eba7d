"""Rules that find resources by patterns of names; resources that share gates, matching alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count

from fairlead.policy.resource import scopes
from fairlead.policy.rule import Rule

OTHER = "OTHER"
"""Stands in the name of a shared gate for what its resources do not have in common."""

_WORD = re.compile(r"[A-Z]+(?:-[A-Z]+)*")


class Patterns:
    """The patterns that are in force; others are another object."""

    __slots__ = ("_rules", "words")

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        """Compile the patterns of `rules`, which `policy.flow_rules.problem` found safe."""
        self._rules = tuple((re.compile(rule.resource, re.DOTALL), rule) for rule in rules)
        self.words = frozenset(
            word for pattern, _ in self._rules for word in _WORD.findall(pattern.pattern)
        )
        """What stands in them in capital letters: methods are named so."""

    def __bool__(self) -> bool:
        return bool(self._rules)

    def matching(self, name: str) -> tuple[Rule, ...]:
        """Return the rules whose patterns match all of `name`."""
        return tuple(rule for pattern, rule in self._rules if pattern.fullmatch(name))


Kind = tuple[tuple[str, ...], tuple[Rule, ...]]
"""What resources have in common that share a gate: the wider ones, and rules by pattern."""


class Crowds:
    """Shared gates by name."""

    __slots__ = ("_kinds", "_samples")

    def __init__(self) -> None:
        self._kinds: dict[tuple[object, ...], str] = {}
        self._samples: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._samples)

    def one_of(self, name: str) -> str:
        """Return a resource whose rules are those of `name`: it, or one that shares its gate."""
        return self._samples.get(name, name)

    def name(self, name: str, wide: tuple[str, ...], rules: tuple[Rule, ...]) -> str:
        """Return the name of the gate for `name` and all others of its kind.

        It has the same wider resources: what checks one checks all.
        """
        kind = (wide, *(rule.key for rule in rules))
        found = self._kinds.get(kind)
        if found is None:
            found = next(form for form in _forms(wide) if form not in self._samples)
            self._kinds[kind], self._samples[found] = found, name
        return found

    def sorted_by(self, patterns: Patterns) -> Crowds:
        """Return the same with kinds as `patterns` tell them apart: who is sought finds his own."""
        crowds = Crowds()
        for crowd, sample in list(self._samples.items()):
            kind = (scopes(crowd)[:-1], *(rule.key for rule in patterns.matching(sample)))
            crowds._kinds.setdefault(kind, crowd)
            crowds._samples[crowd] = sample
        return crowds


def _forms(wide: tuple[str, ...]) -> Iterator[str]:
    """Yield names around which `wide` is: of a method, a statement, a call, whatever does it."""
    marks = (f"{OTHER}{_letters(number)}" for number in count())
    for scope in wide:
        for before, after in (("", f":{scope}"), (f"{scope}:", ""), (f"{scope}:/", "")):
            if scopes(f"{before}{OTHER}{after}")[:-1] == wide:
                return (f"{before}{mark}{after}" for mark in marks)
    return (f"*{number}" for number in count())


def _letters(number: int) -> str:
    """Return 0 as nothing, and others in letters: a method has no digits."""
    letters = ""
    while number:
        number, last = divmod(number - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters
