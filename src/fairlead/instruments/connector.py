"""What both halves of MySQL Connector/Python share: where a connection goes, and copies of a pool.

It is not imported here.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fairlead.instruments.database import Connected, Databases, Target
from fairlead.instruments.mysql import Place, as_name
from fairlead.sql.lexis import FORMAT, QMARK

if TYPE_CHECKING:
    from fairlead.policy.database import ShadowDatabase

SIDE = "_fairlead_side"
"""Where a prepared cursor keeps the lane that its statement was prepared on."""
TWINS, LANE, OPEN = "_fairlead_twins", "_fairlead_lane", "_fairlead_open"
"""Where a pool keeps its twins, and a twin its lane and how many connections it has opened."""

_FIELDS = ("host", "port", "unix_socket", "user", "password", "database")


class Opening:
    """What is decided while a connection is opened."""

    def __init__(self, databases: Databases, before: Connected | None) -> None:
        self.databases, self.before = databases, before
        self.target = before.target if before else Target(database="")
        self.redirect: ShadowDatabase | None = before.redirect if before else None
        self.place: Place | None = None
        """Where the connection would have gone, if it was sent elsewhere."""


def decide(connection: Any, opening: Opening, errors: Any) -> None:
    """Choose where `connection` goes: opened again, to where it was, whoever asks for it now."""
    place, before, redirect = _place(connection), opening.before, opening.redirect
    target = place.target()
    if redirect is not None and place.database == redirect.shadow.name:
        return
    if before is None or target.elsewhere(before.target):
        opening.target, opening.redirect = target, opening.databases.redirected(target)
    if opening.redirect is None:
        return
    opening.place = place
    try:
        move(connection, place.shadow(opening.redirect))
    except LookupError as error:
        name, lane = opening.redirect.shadow.name, opening.redirect.lane
        raise errors.OperationalError(f"fairlead: {name} on lane {lane}: {error.args[0]}") from None


def _place(connection: Any) -> Place:
    fields = {name: getattr(connection, f"_{name}") for name in _FIELDS}
    return Place(**fields | {"database": as_name(fields["database"])})


def move(connection: Any, place: Place) -> None:
    """Make `connection` open to `place`."""
    for name in _FIELDS:
        setattr(connection, f"_{name}", getattr(place, name))


def transacting_of(connection: Any) -> Callable[[], bool]:
    """Return what tells whether a transaction is open on `connection`."""
    alive = weakref.ref(connection)

    def transacting() -> bool:
        one = alive()
        with suppress(Exception):  # closed: there is nothing to be in
            return one is not None and bool(one.in_transaction)
        return False

    return transacting


def marks(operation: Any) -> str:
    """Return how a prepared cursor's parameters are marked: it takes ``?`` and ``%s``."""
    return FORMAT if "%" in str(operation) else QMARK


def twin_of(pool: Any, lane: str) -> Any:
    """Return a pool like `pool`, which opens its connections when they are asked for."""
    twin = object.__new__(type(pool))
    vars(twin).update({name: value for name, value in vars(pool).items() if name != TWINS})
    twin._cnx_queue = type(pool._cnx_queue)(pool._pool_size)  # noqa: SLF001
    vars(twin).update({LANE: lane, OPEN: 0})
    return twin
