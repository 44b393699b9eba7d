"""Which triggers of MySQL a user is shown: those of tables the user has the right TRIGGER to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

Grant = tuple[str, str, bool]
"""Database and table, ``""`` for all, and whether TRIGGER is among what is granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What was granted to one user."""

    everywhere: bool = False
    databases: frozenset[tuple[str, bool]] = frozenset()
    """A pattern as of LIKE, and whether TRIGGER is granted on what it matches."""
    tables: frozenset[tuple[str, str]] = frozenset()

    def show(self, database: str, table: str) -> bool:
        """Whether triggers of the table are shown. In doubt they are not."""
        if self.everywhere or (database, table) in self.tables:
            return True
        # Of several grants that match the server takes the most specific one alone.
        exact = {right for pattern, right in self.databases if _unescaped(pattern) == database}
        found = exact or {right for name, right in self.databases if _like(database, name)}
        return bool(found) and all(found)


def rights_of(grants: Iterable[Grant]) -> Rights:
    """Return what `grants` come to."""
    everywhere, databases, tables = False, dict[str, bool](), set[tuple[str, str]]()
    for database, table, right in grants:
        if not database:
            everywhere |= right
        elif not table:
            databases[database] = databases.get(database, False) or right
        elif right:
            tables.add((database, table))
    return Rights(
        everywhere=everywhere,
        databases=frozenset(databases.items()),
        tables=frozenset(tables),
    )


def _unescaped(pattern: str) -> str:
    return re.sub(r"(?s)\\(.)", r"\1", pattern)


def _like(text: str, pattern: str) -> bool:
    parts = (
        ".*" if one == "%" else "." if one == "_" else re.escape(one[-1:])
        for one in re.findall(r"(?s)\\.|.", pattern)
    )
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None
