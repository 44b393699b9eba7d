"""What the tests of all drivers that block ask of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Make = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One library, in the words that differ between them."""

    library: str
    """The file in `instruments/libs/`."""
    errors: Any
    """The module that has the classes of DB-API."""
    connect: Make
    """Takes host, port, user, password and database."""
    dictionaries: Callable[[Any], Any]
    """Returns a cursor of a connection whose rows are dictionaries."""
    stream: Callable[[Any], Any]
    """Returns a cursor that leaves rows at the server until they are asked for."""
    autocommit: Callable[[Any, bool], None]
    select: Callable[[Any, str], None]
    """Makes a database the current one, not by a statement."""
    raw: Callable[[Any, Any], None]
    """Sends a statement past all cursors."""
    warnings: Callable[[Any], int]
    """Returns the number of warnings that a cursor knows of."""
    exact: bool = True
    """Whether the library tells when a transaction is open."""
