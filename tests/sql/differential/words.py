"""The smallest parts of a generated statement: names, literals, parameters, chance.

Text that nobody may touch afterwards (literals, quoted names, comments) is set aside and stands in
the statement as a private character; what is left is keywords, plain names and blanks, which
`spelling.py` writes in other ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from tests.sql.differential.grammar import BOOL, STRINGS, Dialect
from tests.sql.differential.schema import INT, JSON, KINDS, NUM, TEXT, TIME

T = TypeVar("T")

KEPT, PARAMETER = 0xE000, 0xF000
"""First of the private characters: text that was set aside, and parameters."""

_LITERAL = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`")
_ALIASES = ("o", "i", "c", "t", "x", "a1", "b_2", "src", "orders_2", "v_orders", "o$")
_EVIL = ("orders", "items", "customers", "tree")
"""Names of shadowed tables, as names of something else."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that an expression can name: its text, quoted where it has to be, and its sort."""

    name: str
    sort: str


@dataclass(frozen=True, slots=True)
class Source:
    """A table, sub-query or function in FROM, as the expressions beside it see it."""

    name: str
    """As it is compared: hides what has the same name further out. Empty where it has none."""
    refer: tuple[str, ...]
    """What may stand before its columns."""
    columns: tuple[Column, ...]
    key: str = ""
    """The column that tells its rows apart."""
    table: str = ""
    """The table that it is."""
    whole: str = ""
    """PostgreSQL: what names a row of it."""
    aliased: bool = False
    """Whether it has another name than its table."""


@dataclass(slots=True)
class Scope:
    """What names mean at a place: sources by level, the innermost last, and table expressions."""

    levels: list[list[Source]] = field(default_factory=lambda: [[]])
    expressions: dict[str, Source] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    """Names that are no tables here although no expression of that name can be used."""

    def inner(self) -> Scope:
        """Return the scope of a sub-query that sees what is outside."""
        return Scope([*self.levels, []], dict(self.expressions), self.hidden)

    def apart(self) -> Scope:
        """Return the scope of a sub-query that sees no columns from outside."""
        return Scope([[]], dict(self.expressions), self.hidden)

    def visible(self) -> list[Source]:
        """Return the sources whose columns can be named, the innermost first."""
        seen: set[str] = set()
        found = []
        for level in reversed(self.levels):
            found += [source for source in level if source.name and source.name not in seen]
            seen |= {source.name for source in level}
        return found


class Words:
    """Chance, names and literals."""

    def __init__(self, dialect: Dialect, random: Random) -> None:
        self.dialect, self.random = dialect, random
        self.kept: list[str] = []
        self.args: list[Any] = []
        self.style = random.choice(("", *dialect.styles))
        self.budget = random.choice((4, 8, 14, 22))
        self.aliases = 0
        self.depth = 0

    def chance(self, share: float) -> bool:
        """Whether something that happens in `share` of all cases happens."""
        return self.random.random() < share

    def pick(self, things: Sequence[T]) -> T:
        """Return one of `things`."""
        return self.random.choice(things)

    def has(self, feature: str) -> bool:
        """Whether the dialect has `feature`."""
        return self.dialect.has(feature)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Note that what is made inside is a level down, and has less room."""
        self.depth += 1
        self.budget -= 1
        try:
            yield
        finally:
            self.depth -= 1

    def keep(self, text: str) -> str:
        """Set `text` aside; return what stands for it."""
        self.kept.append(text)
        return chr(KEPT + len(self.kept) - 1)

    def template(self, text: str) -> str:
        """Return `text` with its literals set aside."""
        return _LITERAL.sub(lambda match: self.keep(match[0]), text)

    def quoted(self, name: str, quotes: str = "") -> str:
        """Return `name` in quotes, and set aside."""
        marks = quotes or self.dialect.quotes[0]
        first, last = marks[0], marks[1]
        return self.keep(f"{first}{name}{last}")

    def column_name(self, name: str) -> str:
        """Return a column's name, in quotes where it has to be or sometimes."""
        plain = name.isidentifier() and name not in ("order", "group", "key", "value")
        if plain and not self.chance(0.08):
            return name
        return self.quoted(name, self.pick(self.dialect.quotes))

    def alias(self, taken: Sequence[str]) -> tuple[str, str]:
        """Return a new name, as it is written and as it is compared."""
        if self.chance(0.18):
            free = [name for name in _EVIL if name not in taken]
            if free:
                name = self.pick(free)
                return (self.quoted(name) if self.chance(0.2) else name), name
        if self.chance(0.05):
            self.aliases += 1
            name = f"from orders {self.aliases}"
            return self.quoted(name), name
        free = [name for name in _ALIASES if name not in taken and name != "o$"]
        if free and self.chance(0.8):
            name = self.pick(free)
            return name, name
        self.aliases += 1
        return f"q{self.aliases}", f"q{self.aliases}"

    def literal(self, sort: str) -> str:
        """Return a literal of `sort`."""
        special = self.dialect.literals.get(sort, ())
        if sort == INT:
            return self.template(self.pick(special)) if self.chance(0.1) else self._number()
        if sort == TEXT:
            return self._string()
        if sort == NUM:
            return self.pick(("0.5", "12.25", "100", "1e1"))
        if not special:
            return self.keep("'{\"orders\": 1}'") if sort == JSON else "NULL"
        return self.template(self.pick(special))

    def _number(self) -> str:
        return str(self.random.randint(0, 12))

    def _string(self) -> str:
        if self.chance(0.3) and self.dialect.strings:
            return self.keep(self.pick(self.dialect.strings))
        inside = self.pick(STRINGS) if self.chance(0.5) else self.pick(KINDS).replace("'", "''")
        return self.keep(f"'{inside}'")

    def parameter(self, sort: str) -> str:
        """Return a parameter that has a value of `sort`, or a literal where there are none."""
        if not self.style:
            return self.literal(sort)
        self.args.append(self.value(sort))
        mark = chr(PARAMETER + len(self.args) - 1)
        return self.dialect.casts.get(sort, "?").replace("?", mark)

    def value(self, sort: str) -> Any:
        """Return a value of `sort` for a parameter."""
        if sort == INT:
            return self.random.randint(0, 12)
        if sort == NUM:
            return self.pick((0.5, 12.25, 100.0))
        if sort == TIME:
            return self.pick(("2026-03-01 10:00:00", "2026-06-16 10:00:00"))
        if sort == JSON:
            return '{"kind": "orders", "n": 2}'
        if sort == BOOL:
            return 1
        if self.chance(0.5):
            return self.pick(KINDS)
        return self.pick(STRINGS).replace("''", "'")
