"""MySQL Connector/Python, in Python and over its C extension; its prepared cursors, and its pools.

A cursor's statement is judged with its placeholders. Everything ends in ``cmd_query`` or in a
prepared statement: what did not come through a cursor's hook is judged there as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
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
    Ask,
    Hook,
    MySQLConnected,
    as_name,
    private_connected_of,
    sent,
    use,
)
from fairlead.instruments.passage import Served
from fairlead.instruments.pools import Twins, concerns, own_connections
from fairlead.instruments.statements import governing, of_many
from fairlead.instruments.threads import carry
from fairlead.policy.workload import BASE
from fairlead.sql.lexis import FORMAT, PLAIN
from fairlead.sql.session import MYSQL

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "mysql-connector-python"
VERSIONS = ("9.0", "27")

_OPENING = "_fairlead_opening"


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook both sorts of connections, their cursors, and the pool."""
    from mysql.connector import abstracts, connection, cursor, errors, pooling

    driver = Driver(
        library=LIBRARY,
        dialect=MYSQL,
        refusal=errors.NotSupportedError,
        overload=errors.OperationalError,
    )
    databases = Databases(plane, driver)
    abstract = abstracts.MySQLConnectionAbstract
    patches.replace(abstract, "connect", partial(_connect, databases))
    pure = connection.MySQLConnection
    cursors = (cursor.MySQLCursor, cursor.MySQLCursorPrepared)
    ask = _hook(patches, errors, pure, cursors, raw=False)
    patches.replace(pure, "cmd_query_iter", partial(_other_query, ask))
    compiled = vars(pooling).get("CMySQLConnection")
    if compiled is not None:
        from mysql.connector import cursor_cext

        both = (cursor_cext.CMySQLCursor, cursor_cext.CMySQLCursorPrepared)
        ask = _hook(patches, errors, compiled, both, raw=None)
        for name in ("_execute_query", "info_query"):
            patches.replace(compiled, name, partial(_other_query, ask))
        patches.replace(compiled, "database", partial(_database, ask))
    pool = pooling.MySQLConnectionPool
    patches.replace(pool, "get_connection", partial(_get_connection, plane, pooling))
    patches.replace(pool, "add_connection", _add_connection)
    patches.replace(pool, "_remove_connections", _remove_connections)


def _hook(
    patches: Patches, errors: Any, connection: Any, cursors: tuple[Any, Any], *, raw: bool | None
) -> Ask:
    """Hook one sort of connection and its cursors; return how to ask on it.

    `raw` is what ``cmd_query`` takes where that is not said.
    """
    query = getattr(connection.cmd_query, "__wrapped__", connection.cmd_query)
    ask = partial(_ask, query)
    patches.replace(connection, "_open_connection", partial(_open, errors))
    patches.replace(connection, "cmd_query", partial(_cmd_query, ask, raw))
    patches.replace(connection, "cmd_init_db", partial(_select, ask))
    patches.replace(connection, "cmd_change_user", partial(_change_user, ask))
    for name in ("cmd_reset_connection", "commit", "rollback"):
        patches.replace(connection, name, _ending)
    for name in ("cmd_stmt_prepare", "cmd_stmt_execute"):
        patches.replace(connection, name, partial(_prepared_by_hand, ask))
    text, prepared = cursors
    for kind, hook, style in (
        (text, _execute, lambda _: FORMAT),
        (prepared, _execute_prepared, marks),
    ):
        execute, many = partial(hook, ask), partial(_executemany, ask, style)
        patches.replace(kind, "execute", governing(private_connected_of, execute))
        patches.replace(kind, "executemany", governing(private_connected_of, many, of_many))
    return ask


def _connect(databases: Databases, original: Callable[..., None]) -> Callable[..., None]:
    def connect(self: Any, **kwargs: Any) -> None:
        opening = Opening(databases, vars(self).pop("fairlead", None))
        vars(self)[_OPENING] = opening
        try:
            original(self, **kwargs)
        except BaseException:
            if opening.place is not None:
                move(self, opening.place)
            if opening.before is not None:
                self.fairlead = opening.before
            raise
        finally:
            del vars(self)[_OPENING]
        connected = MySQLConnected(
            databases, opening.target, opening.redirect, transacting_of(self)
        )
        self.fairlead = connected

    return connect


def _open(errors: Any, original: Callable[[Any], None]) -> Callable[[Any], None]:
    def open_connection(self: Any) -> None:
        opening = vars(self).get(_OPENING)
        if opening is not None:
            decide(self, opening, errors)
        original(self)

    return open_connection


def _ask(original: Callable[..., Any], connection: Any, query: str) -> Any:
    connection.handle_unread_result()
    original(connection, query, raw=True)
    return connection.get_rows(raw=True)[0]


def _settled(cursor: Any, operation: Any, style: str, ask: Ask) -> Any:
    connection = cursor._connection
    connected, encoding = connection.fairlead, connection.python_charset
    return sent(connected, operation, style, encoding, partial(ask, connection))


def _execute(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(
        self: Any,
        operation: Any,
        params: Any = None,
        map_results: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        try:
            connected = self._connection.fairlead
        except (AttributeError, ReferenceError):  # closed, or opened before there were hooks
            return original(self, operation, params, map_results)
        if connected.bulk is not self and operation:
            style = FORMAT if params else PLAIN
            text = connected.quick(operation, style) if type(operation) is str else None
            operation = text or _settled(self, operation, style, ask)
        connected.passing = True
        try:
            return original(self, operation, params, map_results)
        finally:
            connected.passing = False

    return third_argument(execute, original)


def _execute_prepared(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(
        self: Any,
        operation: Any,
        params: Any = None,
        map_results: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        try:
            connected = self._connection.fairlead
        except (AttributeError, ReferenceError):
            return original(self, operation, params, map_results)
        if connected.bulk is not self and operation:
            style = marks(operation)
            text = connected.quick(operation, style) if type(operation) is str else None
            operation = text or _settled(self, operation, style, ask)
        if vars(self).get(SIDE) != connected.side:
            # Prepared on another lane, where the same words may have meant another table.
            self._executed, vars(self)[SIDE] = None, connected.side
        connected.passing = True
        try:
            return original(self, operation, params, map_results)
        finally:
            connected.passing = False

    return third_argument(execute, original)


def third_argument(execute: Callable[..., Any], original: Any) -> Callable[..., Any]:
    """Return `execute` with the name that its third argument had before 9.2."""
    if "multi" not in original.__code__.co_varnames[: original.__code__.co_argcount]:
        return execute

    def with_multi(
        self: Any,
        operation: Any,
        params: Any = None,
        multi: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        return execute(self, operation, params, multi)

    return with_multi


def _executemany(
    ask: Ask, style: Callable[[Any], str], original: Callable[..., Any]
) -> Callable[..., Any]:
    def executemany(self: Any, operation: Any, seq_params: Any) -> Any:
        try:
            connected = self._connection.fairlead
        except (AttributeError, ReferenceError):
            return original(self, operation, seq_params)
        if not operation or not seq_params or connected.bulk is self:
            return original(self, operation, seq_params)
        operation = _settled(self, operation, style(operation), ask)
        outer, connected.bulk = connected.bulk, self
        try:
            return original(self, operation, seq_params)
        finally:
            connected.bulk = outer

    return executemany


def _cmd_query(ask: Ask, default: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    # Every statement comes through here: as the original has it, without a tuple of arguments.
    def cmd_query(
        self: Any,
        query: Any,
        raw: Any = default,
        buffered: Any = False,  # noqa: FBT002
        raw_as_string: Any = False,  # noqa: FBT002
        **more: Any,
    ) -> Any:
        try:
            connected = self.fairlead
        except AttributeError:
            return original(self, query, raw, buffered, raw_as_string, **more)
        if not connected.passing:
            query = sent(connected, query, PLAIN, self.python_charset, partial(ask, self))
        if more:
            return original(self, query, raw, buffered, raw_as_string, **more)
        return original(self, query, raw, buffered, raw_as_string)

    return cmd_query


def _other_query(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def other_query(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        connected = vars(self).get("fairlead")
        if connected is not None and not connected.passing:
            query = sent(connected, query, PLAIN, self.python_charset, partial(ask, self))
        return original(self, query, *args, **kwargs)

    return other_query


def _prepared_by_hand(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def prepared(self: Any, statement: Any, *args: Any, **kwargs: Any) -> Any:
        connected = vars(self).get("fairlead")
        if connected is not None and not connected.passing:
            # Whose it is when it runs, nobody can tell: no lane may, and base is seen to write.
            sent(connected, "EXECUTE", PLAIN, "ascii", partial(ask, self))
        return original(self, statement, *args, **kwargs)

    return prepared


def _select(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    def cmd_init_db(self: Any, database: Any) -> Any:
        connected = vars(self).get("fairlead")
        if connected is None:
            return original(self, database)
        sent(connected, use(database), PLAIN, "utf-8", partial(ask, self))
        try:
            return original(self, database)
        finally:
            connected.forget_session()

    return cmd_init_db


class _Property(property):
    """A property that can be marked as ours."""


def _database(ask: Ask, original: Any) -> property:
    return _Property(original.fget, _select(ask, original.fset), original.fdel, original.__doc__)


def _change_user(ask: Ask, original: Callable[..., Any]) -> Callable[..., Any]:
    ended = _ending(original)

    def cmd_change_user(self: Any, *args: Any, **kwargs: Any) -> Any:
        connected = vars(self).get("fairlead")
        database = kwargs.get("database", args[2] if len(args) > 2 else "")
        if connected is not None and database:
            sent(connected, use(database), PLAIN, "utf-8", partial(ask, self))
        return ended(self, *args, **kwargs)

    return cmd_change_user


def _ending(original: Callable[..., Any]) -> Callable[..., Any]:
    """Hook what ends a transaction, and may forget a session's settings."""

    def end(self: Any, *args: Any, **kwargs: Any) -> Any:
        connected = vars(self).get("fairlead")
        if connected is None:
            return original(self, *args, **kwargs)
        connected.passing = True
        try:
            result = original(self, *args, **kwargs)
        finally:
            connected.passing = False
        connected.ended()
        if original.__name__ not in ("commit", "rollback"):
            connected.forget_session()
        return result

    return end


def _get_connection(plane: DataPlane, pooling: Any, original: Hook) -> Callable[[Any], Any]:
    def get_connection(self: Any) -> Any:
        rules = own_connections(plane)
        if rules is None or LANE in vars(self) or not concerns(rules, _name(self)):
            return original(self)
        twins: Twins[Any] = vars(self).setdefault(TWINS, Twins())
        with pooling.CONNECTION_POOL_LOCK:
            lanes = plane.engine.plan.shadows.by_lane
            twin, old = twins.add(rules, lambda: twin_of(self, rules.lane), lanes)
            for one in old:
                one._remove_connections()
            twin._cnx_config, twin._config_version = self._cnx_config, self._config_version
            if twin._cnx_queue.empty() and vars(twin)[OPEN] < twin._pool_size:
                twin.add_connection()
                vars(twin)[OPEN] += 1
            return original(twin)

    return get_connection


def _name(pool: Any) -> str:
    config = pool._cnx_config
    return as_name(config.get("database") or config.get("db"))


def _add_connection(original: Callable[..., None]) -> Callable[..., None]:
    def add_connection(self: Any, cnx: Any = None) -> None:
        # Whoever makes a pool connect: what is in it is of its own side.
        carry(Served(vars(self).get(LANE, BASE)), original, self, cnx)

    return add_connection


def _remove_connections(original: Callable[[Any], int]) -> Callable[[Any], int]:
    def remove_connections(self: Any) -> int:
        twins = vars(self).get(TWINS)
        for twin in twins.take() if twins is not None else ():
            original(twin)
        return original(self)

    return remove_connections
