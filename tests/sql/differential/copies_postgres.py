"""Copies of a PostgreSQL database: databases of one name on two servers."""

from __future__ import annotations

import re
from typing import Any

import psycopg

from tests.sql.differential.copies import Copy, State
from tests.sql.differential.outcome import Outcome
from tests.sql.differential.statement import Statement

_COPY = re.compile(r"(?is)(?:\s|/\*.*?\*/|--[^\n]*\n)*copy\b")
_COPY_OUT = re.compile(r"(?i)\bto\s+stdout\b")


class PostgresCopy(Copy):
    """A database ``shop`` on the server that `server`, arguments of ``connect``, leads to.

    It is a copy of another, which the script fills once.
    """

    dialect = "postgres"

    def __init__(self, script: str, server: dict[str, Any]) -> None:
        super().__init__(script)
        self._server = server
        self._built = False
        self._digests = ""
        self._copied: tuple[Any, ...] | None = None

    def build(self) -> None:
        with psycopg.connect(
            **{**self._server, "dbname": "postgres"}, autocommit=True
        ) as connection:
            connection.execute("DROP DATABASE IF EXISTS shop WITH (FORCE)")
            if not self._built:
                connection.execute("DROP DATABASE IF EXISTS shop_saved WITH (FORCE)")
                connection.execute("CREATE DATABASE shop_saved")
                with psycopg.connect(**{**self._server, "dbname": "shop_saved"}) as saved:
                    saved.execute(self.script)
                self._built = True
            connection.execute("CREATE DATABASE shop TEMPLATE shop_saved")
        self.connect()
        self._look()

    def _look(self) -> None:
        found = self.ask(
            "SELECT CASE WHEN schemaname = 'public' THEN '' ELSE schemaname || '.' END || tablename"
            " FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            " ORDER BY 1"
        )
        self.tables = tuple(name for (name,) in found)
        parts = self.ask("SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid")
        self.parts = frozenset(name for (name,) in parts)
        self._digests = "SELECT " + ", ".join(
            f"(SELECT sum(hashtextextended(t::text, 0)) FROM {self.name(name)} t)"
            for name in self.tables
        )

    def open(self) -> Any:
        return psycopg.connect(**{**self._server, "dbname": "shop"})

    def django(self) -> dict[str, Any]:
        return {
            "NAME": "shop",
            "HOST": self._server.get("host", ""),
            "PORT": self._server.get("port", ""),
            "USER": self._server.get("user", ""),
            "PASSWORD": self._server.get("password", ""),
        }

    def connect(self) -> None:
        self.connection = self.open()
        self.ask("SET lock_timeout = '5s'; SET jit = off")

    def close(self) -> None:
        self.connection.close()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        # libpq itself, under whatever is hooked.
        result = self.connection.pgconn.exec_(query.encode())
        if result.error_message:
            raise RuntimeError(result.error_message.decode())
        cells = [
            [result.get_value(row, column) for column in range(result.nfields)]
            for row in range(result.ntuples)
        ]
        return [tuple(None if c is None else c.decode() for c in row) for row in cells]

    def state(self) -> State:
        (row,) = self.ask(self._digests)
        return dict(zip(self.tables, row, strict=True))

    def begin(self) -> None:
        return

    def cursor(self, statement: Statement) -> Any:
        if statement.client:
            return psycopg.ClientCursor(self.connection)
        return self.connection.cursor()

    def execute(self, cursor: Any, text: str, statement: Statement) -> None:
        if statement.rows is not None:
            cursor.executemany(text, statement.rows)
        elif _COPY.match(text):
            with cursor.copy(text, statement.args) as copy:
                self._copied = tuple(copy) if _COPY_OUT.search(text) else ()
        else:
            cursor.execute(text, statement.args)

    def result(self, cursor: Any) -> Outcome:
        copied, self._copied = self._copied, None
        if copied is None:
            return super().result(cursor)
        return Outcome(rows=tuple(map(bytes, copied)), rowcount=cursor.rowcount)

    def failed(self, error: Exception) -> str:
        if not isinstance(error, psycopg.Error):
            raise error
        diagnosis = error.diag
        message = diagnosis.message_primary or str(error)
        return f"{type(error).__name__} {diagnosis.sqlstate}: {message}"

    def name(self, table: str) -> str:
        schema, _, rest = table.rpartition(".")
        return f'"{schema or "public"}"."{rest}"'
