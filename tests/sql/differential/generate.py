"""Statements made by chance from each dialect's grammar; a seed and a number make the same one.

Every true reference to a shadowed table is a marker (`statement.py`), because whoever writes a
statement knows what it means: nothing here reads SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from tests.sql.differential.changes import Changes
from tests.sql.differential.grammar import Dialect
from tests.sql.differential.mysql import MYSQL
from tests.sql.differential.postgres import POSTGRES
from tests.sql.differential.schema import BY_NAME, INT, TEXT
from tests.sql.differential.spelling import Spelling, with_parameters
from tests.sql.differential.sqlite import SQLITE
from tests.sql.differential.statement import Statement
from tests.sql.differential.words import Scope

DIALECTS = {dialect.name: dialect for dialect in (MYSQL, POSTGRES, SQLITE)}

_SHARES = (
    ("select", 0.50),
    ("insert", 0.16),
    ("update", 0.12),
    ("delete", 0.09),
    ("merge", 0.03),
    ("changing", 0.02),
    ("many", 0.03),
    ("explain", 0.02),
    ("fault", 0.03),
    ("small", 0.02),
)

_MANY = {"orders": ("status", "note", "items"), "items": ("order_id", "sku", "quantity")}
_TEXTS = ("status", "note", "sku")


def statements(dialect: str, seed: int, count: int, first: int = 0) -> Iterator[Statement]:
    """Yield `count` statements, from number `first` on."""
    for number in range(first, first + count):
        yield generate(dialect, seed, number)


def generate(dialect: str, seed: int, number: int) -> Statement:
    """Return statement `number` of `seed`."""
    random = Random(f"{dialect} {seed} {number}")
    kinds, shares = zip(*_SHARES, strict=True)
    kind = random.choices(kinds, shares)[0]
    place = f"--seed {seed} --first {number}"
    return _Statements(DIALECTS[dialect], random, place).make(kind)


class _Statements:
    """One statement, of the kind that was drawn."""

    def __init__(self, dialect: Dialect, random: Random, place: str) -> None:
        self._maker = Changes(dialect, random)
        self._dialect, self._random, self._place = dialect, random, place

    def make(self, kind: str) -> Statement:
        """Return a statement of `kind`, or a SELECT where the dialect has none of it."""
        if kind == "many":
            return self._many()
        if kind == "explain":
            return self._explain()
        if kind == "fault":
            return self._finished(self._maker.template(self._random.choice(self._dialect.faults)))
        if kind == "small":
            return self._small()
        made = self._change(kind)
        return self._finished(made()) if made else self._select()

    def _change(self, kind: str) -> Callable[[], str] | None:
        maker = self._maker
        return {
            "insert": maker.insert,
            "update": maker.update,
            "delete": maker.delete,
            "merge": maker.merge if maker.has("merge") else maker.update,
            "changing": maker.changing_expression if maker.has("dml-in-cte") else maker.delete,
        }.get(kind)

    def _select(self) -> Statement:
        query, _ = self._maker.top()
        text = query.text
        if self._maker.has("parens-in-set") and self._maker.chance(0.03):
            text = f"({text})"
        return self._finished(text, ordered=query.ordered, reads=True)

    def _small(self) -> Statement:
        maker = self._maker
        name = maker.pick(("{orders}", "{items}", "{customers}"))
        if maker.has("table-command"):
            return self._finished(f"TABLE {name}", reads=True)
        if maker.has("values-command"):
            return self._finished(
                f"VALUES ({maker.literal(INT)}, {maker.literal(TEXT)})", reads=True
            )
        return self._finished(f"SELECT COUNT(*) FROM {name}", reads=True)

    def _explain(self) -> Statement:
        word = self._random.choice(self._dialect.explains)
        if self._random.random() < 0.7:
            text = self._maker.top()[0].text
        else:
            text = self._random.choice((self._maker.update, self._maker.delete))()
        return self._finished(f"{word} {text}", explains=True)

    def _many(self) -> Statement:
        """Return a statement that is executed with several sets of parameters."""
        maker = self._maker
        maker.style = self._random.choice(self._dialect.styles)
        table = BY_NAME[maker.pick(("orders", "items"))]
        name = maker.spelt(table, Scope(), target=True)[0]
        count = maker.pick((1, 2, 5, 30, 250))
        if maker.chance(0.6):
            columns = _MANY[table.name]
            marks = ", ".join(maker.parameter(TEXT if c in _TEXTS else INT) for c in columns)
            text = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"
            rows = [self._row(columns, number) for number in range(count)]
        elif maker.chance(0.5):
            text = f"UPDATE {name} SET {_MANY[table.name][-1]} = {maker.parameter(INT)}"
            text += f" WHERE id = {maker.parameter(INT)}"
            rows = [(number % 9, number) for number in range(count)]
        else:
            text = f"DELETE FROM {name} WHERE id = {maker.parameter(INT)}"
            rows = [(number,) for number in range(count)]
        return self._repeated(self._finished(text), rows)

    def _row(self, columns: tuple[str, ...], number: int) -> tuple[Any, ...]:
        return tuple(f"m{number} orders" if name in _TEXTS else number % 7 for name in columns)

    def _repeated(self, statement: Statement, rows: list[tuple[Any, ...]]) -> Statement:
        args = statement.args
        if isinstance(args, dict):
            named = tuple(dict(zip(args, row, strict=True)) for row in rows)
            return replace(statement, args=None, rows=named)
        return replace(statement, args=None, rows=tuple(rows))

    def _finished(
        self, text: str, *, ordered: bool = False, reads: bool = False, explains: bool = False
    ) -> Statement:
        maker = self._maker
        text = Spelling(self._dialect, self._random, maker.kept).written(text)
        text, args = with_parameters(text, maker.args, maker.style, self._random)
        return Statement(
            text=text,
            args=args,
            ordered=ordered,
            reads=reads,
            explains=explains,
            client=maker.style == "client",
            place=self._place,
        )
