"""Django's ORM: on a lane with shadow databases a thread has a connection beside the one of base.

Statements are the drivers' business, and so are pools of psycopg. Here it is decided which wrapper
``django.db.connections`` hands out. Within an atomic block that is the one it began on, whatever
lane its code works on later; what ends or ages connections is shown those of every lane.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.pools import concerns, own_connections

if TYPE_CHECKING:
    from fairlead.flow.database import LaneShadows
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "Django"
VERSIONS = ("4.2", "6.1")

_KEYS = "fairlead\0keys"
"""Where a thread's names of its lanes' connections are kept. No alias has such a character."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what hands out, sets, deletes and lists the connections of a thread."""
    from django.db.utils import ConnectionHandler

    sides = Sides(plane)
    patches.replace(ConnectionHandler, "__getitem__", partial(_getitem, sides))
    patches.replace(ConnectionHandler, "__setitem__", partial(_setitem, sides))
    patches.replace(ConnectionHandler, "__delitem__", partial(_delitem, sides))
    patches.replace(ConnectionHandler, "all", partial(_all, sides))


class Sides:
    """Which of a thread's connections is meant. `local` is where it keeps them, by name."""

    def __init__(self, plane: DataPlane) -> None:
        self.plane = plane
        self.any = False
        """Whether any thread has had a connection of a lane: before, there is nothing to see."""

    def key(self, handler: Any, alias: str, rules: LaneShadows | None) -> str:
        """Return the name of the connection that `alias` means by `rules`: itself on base."""
        if rules is None or alias not in handler.settings:
            return alias
        database = str(handler.settings[alias].get("NAME") or "")
        return f"{alias}\0{rules.lane}" if concerns(rules, database) else alias

    def begun(self, local: Any, alias: str) -> Any:
        """Return the connection of `alias`, whatever its lane, that is in an atomic block."""
        keys = getattr(local, _KEYS, ())
        for key in (alias, *(key for key in keys if key.partition("\0")[0] == alias)):
            connection = getattr(local, key, None)
            if connection is not None and connection.in_atomic_block:
                return connection
        return None

    def of_lane(self, handler: Any, key: str, alias: str, rules: LaneShadows) -> Any:
        """Return the connection `key` of a lane, made where there is none yet."""
        local = handler._connections
        connection = getattr(local, key, None)
        if connection is None:
            self.forget(local)
            connection = handler.create_connection(alias)
            self.keep(local, key, connection)
        elif connection.fairlead_databases != rules.databases:
            # What is open is to a shadow that is no longer meant.
            connection.close()
        connection.fairlead_databases = rules.databases
        return connection

    def keep(self, local: Any, key: str, connection: Any) -> None:
        """Keep `connection` as the one of a lane."""
        self.any = True
        setattr(local, key, connection)
        keys = getattr(local, _KEYS, ())
        if key not in keys:
            # A new tuple: in a thread of tasks, each task sees what it set itself.
            setattr(local, _KEYS, (*keys, key))

    def forget(self, local: Any) -> None:
        """Close and forget the connections of lanes that have no shadows any more."""
        lanes, kept = self.plane.engine.plan.shadows.by_lane, []
        for key in getattr(local, _KEYS, ()):
            connection = getattr(local, key, None)
            if connection is None:
                continue
            if key.partition("\0")[2] in lanes or connection.in_atomic_block:
                kept.append(key)
                continue
            connection.close()
            delattr(local, key)
        setattr(local, _KEYS, tuple(kept))


def _getitem(sides: Sides, original: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def getitem(self: Any, alias: str) -> Any:
        rules = own_connections(sides.plane)
        if rules is None and not sides.any:
            return original(self, alias)
        begun = sides.begun(self._connections, alias)
        if begun is not None:
            return begun
        key = sides.key(self, alias, rules)
        if rules is None or key == alias:
            return original(self, alias)
        return sides.of_lane(self, key, alias, rules)

    return getitem


def _setitem(
    sides: Sides, original: Callable[[Any, str, Any], None]
) -> Callable[[Any, str, Any], None]:
    def setitem(self: Any, key: str, value: Any) -> None:
        rules = own_connections(sides.plane)
        name = sides.key(self, key, rules)
        if rules is None or name == key:
            original(self, key, value)
            return
        value.fairlead_databases = rules.databases
        sides.keep(self._connections, name, value)

    return setitem


def _delitem(sides: Sides, original: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def delitem(self: Any, key: str) -> None:
        original(self, sides.key(self, key, own_connections(sides.plane)))

    return delitem


def _all(sides: Sides, original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def all_(self: Any, initialized_only: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
        if not initialized_only or not sides.any:
            return original(self, initialized_only=initialized_only)
        local = self._connections
        keys = (*self, *getattr(local, _KEYS, ()))
        return [getattr(local, key) for key in keys if hasattr(local, key)]

    return all_
