"""What a hook says of its driver, and of what a connection is to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A library that talks to databases, in the words that its hooks need."""

    library: str
    """Its distribution's name."""
    dialect: str
    """One of `sql.session.DIALECTS`."""
    refusal: Callable[[str], Exception]
    """Makes the error that the library raises for a statement that it cannot run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a connection is to, as the application said it."""

    database: str
    """MySQL, PostgreSQL: the database; SQLite: the stem of the file, or ``memory``."""
    host: str = ""
    port: int = 0
