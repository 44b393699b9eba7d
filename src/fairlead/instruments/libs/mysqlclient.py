"""mysqlclient (MySQLdb): the C library's connection, and cursors written in Python.

It does not say whether a transaction is open, only whether the server commits by itself. So with
autocommit the statements are watched for what may open one; without it one is taken to be open
from the first write until a commit or rollback, also where a change of the schema has ended it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.database import Databases, Driver, Target
from fairlead.instruments.mysql import (
    PORT,
    Ask,
    MySQLConnected,
    Place,
    as_name,
    as_text,
    autocommitting,
    connected_of,
    ending,
    executing_many,
    selecting,
    sent,
    settled,
    use,
)
from fairlead.instruments.statements import governing, of_many
from fairlead.sql.lexis import FORMAT, PLAIN
from fairlead.sql.session import MYSQL

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches
    from fairlead.policy.database import ShadowDatabase

LIBRARY = "mysqlclient"
VERSIONS = ("2.0", "2.4")

_POSITIONS = ("host", "user", "password", "database", "port", "unix_socket")
"""Arguments of ``connect`` that may be given without their names."""
_OLD_NAMES = {"passwd": "password", "db": "database"}
_FILES = ("read_default_file", "read_default_group")

_ROWS = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "select", "insert", "update", "delete"))
"""How statements begin that open no transaction which outlives them, with autocommit."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the class that ``connect`` makes, and the cursors, which have one ancestor."""
    from MySQLdb import _exceptions
    from MySQLdb.connections import Connection
    from MySQLdb.cursors import BaseCursor

    driver = Driver(
        library=LIBRARY,
        dialect=MYSQL,
        refusal=_exceptions.NotSupportedError,
        overload=_exceptions.OperationalError,
    )
    databases = Databases(plane, driver)
    ask = partial(_ask, getattr(Connection.query, "__wrapped__", Connection.query))
    patches.replace(Connection, "__init__", partial(_initialize, databases, ask, _exceptions))
    for name in ("query", "send_query"):
        patches.replace(Connection, name, partial(_query, ask))
    patches.replace(Connection, "select_db", selecting(ask))
    patches.replace(Connection, "change_user", partial(_change_user, ask))
    for name in ("commit", "rollback"):
        patches.replace(Connection, name, ending)
    patches.replace(Connection, "autocommit", autocommitting)
    patches.replace(Connection, "ping", _ping)
    execute, many = partial(_execute, ask), executing_many(ask, _discard)
    patches.replace(BaseCursor, "execute", governing(connected_of, execute))
    patches.replace(BaseCursor, "executemany", governing(connected_of, many, of_many))


class _Watched(MySQLConnected):
    """A connection that does not tell whether a transaction is open."""

    __slots__ = ()

    def _note(self, text: str) -> None:
        super()._note(text)
        self.watch(text)


def _initialize(
    databases: Databases, ask: Ask, errors: Any, original: Callable[..., None]
) -> Callable[..., None]:
    def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
        given = dict(zip(_POSITIONS, args, strict=False))
        given |= {_OLD_NAMES.get(name, name): value for name, value in kwargs.items()}
        place = _place(given)
        target = place.target()
        redirect = databases.redirected(target)
        if redirect is not None:
            args, kwargs = (), given | _moved(place, redirect, errors)
        original(self, *args, **kwargs)
        if not place.database and any(given.get(name) for name in _FILES):
            target = _found(self, target, ask)
        self.fairlead = _Watched(databases, target, redirect, _transacting(self))

    return initialize


def _place(given: dict[str, Any]) -> Place:
    return Place(
        host=given.get("host") or "localhost",
        port=given.get("port") or PORT,
        unix_socket=given.get("unix_socket"),
        user=given.get("user"),
        password=given.get("password"),
        database=as_name(given.get("database")),
    )


def _moved(place: Place, redirect: ShadowDatabase, errors: Any) -> dict[str, Any]:
    """Return the arguments that differ at the shadow."""
    try:
        shadow = place.shadow(redirect)
    except LookupError as error:
        raise errors.OperationalError(
            f"fairlead: {redirect.shadow.name} on lane {redirect.lane}: {error.args[0]}"
        ) from None
    moved = {
        name: getattr(shadow, name)
        for name in _POSITIONS
        if getattr(shadow, name) != getattr(place, name)
    }
    if "unix_socket" in moved:  # None is not taken for one
        moved["unix_socket"] = ""
    return moved


def _found(connection: Any, target: Target, ask: Ask) -> Target:
    """Return what a connection is to whose database stands in a file of defaults, if anywhere.

    It is open by then: where the lane has a shadow of it, it is refused in use.
    """
    ((database,),) = ask(connection, "SELECT DATABASE()")
    return Target(database=as_name(database), host=target.host, port=target.port)


def _transacting(connection: Any) -> Callable[[], bool]:
    alive = weakref.ref(connection)

    def transacting() -> bool:
        one = alive()
        if one is None or not one.open:
            return False
        return one.fairlead.opened or not one.get_autocommit()

    return transacting


def _ask(original: Callable[..., Any], connection: Any, query: str) -> Any:
    original(connection, query.encode())
    return connection.store_result().fetch_row(0)


def _discard(cursor: Any) -> None:
    """Make the connection free for a question, as the cursor does when it executes."""
    discard = getattr(type(cursor), "_discard", None)
    if discard is not None:
        discard(cursor)
        return
    while cursor.nextset():
        pass


def _execute(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(self: Any, query: Any, args: Any = None) -> Any:
        try:
            connected = self.connection.fairlead
        except AttributeError:  # closed, or opened before there were hooks
            return original(self, query, args)
        if connected.bulk is not self:
            style = PLAIN if args is None else FORMAT
            text = connected.quick(query, style) if type(query) is str else None
            if text is None:
                _discard(self)
                text = settled(self, query, style, ask)
            # Of base, and of lanes without shadow tables, the connection takes note by itself.
            if connected.side and query[:6] not in _ROWS:
                connected.watch(as_text(connected, query, self.connection.encoding))
            query = text
        connected.passing = True
        try:
            return original(self, query, args)
        finally:
            connected.passing = False

    return execute


def _query(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def query(self: Any, query: Any) -> Any:
        try:
            connected = self.fairlead
        except AttributeError:
            return original(self, query)
        if not connected.passing:
            query = sent(connected, query, PLAIN, self.encoding, partial(ask, self))
            connected.watch(as_text(connected, query, self.encoding))
        return original(self, query)

    return query


def _change_user(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def change_user(self: Any, user: Any, *args: Any, **kwargs: Any) -> Any:
        connected = vars(self).get("fairlead")
        if connected is None:
            return original(self, user, *args, **kwargs)
        database = kwargs.get("db", args[1] if len(args) > 1 else None)
        if database:
            sent(connected, use(database), PLAIN, self.encoding, partial(ask, self))
        result = original(self, user, *args, **kwargs)
        connected.forget_session()
        connected.ended()
        return result

    return change_user


def _ping(original: Callable[..., Any]) -> Callable[..., Any]:
    def ping(self: Any, *args: Any) -> Any:
        try:
            return original(self, *args)
        finally:
            connected = vars(self).get("fairlead")
            if args and connected is not None:
                connected.forget_session()  # it may have connected again

    return ping
