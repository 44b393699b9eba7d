"""Django: its requests, and its connections on lanes with shadow databases.

On such a lane a thread has a connection beside the one of base. Statements are the drivers'
business, and so are pools of psycopg. Here it is decided which wrapper ``django.db.connections``
hands out. Within an atomic block that is the one it began on, whatever lane its code is on later;
what ends or ages connections is shown those of every lane.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments import asgi, wsgi
from fairlead.instruments.pools import concerns, own_connections

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "Django"
VERSIONS = ("4.2", "6.1")

_LANES = "fairlead\0lanes"
"""Where a thread keeps its lanes' connections, by alias and lane. No alias has such a character."""

Lanes = dict[tuple[str, str], Any]


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the handlers of requests, and what hands out the connections of a thread.

    A process that serves nothing imports no handler, and one without a database no ORM.
    """
    for name, handler, wrap in (
        ("django.core.handlers.asgi", "ASGIHandler", asgi.governed),
        ("django.core.handlers.wsgi", "WSGIHandler", wsgi.governed),
    ):
        module = sys.modules.get(name)
        if hasattr(module, handler):
            patches.replace(getattr(module, handler), "__call__", wrap(plane))
    if "django.db.utils" in sys.modules:
        _install_connections(plane, patches)


def _install_connections(plane: DataPlane, patches: Patches) -> None:
    from django.db.utils import ConnectionHandler

    sides = Sides(plane)
    patches.replace(ConnectionHandler, "__getitem__", partial(_getitem, sides))
    patches.replace(ConnectionHandler, "__setitem__", partial(_setitem, sides))
    patches.replace(ConnectionHandler, "__delitem__", partial(_delitem, sides))
    patches.replace(ConnectionHandler, "all", partial(_all, sides))


class Sides:
    """The connections of lanes that threads have, beside those that Django keeps for them."""

    def __init__(self, plane: DataPlane) -> None:
        self.plane = plane
        self.any = False
        """Whether any thread has had a connection of a lane: before, there is nothing to see."""

    def of(self, handler: Any) -> Lanes:
        """Return those of the running thread."""
        lanes: Lanes = getattr(handler._connections, _LANES, _NONE)
        return lanes

    def keep(self, handler: Any, lanes: Lanes) -> None:
        """Keep `lanes`, a new dictionary: in a thread of tasks, each sees what it set itself."""
        self.any = True
        setattr(handler._connections, _LANES, lanes)

    def apart(self, handler: Any, alias: str) -> LaneShadows | None:
        """Return the rules that give `alias` another connection now, None where none do."""
        rules = own_connections(self.plane)
        if rules is None or (alias, rules.lane) in self.of(handler):
            return rules
        database = handler.settings[alias].get("NAME") if alias in handler.settings else None
        return rules if database is not None and concerns(rules, str(database)) else None

    def made(self, handler: Any, alias: str, rules: LaneShadows) -> Any:
        """Return a new connection of `alias` on the lane of `rules`; lanes that are gone go."""
        kept, meant = {}, self.plane.engine.plan.shadows.by_lane
        for (name, lane), connection in self.of(handler).items():
            if lane in meant or connection.in_atomic_block:
                kept[name, lane] = connection
            else:
                connection.close()
        connection = kept[alias, rules.lane] = handler.create_connection(alias)
        connection.fairlead_databases = rules.databases
        self.keep(handler, kept)
        return connection


_NONE: Lanes = {}


def _getitem(sides: Sides, original: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def getitem(self: Any, alias: str) -> Any:
        rules = own_connections(sides.plane)
        if rules is None and not sides.any:
            return original(self, alias)
        lanes = sides.of(self)
        for (name, _), connection in lanes.items():
            if connection.in_atomic_block and name == alias:
                return connection
        if rules is None:
            return original(self, alias)
        base = getattr(self._connections, alias, None)
        if base is not None and base.in_atomic_block:
            return base
        connection = lanes.get((alias, rules.lane))
        if connection is None:
            apart = sides.apart(self, alias)
            return sides.made(self, alias, rules) if apart else original(self, alias)
        if connection.fairlead_databases != rules.databases:
            # What is open is to a shadow that is no longer meant.
            connection.close()
            connection.fairlead_databases = rules.databases
        return connection

    return getitem


def _setitem(
    sides: Sides, original: Callable[[Any, str, Any], None]
) -> Callable[[Any, str, Any], None]:
    def setitem(self: Any, key: str, value: Any) -> None:
        rules = sides.apart(self, key)
        if rules is None:
            original(self, key, value)
            return
        value.fairlead_databases = rules.databases
        sides.keep(self, {**sides.of(self), (key, rules.lane): value})

    return setitem


def _delitem(sides: Sides, original: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def delitem(self: Any, key: str) -> None:
        rules = sides.apart(self, key)
        if rules is None:
            original(self, key)
            return
        lanes = dict(sides.of(self))
        if lanes.pop((key, rules.lane), None) is None:
            raise AttributeError(key)
        sides.keep(self, lanes)

    return delitem


def _all(sides: Sides, original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def all_(self: Any, initialized_only: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
        if not initialized_only or not sides.any:
            return original(self, initialized_only=initialized_only)
        local = self._connections
        base = [getattr(local, alias) for alias in self if hasattr(local, alias)]
        return [*base, *sides.of(self).values()]

    return all_
