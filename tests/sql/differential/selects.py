"""One SELECT: what it lists, groups, orders and locks."""

from __future__ import annotations

from dataclasses import dataclass

from tests.sql.differential.grammar import BOOL
from tests.sql.differential.schema import INT, NUM, TEXT
from tests.sql.differential.sources import Sources
from tests.sql.differential.words import Column, Scope, Source

_EVIL = ("orders", "items", "customers", "tree", "countries")


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT's text and columns, and whether the order of its rows is determined."""

    text: str
    columns: tuple[Column, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a SELECT is to list, and from where."""

    types: tuple[str, ...]
    named: bool
    top: bool
    rows: str
    """FROM with its sources, and WHERE."""


class Selects(Sources):
    """SELECT without set operations and table expressions."""

    def select(
        self, scope: Scope, types: tuple[str, ...], *, named: bool, top: bool = False
    ) -> Select:
        """Return a SELECT of `types`; `scope` has an empty innermost level for its sources."""
        source = self.from_list(scope)
        where = f" WHERE {self.expression(scope, BOOL)}" if self.chance(0.6) else ""
        number = self.random.random()
        asked = Asked(types=types, named=named, top=top, rows=f"FROM {source}{where}")
        if number < 0.14:
            return self._grouped(scope, asked)
        if number < 0.22:
            return self._distinct(scope, asked)
        if number < 0.32 and self.has_window(types):
            return self._windowed(scope, asked)
        if number < 0.5 and top and not named:
            return self._star(scope, asked)
        return self._plain(scope, asked)

    def _list(self, items: list[str], asked: Asked) -> tuple[str, tuple[Column, ...]]:
        columns, texts = [], []
        taken: list[str] = []
        for item, sort in zip(items, asked.types, strict=True):
            name = self._output(taken) if asked.named or self.chance(0.2) else ""
            taken.append(name)
            columns.append(Column(name or item, sort))
            texts.append(f"{item}{self._as_output()}{name}" if name else item)
        return ", ".join(texts), tuple(columns)

    def _as_output(self) -> str:
        return " AS "

    def _output(self, taken: list[str]) -> str:
        free = [name for name in _EVIL if name not in taken]
        if free and self.chance(0.25):
            return self.pick(free)
        return f"v{len(taken)}"

    def _plain(self, scope: Scope, asked: Asked) -> Select:
        items = [self.expression(scope, sort) for sort in asked.types]
        text, columns = self._list(items, asked)
        statement = f"SELECT {self._words()}{text} {asked.rows}"
        order = f" ORDER BY {self._order(scope, len(asked.types))}"
        return self._finished(statement, columns, order, scope, top=asked.top, locks=True)

    def _words(self) -> str:
        if self.dialect.name == "mysql" and self.chance(0.08):
            return self.pick(("SQL_NO_CACHE ", "STRAIGHT_JOIN ", "HIGH_PRIORITY ", "ALL "))
        return "ALL " if self.chance(0.02) else ""

    def _finished(
        self,
        text: str,
        columns: tuple[Column, ...],
        order: str,
        scope: Scope,
        *,
        top: bool,
        locks: bool = False,
    ) -> Select:
        if not top or not self.chance(0.6):
            lock = self._lock(scope, text) if top and locks else ""
            return Select(text + lock, columns)
        text += order
        if self.chance(0.3):
            text += f" {self.limit()}"
        return Select(text + (self._lock(scope, text) if locks else ""), columns, ordered=True)

    def _numbered(
        self, text: str, columns: tuple[Column, ...], scope: Scope, asked: Asked
    ) -> Select:
        """Finish a SELECT whose rows only all of their columns tell apart."""
        order = f" ORDER BY {self.positions(len(asked.types))}"
        return self._finished(text, columns, order, scope, top=asked.top)

    def _star(self, scope: Scope, asked: Asked) -> Select:
        level = scope.levels[-1]
        kind = self.random.random()
        if kind < 0.5:
            item = "*"
        elif kind < 0.8 or not self.has("whole-row"):
            item = ", ".join(f"{self.pick(source.refer)}.*" for source in level)
        else:
            item = self._row(scope)
        text = f"SELECT {item} {asked.rows}"
        order = f" ORDER BY {self.key(scope)}"
        return self._finished(text, (), order, scope, top=True, locks=True)

    def _row(self, scope: Scope) -> str:
        row = self.row(scope)
        if row == "NULL":
            return "*"
        return self.pick((row, f"row_to_json({row})", f"to_jsonb({row}) AS orders", f"({row}).*"))

    def row(self, scope: Scope) -> str:
        """Return what names a whole row: a name that is no column anywhere around."""
        columns = {c.name.strip('"') for s in scope.visible() for c in s.columns}
        rows = [
            source.whole
            for source in scope.levels[-1]
            if source.whole and source.name not in columns and source.whole not in columns
        ]
        return self.pick(rows) if rows else "NULL"

    def _order(self, scope: Scope, count: int) -> str:
        if self.chance(0.5):
            return self.positions(count)
        # A column first, and then what tells the rows apart.
        local = Scope([scope.levels[-1]])
        if not any(column.sort == TEXT for source in scope.levels[-1] for column in source.columns):
            return self.key(scope)
        return f"{self.column(local, TEXT)}, {self.key(scope)}"

    def positions(self, count: int) -> str:
        """Return all columns of a list, by their numbers."""
        return ", ".join(
            f"{number}{self.pick(('', '', ' DESC', ' ASC'))}" for number in range(1, count + 1)
        )

    def limit(self) -> str:
        """Return a LIMIT clause."""
        text = self.pick(self.dialect.limits)
        return text.replace("<n>", self.parameter(INT) if self.chance(0.3) else "4")

    def _lock(self, scope: Scope, text: str) -> str:
        if not self.dialect.locks or not self.chance(0.12):
            return ""
        level = scope.levels[-1]
        outer = any(word in text for word in ("LEFT", "RIGHT", "FULL", "NATURAL", "TABLESAMPLE"))
        if outer or not all(source.table for source in level):
            return ""
        if self.has("lock-of") and self.chance(0.5):
            return f" FOR UPDATE OF {self._lock_name(self.pick(level))}"
        return f" {self.pick(self.dialect.locks)}"

    def _lock_name(self, source: Source) -> str:
        return self.pick([name for name in source.refer if "." not in name])

    def has_window(self, types: tuple[str, ...]) -> bool:
        """Whether a window function may stand for one of `types`."""
        return any(sort in (INT, TEXT) for sort in types)

    def _grouped(self, scope: Scope, asked: Asked) -> Select:
        keys: list[str] = []
        items = []
        for sort in asked.types:
            if sort in (INT, TEXT) and self.chance(0.4):
                keys.append(self._group_key(scope, sort))
                items.append(keys[-1])
            else:
                items.append(self.aggregate(scope, sort if sort in (INT, TEXT, NUM) else INT))
        text, columns = self._list(items, asked)
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        if group and self.chance(0.12):
            group = self._rollup(keys) or group
        if group and self.chance(0.3):
            group += (
                f" HAVING {self.pick(('COUNT(*) > 0', 'MAX(1) = 1', 'COUNT(*) BETWEEN 1 AND 5'))}"
            )
        return self._numbered(f"SELECT {text} {asked.rows}{group}", columns, scope, asked)

    def _group_key(self, scope: Scope, sort: str) -> str:
        local = Scope([scope.levels[-1]], scope.expressions, scope.hidden)
        key = self.column(local, sort)
        # A literal would be a position, or nothing to group by.
        return (
            key
            if any(key.endswith(c.name) for s in scope.levels[-1] for c in s.columns)
            else (self._any_column(scope))
        )

    def _any_column(self, scope: Scope) -> str:
        source = self.pick(scope.levels[-1])
        return f"{source.refer[0]}.{self.pick(source.columns).name}"

    def _rollup(self, keys: list[str]) -> str:
        listed = ", ".join(keys)
        if self.dialect.name == "postgres":
            return (
                f" GROUP BY {self.pick((f'ROLLUP ({listed})', f'GROUPING SETS (({listed}), ())'))}"
            )
        return ""

    def _distinct(self, scope: Scope, asked: Asked) -> Select:
        if asked.top and self.has("distinct-on") and self.chance(0.4):
            return self._distinct_on(scope, asked)
        items = [self.expression(scope, sort) for sort in asked.types]
        text, columns = self._list(items, asked)
        return self._numbered(f"SELECT DISTINCT {text} {asked.rows}", columns, scope, asked)

    def _distinct_on(self, scope: Scope, asked: Asked) -> Select:
        key = self._any_column(scope)
        items = [self.column(scope, sort) for sort in asked.types]
        text, columns = self._list(items, asked)
        order = f"ORDER BY {key}, {self.key(scope)}"
        statement = f"SELECT DISTINCT ON ({key}) {text} {asked.rows} {order}"
        return Select(statement, columns, ordered=True)

    def _windowed(self, scope: Scope, asked: Asked) -> Select:
        items = [
            self.window(scope, sort) if sort in (INT, TEXT) and self.chance(0.6)
            else self.expression(scope, sort)
            for sort in asked.types
        ]  # fmt: skip
        text, columns = self._list(items, asked)
        statement = f"SELECT {text} {asked.rows}"
        if any("OVER w" in item for item in items):
            statement += (
                f" WINDOW w AS (PARTITION BY {self._any_column(scope)} ORDER BY {self.key(scope)})"
            )
        return self._numbered(statement, columns, scope, asked)

    def single(self, scope: Scope, sort: str) -> str:
        """Return a SELECT that has at most one row, of `sort`."""
        if self.chance(0.55) or sort not in (INT, TEXT, NUM):
            source = self.from_list(scope, most=2)
            where = f" WHERE {self.predicate(scope)}" if self.chance(0.7) else ""
            if sort in (INT, TEXT, NUM):
                return f"SELECT {self.aggregate(scope, sort)} FROM {source}{where}"
            item = self.column(scope, sort)
            return f"SELECT {item} FROM {source}{where} ORDER BY {self.key(scope)} LIMIT 1"
        source = self.from_list(scope, most=1)
        found = scope.levels[-1][0]
        item = self.expression(scope, sort)
        if found.table and found.key == "id" and len(scope.levels) > 1 and self.chance(0.6):
            around = [[one for one in level if one.name != found.name] for level in scope.levels]
            outer = Scope([*around[:-1]], scope.expressions, scope.hidden)
            return (
                f"SELECT {item} FROM {source} WHERE {found.refer[0]}.id = {self.column(outer, INT)}"
            )
        return f"SELECT {item} FROM {source} ORDER BY {self.key(scope)} LIMIT 1"

    def anything(self, scope: Scope) -> str:
        """Return a SELECT of which only matters whether it has rows."""
        with self.deeper():
            source = self.from_list(scope, most=2)
            item = self.pick(("1", "*", "NULL", f"{scope.levels[-1][0].refer[0]}.*"))
            return f"SELECT {item} FROM {source} WHERE {self.predicate(scope)}"
