"""UPDATE, DELETE and MERGE, of one table and of several."""

from __future__ import annotations

from tests.sql.differential.schema import BY_NAME, INT, TEXT, Table
from tests.sql.differential.words import Scope, Source
from tests.sql.differential.writes import Writes

_WITH_ID = ("orders", "items", "customers", "order", "Order Lines", "tree")


class Changes(Writes):
    """Statements that change what is there."""

    def _changed_table(self) -> Table:
        if self.chance(0.12):
            return BY_NAME["audit"]
        return BY_NAME[self.pick(("orders", "items", *_WITH_ID))]

    def update(self) -> str:
        """Return an UPDATE."""
        if self.has("multi-update") and self.chance(0.4):
            return self._multi_update()
        table, scope = self._changed_table(), Scope()
        prefix = ""
        if self.has("with-dml") and self.chance(0.15):
            prefix, scope = self.with_clause(scope)
        text, target = self.target(table, scope, alias="target-alias")
        if self.dialect.name == "mysql" and self.chance(0.3):
            written, name = self.alias([])
            text += f" AS {written}"
            target = Source(name, (written,), target.columns, target.key, table.name)
        scope.levels[-1].append(target)
        word = self.pick(self.dialect.update_words)
        head = f"{prefix}{word} {text} SET "
        if self.has("update-from") and self.chance(0.35):
            return head + self._update_from(table, target, scope)
        sets = self.changed(table, target, scope, qualify=self.has("qualified-set"))
        end = self.returning(target, scope, "update") or self._dml_limit(scope)
        return f"{head}{sets}{self.condition(scope)}{end}"

    def _dml_limit(self, scope: Scope) -> str:
        if not self.has("limit-in-dml") or not self.chance(0.2):
            return ""
        return f" ORDER BY {self.key(scope)} DESC LIMIT 2"

    def _update_from(self, table: Table, target: Source, scope: Scope) -> str:
        joined, one = self._found_once(target, scope)
        beside = Scope([[target, one]], scope.expressions, scope.hidden)
        sets = self.changed(table, target, beside)
        more = f" AND {self.predicate(beside)}" if self.chance(0.4) else ""
        returned = self.returning(target, scope, "update")
        if self.dialect.name == "sqlite":
            returned = " RETURNING *" if returned else ""
        return f"{sets} FROM {joined[0]} WHERE {joined[1]}{more}{returned}"

    def _found_once(self, target: Source, scope: Scope) -> tuple[tuple[str, str], Source]:
        """Return a source, and the condition by which a row of `target` has at most one of it."""
        table = BY_NAME[self.pick(_WITH_ID)]
        if table.name == target.name or self.chance(0.5):
            text, source = self.aliased(table, scope, [target.name])
        else:
            text, source = self.bare(table, scope)
        if "TABLESAMPLE" in text:
            text = text.partition(" TABLESAMPLE")[0]
        ours = [column for column in target.columns if column.sort == INT]
        pair = (
            f"{self.pick(source.refer)}.{source.key}",
            f"{self.pick(target.refer)}.{self.pick(ours).name}",
        )
        condition = " = ".join(pair if self.chance(0.5) else pair[::-1])
        return (text, condition), source

    def _multi_update(self) -> str:
        table, scope = BY_NAME[self.pick(_WITH_ID)], Scope()
        text, target = self._member(table, scope, [])
        (other, condition), one = self._found_once(target, scope)
        scope.levels[-1] += [target, one]
        sets = [self._qualified(target, table, scope)]
        if one.table and self.chance(0.3):
            sets.append(self._qualified(one, BY_NAME[one.table], scope))
        word = self.pick(self.dialect.update_words)
        if self.chance(0.5):
            join = self.pick(("JOIN", "LEFT JOIN", "INNER JOIN"))
            where = self.condition(scope, 0.6)
            return f"{word} {text} {join} {other} ON {condition} SET {', '.join(sets)}{where}"
        more = f" AND {self.predicate(scope)}" if self.chance(0.4) else ""
        return f"{word} {text}, {other} SET {', '.join(sets)} WHERE {condition}{more}"

    def _qualified(self, target: Source, table: Table, scope: Scope) -> str:
        """Return an assignment that no server takes for another table's."""
        column = next(
            column
            for column, (name, sort) in zip(target.columns, table.columns, strict=True)
            if name not in (*table.unique, *table.required) and sort in (INT, TEXT) and name != "id"
        )
        return f"{self.pick(target.refer)}.{column.name} = {self.expression(scope, column.sort)}"

    def _member(self, table: Table, scope: Scope, taken: list[str]) -> tuple[str, Source]:
        if self.chance(0.5):
            return self.aliased(table, scope, taken)
        return self.bare(table, scope, target=True)

    def delete(self) -> str:
        """Return a DELETE."""
        if self.has("multi-delete") and self.chance(0.45):
            return self._multi_delete()
        table, scope = self._changed_table(), Scope()
        prefix = ""
        if self.has("with-dml") and self.chance(0.15):
            prefix, scope = self.with_clause(scope)
        text, target = self.target(table, scope, alias="target-alias")
        scope.levels[-1].append(target)
        head = f"{prefix}{self.pick(self.dialect.delete_words)} {text}"
        if self.has("delete-using") and self.chance(0.3):
            (other, condition), one = self._found_once(target, scope)
            beside = Scope([[target, one]], scope.expressions, scope.hidden)
            more = f" AND {self.predicate(beside)}" if self.chance(0.4) else ""
            end = self.returning(target, scope, "delete")
            return f"{head} USING {other} WHERE {condition}{more}{end}"
        where = self.condition(scope)
        return f"{head}{where}{self.returning(target, scope, 'delete') or self._dml_limit(scope)}"

    def _multi_delete(self) -> str:
        table, scope = BY_NAME[self.pick(_WITH_ID)], Scope()
        text, target = self._member(table, scope, [])
        (other, condition), one = self._found_once(target, scope)
        scope.levels[-1] += [target, one]
        names = [self._delete_name(target)]
        if one.table and self.chance(0.3):
            names.append(self._delete_name(one))
        listed = ", ".join(names)
        joined = f"{text} JOIN {other} ON {condition}" if self.chance(0.6) else f"{text}, {other}"
        where = f" WHERE {condition}" if ", " in joined or self.chance(0.5) else ""
        if self.chance(0.3):
            where += f" AND {self.predicate(scope)}" if where else f" WHERE {self.predicate(scope)}"
        if self.chance(0.5):
            return f"DELETE {listed} FROM {joined}{where}"
        return f"DELETE FROM {listed} USING {joined}{where}"

    def _delete_name(self, source: Source) -> str:
        name = self.pick(source.refer)
        return f"{name}.*" if self.chance(0.1) else name

    def merge(self) -> str:
        """Return a MERGE: PostgreSQL's."""
        table, scope = BY_NAME[self.pick(("orders", "customers", "order", "Order Lines"))], Scope()
        prefix = ""
        if self.chance(0.15):
            prefix, scope = self.with_clause(scope)
        text, target = self.target(table, scope, alias="target-alias")
        source_text, source = self._merged(scope, target)
        scope.levels[-1] += [target, source]
        on = f"{self.pick(target.refer)}.{target.key} = {self.pick(source.refer)}.{source.key}"
        matched = self._matched(table, target, scope)
        missing = self._missing(table, source, scope)
        clauses = " ".join(self.pick(((matched,), (missing,), (matched, missing))))
        return f"{prefix}MERGE INTO {text} USING {source_text} ON {on} {clauses}"

    def _merged(self, scope: Scope, target: Source) -> tuple[str, Source]:
        table = BY_NAME[self.pick(_WITH_ID)]
        if table.name == target.name or self.chance(0.6):
            return self.aliased(table, scope, [target.name])
        return self.bare(table, scope)

    def _matched(self, table: Table, target: Source, scope: Scope) -> str:
        more = f" AND {self.predicate(scope)}" if self.chance(0.4) else ""
        change = f"UPDATE SET {self.changed(table, target, scope)}"
        return f"WHEN MATCHED{more} THEN {self.pick((change, change, 'DELETE', 'DO NOTHING'))}"

    def _missing(self, table: Table, source: Source, scope: Scope) -> str:
        beside = Scope([[source]], scope.expressions, scope.hidden)
        names = list(table.required) or [table.columns[2][0]]
        types = dict(table.columns)
        values = [
            f"COALESCE({self.expression(beside, types[name])}, {self.literal(types[name])})"
            for name in names
        ]
        listed = ", ".join(self.column_name(name) for name in names)
        return f"WHEN NOT MATCHED THEN INSERT ({listed}) VALUES ({', '.join(values)})"

    def changing_expression(self) -> str:
        """Return a statement with a common table expression that changes rows: PostgreSQL's."""
        table, scope = BY_NAME[self.pick(_WITH_ID)], Scope()
        text, target = self.target(table, scope, alias="target-alias")
        scope.levels[-1].append(target)
        written, _ = self._expression_name([])
        if self.chance(0.5):
            change = f"DELETE FROM {text}{self.condition(scope)}"
        else:
            change = (
                f"UPDATE {text} SET {self.changed(table, target, scope)}{self.condition(scope)}"
            )
        keyed = f"{self.pick(target.refer)}.id"
        end = self.pick(
            (
                f"SELECT * FROM {written} ORDER BY 1",
                f"INSERT INTO audit (who) SELECT n FROM {written} ORDER BY 1",
                f"SELECT COUNT(*) FROM {written}",
            )
        )
        return f"WITH {written} (n) AS ({change} RETURNING {keyed}) {end}"
