"""sqlite3, Python's own: its types are C and cannot be hooked, so connections get subclasses.

Whatever connects, directly or through SQLAlchemy, Django or aiosqlite, calls one of two names of
one function. `Connection.execute` and its like go through a cursor by themselves.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from fairlead.instruments.database import Connected, Databases, Driver, Target
from fairlead.instruments.effects import STATE
from fairlead.instruments.statements import sent, timed
from fairlead.instruments.watched import NOTHING
from fairlead.sql.asking import stem
from fairlead.sql.lexis import NAMED
from fairlead.sql.script import statements
from fairlead.sql.session import SQLITE

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches
    from fairlead.policy.database import ShadowDatabase

LIBRARY = "sqlite3"
VERSIONS = ("3.11", "4")
"""Python's, which sqlite3 is a part of."""

_FACTORY = 5
"""Place of `factory` among the arguments of ``connect``; from Python 3.15 on it has a name only."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook both names of ``connect``."""
    import sqlite3
    from sqlite3 import dbapi2

    driver = Driver(
        library=LIBRARY,
        dialect=SQLITE,
        refusal=sqlite3.NotSupportedError,
        overload=sqlite3.OperationalError,
    )
    databases = Databases(plane, driver)
    wrap = partial(_connect, databases, sqlite3)
    patches.replace(sqlite3, "connect", wrap)
    patches.replace(dbapi2, "connect", wrap)


def _connect(
    databases: Databases, sqlite3: Any, original: Callable[..., Any]
) -> Callable[..., Any]:
    def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
        target = Target(database=_name(database))
        redirect = databases.redirected(target)
        if redirect is not None:
            database = _shadow(database, redirect, sqlite3)
        factory = args[_FACTORY - 1] if len(args) >= _FACTORY else kwargs.pop("factory", None)
        governed = _governed_factory(factory or sqlite3.Connection)
        if len(args) >= _FACTORY:
            args = (*args[: _FACTORY - 1], governed, *args[_FACTORY:])
        else:
            kwargs["factory"] = governed
        connection = original(database, *args, **kwargs)
        if type(connection) is sqlite3.Connection:
            return _ungoverned(connection, Connected(databases, target, redirect, bool))
        alive = weakref.ref(connection)
        connection.fairlead = Connected(
            databases, target, redirect, lambda: bool((one := alive()) and one.in_transaction)
        )
        return connection

    return connect


def _name(database: Any) -> str:
    """Return the database's name: the stem of its file."""
    text = os.fsdecode(database)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return stem(text)


def _shadow(database: Any, redirect: ShadowDatabase, sqlite3: Any) -> str:
    """Return the shadow's file, beside the one it shadows, with the same ending."""
    text = os.fsdecode(database)
    name, shadow = redirect.source.name, redirect.shadow.name
    memory = stem(text) == "memory" or "mode=memory" in text
    if memory and "cache=shared" not in text:
        return text  # a database of memory is new for each connection, and so no other's
    head, place, rest = text.rpartition(name)
    path = f"{head}{shadow}{rest}" if place else text
    file = unquote(urlsplit(path).path) if path.startswith("file:") else path
    if memory or stem(file) != shadow:
        raise sqlite3.OperationalError(
            f"fairlead: refused on lane {redirect.lane}: which file beside {text} is the shadow"
            f" {shadow} cannot be told"
        )
    if not os.path.exists(file):
        raise sqlite3.OperationalError(
            f"fairlead: unable to open {file}, the shadow of {name} on lane {redirect.lane}:"
            " it does not exist"
        )
    return path


def _ungoverned(connection: Any, connected: Connected) -> Any:
    """Return a connection of C's own class, which a function has made: nobody can govern it."""
    if connected.on_lane() is not None:
        connection.close()
        raise connected.refuse("other", "a connection whose factory is a function cannot be hooked")
    return connection


def _governed_factory(factory: Any) -> Any:
    """Return what makes connections that ask, of a class or of a function that makes them."""
    if isinstance(factory, type):
        return _connection_class(factory)

    def make(*args: Any, **kwargs: Any) -> Any:
        connection = factory(*args, **kwargs)
        kind: Any = type(connection)
        if kind.__base__ is not object:
            connection.__class__ = _connection_class(kind)
        return connection

    return make


@lru_cache(maxsize=256)
def _connection_class(factory: Any) -> Any:
    """Return a subclass of `factory` whose cursors ask before they execute."""
    from sqlite3 import Cursor

    make_cursor = factory.cursor

    class Governed(_ending_class(factory)):  # type: ignore[misc]
        def cursor(self, factory: Any = Cursor) -> Any:
            cursor = _governed_cursor(make_cursor(self, _cursor_class(factory)))
            cursor.fairlead = self.fairlead
            return cursor

        # The originals make a cursor of their own, which would not ask.
        def execute(self, sql: Any, *parameters: Any) -> Any:
            return self.cursor().execute(sql, *parameters)

        def executemany(self, sql: Any, parameters: Any, /) -> Any:
            return self.cursor().executemany(sql, parameters)

        def executescript(self, sql_script: Any, /) -> Any:
            return self.cursor().executescript(sql_script)

        def blobopen(self, *args: Any, **kwargs: Any) -> Any:
            _refuse_on_lane(self.fairlead, "blobopen")
            return super().blobopen(*args, **kwargs)

        def deserialize(self, *args: Any, **kwargs: Any) -> Any:
            _refuse_on_lane(self.fairlead, "deserialize")
            return super().deserialize(*args, **kwargs)

        def backup(self, *args: Any, **kwargs: Any) -> Any:
            _refuse_on_lane(self.fairlead, "backup")
            return super().backup(*args, **kwargs)

    return _named_like(Governed, factory)


def _ending_class(factory: Any) -> Any:
    """Return a subclass of `factory` that tells of the end of a transaction."""

    class Ending(factory):  # type: ignore[misc]
        fairlead: Connected | None = None

        def commit(self) -> None:
            super().commit()
            if self.fairlead is not None:
                self.fairlead.ended()

        def rollback(self) -> None:
            super().rollback()
            if self.fairlead is not None:
                self.fairlead.ended()

        def __exit__(self, *error: object) -> Any:
            result = super().__exit__(*error)
            if self.fairlead is not None and not self.in_transaction:
                self.fairlead.ended()
            return result

    return Ending


def _governed_cursor(cursor: Any) -> Any:
    """Return a cursor that asks: a function of the application's may have made another one."""
    kind: Any = type(cursor)
    if issubclass(kind, _asking_class()):
        return cursor
    if kind.__base__ is object:  # the C type, whose objects cannot change their class
        return _cursor_class(kind)(cursor.connection)
    cursor.__class__ = _cursor_class(kind)
    return cursor


@lru_cache(maxsize=256)
def _cursor_class(factory: Any) -> Any:
    """Return a subclass of the cursor class `factory` that asks before it executes."""
    if not isinstance(factory, type):
        return factory
    asking: Any = _asking_class()
    # Below the application's class, which may write a statement anew before it is sent: Django's
    # cursor is given %s for what sqlite3 calls ?.
    bases = (asking,) if issubclass(asking, factory) else (factory, asking)
    return _named_like(type(factory.__name__, bases, {}), factory)


@cache
def _asking_class() -> Any:
    from sqlite3 import Cursor

    execute_plain, executemany_plain = Cursor.execute, Cursor.executemany

    class Asking(Cursor):
        fairlead: Connected | None = None

        def execute(self, sql: Any, parameters: Any = (), /) -> Any:
            connected = self.fairlead
            if connected is not None and (type(sql) is str or isinstance(sql, str)):
                connected.met = NOTHING
                text = connected.quick(sql, NAMED)
                if text is None:
                    return _slowly(self, connected, execute_plain, sql, parameters, parameters)
                if connected.met is not None:
                    return timed(connected, execute_plain, self, text, parameters)
                sql = text
            return execute_plain(self, sql, parameters)

        def executemany(self, sql: Any, parameters: Any, /) -> Any:
            connected = self.fairlead
            if connected is not None and (type(sql) is str or isinstance(sql, str)):
                connected.met = NOTHING
                text = connected.quick(sql, NAMED)
                if text is None:
                    return _slowly(self, connected, executemany_plain, sql, parameters, None)
                if connected.met is not None:
                    return timed(connected, executemany_plain, self, text, parameters)
                sql = text
            return executemany_plain(self, sql, parameters)

        def executescript(self, sql_script: Any, /) -> Any:
            return _executescript(self, super().executescript, sql_script)

    return Asking


def _executescript(cursor: Any, execute: Callable[..., Any], script: Any) -> Any:
    connected: Connected | None = cursor.fairlead
    if connected is None:
        return execute(script)
    if connected.on_lane() is None:
        connected.quick(script, NAMED)
        connected.forget_session()
        return sent(connected, cursor, script, None, execute, script)
    ask = partial(_ask, cursor.connection)
    parts = list(statements(script, SQLITE))
    if len(parts) > 1 and any(STATE.match(part) for part in parts):
        # What follows would be judged by what it changes.
        raise connected.refuse("multi", "ATTACH in a script: send it by itself")
    texts = [connected.settle(one, NAMED, ask) for one in parts]
    return sent(connected, cursor, script, None, execute, "".join(texts))


def _named_like(governed: Any, factory: Any) -> Any:
    """Call the subclass as its parent is called: applications print and pickle such names."""
    governed.__name__, governed.__qualname__ = factory.__name__, factory.__qualname__
    governed.__module__ = factory.__module__
    return governed


def _slowly(
    cursor: Any,
    connected: Connected,
    execute: Callable[..., Any],
    sql: str,
    parameters: Any,
    values: Any,
) -> Any:
    """Execute what has to be judged, or what a rule about statements may concern."""
    text = connected.settle(sql, NAMED, partial(_ask, cursor.connection))
    return sent(connected, cursor, sql, values, execute, cursor, text, parameters)


def _refuse_on_lane(connected: Connected | None, method: str) -> None:
    if connected is not None and connected.on_lane() is not None and connected.redirect is None:
        raise connected.refuse("other", f"{method} cannot be sent to a shadow")


def _ask(connection: Any, query: str) -> Any:
    from sqlite3 import Cursor

    # The plain class: nothing asks before this. Rows as they are, whatever the application wants.
    cursor = Cursor(connection)
    cursor.row_factory = None
    try:
        return cursor.execute(query).fetchall()
    finally:
        cursor.close()
