"""MySQL Connector/Python on asyncio: the same protocol in classes of its own.

A statement is sent in several steps, between which other tasks run. Which task's statement has been
judged is kept with the connection, so that another's does not pass in its place.
"""

from __future__ import annotations

from asyncio import current_task
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.connector import (
    LANE,
    OPEN,
    SIDE,
    TWINS,
    Opening,
    decide,
    marks,
    move,
    transacting_of,
    twin_of,
)
from fairlead.instruments.database import Databases, Driver
from fairlead.instruments.mysql import (
    MySQLConnected,
    as_name,
    private_connected_of,
    sent_async,
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

LIBRARY = "mysql-connector-python"
VERSIONS = ("9.2", "27")

Async = Callable[..., Coroutine[Any, Any, Any]]
Style = Callable[[Any, Any], str]


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the connection, its cursors, and the pool that newer versions have."""
    from mysql.connector import aio, errors
    from mysql.connector.aio import connection, cursor

    driver = Driver(
        library=LIBRARY,
        dialect=MYSQL,
        refusal=errors.NotSupportedError,
        overload=errors.OperationalError,
    )
    databases = Databases(plane, driver)
    one = connection.MySQLConnection
    ask = partial(_ask, getattr(one.cmd_query, "__wrapped__", one.cmd_query))
    patches.replace(one, "connect", partial(_connect, databases, errors))
    patches.replace(one, "cmd_query", partial(_cmd_query, ask))
    patches.replace(one, "cmd_query_iter", partial(_cmd_query_iter, ask))
    for name in ("cmd_stmt_prepare", "cmd_stmt_execute"):
        patches.replace(one, name, partial(_prepared_by_hand, ask))
    patches.replace(one, "cmd_init_db", partial(_select, ask))
    patches.replace(one, "cmd_change_user", partial(_change_user, ask))
    for name in ("cmd_reset_connection", "commit", "rollback"):
        patches.replace(one, name, _ending)
    for kind, style in ((cursor.MySQLCursor, _style), (cursor.MySQLCursorPrepared, _prepared)):
        execute, many = partial(_execute, ask, style), partial(_executemany, ask, style)
        patches.replace(kind, "execute", governing_async(private_connected_of, execute))
        patches.replace(kind, "executemany", governing_async(private_connected_of, many, of_many))
    pool = vars(aio).get("MySQLConnectionPool")
    if pool is not None:
        patches.replace(pool, "get_connection", partial(_get_connection, plane))
        patches.replace(pool, "add_connection", _add_connection)
        patches.replace(pool, "_remove_connections", _remove_connections)


def _connect(databases: Databases, errors: Any, original: Async) -> Async:
    async def connect(self: Any) -> None:
        opening = Opening(databases, vars(self).pop("fairlead", None))
        try:
            decide(self, opening, errors)
            await original(self)
        except BaseException:
            if opening.place is not None:
                move(self, opening.place)
            if opening.before is not None:
                self.fairlead = opening.before
            raise
        transacting = transacting_of(self)
        self.fairlead = MySQLConnected(databases, opening.target, opening.redirect, transacting)

    return connect


async def _ask(original: Async, connection: Any, query: str) -> Any:
    await connection.handle_unread_result()
    await original(connection, query, raw=True)
    return (await connection.get_rows(raw=True))[0]


def _style(_: Any, params: Any) -> str:
    return FORMAT if params else PLAIN


def _prepared(operation: Any, _: Any) -> str:
    return marks(operation)


async def _judged(connection: Any, statement: Any, style: str, ask: Async) -> Any:
    connected, encoding = connection.fairlead, connection.python_charset
    return await sent_async(connected, statement, style, encoding, partial(ask, connection))


def _execute(ask: Async, style: Style, original: Async) -> Async:
    async def execute(self: Any, operation: Any, *args: Any, **kwargs: Any) -> Any:
        connection = self._connection
        connected = getattr(connection, "fairlead", None)
        if connected is None or not operation:  # closed, or opened before there were hooks
            return await original(self, operation, *args, **kwargs)
        if connected.bulk is not self:
            params = kwargs.get("params", args[0] if args else None)
            operation = await _judged(connection, operation, style(operation, params), ask)
        if style is _prepared and vars(self).get(SIDE) != connected.side:
            # Prepared on another lane, where the same words may have meant another table.
            self._executed, vars(self)[SIDE] = None, connected.side
        outer, connected.sender = connected.sender, current_task()
        try:
            return await original(self, operation, *args, **kwargs)
        finally:
            connected.sender = outer

    return execute


def _executemany(ask: Async, style: Style, original: Async) -> Async:
    async def executemany(self: Any, operation: Any, seq_params: Any) -> Any:
        connection = self._connection
        connected = getattr(connection, "fairlead", None)
        if connected is None or not operation or not seq_params or connected.bulk is self:
            return await original(self, operation, seq_params)
        operation = await _judged(connection, operation, style(operation, seq_params), ask)
        outer, connected.bulk = connected.bulk, self
        try:
            return await original(self, operation, seq_params)
        finally:
            connected.bulk = outer

    return executemany


def _passes(connection: Any) -> bool:
    """Tell whether what `connection` is to send has been judged, or was never to be."""
    connected = vars(connection).get("fairlead")
    return connected is None or connected.sender is current_task()


def _cmd_query(ask: Async, original: Async) -> Async:
    async def cmd_query(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if not _passes(self):
            query = await _judged(self, query, PLAIN, ask)
        return await original(self, query, *args, **kwargs)

    return cmd_query


def _cmd_query_iter(
    ask: Async, original: Callable[..., AsyncIterator[Any]]
) -> Callable[..., AsyncIterator[Any]]:
    async def cmd_query_iter(self: Any, statements: Any, **kwargs: Any) -> AsyncIterator[Any]:
        if not _passes(self):
            statements = await _judged(self, statements, PLAIN, ask)
        async for result in original(self, statements, **kwargs):
            yield result

    return cmd_query_iter


def _prepared_by_hand(ask: Async, original: Async) -> Async:
    async def prepared(self: Any, statement: Any, *args: Any, **kwargs: Any) -> Any:
        if not _passes(self):
            # Whose it is when it runs, nobody can tell: no lane may, and base is seen to write.
            await _judged(self, "EXECUTE", PLAIN, ask)
        return await original(self, statement, *args, **kwargs)

    return prepared


def _select(ask: Async, original: Async) -> Async:
    async def cmd_init_db(self: Any, database: Any) -> Any:
        if _passes(self):
            return await original(self, database)
        await _judged(self, use(database), PLAIN, ask)
        try:
            return await original(self, database)
        finally:
            self.fairlead.forget_session()

    return cmd_init_db


def _change_user(ask: Async, original: Async) -> Async:
    ended = _ending(original)

    async def cmd_change_user(self: Any, *args: Any, **kwargs: Any) -> Any:
        database = kwargs.get("database", args[2] if len(args) > 2 else "")
        if database and not _passes(self):
            await _judged(self, use(database), PLAIN, ask)
        return await ended(self, *args, **kwargs)

    return cmd_change_user


def _ending(original: Async) -> Async:
    """Hook what ends a transaction, and may forget a session's settings."""

    async def end(self: Any, *args: Any, **kwargs: Any) -> Any:
        connected = vars(self).get("fairlead")
        if connected is None:
            return await original(self, *args, **kwargs)
        outer, connected.sender = connected.sender, current_task()
        try:
            result = await original(self, *args, **kwargs)
        finally:
            connected.sender = outer
        connected.ended()
        if original.__name__ not in ("commit", "rollback"):
            connected.forget_session()
        return result

    return end


def _get_connection(plane: DataPlane, original: Async) -> Async:
    async def get_connection(self: Any) -> Any:
        rules = own_connections(plane)
        config = self._cnx_config
        database = as_name(config.get("database") or config.get("db"))
        if rules is None or LANE in vars(self) or not concerns(rules, database):
            return await original(self)
        twins: Twins[Any] = vars(self).setdefault(TWINS, Twins())
        lanes = plane.engine.plan.shadows.by_lane
        twin, old = twins.add(rules, lambda: twin_of(self, rules.lane), lanes)
        for one in old:
            await one._remove_connections()
        twin._cnx_config, twin._config_version = config, self._config_version
        if twin._cnx_queue.empty() and vars(twin)[OPEN] < twin._pool_size:
            vars(twin)[OPEN] += 1  # before another task looks
            try:
                await twin.add_connection()
            except BaseException:
                vars(twin)[OPEN] -= 1
                raise
        return await original(twin)

    return get_connection


def _add_connection(original: Async) -> Async:
    async def add_connection(self: Any, cnx: Any = None) -> None:
        # Whoever makes a pool connect: what is in it is of its own side.
        token = resume(Served(vars(self).get(LANE, BASE)))
        try:
            await original(self, cnx)
        finally:
            suspend(token)

    return add_connection


def _remove_connections(original: Async) -> Async:
    async def remove_connections(self: Any) -> Any:
        twins = vars(self).get(TWINS)
        for twin in twins.take() if twins is not None else ():
            await original(twin)
        return await original(self)

    return remove_connections
