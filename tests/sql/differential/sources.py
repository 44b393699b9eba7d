"""What stands in FROM: tables under many spellings, sub-queries, functions, joins."""

from __future__ import annotations

from dataclasses import replace

from tests.sql.differential.expressions import Expressions
from tests.sql.differential.schema import BY_NAME, INT, JSON, SHADOWED, TABLES, TEXT, Table
from tests.sql.differential.words import Column, Scope, Source

_POPULAR = ("orders", "orders", "items", "items", "customers")


class Sources(Expressions):
    """Tables and joins."""

    def derived(self, scope: Scope) -> tuple[str, tuple[Column, ...]]:
        """Return a sub-query in brackets, and its columns."""
        raise NotImplementedError

    def table(self, *, shadowed: bool = False) -> Table:
        """Return a table to use."""
        if self.chance(0.5):
            return BY_NAME[self.pick(_POPULAR)]
        return BY_NAME[self.pick(SHADOWED)] if shadowed else self.pick(TABLES)

    def spelt(self, table: Table, scope: Scope, *, target: bool = False) -> tuple[str, str]:
        """Return how `table` is written here, and without what stands before the dot."""
        name = self._marked(table)
        hidden = not target and (table.name in scope.expressions or table.name in scope.hidden)
        if hidden or self.chance(0.12):
            return self.template(self.pick(self.dialect.qualifiers)) + name, name
        return name, name

    def _marked(self, table: Table) -> str:
        name = table.name
        if self.dialect.folds and self.chance(0.08):
            name = self.pick((name.upper(), name.title()))
            if name == table.name or " " in name or table.name == "order":
                name = table.name
        marked = f"{{{name}}}" if table.shadowed else name
        plain = " " not in table.name and table.name != "order"
        if plain and not self.chance(0.15):
            return marked
        if self.dialect.name == "postgres":
            marked = marked.replace(name, table.name)
        return self.quoted(marked, self.pick(self.dialect.quotes))

    def columns_of(self, table: Table) -> tuple[Column, ...]:
        """Return the columns of `table` as they are written this time."""
        return tuple(Column(self.column_name(name), sort) for name, sort in table.columns)

    def bare(self, table: Table, scope: Scope, *, target: bool = False) -> tuple[str, Source]:
        """Return `table` without an alias, and the source that it is."""
        text, name = self.spelt(table, scope, target=target)
        refer = [name, self._again(name, table)]
        if "." in text and self.chance(0.5):
            refer.append(text)
        columns = self.columns_of(table)
        return text, Source(
            table.name, tuple(refer), columns, columns[0].name, table.name, whole=name
        )

    def _again(self, name: str, table: Table) -> str:
        """Return another spelling of the name in the same statement."""
        return self._marked(table) if self.chance(0.3) else name

    def aliased(self, table: Table, scope: Scope, taken: list[str]) -> tuple[str, Source]:
        """Return `table` with an alias."""
        text, _ = self.spelt(table, scope)
        if self.dialect.table_suffixes and self.dialect.name == "postgres" and self.chance(0.06):
            text += f" {self.dialect.table_suffixes[0]}"
        written, name = self.alias(taken)
        columns = self.columns_of(table)
        source = Source(name, (written,), columns, columns[0].name, table.name, whole=written)
        return f"{text}{self._as()}{written}", source

    def _as(self) -> str:
        return " AS " if self.chance(0.7) else " "

    def source(self, scope: Scope) -> tuple[str, Source]:
        """Return one thing to select from; it has a name that the level does not have yet."""
        taken = [source.name for source in scope.levels[-1]]
        number = self.random.random()
        if scope.expressions and number < 0.5:
            return self._expression_source(scope, taken)
        if self.budget > 3 and self.depth < 4:
            if number < 0.62:
                return self._derived_source(scope, taken)
            if number < 0.68 and self.dialect.functions:
                return self._function_source(scope, taken)
        return self._table_source(scope, taken)

    def _table_source(self, scope: Scope, taken: list[str]) -> tuple[str, Source]:
        table = self.table()
        if table.name in taken or self.chance(0.5):
            text, source = self.aliased(table, scope, taken)
        else:
            text, source = self.bare(table, scope)
        if self.chance(0.05) and self.dialect.table_suffixes and "TABLESAMPLE" not in text:
            text = self._with_suffix(text, source)
        return text, source

    def _with_suffix(self, text: str, source: Source) -> str:
        if self.dialect.name == "postgres":
            return text + " TABLESAMPLE BERNOULLI (100)" if source.table else text
        return f"{text} {self.pick(self.dialect.table_suffixes)}"

    def _expression_source(self, scope: Scope, taken: list[str]) -> tuple[str, Source]:
        source = self.pick(list(scope.expressions.values()))
        written = self.pick(source.refer)
        if source.name not in taken and self.chance(0.6):
            return written, source
        alias, name = self.alias(taken)
        return f"{written}{self._as()}{alias}", replace(source, name=name, refer=(alias,))

    def _derived_source(self, scope: Scope, taken: list[str]) -> tuple[str, Source]:
        lateral = self.has("lateral") and bool(scope.levels[-1]) and self.chance(0.3)
        with self.deeper():
            text, columns = self.derived(scope.inner() if lateral else scope.apart())
        written, name = self.alias(taken)
        word = "LATERAL " if lateral else ""
        return f"{word}{text}{self._as()}{written}", Source(name, (written,), columns)

    def _function_source(self, scope: Scope, taken: list[str]) -> tuple[str, Source]:
        written, name = self.alias(taken)
        usable = [
            function
            for function in self.dialect.functions
            if "<json>" not in function[0] or self._json_beside(scope)
        ]
        text, column, sort = self.pick(usable)
        text = self.template(text)
        if "<json>" in text:
            text = text.replace("<json>", self.pick(self._json_beside(scope)))
        if self.dialect.name == "postgres":
            return f"{text} AS {written} ({column})", Source(
                name, (written,), (Column(column, sort),)
            )
        return f"{text} AS {written}", Source(name, (written,), (Column(column, sort),))

    def _json_beside(self, scope: Scope) -> list[str]:
        return [
            f"{source.refer[0]}.{column.name}"
            for source in scope.levels[-1]
            for column in source.columns
            if column.sort == JSON and source.table
        ]

    def from_list(self, scope: Scope, most: int = 3) -> str:
        """Return what stands after FROM, and put its sources in the innermost level of `scope`."""
        level = scope.levels[-1]
        text, source = self.source(scope)
        level.append(source)
        first = 0
        while len(level) < most and self.budget > 2 and self.chance(0.42):
            with self.deeper():
                text, first = self._joined(text, scope, first)
        return text

    def _joined(self, text: str, scope: Scope, first: int) -> tuple[str, int]:
        """Return `text` joined to one more source; ON may name the level's sources from `first`."""
        level = scope.levels[-1]
        if len(level) < 2 and self.chance(0.22):
            return self._crossed(text, scope)
        if len(level) == 1 and level[0].table and self.chance(0.04):
            right, source = self._table_source(scope, [level[0].name])
            level.append(source)
            return f"{text} NATURAL {self.pick(('JOIN', 'LEFT JOIN'))} {right}", first
        word = self._join_word(scope)
        beside = Scope([level], scope.expressions, scope.hidden)
        right, source = self._right_side(beside, word)
        level.append(source)
        if source.table and self.dialect.name == "mysql" and self.chance(0.06):
            right = f"({right})"
        condition = self._on(Scope([*scope.levels[:-1], level[first:]]), source)
        return f"{text} {word} {right} {condition}", first

    def _right_side(self, beside: Scope, word: str) -> tuple[str, Source]:
        if word.split(maxsplit=1)[0] in ("RIGHT", "FULL"):
            return self._table_source(beside, [source.name for source in beside.levels[-1]])
        return self.source(beside)

    def _join_word(self, scope: Scope) -> str:
        if len(scope.levels[-1]) == 1 and self.dialect.joins and self.chance(0.3):
            return self.pick(self.dialect.joins)
        return self.pick(("JOIN", "INNER JOIN", "LEFT JOIN", "LEFT OUTER JOIN"))

    def _crossed(self, text: str, scope: Scope) -> tuple[str, int]:
        level = scope.levels[-1]
        right, source = self.source(scope)
        level.append(source)
        if self.chance(0.4):
            return f"{text} CROSS JOIN {right}", 0
        # What is joined after a comma does not see what stands before it.
        return f"{text}, {right}", len(level) - 1

    def _on(self, scope: Scope, right: Source) -> str:
        left = scope.levels[-1][:-1]
        if left and self._usable(left, right) and self.chance(0.1):
            return f"USING ({right.key})"
        ours = [column for column in right.columns if column.sort == INT]
        theirs = [
            (source, column) for source in left for column in source.columns if column.sort == INT
        ]
        if not ours or not theirs:
            return self._on_text(left, right)
        source, column = self.pick(theirs)
        equal = (
            f"{self.pick(right.refer)}.{self.pick(ours).name}"
            f" = {self.pick(source.refer)}.{column.name}"
        )
        return f"ON {equal}"

    def _usable(self, left: list[Source], right: Source) -> bool:
        return (
            len(left) == 1
            and left[0].table != ""
            and right.table != ""
            and (left[0].key == right.key == "id")
        )

    def _on_text(self, left: list[Source], right: Source) -> str:
        ours = [column for column in right.columns if column.sort == TEXT]
        theirs = [(s, column) for s in left for column in s.columns if column.sort == TEXT]
        if not ours or not theirs:
            return "ON 1 = 1"
        source, column = self.pick(theirs)
        return (
            f"ON {self.pick(right.refer)}.{self.pick(ours).name}"
            f" = {self.pick(source.refer)}.{column.name}"
        )
