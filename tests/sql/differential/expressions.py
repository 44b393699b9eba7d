"""Expressions of a sort, about the columns that are in scope."""

from __future__ import annotations

import re

from tests.sql.differential.grammar import AGGREGATES, BOOL, EXPRESSIONS, WINDOWS, Templates
from tests.sql.differential.schema import INT, TEXT
from tests.sql.differential.words import Column, Scope, Source, Words

_HOLE = re.compile(r"<([a-z:,-]+)>")


class Expressions(Words):
    """Expressions; what has sub-queries in it asks `queries.py`."""

    def rows(self, scope: Scope, types: tuple[str, ...] = ()) -> str:
        """Return a sub-query in brackets with columns of `types`, any if there are none."""
        raise NotImplementedError

    def one(self, scope: Scope, sort: str) -> str:
        """Return a sub-query in brackets that has at most one row, of `sort`."""
        raise NotImplementedError

    def expression(self, scope: Scope, sort: str) -> str:
        """Return an expression of `sort`."""
        room = self.budget > 0 and self.depth < 5
        if sort == BOOL:
            return self.predicate(scope) if room else self._comparison(scope)
        templates = self._templates(EXPRESSIONS, self.dialect.expressions, sort)
        if room and templates and self.chance(0.35):
            return self.filled(self.pick(templates), scope)
        return self._leaf(scope, sort)

    def _templates(self, shared: Templates, own: Templates, sort: str) -> tuple[str, ...]:
        special = own.get(sort, ())
        if special and self.chance(0.5):
            return special
        return shared.get(sort, ()) or special

    def predicate(self, scope: Scope) -> str:
        """Return a condition."""
        if self.budget <= 0 or self.depth > 5:
            return self._comparison(scope)
        templates = self._templates(EXPRESSIONS, self.dialect.expressions, BOOL)
        return self.filled(self.pick(templates), scope)

    def _comparison(self, scope: Scope) -> str:
        sort = self.pick((INT, TEXT))
        operator = self.pick(("=", "<>", "<", ">="))
        return f"{self.column(scope, sort)} {operator} {self._leaf(scope, sort)}"

    def _leaf(self, scope: Scope, sort: str) -> str:
        number = self.random.random()
        if number < 0.7:
            return self.column(scope, sort)
        return self.parameter(sort) if number < 0.87 else self.literal(sort)

    def filled(self, template: str, scope: Scope) -> str:
        """Return `template` with its holes filled."""
        with self.deeper():
            text = self.template(template)
            return _HOLE.sub(lambda match: self._hole(match[1], scope), text)

    def _hole(self, hole: str, scope: Scope) -> str:
        kind, _, argument = hole.partition(":")
        types = tuple(argument.split(",")) if argument else ()
        if kind == "list":
            return self.rows(scope, types)
        if kind == "rows":
            return self.rows(scope)
        if kind == "one":
            return self.one(scope, argument)
        if kind == "column":
            return self.column(scope, argument)
        if kind == "key":
            return self.key(scope)
        if kind == "json-text":
            return self.filled(self.pick(self.dialect.json_text), scope)
        if kind == "text-int":
            return self.keep(f"'{self.random.randint(0, 9)}'")
        return self.expression(scope, kind)

    def column(self, scope: Scope, sort: str) -> str:
        """Return a column of `sort` that is in scope, or a literal if there is none."""
        found = [
            (source, column)
            for source in scope.visible()
            for column in source.columns
            if column.sort == sort
        ]
        if not found:
            return self.literal(sort)
        inner = [pair for pair in found if pair[0] in scope.levels[-1]]
        source, column = self.pick(inner if inner and self.chance(0.75) else found)
        return self.named(scope, source, column)

    def named(self, scope: Scope, source: Source, column: Column) -> str:
        """Return the name of `column` of `source`, qualified unless it is clear without."""
        if not source.refer or (self._clear(scope, source) and self.chance(0.5)):
            return column.name
        return f"{self.pick(source.refer)}.{column.name}"

    def _clear(self, scope: Scope, source: Source) -> bool:
        level = scope.levels[-1]
        return len(level) == 1 and level[0] is source

    def key(self, scope: Scope) -> str:
        """Return expressions that put the rows of the innermost level in one order."""
        keys = []
        for source in scope.levels[-1]:
            names = [source.key] if source.key else [column.name for column in source.columns]
            refer = self.pick(source.refer)
            keys += [f"{refer}.{name}" for name in names]
        return ", ".join(keys) or "1"

    def aggregate(self, scope: Scope, sort: str) -> str:
        """Return an aggregate of `sort` over the rows of the innermost level."""
        templates = self._templates(AGGREGATES, self.dialect.aggregates, sort)
        # One about outer columns only would be the outer query's.
        local = Scope([scope.levels[-1]], scope.expressions, scope.hidden)
        return self.filled(self.pick(templates or ("NULL",)), local)

    def window(self, scope: Scope, sort: str) -> str:
        """Return a window function's call of `sort`; ``w`` is a window that has to be declared."""
        templates = self._templates(WINDOWS, self.dialect.windows, sort)
        return self.filled(self.pick(templates), scope)
