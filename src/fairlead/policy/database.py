"""Shadows: where the SQL of a lane goes instead of the tables and databases of base.

Two ways, chosen by rule: a shadow table beside the table it shadows, in the same database, reached
by another name in the statement; or a shadow database, reached by another connection.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowTable:
    """On `lane`, what a statement says of `table` in `database` is about `shadow` beside it."""

    rule: str
    """Kind and name of the resource it was compiled from: ``WorkloadLabelRule/gray-orders``."""
    lane: str
    database: str
    """MySQL's or PostgreSQL's database; for SQLite the stem of the file's name."""
    table: str
    shadow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database as a connection names it. What is empty is as the connection has it."""

    name: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    """Where the agent finds the password: ``env:NAME`` or ``file:PATH``, never the text itself."""


NOWHERE = Database(name="")
"""Stands in for a shadow that is of no use: what would go there is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDatabase:
    """On `lane`, a connection to `source` is made to `shadow`."""

    rule: str
    lane: str
    source: Database
    """Matched by name and, where given, by host and port; user and password do not matter."""
    shadow: Database
