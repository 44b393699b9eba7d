"""PyMySQL: statements are judged with their placeholders, before values are written into them.

`Connection.query` is where everything ends: what did not come through a cursor's hook is judged
there as it stands, stored procedures among it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.database import Databases, Driver
from fairlead.instruments.mysql import (
    PORT,
    Ask,
    MySQLConnected,
    Place,
    as_name,
    autocommitting,
    connected_of,
    ending,
    executing_many,
    selecting,
    sent,
    settled,
    status_of,
    take_rows,
)
from fairlead.instruments.statements import governing, of_many
from fairlead.sql.lexis import FORMAT, PLAIN
from fairlead.sql.session import MYSQL

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "PyMySQL"
VERSIONS = ("0.10", "1.3")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook connections and cursors; cursors of other classes inherit from the one hooked."""
    from pymysql import err
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

    driver = Driver(
        library=LIBRARY,
        dialect=MYSQL,
        refusal=err.NotSupportedError,
        overload=err.OperationalError,
    )
    databases = Databases(plane, driver)
    query = Connection.query
    if hasattr(query, "__wrapped__"):
        query = query.__wrapped__
    ask = partial(_ask, query)
    patches.replace(Connection, "connect", partial(_connect, databases, err))
    patches.replace(Connection, "query", partial(_query, ask))
    patches.replace(Connection, "select_db", selecting(ask))
    for name in ("begin", "commit", "rollback"):
        patches.replace(Connection, name, ending)
    patches.replace(Connection, "autocommit", autocommitting)
    execute, many = partial(_execute, ask), executing_many(ask, bool)
    patches.replace(Cursor, "execute", governing(connected_of, execute))
    patches.replace(Cursor, "executemany", governing(connected_of, many, of_many))


def _connect(databases: Databases, err: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: Any, sock: Any = None) -> Any:
        before = vars(self).pop("fairlead", None)
        place = _place(self)
        if before is not None:
            # Opened again: to where it was, whoever asks for it now.
            target, redirect = before.target, before.redirect
        else:
            target = place.target()
            redirect = databases.redirected(target)
        try:
            if redirect is not None and before is None:
                _move(self, _shadow(place, redirect, sock, err))
            result = original(self, sock)
        except BaseException:
            _move(self, place)
            if before is not None:
                self.fairlead = before
            raise
        self.fairlead = MySQLConnected(databases, target, redirect, status_of(self))
        return result

    return connect


def _place(connection: Any) -> Place:
    """Return where `connection` is to go: by its fields, where a file of defaults is read in."""
    return Place(
        host=connection.host,
        port=connection.port or PORT,
        unix_socket=connection.unix_socket,
        user=connection.user,
        password=connection.password,
        database=as_name(connection.db),
    )


def _move(connection: Any, place: Place) -> None:
    connection.host, connection.port = place.host, place.port
    connection.unix_socket, connection.user = place.unix_socket, place.user
    password = place.password
    connection.password = password.encode("latin1") if isinstance(password, str) else password
    if place.database != as_name(connection.db):
        connection.db = place.database


def _shadow(place: Place, redirect: Any, sock: Any, err: Any) -> Place:
    try:
        shadow = place.shadow(redirect)
    except LookupError as error:
        raise err.OperationalError(
            f"fairlead: {redirect.shadow.name} on lane {redirect.lane}: {error.args[0]}"
        ) from None
    if sock is not None and (shadow.host, shadow.port) != (place.host, place.port):
        raise err.NotSupportedError(
            f"fairlead: the shadow of {redirect.source.name} on lane {redirect.lane} is on another"
            " server than the socket that was opened for this connection"
        )
    return shadow


def _ask(original: Callable[..., Any], connection: Any, query: str) -> Any:
    before = connection._result, connection._affected_rows
    original(connection, query)
    return take_rows(connection, before)


def _execute(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(self: Any, query: Any, args: Any = None) -> Any:
        try:
            connected = self.connection.fairlead
        except AttributeError:  # closed, or opened before there were hooks
            return original(self, query, args)
        if connected.bulk is not self:
            style = PLAIN if args is None else FORMAT
            text = connected.quick(query, style) if type(query) is str else None
            query = text if text is not None else settled(self, query, style, ask)
        connected.passing = True
        try:
            return original(self, query, args)
        finally:
            connected.passing = False

    return execute


def _query(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def query(self: Any, sql: Any, unbuffered: bool = False) -> Any:  # noqa: FBT001, FBT002
        try:
            connected = self.fairlead
        except AttributeError:
            return original(self, sql, unbuffered)
        if not connected.passing:
            sql = sent(connected, sql, PLAIN, self.encoding, partial(ask, self))
        return original(self, sql, unbuffered)

    return query
