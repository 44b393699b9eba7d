"""What a hook says of its driver, and of what a connection is to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fairlead.sql.session import matching

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A library that talks to databases, in the words that its hooks need."""

    library: str
    """Its distribution's name."""
    dialect: str
    """One of `sql.session.DIALECTS`."""
    refusal: Callable[[str], Exception]
    """Makes the error that the library raises for a statement that it cannot run."""
    overload: Callable[[str], Exception]
    """Makes the error that the library raises where its server cannot run a statement now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a connection is to, as the application said it."""

    database: str
    """MySQL, PostgreSQL: the database; SQLite: the stem of the file, or ``memory``."""
    host: str = ""
    port: int = 0
    place: str = ""
    """What tells it from others of this name, host and port: a socket, a database in memory."""

    def elsewhere(self, other: Target) -> bool:
        """Whether rules tell this from `other`."""
        return replace(self, place="") != replace(other, place="")

    def differs_by_case(self, rules: LaneShadows) -> bool:
        """Whether the database is like one that has a shadow in all but its capitals."""
        names = {shadow.source.name for shadow in rules.databases}
        return self.database not in names and matching(self.database, names)
