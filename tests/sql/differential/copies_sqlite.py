"""Copies of an SQLite database: two files of one name in two folders."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.sql.differential.copies import Copy, State, digest
from tests.sql.differential.statement import Statement

_SESSION = re.compile(
    r"(?i)(?:\s|--[^\n]*\n)*(?:attach|pragma|(?:create table|insert into) other\.)"
)
"""What a script says of the connection, and of a database that is only in memory."""


class SqliteCopy(Copy):
    """A file ``shop.db`` in `folder`."""

    dialect = "sqlite"
    prepare: Callable[[Any], object] | None = None
    """Makes known to a connection the functions that statements call."""

    def __init__(self, script: str, folder: Path) -> None:
        super().__init__(script)
        self._file = folder / "shop.db"
        self._saved = folder / "saved.db"
        self._session = [text for text in _complete(script) if _SESSION.match(text)]

    def build(self) -> None:
        if not self._saved.exists():
            self._saved.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._saved)
            connection.executescript(self.script)
            connection.close()
        shutil.copyfile(self._saved, self._file)
        self._file.with_name("shop.db-journal").unlink(missing_ok=True)
        self.connect()
        found = self.ask("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        self.tables = tuple(name for (name,) in found if not name.startswith("sqlite_"))

    def open(self) -> Any:
        return sqlite3.connect(self._file)

    def django(self) -> dict[str, Any]:
        return {"NAME": str(self._file)}

    def connect(self) -> None:
        self.connection = sqlite3.connect(self._file, isolation_level=None)
        self._plain("PRAGMA synchronous = OFF")
        self._plain("PRAGMA journal_mode = MEMORY")
        for text in self._session:
            self._plain(text)
        if self.prepare is not None:
            self.prepare(self.connection)

    def _plain(self, query: str) -> list[tuple[Any, ...]]:
        # The class itself: hooked connections hand out a subclass.
        cursor = sqlite3.Cursor(self.connection)
        try:
            return cursor.execute(query).fetchall()
        finally:
            cursor.close()

    def close(self) -> None:
        self.connection.close()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self._plain(query)

    def begin(self) -> None:
        if not self.connection.in_transaction:
            self._plain("BEGIN")

    def state(self) -> State:
        return {
            table: digest(self._plain(f"SELECT * FROM {self.name(table)}")) for table in self.tables
        }

    def execute(self, cursor: Any, text: str, statement: Statement) -> None:
        if statement.rows is not None:
            cursor.executemany(text, statement.rows)
        elif statement.args is None:
            cursor.execute(text)
        else:
            cursor.execute(text, statement.args)

    def failed(self, error: Exception) -> str:
        if not isinstance(error, sqlite3.Error | sqlite3.Warning | OverflowError | ValueError):
            raise error
        return f"{type(error).__name__}: {error}"

    def name(self, table: str) -> str:
        return f'"{table}"'


def _complete(script: str) -> Iterator[str]:
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text
            text = ""
