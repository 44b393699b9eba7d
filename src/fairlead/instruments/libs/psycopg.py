"""psycopg 3, sync and async, in C or in Python.

What it does on a connection it does in generators that both kinds of cursor share, under the
connection's lock: they are hooked where they take the statement. What psycopg sends by itself, a
BEGIN, a FETCH, takes another way and passes. ``connection.pgconn`` is out of reach: whoever calls
libpq by that name is not governed.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.database import Connected, Databases, Driver, Target
from fairlead.instruments.postgres import (
    aimed,
    as_given,
    as_text,
    marks_in_quotes,
    target,
    targets,
)
from fairlead.instruments.statements import governing, governing_async, of_many, unhooked
from fairlead.sql.lexis import FORMAT, PLAIN
from fairlead.sql.session import POSTGRES
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches
    from fairlead.policy.database import ShadowDatabase

LIBRARY = "psycopg"
VERSIONS = ("3.1", "3.4")

Steps = Generator[Any, Any, Any]
"""What psycopg waits for, step by step, in a thread or on an event loop."""

_ENDS = (b"COMMIT", b"ROLLBACK")

_IN_TRANSACTION = range(1, 4)
"""libpq's PGTransactionStatusType: active, in a transaction, in a failed one."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook where connections are made and where cursors take a statement."""
    import psycopg

    connection = _owner(psycopg.Connection, "_connect_gen")
    cursor = _owner(psycopg.Cursor, "_execute_gen")
    server = _owner(psycopg.ServerCursor, "_declare_gen")
    hooks = _Hooks(plane, psycopg, cursor._execute_gen)
    patches.replace(connection, "_connect_gen", hooks.connect)
    patches.replace(connection, "_exec_command", _command)
    patches.replace(cursor, "_execute_gen", hooks.execute)
    for many in ("_executemany_gen_pipeline", "_executemany_gen_no_pipeline"):
        patches.replace(cursor, many, partial(hooks.send, _always))
    patches.replace(cursor, "_stream_send_gen", partial(hooks.send, _is_not_none))
    patches.replace(cursor, "_start_copy_gen", partial(hooks.send, bool))
    patches.replace(server, "_declare_gen", partial(hooks.send, _is_not_none))
    # Where a cursor may wait, which it may not while it talks to the server.
    plain, waiting = partial(governing, _connected_of), partial(governing_async, _connected_of)
    patches.replace(psycopg.Cursor, "execute", plain(unhooked))
    patches.replace(psycopg.ServerCursor, "execute", plain(unhooked))
    patches.replace(psycopg.AsyncCursor, "execute", waiting(unhooked))
    patches.replace(psycopg.AsyncServerCursor, "execute", waiting(unhooked))
    patches.replace(psycopg.Cursor, "executemany", plain(unhooked, of_many))
    patches.replace(psycopg.AsyncCursor, "executemany", waiting(unhooked, of_many))


def _connected_of(cursor: Any) -> Connected | None:
    found: Connected | None = vars(cursor._conn).get("fairlead")
    return found


def _owner(cls: Any, name: str) -> Any:
    """Return the class that defines `name`: modules have moved between versions."""
    return next(one for one in cls.__mro__ if name in vars(one))


def _always(params: Any) -> bool:
    del params
    return True


def _is_not_none(params: Any) -> bool:
    return params is not None


def _command(original: Callable[..., Steps]) -> Callable[..., Steps]:
    """Hear the ends of transactions among what psycopg sends by itself."""

    def _exec_command(self: Any, command: Any, *args: Any, **kwargs: Any) -> Steps:
        if command in _ENDS and "fairlead" in vars(self):
            self.fairlead.ended()
        return original(self, command, *args, **kwargs)

    return _exec_command


class _Hooks:
    def __init__(self, plane: DataPlane, psycopg: Any, execute: Callable[..., Steps]) -> None:
        driver = Driver(
            library=LIBRARY,
            dialect=POSTGRES,
            refusal=psycopg.NotSupportedError,
            overload=psycopg.OperationalError,
        )
        self._databases = Databases(plane, driver)
        self._psycopg, self._execute = psycopg, execute
        raw = getattr(psycopg, "RawCursor", None)
        self._raw = raw and raw._query_cls

    def connect(self, original: Callable[..., Steps]) -> Any:
        connect = original.__func__  # type: ignore[attr-defined]

        def _connect_gen(cls: Any, /, conninfo: str = "", **kwargs: Any) -> Steps:
            meant, redirect, conninfo = self._aim(conninfo)
            connection = yield from connect(cls, conninfo, **kwargs)
            self._attach(connection, meant, redirect)
            return connection

        return classmethod(_connect_gen)

    def execute(self, original: Callable[..., Steps]) -> Callable[..., Steps]:
        raw, usual = self._raw, getattr(self._psycopg.Cursor, "_query_cls", None)

        def _execute_gen(
            cursor: Any,
            query: Any,
            params: Any = None,
            *,
            prepare: bool | None = None,
            binary: bool | None = None,
        ) -> Steps:
            if params is None:
                style = PLAIN
            elif raw is None or cursor._query_cls is usual:
                style = FORMAT
            else:
                style = self._style(cursor)
            if type(query) is str:
                try:
                    connected = cursor._conn.fairlead
                except AttributeError:
                    connected = self._attach(cursor._conn)
                text = connected.quick(query, style)
                if text is not None:
                    if prepare is None and binary is None:
                        return original(cursor, text, params)
                    return original(cursor, text, params, prepare=prepare, binary=binary)
            send = partial(original, cursor)
            return self._settled(send, cursor, style, query, params, prepare=prepare, binary=binary)

        return _execute_gen

    def send(
        self, merges: Callable[[Any], bool], original: Callable[..., Steps]
    ) -> Callable[..., Steps]:
        """Hook one of the rarer ways; `merges` tells by the parameters if marks are read at all."""

        def generator(cursor: Any, query: Any, params: Any = None, *more: Any, **kw: Any) -> Steps:
            style = self._style(cursor) if merges(params) else PLAIN
            send = partial(original, cursor)
            return self._settled(send, cursor, style, query, params, *more, **kw)

        return generator

    def _style(self, cursor: Any) -> str:
        raw = self._raw is not None and issubclass(cursor._query_cls, self._raw)
        return PLAIN if raw else FORMAT

    def _settled(
        self,
        send: Callable[..., Steps],
        cursor: Any,
        style: str,
        query: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Steps:
        sent = yield from self._judged(cursor, style, query)
        return (yield from send(sent, *args, **kwargs))

    def _judged(self, cursor: Any, style: str, query: Any) -> Steps:
        """Return what to send for `query`."""
        connection = cursor._conn
        connected = vars(connection).get("fairlead") or self._attach(connection)
        encoding = connection.info.encoding
        text = as_text(query, encoding, connection)
        if text is None:
            return self._unread(connected, query)
        found = connected.quick(text, style)
        if found is None:
            rules = connected.on_lane()
            if style == FORMAT and rules and rules.tables and marks_in_quotes(text):
                raise connected.refuse("unparsed", "a parameter is marked inside of quotes")
            ask = partial(self._ask, connection)
            found = yield from connected.settle_async(text, style, ask).__await__()
        return as_given(query, text, found, encoding)

    def _unread(self, connected: Connected, query: Any) -> Any:
        rules = connected.on_lane()
        if rules is not None and rules.tables and connected.redirect is None:
            raise connected.refuse("unparsed", "it is no text: send text and parameters")
        # It may be a SET: what was known of the session is asked anew.
        connected.forget_session()
        return query

    @types.coroutine
    def _ask(self, connection: Any, query: str) -> Steps:
        """Return the rows of `query`; in a pipeline, what was sent before it is done by then."""
        if connection._pipeline:
            psycopg = self._psycopg
            sync = isinstance(connection, psycopg.Connection)
            cursor = (psycopg.Cursor if sync else psycopg.AsyncCursor)(connection)
            yield from self._execute(cursor, query, prepare=False)
            yield from connection._pipeline._fetch_gen(flush=True)
            result = cursor.pgresult
        else:
            result = yield from connection._exec_command(query)
        encoding = connection.info.encoding
        return [
            [_decoded(result.get_value(row, column), encoding) for column in range(result.nfields)]
            for row in range(result.ntuples)
        ]

    def _aim(self, conninfo: str) -> tuple[Target | None, ShadowDatabase | None, str]:
        """Return what a connection is meant to be to, its shadow, and the string that leads there.

        Neither where it is to be made as it is.
        """
        databases, psycopg = self._databases, self._psycopg
        try:
            params = psycopg.conninfo.conninfo_to_dict(conninfo)
            for meant in targets(params):
                redirect = databases.redirected(meant)
                if redirect is not None:
                    params = aimed(params, meant, redirect)
                    return meant, redirect, psycopg.conninfo.make_conninfo(**params)
        except LookupError as error:
            raise psycopg.OperationalError(f"fairlead: {error}") from error
        except psycopg.NotSupportedError:
            raise  # the refusal of a shadow that is of no use
        except Exception:  # counted; a connection to base is refused on a lane that has a shadow
            databases.plane.counters.count(AGENT_FAULTS, LIBRARY)
        return None, None, conninfo

    def _attach(
        self,
        connection: Any,
        meant: Target | None = None,
        redirect: ShadowDatabase | None = None,
    ) -> Connected:
        """Govern `connection`; one that nobody has governed before is to what libpq says."""
        info, pgconn = connection.info, connection.pgconn
        if meant is None:
            meant = target(info.dbname, info.host, info.port)
        connection.fairlead = Connected(
            self._databases,
            meant,
            redirect,
            lambda: pgconn.transaction_status in _IN_TRANSACTION,
        )
        connected: Connected = connection.fairlead
        return connected


def _decoded(value: bytes | None, encoding: str) -> str | None:
    return None if value is None else bytes(value).decode(encoding, "surrogateescape")
