"""Queries: SELECT in its forms, set operations, common table expressions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.sql.differential.schema import INT, NUM, SHADOWED, TEXT
from tests.sql.differential.selects import Select, Selects
from tests.sql.differential.words import Column, Scope, Source

_TYPES = (INT, INT, TEXT, TEXT, NUM)


@dataclass(frozen=True, slots=True)
class Query:
    """A query's text and columns, and whether the order of its rows is determined."""

    text: str
    columns: tuple[Column, ...]
    ordered: bool = False


class Queries(Selects):
    """Whole queries."""

    def rows(self, scope: Scope, types: tuple[str, ...] = ()) -> str:
        """Return a sub-query in brackets with columns of `types`, any if there are none."""
        inner = scope.inner()
        if not types and self.chance(0.3):
            return f"({self.anything(inner)})"
        with self.deeper():
            query = self.query(inner, types or (INT,), named=False)
        return f"({query.text})"

    def one(self, scope: Scope, sort: str) -> str:
        """Return a sub-query in brackets that has at most one row, of `sort`."""
        with self.deeper():
            return f"({self.single(scope.inner(), sort)})"

    def derived(self, scope: Scope) -> tuple[str, tuple[Column, ...]]:
        """Return a sub-query in brackets, and its columns."""
        if self.has("derived-values") and self.dialect.name != "mysql" and self.chance(0.1):
            return self._values()
        types = tuple(self.pick(_TYPES) for _ in range(self.random.randint(1, 3)))
        query = self.query(scope, types, named=True)
        return f"({query.text})", query.columns

    def _values(self) -> tuple[str, tuple[Column, ...]]:
        rows = ", ".join(
            f"({self.literal(INT)}, {self.keep(chr(39) + word + chr(39))})"
            for word in ("orders", "new", "x")
        )
        return f"(VALUES {rows})", (Column("column1", INT), Column("column2", TEXT))

    def query(self, scope: Scope, types: tuple[str, ...], *, named: bool) -> Query:
        """Return a query of `types`; its columns have names of their own if `named`."""
        prefix = ""
        if self.budget > 4 and self.depth < 4 and self.chance(0.12):
            prefix, scope = self.with_clause(scope)
        if self.budget > 4 and self.chance(0.14):
            query = self.united(scope, types, named=named)
        else:
            select = self.select(scope, types, named=named)
            query = Query(select.text, select.columns)
        return replace(query, text=prefix + query.text)

    def united(self, scope: Scope, types: tuple[str, ...], *, named: bool) -> Query:
        """Return two or three queries in a set operation."""
        brackets = self.has("parens-in-set") and self.chance(0.25)
        parts = []
        columns: tuple[Column, ...] = ()
        # One operator throughout, or servers would differ in which binds tighter.
        word = self.pick(self._set_words())
        for number in range(self.pick((2, 2, 3))):
            side = Scope([*scope.levels[:-1], []], dict(scope.expressions), scope.hidden)
            with self.deeper():
                select = self.select(side, types, named=named and number == 0)
            columns = columns or select.columns
            parts.append(f"({select.text})" if brackets else select.text)
        return Query(f" {word} ".join(parts), columns)

    def _set_words(self) -> tuple[str, ...]:
        words: tuple[str, ...] = ("UNION ALL", "UNION", "UNION ALL")
        if self.has("intersect"):
            words = (*words, "INTERSECT", "EXCEPT")
        return (*words, "EXCEPT ALL", "UNION DISTINCT") if self.has("set-all") else words

    def with_clause(self, scope: Scope) -> tuple[str, Scope]:
        """Return ``WITH …`` with a blank after it, and the scope that sees its expressions."""
        names: list[tuple[str, str]] = []
        for _ in range(self.pick((1, 1, 2, 3))):
            names.append(self._expression_name([name for _, name in names]))
        recursive = self.has("recursive") and self.chance(0.25)
        see_all = recursive or not self.has("own-cte-name")
        inside = Scope([[]], dict(scope.expressions), scope.hidden)
        if see_all:
            inside.hidden |= {name for _, name in names}
            for _, name in names:
                inside.expressions.pop(name, None)
        parts, found = [], {}
        for written, name in names:
            body = Scope([[]], dict(inside.expressions), inside.hidden)
            with self.deeper():
                text, source = self._expression(written, name, body, recursive=recursive)
            parts.append(text)
            found[name] = source
            inside.expressions[name] = source
        outside = Scope(scope.levels, {**scope.expressions, **found}, scope.hidden)
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} ", outside

    def _expression_name(self, taken: list[str]) -> tuple[str, str]:
        if self.chance(0.4):
            free = [n for n in SHADOWED if n not in taken and n.islower() and n != "order"]
            name = self.pick(free)
            return (self.quoted(name) if self.chance(0.15) else name), name
        return self.alias(taken)

    def _expression(
        self, written: str, name: str, body: Scope, *, recursive: bool
    ) -> tuple[str, Source]:
        if recursive and self.chance(0.7):
            return self._recursive(written, name, body)
        types = tuple(self.pick(_TYPES) for _ in range(self.random.randint(1, 3)))
        query = self.query(body, types, named=True)
        columns, head = query.columns, written
        if self.chance(0.25):
            columns = tuple(
                Column(f"c{number}", column.sort) for number, column in enumerate(columns)
            )
            head = f"{written} ({', '.join(column.name for column in columns)})"
        hint = ""
        if self.has("materialized") and self.chance(0.2):
            hint = self.pick(("MATERIALIZED ", "NOT MATERIALIZED "))
        return f"{head} AS {hint}({query.text})", Source(name, (written,), columns, whole=written)

    def _recursive(self, written: str, name: str, body: Scope) -> tuple[str, Source]:
        number, label = Column("n", INT), Column("label", TEXT)
        union = self.pick(("UNION ALL", "UNION"))
        if self.chance(0.4):
            text = f"SELECT 1 {union} SELECT n + 1 FROM {written} WHERE n < 5"
            return f"{written} (n) AS ({text})", Source(name, (written,), (number,), "n")
        table = self._tree(body)
        below = self._tree(body)
        step = "t.parent = up.n" if self.chance(0.5) else "up.n = t.parent"
        text = (
            f"SELECT x.id, x.label FROM {table} AS x WHERE x.parent IS NULL {union}"
            f" SELECT t.id, t.label FROM {below} AS t JOIN {written} AS up ON {step}"
        )
        return f"{written} (n, label) AS ({text})", Source(
            name, (written,), (number, label), "n", whole=written
        )

    def _tree(self, body: Scope) -> str:
        from tests.sql.differential.schema import BY_NAME

        return self.spelt(BY_NAME["tree"], body)[0]

    def top(self) -> tuple[Query, Select | None]:
        """Return a whole statement that reads, and the SELECT that it is if it is one."""
        scope = Scope()
        prefix = ""
        if self.chance(0.22):
            prefix, scope = self.with_clause(scope)
        types = tuple(self.pick(_TYPES) for _ in range(self.random.randint(1, 4)))
        if self.chance(0.14):
            query = self.united(scope, types, named=self.chance(0.3))
            query = self._positions(query)
            return replace(query, text=prefix + query.text), None
        select = self.select(scope, types, named=self.chance(0.3), top=True)
        return Query(prefix + select.text, select.columns, select.ordered), select

    def _positions(self, query: Query) -> Query:
        if not self.chance(0.6):
            return query
        text = f"{query.text} ORDER BY {self.positions(len(query.columns))}"
        if self.chance(0.3):
            text += f" {self.limit()}"
        return replace(query, text=text, ordered=True)
