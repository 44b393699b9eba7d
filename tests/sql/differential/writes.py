"""Statements that add rows: INSERT and what is like it. For UPDATE see `changes.py`."""

from __future__ import annotations

from dataclasses import replace

from tests.sql.differential.grammar import BOOL
from tests.sql.differential.queries import Queries
from tests.sql.differential.schema import BY_NAME, INT, JSON, NUM, TEXT, Table
from tests.sql.differential.words import Column, Scope, Source

_WRITTEN = ("orders", "orders", "items", "customers", "order", "Order Lines", "tree", "audit")


class Writes(Queries):
    """INSERT, REPLACE and upserts."""

    fresh = 0

    def written(self) -> Table:
        """Return a table to write to."""
        return BY_NAME[self.pick(_WRITTEN)]

    def insert(self) -> str:
        """Return an INSERT with values, or from a query."""
        table, scope = self.written(), Scope()
        prefix = ""
        if self.has("with-dml") and self.chance(0.12):
            prefix, scope = self.with_clause(scope)
        text, target = self.target(table, scope, alias="insert-alias")
        word = self._insert_word()
        if self.has("insert-set") and self.chance(0.1):
            sets = self._assignments(table, target, scope)
            return f"{word} {text} SET {sets}{self._conflict(table, target, word)}"
        names = self._insert_columns(table)
        if self.has("default-values") and self.chance(0.04):
            return f"{prefix}{word} {text} DEFAULT VALUES"
        listed = ", ".join(self.column_name(name) for name in names)
        if self.chance(0.3):
            body = self._from_query(table, names, scope)
        else:
            body = self._values_of(table, names, scope)
        end = self._conflict(table, target, word) + self.returning(target, scope, "insert")
        return f"{prefix}{word} {text} ({listed}) {body}{end}"

    def _insert_word(self) -> str:
        if self.has("replace") and self.chance(0.15):
            return self.pick(
                ("REPLACE INTO", "REPLACE INTO" if self.has("with-dml") else "REPLACE")
            )
        return self.pick(self.dialect.insert_words)

    def target(self, table: Table, scope: Scope, *, alias: str) -> tuple[str, Source]:
        """Return how the changed table is written, with an alias if the dialect has `alias`."""
        text, name = self.spelt(table, scope, target=True)
        columns = self.columns_of(table)
        key = columns[0].name
        if self.has(alias) and self.chance(0.3):
            written, called = self.alias([])
            return f"{text} AS {written}", Source(
                called, (written,), columns, key, table.name, whole=written, aliased=True
            )
        refer = (name, self._again(name, table))
        return text, Source(table.name, refer, columns, key, table.name, whole=name)

    def _insert_columns(self, table: Table) -> list[str]:
        names = [name for name, _ in table.columns]
        key = names[0]
        keep = {*(table.required or names[1:2]), *(() if table.generated else (key,))}
        return [
            name
            for name in names
            if name in keep or (name != key and self.chance(0.6)) or self.chance(0.1)
        ]

    def _values_of(self, table: Table, names: list[str], scope: Scope) -> str:
        count = self.pick((1, 1, 1, 2, 3, 5, 40, 300)) if self.chance(0.5) else 1
        if count > 100 and self.style and self.chance(0.7):
            count = 12
        rows = [", ".join(self._cell(table, name, scope) for name in names) for _ in range(count)]
        return f"VALUES {', '.join(f'({row})' for row in rows)}"

    def _cell(self, table: Table, name: str, scope: Scope) -> str:
        sort = dict(table.columns)[name]
        if name == table.columns[0][0] or name in table.unique:
            return self._unique(sort)
        if name not in table.required and self.chance(0.1):
            return "DEFAULT" if self.has("default-word") and self.chance(0.5) else "NULL"
        if sort == JSON:
            return self.keep('\'{"kind": "orders", "n": 1}\'')
        if self.budget > 0 and self.chance(0.12) and sort in (INT, TEXT, NUM):
            return self.one(scope.apart(), sort)
        return self.parameter(sort) if self.chance(0.6) else self.literal(sort)

    def _unique(self, sort: str) -> str:
        self.fresh += 1
        if self.chance(0.12):
            return "5" if sort == INT else self.keep("'email5g@x'")
        number = 1000 + self.fresh
        if self.style and self.chance(0.5):
            mark = self.parameter(sort)
            self.args[-1] = number if sort == INT else f"u{number}"
            return mark
        return str(number) if sort == INT else self.keep(f"'u{number} orders'")

    def _from_query(self, table: Table, names: list[str], scope: Scope) -> str:
        """Return a query with a row for each of one table's; keys are made of its keys."""
        types = dict(table.columns)
        inner = scope.apart()
        prefix = ""
        if self.chance(0.15):
            prefix, inner = self.with_clause(inner)
            inner = inner.apart()
        source = self.from_list(inner, most=2)
        items = []
        for name in names:
            unique = name == table.columns[0][0] or name in table.unique
            if unique:
                items.append(self._made(inner, types[name]))
            elif types[name] == JSON:
                items.append("NULL")
            elif name in table.required:
                items.append(
                    f"COALESCE({self.expression(inner, types[name])}, {self.literal(types[name])})"
                )
            else:
                items.append(self.expression(inner, types[name]))
        where = (
            f" WHERE {self.predicate(inner)}"
            if self.chance(0.5) or self.dialect.name == "sqlite"
            else ""
        )
        order = f" ORDER BY {self.key(inner)}"
        limit = " LIMIT 3" if self.chance(0.3) else ""
        return f"{prefix}SELECT {', '.join(items)} FROM {source}{where}{order}{limit}"

    def _made(self, scope: Scope, sort: str) -> str:
        """Return an expression that differs from row to row, mostly."""
        window = f"ROW_NUMBER() OVER (ORDER BY {self.key(scope)})"
        self.fresh += 50
        if sort == INT:
            return f"({window} + {2000 + self.fresh})"
        prefix = self.keep(f"'s{self.fresh}-'")
        if self.dialect.name == "mysql":
            return f"CONCAT({prefix}, {window})"
        return f"({prefix} || {window})"

    def _assignments(self, table: Table, target: Source, scope: Scope) -> str:
        return ", ".join(
            f"{self._plain_name(target, name)} = {self._cell(table, name, scope)}"
            for name in self._insert_columns(table)
        )

    def _plain_name(self, target: Source, name: str) -> str:
        names = [column for column, _ in BY_NAME[target.table].columns]
        return target.columns[names.index(name)].name

    def _conflict(self, table: Table, target: Source, word: str) -> str:
        if word.startswith("REPLACE") or not self.chance(0.25):
            return ""
        if self.has("on-duplicate"):
            return f" ON DUPLICATE KEY UPDATE {self._updated(table, target, 'VALUES({})')}"
        if not self.has("on-conflict") or " OR " in word:
            return ""
        return self._on_conflict(table, target)

    def _on_conflict(self, table: Table, target: Source) -> str:
        keys = [table.columns[0][0]] if self.chance(0.5) or not table.unique else list(table.unique)
        listed = f" ({', '.join(self._plain_name(target, key) for key in keys)})"
        if self.chance(0.3):
            return f" ON CONFLICT{listed if self.chance(0.5) else ''} DO NOTHING"
        where = ""
        if self.chance(0.4):
            where = f" WHERE {self.pick(target.refer)}.{target.key} > {self.literal(INT)}"
        if self.dialect.name == "postgres" and table.name == "countries":
            where = ""
        sets = self._updated(table, target, "EXCLUDED.{}")
        return f" ON CONFLICT{listed} DO UPDATE SET {sets}{where}"

    def _updated(self, table: Table, target: Source, new: str) -> str:
        free = [
            column
            for column, (name, sort) in zip(target.columns, table.columns, strict=True)
            if name != table.columns[0][0] and name not in table.unique and sort in (INT, TEXT, NUM)
        ]
        parts = []
        for column in self.random.sample(free, min(len(free), self.random.randint(1, 2))):
            refer = self.pick(target.refer)
            old = f"{refer}.{column.name}"
            given = new.format(column.name)
            if column.sort == TEXT:
                parts.append(f"{column.name} = COALESCE({given}, {old}, {self.literal(TEXT)})")
            else:
                parts.append(f"{column.name} = COALESCE({old}, 0) + COALESCE({given}, 1)")
        return ", ".join(parts)

    def returning(self, target: Source, scope: Scope, verb: str) -> str:
        """Return a RETURNING clause, or nothing."""
        if not self.has(f"returning-{verb}") or not self.chance(0.3):
            return ""
        number = self.random.random()
        if number < 0.3:
            return " RETURNING *"
        if self.dialect.name == "sqlite" and target.aliased:
            # There an alias is not known any more.
            target = replace(target, refer=())
        seen = Scope([[target]], scope.expressions, scope.hidden)
        if number < 0.4 and self.dialect.name == "postgres":
            return f" RETURNING {self.pick(target.refer)}.*"
        items = [self._returned(seen, target) for _ in range(self.random.randint(1, 3))]
        return f" RETURNING {', '.join(items)}"

    def _returned(self, seen: Scope, target: Source) -> str:
        column = self.pick(target.columns)
        if self.chance(0.5):
            name = " AS orders" if self.chance(0.2) else ""
            return f"{self.named(seen, target, Column(column.name, column.sort))}{name}"
        return self.expression(seen, self.pick((INT, TEXT)))

    def condition(self, scope: Scope, share: float = 0.9) -> str:
        """Return a WHERE clause, or rarely nothing."""
        return f" WHERE {self.expression(scope, BOOL)}" if self.chance(share) else ""

    def changed(self, table: Table, target: Source, scope: Scope, *, qualify: bool = False) -> str:
        """Return what follows SET: columns that are no keys."""
        free = [
            column
            for column, (name, sort) in zip(target.columns, table.columns, strict=True)
            if name not in (table.columns[0][0], *table.unique, *table.required)
            and sort in (INT, TEXT, NUM)
        ]
        chosen = self.random.sample(free, min(len(free), self.random.randint(1, 3)))
        if self.has("set-tuple") and len(chosen) > 1 and self.chance(0.2):
            return self._tuple(chosen, scope)
        parts = []
        for column in chosen:
            name = column.name
            if qualify and self.chance(0.6):
                name = f"{self.pick(target.refer)}.{name}"
            parts.append(f"{name} = {self._new(column, scope)}")
        return ", ".join(parts)

    def _new(self, column: Column, scope: Scope) -> str:
        if self.has("default-word") and self.chance(0.05):
            return "DEFAULT"
        return (
            self.parameter(column.sort)
            if self.chance(0.25)
            else self.expression(scope, column.sort)
        )

    def _tuple(self, chosen: list[Column], scope: Scope) -> str:
        names = ", ".join(column.name for column in chosen)
        if self.chance(0.5):
            values = ", ".join(self.expression(scope, column.sort) for column in chosen)
            return f"({names}) = ({values})"
        inner = scope.inner()
        source = self.from_list(inner, most=1)
        values = ", ".join(self.column(inner, column.sort) for column in chosen)
        query = f"SELECT {values} FROM {source} ORDER BY {self.key(inner)} LIMIT 1"
        return f"({names}) = ({query})"
