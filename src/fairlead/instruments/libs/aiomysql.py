"""aiomysql: PyMySQL's protocol on asyncio, with a pool that has a twin for each lane of its own.

What a cursor sends is judged before; the connection is told right before it sends, with nothing
awaited in between, so that another task's statement cannot pass in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.database import Databases, Driver
from fairlead.instruments.mysql import (
    PORT,
    MySQLConnected,
    Place,
    as_name,
    private_connected_of,
    sent_async,
    status_of,
    take_rows,
    use,
)
from fairlead.instruments.passage import Served
from fairlead.instruments.pools import Twins, concerns, own_connections
from fairlead.instruments.propagate import resume, suspend
from fairlead.instruments.statements import governing_async, of_many
from fairlead.policy.workload import BASE
from fairlead.sql.lexis import FORMAT, PLAIN
from fairlead.sql.session import MYSQL

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "aiomysql"
VERSIONS = ("0.1", "0.4")

Async = Callable[..., Coroutine[Any, Any, Any]]

_FIELDS = ("host", "port", "unix_socket", "user", "password")
_TWINS, _LANE, _OWNER, _ENDING = (
    "_fairlead_twins",
    "_fairlead_lane",
    "_fairlead_pool",
    "_fairlead_ending",
)


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook connections, cursors and the pool."""
    from aiomysql.connection import Connection
    from aiomysql.cursors import Cursor
    from aiomysql.pool import Pool
    from pymysql import err

    driver = Driver(
        library=LIBRARY,
        dialect=MYSQL,
        refusal=err.NotSupportedError,
        overload=err.OperationalError,
    )
    databases = Databases(plane, driver)
    ask = partial(_ask, getattr(Connection.query, "__wrapped__", Connection.query))
    patches.replace(Connection, "_connect", partial(_connect, databases, err))
    patches.replace(Connection, "query", partial(_query, ask))
    patches.replace(Connection, "select_db", partial(_select_db, ask))
    for name in ("begin", "commit", "rollback"):
        patches.replace(Connection, name, _ending)
    patches.replace(Connection, "autocommit", _autocommit)
    execute, many = partial(_execute, ask), partial(_executemany, ask)
    patches.replace(Cursor, "execute", governing_async(private_connected_of, execute))
    patches.replace(Cursor, "executemany", governing_async(private_connected_of, many, of_many))
    patches.replace(Pool, "_acquire", partial(_acquire, plane, Pool))
    patches.replace(Pool, "_fill_free_pool", _fill)
    patches.replace(Pool, "release", _release)
    for name in ("close", "terminate"):
        patches.replace(Pool, name, _close)
    patches.replace(Pool, "wait_closed", _wait_closed)
    patches.replace(Pool, "clear", _clear)


def _connect(databases: Databases, err: Any, original: Async) -> Async:
    async def connect(self: Any) -> None:
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
                _move(self, place.shadow(redirect))
            await original(self)
        except BaseException as error:
            _move(self, place)
            if before is not None:
                self.fairlead = before
            if not isinstance(error, LookupError) or redirect is None:
                raise
            where = f"{redirect.shadow.name} on lane {redirect.lane}"
            raise err.OperationalError(f"fairlead: {where}: {error.args[0]}") from None
        self.fairlead = MySQLConnected(databases, target, redirect, status_of(self))

    return connect


def _place(connection: Any) -> Place:
    return Place(
        host=connection._host or "localhost",
        port=connection._port or PORT,
        unix_socket=connection._unix_socket,
        user=connection._user,
        password=connection._password,
        database=as_name(connection._db),
    )


def _move(connection: Any, place: Place) -> None:
    for name in _FIELDS:
        setattr(connection, f"_{name}", getattr(place, name))
    connection._db = place.database or connection._db


async def _ask(original: Async, connection: Any, query: str) -> Any:
    before = connection._result, connection._affected_rows
    await original(connection, query)
    return take_rows(connection, before)


async def _settled(cursor: Any, query: Any, style: str, ask: Async) -> Any:
    await _drain(cursor)
    connection = cursor._connection
    connected, encoding = connection.fairlead, connection.encoding
    return await sent_async(connected, query, style, encoding, partial(ask, connection))


async def _drain(cursor: Any) -> None:
    while await cursor.nextset():
        pass


def _execute(ask: Async, original: Async) -> Async:
    async def execute(self: Any, query: Any, args: Any = None) -> Any:
        try:
            connected = self._connection.fairlead
        except AttributeError:  # closed, or opened before there were hooks
            return await original(self, query, args)
        if connected.bulk is not self:
            style = PLAIN if args is None else FORMAT
            text = connected.quick(query, style) if type(query) is str else None
            query = text if text is not None else await _settled(self, query, style, ask)
        if (result := self._result) is not None and result.has_next:
            await _drain(self)  # the original does it too, but nothing may be awaited from here on
        connected.passing = True
        try:
            return await original(self, query, args)
        finally:
            connected.passing = False

    return execute


def _executemany(ask: Async, original: Async) -> Async:
    async def executemany(self: Any, query: Any, args: Any) -> Any:
        try:
            connected = self._connection.fairlead
        except AttributeError:
            return await original(self, query, args)
        if not args or connected.bulk is self:
            return await original(self, query, args)
        query = await _settled(self, query, FORMAT, ask)
        outer, connected.bulk = connected.bulk, self
        try:
            return await original(self, query, args)
        finally:
            connected.bulk = outer

    return executemany


def _query(ask: Async, original: Async) -> Async:
    async def judged(connection: Any, sql: Any, unbuffered: Any) -> Any:
        connected, encoding = connection.fairlead, connection.encoding
        sql = await sent_async(connected, sql, PLAIN, encoding, partial(ask, connection))
        return await original(connection, sql, unbuffered)

    def query(self: Any, sql: Any, unbuffered: bool = False) -> Any:  # noqa: FBT001, FBT002
        try:
            connected = self.fairlead
        except AttributeError:
            return original(self, sql, unbuffered)
        if not connected.passing:
            return judged(self, sql, unbuffered)
        connected.passing = False
        return original(self, sql, unbuffered)

    return query


def _select_db(ask: Async, original: Async) -> Async:
    async def select_db(self: Any, db: Any) -> Any:
        connected = vars(self).get("fairlead")
        if connected is None:
            return await original(self, db)
        await sent_async(connected, use(db), PLAIN, self.encoding, partial(ask, self))
        try:
            return await original(self, db)
        finally:
            connected.forget_session()

    return select_db


def _ending(original: Async) -> Async:
    async def end(self: Any) -> Any:
        result = await original(self)
        connected = vars(self).get("fairlead")
        if connected is not None:
            connected.ended()
        return result

    return end


def _autocommit(original: Async) -> Async:
    async def autocommit(self: Any, value: Any) -> Any:
        result = await original(self, value)
        connected = vars(self).get("fairlead")
        if value and connected is not None:
            connected.ended()
        return result

    return autocommit


def _acquire(plane: DataPlane, pool: Any, original: Async) -> Async:
    async def acquire(self: Any) -> Any:
        rules = own_connections(plane)
        if rules is None or self._closing or _LANE in vars(self):
            return await original(self)
        if not concerns(rules, as_name(self._conn_kwargs.get("db"))):
            return await original(self)
        twins: Twins[Any] = vars(self).setdefault(_TWINS, Twins())
        lanes = plane.engine.plan.shadows.by_lane
        twin, old = twins.add(rules, lambda: _twin(pool, self, rules.lane), lanes)
        for one in old:
            _end(one)
        connection = await original(twin)
        setattr(connection, _OWNER, twin)
        return connection

    return acquire


def _twin(pool: Any, one: Any, lane: str) -> Any:
    twin: Any = object.__new__(type(one))
    vars(twin).update(vars(one))
    pool.__init__(
        twin,
        minsize=0,
        maxsize=one.maxsize or 0,
        echo=one._echo,
        pool_recycle=one._recycle,
        loop=one._loop,
        **one._conn_kwargs,
    )
    vars(twin).pop(_TWINS, None)
    setattr(twin, _LANE, lane)
    return twin


def _end(twin: Any) -> None:
    """Close what is free in `twin`; what is in use is closed when it is released."""
    twin._closing = True
    while twin._free:
        twin._free.popleft().close()


def _fill(original: Async) -> Async:
    async def fill_free_pool(self: Any, override_min: Any) -> None:
        # Whoever makes a pool connect: what is in it is of its own side.
        token = resume(Served(vars(self).get(_LANE, BASE)))
        try:
            await original(self, override_min)
        finally:
            suspend(token)

    return fill_free_pool


def _release(original: Callable[..., Any]) -> Callable[..., Any]:
    def release(self: Any, conn: Any) -> Any:
        return original(vars(conn).get(_OWNER, self), conn)

    return release


def _ended(pool: Any) -> list[Any]:
    """Return the twins of a pool that is closed, which make no more connections."""
    ending: list[Any] = vars(pool).setdefault(_ENDING, [])
    twins = vars(pool).get(_TWINS)
    ending += twins.take() if twins is not None else ()
    return ending


def _close(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def close(self: Any) -> None:
        for twin in _ended(self):
            original(twin)
        original(self)

    return close


def _wait_closed(original: Async) -> Async:
    async def wait_closed(self: Any) -> None:
        for twin in _ended(self):
            await original(twin)
        await original(self)

    return wait_closed


def _clear(original: Async) -> Async:
    async def clear(self: Any) -> None:
        twins = vars(self).get(_TWINS)
        for twin in twins.take() if twins is not None else ():
            _end(twin)
        await original(self)

    return clear
