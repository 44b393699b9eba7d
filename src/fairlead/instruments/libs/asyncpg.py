"""asyncpg: statements, prepared ones, cursors, COPY. Pools are in `asyncpg_pool.py`.

A statement is judged where the connection takes it, before it is prepared: what is kept of
statements is kept by text, and a lane's text is another one. What asyncpg sends for itself, to look
up types and to reset a connection, takes another way or is known by its text, and passes.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from fairlead.flow.database import same_host
from fairlead.instruments.database import Connected, Databases, Driver, Target
from fairlead.instruments.postgres import PORT, target
from fairlead.instruments.secret import secret
from fairlead.instruments.statements import governing_async, marked, of_many
from fairlead.sql.lexis import PLAIN
from fairlead.sql.session import POSTGRES
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches
    from fairlead.policy.database import ShadowDatabase

LIBRARY = "asyncpg"
VERSIONS = ("0.27", "0.33")

Send = Callable[..., Awaitable[Any]]

_TABLE = re.compile(r'COPY (?:"(?:[^"]|"")*"\.)?"((?:[^"]|"")*)"')
_END = re.compile(r"(?i)\s*(?:commit|rollback|end|abort)(?:\s+(?:work|transaction))?\s*;?\s*")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook where connections are made, and where they take a statement."""
    import asyncpg
    from asyncpg import connect_utils, connection, cursor, prepared_stmt

    hooks = _Hooks(plane, asyncpg)
    made = connection.Connection
    patches.replace(connect_utils, "_connect_addr", hooks.connect)
    find = hooks.connected_of
    patches.replace(made, "execute", governing_async(find, hooks.execute, _executed))
    patches.replace(made, "_execute", governing_async(find, hooks.fetch, _fetched))
    patches.replace(made, "_prepare", hooks.prepare)
    patches.replace(made, "copy_records_to_table", hooks.copy_records)
    patches.replace(made, "_executemany", governing_async(find, hooks.send, of_many))
    for way in ("_copy_in", "_copy_out"):
        patches.replace(made, way, hooks.send)
    run = governing_async(hooks.connected_of_statement, hooks.run, _prepared)
    patches.replace(prepared_stmt.PreparedStatement, "_PreparedStatement__do_execute", run)
    patches.replace(cursor.Cursor, "_init", hooks.open)
    patches.replace(cursor.CursorIterator, "__anext__", hooks.open)
    for way in ("_bind", "_bind_exec"):
        patches.replace(cursor.BaseCursor, way, hooks.bind)


class Prepared(str):
    """The text of a prepared statement as the application gave it."""

    __slots__ = ("sent", "side")

    sent: str
    """What was prepared for it."""
    side: str
    """The lane on which it was, BASE for lanes without shadows."""


class _Hooks:
    def __init__(self, plane: DataPlane, asyncpg: Any) -> None:
        driver = Driver(
            library=LIBRARY,
            dialect=POSTGRES,
            refusal=asyncpg.exceptions.FeatureNotSupportedError,
            # The class of SQLSTATE 53, as asyncpg has no OperationalError.
            overload=asyncpg.exceptions.InsufficientResourcesError,
        )
        self._databases, self._asyncpg = Databases(plane, driver), asyncpg

    def connect(self, original: Send) -> Send:
        async def _connect_addr(**kwargs: Any) -> Any:
            meant, redirect = self._aim(kwargs)
            connection = await original(**kwargs)
            self._attach(connection, meant, redirect)
            return connection

        return _connect_addr

    def execute(self, original: Send) -> Send:
        def execute(
            connection: Any, query: str, *args: Any, timeout: float | None = None
        ) -> Awaitable[Any]:
            if args:  # goes on to `fetch`
                return original(connection, query, *args, timeout=timeout)
            try:
                text = connection._protocol.fairlead.quick(query, PLAIN)
            except Exception:  # the same is raised again by whoever awaits
                text = None
            if text is not None:
                return original(connection, text, timeout=timeout)
            return self._settled(partial(original, connection), connection, query, timeout=timeout)

        return marked(execute)

    def fetch(self, original: Send) -> Send:
        """Hook what all ways to fetch rows call."""

        def _execute(  # noqa: PLR0913 (asyncpg's own)
            connection: Any,
            query: str,
            args: Any,
            limit: int,
            timeout: float | None,
            *,
            return_status: bool = False,
            ignore_custom_codec: bool = False,
            record_class: Any = None,
        ) -> Awaitable[Any]:
            send: Send
            if ignore_custom_codec:  # asyncpg itself, which looks up a type
                send = partial(original, ignore_custom_codec=True, record_class=record_class)
                return send(connection, query, args, limit, timeout, return_status=return_status)
            try:
                text = connection._protocol.fairlead.quick(query, PLAIN)
            except (AttributeError, TypeError):
                text = None
            if text is not None:
                return original(
                    connection,
                    text,
                    args,
                    limit,
                    timeout,
                    return_status=return_status,
                    record_class=record_class,
                )
            send = partial(original, return_status=return_status, record_class=record_class)
            return self._settled(partial(send, connection), connection, query, args, limit, timeout)

        return _execute

    def send(self, original: Send) -> Send:
        """Hook one of the rarer ways, whose first argument is the statement."""

        def way(connection: Any, query: str, *args: Any, **kwargs: Any) -> Awaitable[Any]:
            send = partial(original, connection)
            return self._settled(send, connection, query, *args, **kwargs)

        return way

    def prepare(self, original: Send) -> Send:
        async def _prepare(connection: Any, query: str, **kwargs: Any) -> Any:
            text = await self._judged(connection, query)
            connected = self._connected(connection)
            side = connected.side if connected is not None else ""
            statement = await original(connection, text, **kwargs)
            prepared = Prepared(query)
            prepared.sent, prepared.side = text, side
            statement._query = prepared
            return statement

        return _prepare

    def copy_records(self, original: Send) -> Send:
        async def copy_records_to_table(
            connection: Any, table_name: str, *, schema_name: str | None = None, **kwargs: Any
        ) -> Any:
            names = [_quoted(name) for name in (schema_name, table_name) if name]
            where = f" WHERE {kwargs['where']}" if kwargs.get("where") else ""
            text = f"COPY {'.'.join(names)} FROM STDIN{where}"
            found = await self._judged(connection, text)
            name = _TABLE.match(found)
            if found != text and name is not None:
                table_name = name[1].replace('""', '"')
            return await original(connection, table_name, schema_name=schema_name, **kwargs)

        return copy_records_to_table

    def run(self, original: Send) -> Send:
        """Hook the execution of a prepared statement: only where it was prepared."""

        def __do_execute(statement: Any, executor: Any) -> Awaitable[Any]:
            query, connection = statement._query, statement._connection
            connected = self._connected(connection)
            if type(query) is Prepared and connected is not None:
                side, wrote = connected.side, connected.wrote
                found = connected.quick(query.sent, PLAIN)
                if found == query.sent and connected.side == query.side:
                    return original(statement, executor)
                connected.side, connected.wrote = side, wrote
            return self._verified(partial(original, statement, executor), connection, statement)

        return __do_execute

    def open(self, original: Send) -> Send:
        """Hook what a cursor does first; it has a statement already if it is a prepared one's."""

        def first(cursor: Any, *args: Any) -> Awaitable[Any]:
            if cursor._state is not None:
                return original(cursor, *args)
            return self._opened(partial(original, cursor, *args), cursor)

        return first

    def bind(self, original: Send) -> Send:
        def bind(cursor: Any, *args: Any) -> Awaitable[Any]:
            send = partial(original, cursor, *args)
            if type(cursor._query) is Prepared:
                return self._verified(send, cursor._connection, cursor)
            return send()

        return bind

    async def _settled(
        self, send: Send, connection: Any, query: str, *args: Any, **kwargs: Any
    ) -> Any:
        return await send(await self._judged(connection, query), *args, **kwargs)

    async def _opened(self, send: Send, cursor: Any) -> Any:
        cursor._query = await self._judged(cursor._connection, cursor._query)
        return await send()

    async def _verified(self, send: Send, connection: Any, prepared: Any) -> Any:
        query, connected = prepared._query, self._connected(connection)
        if connected is None:
            return await send()
        # One that nobody judged was prepared before there was a hook, for base.
        known = type(query) is Prepared
        text, side = (query.sent, query.side) if known else (prepared._state.query, "")
        rules = connected.on_lane()
        here = rules.lane if rules is not None else ""
        if here != side or await self._judged(connection, text) != text:
            where = f"lane {side}" if side else "base"
            raise connected.refuse("side", f"it was prepared on {where}: prepare it where it runs")
        return await send()

    async def _judged(self, connection: Any, query: Any) -> Any:
        """Return what to send for `query`."""
        connected = self._connected(connection)
        if connected is None or not isinstance(query, str):
            return query
        if _END.fullmatch(query):
            # As in drivers that have a method for it: whoever ends a transaction, it is over.
            connected.ended()
            return query
        if _is_reset(connection, query):
            connected.ended()
            connected.forget_session()
            return query
        found = connected.quick(query, PLAIN)
        if found is None:
            found = await connected.settle_async(query, PLAIN, partial(self._ask, connection))
        return found

    async def _ask(self, connection: Any, query: str) -> Any:
        """Return the rows of `query`: not kept, not logged, in no types of the application's."""
        protocol = connection._protocol
        timeout = protocol._get_timeout(None)
        statement = await connection._get_statement(
            query,
            timeout,
            use_cache=False,
            ignore_custom_codec=True,
            record_class=self._asyncpg.Record,
        )
        return await protocol.bind_execute(statement, (), "", 0, False, timeout)

    def _connected(self, connection: Any) -> Connected | None:
        """Return what governs `connection`, None where it is closed."""
        protocol = connection._protocol
        if protocol is None:
            return None
        found: Connected | None = vars(protocol).get("fairlead")
        return self._attach(connection) if found is None else found

    def connected_of(self, connection: Any) -> Connected | None:
        """Return what governs `connection`, for its gates; None where nobody has used it yet."""
        try:
            found: Connected | None = vars(connection._protocol).get("fairlead")
        except (AttributeError, TypeError):
            return None
        return found

    def connected_of_statement(self, statement: Any) -> Connected | None:
        """Return the same for the connection of a prepared statement."""
        return self.connected_of(statement._connection)

    def _aim(self, arguments: dict[str, Any]) -> tuple[Target | None, ShadowDatabase | None]:
        """Let the `arguments` of a connection lead to the shadow; tell what was meant."""
        databases = self._databases
        try:
            meant = _target(arguments["addr"], arguments["params"])
            redirect = databases.redirected(meant)
            if redirect is not None:
                _redirect(arguments, meant, redirect)
                return meant, redirect
        except LookupError as error:
            raise self._asyncpg.InterfaceError(f"fairlead: {error}") from error
        except self._asyncpg.exceptions.FeatureNotSupportedError:
            raise  # the refusal of a shadow that is of no use
        except Exception:  # counted; a connection to base is refused on a lane that has a shadow
            databases.plane.counters.count(AGENT_FAULTS, LIBRARY)
        return None, None

    def _attach(
        self,
        connection: Any,
        meant: Target | None = None,
        redirect: ShadowDatabase | None = None,
    ) -> Connected:
        protocol = connection._protocol
        alive = ref(protocol)

        def transacting() -> bool:
            one = alive()
            return one is not None and bool(one.is_in_transaction())

        # The connection has no room for it, and its protocol lives as long.
        protocol.fairlead = Connected(
            self._databases,
            meant or _target(connection._addr, connection._params),
            redirect,
            transacting,
        )
        connected: Connected = protocol.fairlead
        return connected


def _executed(connection: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
    query = args[0] if args else kwargs.get("query")
    # What a pool does to a connection that comes back is none of the application's statements.
    return None if _is_reset(connection, query) else query, args[1:]


def _fetched(_: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
    # asyncpg itself, which looks up a type, or the application.
    return None if kwargs.get("ignore_custom_codec") else args[0], args[1]


def _prepared(statement: Any, _: tuple[Any, ...], __: Mapping[str, Any]) -> tuple[Any, Any]:
    return str(statement._query), None


def _target(address: Any, params: Any) -> Target:
    """Return what a connection to `address` is to: a host and port, or a socket's file."""
    if isinstance(address, str):
        port = address.rpartition(".")[2]
        return target(params.database, "", int(port) if port.isdigit() else PORT)
    return target(params.database, *address[:2])


def _redirect(arguments: dict[str, Any], meant: Target, redirect: ShadowDatabase) -> None:
    there, params = redirect.shadow, arguments["params"]
    changed = {"database": there.name}
    if there.user:
        changed["user"] = there.user
    if there.password:
        changed["password"] = secret(there.password)
    host, port = there.host or meant.host, there.port or meant.port
    if port != meant.port or not same_host(host, meant.host):
        arguments["addr"] = (host or "localhost", port)
    arguments["params"] = params._replace(**changed)


def _is_reset(connection: Any, query: str | None) -> bool:
    reset = connection._reset_query
    return reset is not None and query in (reset, f"ROLLBACK;\n{reset}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
