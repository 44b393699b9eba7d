"""A database that can be looked at, changed and put back: one for the agent, one by hand.

What is asked about a copy goes past the driver's hooks, by a lower way into the driver: the agent
must not answer for itself.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import Any

from tests.sql.differential.outcome import Outcome
from tests.sql.differential.statement import SUFFIX, Statement

State = dict[str, str]
"""A digest for each table."""


class ServerDied(Exception):
    """A statement ended the server itself: nothing can be said of it."""


class Copy(ABC):
    """One copy of a database, and one connection to it."""

    dialect: str
    connection: Any = None

    def __init__(self, script: str) -> None:
        self.script = script
        self.tables: tuple[str, ...] = ()
        self.parts: frozenset[str] = frozenset()
        """Partitions, and tables that inherit from another."""

    @abstractmethod
    def build(self) -> None:
        """Make all tables anew, as the script has them, and connect."""

    @abstractmethod
    def open(self) -> Any:
        """Return a new connection to the database: hooked where hooks are on."""

    @abstractmethod
    def django(self) -> dict[str, Any]:
        """Return what Django's settings have to say of the database."""

    @abstractmethod
    def connect(self) -> None:
        """Open the connection on which statements are executed."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""

    @abstractmethod
    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of `query` in the transaction of the connection, past all hooks."""

    @abstractmethod
    def state(self) -> State:
        """Return a digest of each table, as the transaction of the connection sees it."""

    @abstractmethod
    def execute(self, cursor: Any, text: str, statement: Statement) -> None:
        """Execute `text` with the parameters of `statement`."""

    @abstractmethod
    def failed(self, error: Exception) -> str:
        """Return class, code and message of a driver's error; raises what is none."""

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction, where the driver does not by itself."""

    def cursor(self, statement: Statement) -> Any:
        """Return a cursor for `statement`."""
        return self.connection.cursor()

    def rollback(self) -> None:
        """Undo what was not committed."""
        self.connection.rollback()

    def end(self, word: str) -> None:
        """Commit or roll back, as `word` says."""
        self.connection.commit() if word == "COMMIT" else self.connection.rollback()

    def run(self, text: str, statement: Statement) -> Outcome:
        """Return what comes of `text` on the connection."""
        cursor = self.cursor(statement)
        try:
            self.execute(cursor, text, statement)
            return self.result(cursor)
        except Exception as error:
            refused = error.__cause__
            if type(refused).__name__ == "Refused":
                return Outcome(cause=refused.cause, reason=refused.reason)  # type: ignore[union-attr]
            return Outcome(error=self.failed(error))
        finally:
            cursor.close()

    def result(self, cursor: Any) -> Outcome:
        """Return what `cursor` has to say of the statement that it executed."""
        description = cursor.description
        rows = tuple(cursor.fetchall()) if description else None
        return Outcome(
            columns=tuple(column[0] for column in description) if description else None,
            rows=rows,
            rowcount=cursor.rowcount,
            lastrowid=getattr(cursor, "lastrowid", None),
        )

    def paired(self) -> tuple[str, ...]:
        """Return the tables that have another beside them, named as a shadow is."""
        return tuple(table for table in self.tables if table + SUFFIX in self.tables)

    def shadowed(self) -> tuple[str, ...]:
        """Return the tables that have a shadow by a rule: those that are no part of another."""
        # A rule names no schema, and is about the table in each.
        return tuple(name for name in self.paired() if name not in self.parts and "." not in name)

    def reconnect(self) -> None:
        """Open another connection in place of this one."""
        self.close()
        self.connect()

    def restore(self) -> None:
        """Put all tables back to how the script made them."""
        self.close()
        self.build()

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return all rows of `table`, sorted, for whoever wants to see what changed."""
        return sorted(self.ask(f"SELECT * FROM {self.name(table)}"), key=repr)

    @abstractmethod
    def name(self, table: str) -> str:
        """Return the name of `table` in quotes."""


def digest(rows: list[tuple[Any, ...]]) -> str:
    """Return a digest of `rows`, in whatever order they are."""
    text = "\n".join(sorted(map(repr, rows)))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def split(script: str) -> list[str]:
    """Return the statements of `script`: each ends with a semicolon at the end of a line."""
    return [text for text in script.split(";\n") if text.strip()]
