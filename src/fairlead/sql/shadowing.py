"""Which shadow stands for a name, given where a connection is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fairlead.policy.database import ShadowTable
from fairlead.sql.session import MYSQL, POSTGRES, SYSTEM_SCHEMAS, Session
from fairlead.sql.verdict import Refused


class Shadowing:
    """The shadow tables of one lane, as one session sees them."""

    def __init__(self, session: Session, tables: Iterable[ShadowTable]) -> None:
        self.session = session
        self._shadows = {
            (session.written(t.database), session.written(t.table)): t.shadow for t in tables
        }
        self.names = frozenset(table for _, table in self._shadows)
        """Keys of the tables that have a shadow, in whatever database."""

    def of(self, database: str | None, table: str) -> str | None:
        """Return the shadow of `table`, both keys; None where it has none. Raises Refused."""
        if table not in self.names:
            return None
        found = [self._shadows.get((name, table)) for name in self._databases(database)]
        if database is None and found[0] is None and any(found):
            raise Refused(
                "name", f"whose table {table!r} is cannot be told: write DATABASE.{table}"
            )
        shadow = next((one for one in found if one is not None), None)
        if shadow is not None and self.session.written(shadow) == table:
            raise Refused("name", f"{shadow!r} is longer than the server's names, which it cuts")
        return shadow

    def is_base(self, database: str | None, table: str) -> bool:
        """Whether `table` has a shadow in the database it would be found in, or in doubt in any."""
        return any((name, table) in self._shadows for name in self._databases(database))

    def concerned(self) -> bool:
        """Whether a statement could name such a table here without saying in which database."""
        return self.session.dialect == MYSQL or any(
            name in {database for database, _ in self._shadows} for name in self._databases(None)
        )

    def _databases(self, named: str | None) -> Iterator[str]:
        session = self.session
        if session.dialect == POSTGRES:
            # A schema: every one of the database counts, but for the server's own.
            if named not in SYSTEM_SCHEMAS and named != "pg_temp":
                yield session.database
            return
        if session.dialect == MYSQL:
            yield session.key(session.database) if named is None else named
            return
        if named in (None, "main"):
            yield session.key(session.database)
        for name, stem in session.attached:
            if named in (None, session.key(name)):
                yield session.key(name)
                yield session.key(stem)
