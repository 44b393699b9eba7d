"""The cursors of psycopg2, which merges values into a statement before it sends it.

A value that is not known to become a literal, like ``AsIs``, can carry SQL, and one that is marked
inside of quotes can end them: then the merged statement is judged, which costs a parse each time.
Nothing is imported here: the classes are made of what psycopg2 has.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from fairlead.instruments.database import Connected
from fairlead.instruments.postgres import as_given, as_text, marks_in_quotes
from fairlead.instruments.statements import sent, timed
from fairlead.instruments.watched import NOTHING
from fairlead.sql.lexis import FORMAT, PLAIN

_LITERAL = frozenset(
    (
        bool, bytearray, bytes, date, datetime, Decimal, dict, float, int, memoryview, str, time,
        timedelta, type(None), UUID,
    )
)  # fmt: skip
"""Types whose values psycopg2 sends as literals, a dictionary as JSON if at all."""

_SEQUENCES = (tuple, list)

_NAME = re.compile(r'COPY ("(?:[^"]|"")*")')


def literal(values: Any, kinds: Collection[type]) -> bool:
    """Whether each of `values`, as a cursor takes them, is sure to become a literal."""
    if isinstance(values, dict):
        values = values.values()
    elif not isinstance(values, _SEQUENCES):
        return False
    for value in values:
        kind = type(value)
        if kind not in kinds and not (kind in _SEQUENCES and literal(value, kinds)):
            return False
    return True


class Merging:
    """Makes the classes of cursors; `extensions` is psycopg2's module of that name."""

    def __init__(self, extensions: Any) -> None:
        self._extensions, self._cursor = extensions, extensions.cursor
        self.kinds = _LITERAL | {extensions.Binary, sys.modules["psycopg2._json"].Json}
        names = {"fairlead_merging": self, "execute": _execute(self, self._cursor.execute)}
        self.plain = _named(type("cursor", (Asking, self._cursor), names), self._cursor)
        self._made: dict[Any, Any] = {self._cursor: self.plain}

    def governed(self, factory: type) -> Any:
        """Return a subclass of `factory` that asks before it executes."""
        if issubclass(factory, Asking):
            return factory
        found = self._made.get(factory)
        if found is None:
            # What is handed to the application's own class is judged, and what that hands on to C.
            names = {"execute": _outer_execute(self, factory), "executemany": _outer_many(factory)}
            found = _named(type(factory.__name__, (factory, self.plain), names), factory)
            self._made[factory] = found
        return found

    def adopt(self, cursor: Any, connected: Connected) -> Any:
        """Govern a cursor that was made, or refuse it on a lane: a function may have made it."""
        if not isinstance(cursor, Asking):
            try:
                cursor.__class__ = self.governed(type(cursor))
            except TypeError:
                if connected.on_lane() is not None:
                    raise connected.refuse("other", "cursor_factory has to be a class") from None
                return cursor
        cursor.fairlead = connected
        return cursor

    def ask(self, connection: Any, query: str) -> Any:
        """Return the rows of `query`, by a cursor that nobody sees."""
        extensions = self._extensions
        if connection.async_:
            raise connection.fairlead.refuse(
                "other", "shadow tables need a connection that is not asynchronous"
            )
        cursor = self._cursor(connection)
        try:
            # The application may have taught psycopg2 to read these types in another way.
            extensions.register_type(extensions.UNICODE, cursor)
            extensions.register_type(extensions.INTEGER, cursor)
            self._cursor.execute(cursor, query)
            return self._cursor.fetchall(cursor)
        finally:
            cursor.close()

    def prepared(self, cursor: Any, query: Any, values: Any) -> tuple[Any, Any]:
        """Return what to execute for `query`, and with which values."""
        connected: Connected = cursor.fairlead
        connection = cursor.connection
        encoding = self._extensions.encodings[connection.encoding]
        text = as_text(query, encoding, connection)
        if text is None:
            return self._unread(connected, query), values
        if values is not None and _is_rewritten(connected) and self._carries_sql(text, values):
            query = self._cursor.mogrify(cursor, text, values)
            text, values = query.decode(encoding, "surrogateescape"), None
        found = self.judged(connection, text, PLAIN if values is None else FORMAT)
        return as_given(query, text, found, encoding), values

    def judged(self, connection: Any, text: str, style: str) -> str:
        """Return what to send for `text`."""
        connected: Connected = connection.fairlead
        found = connected.quick(text, style)
        if found is None:
            found = connected.settle(text, style, partial(self.ask, connection))
        return found

    def rows(self, cursor: Any, query: Any, rows: Any) -> Any:
        """Return what to execute for each of `rows`; None where each row is to be looked at."""
        if _is_rewritten(cursor.fairlead):
            text = as_text(query, "utf-8", cursor.connection)
            if text is None or any(self._carries_sql(text, row) for row in rows):
                return None
        return self.prepared(cursor, query, ())[0]

    def _carries_sql(self, text: str, values: Any) -> bool:
        return not literal(values, self.kinds) or marks_in_quotes(text)

    def shadowed(self, cursor: Any, table: str, rest: str) -> str:
        """Return the table that ``COPY table rest`` is to name."""
        text = 'COPY "{}" {}'.format(table.replace('"', '""'), rest)
        found = self.judged(cursor.connection, text, PLAIN)
        name = _NAME.match(found)
        if found == text or name is None:
            return table
        return name[1][1:-1].replace('""', '"')

    def _unread(self, connected: Connected, query: Any) -> Any:
        if _is_rewritten(connected):
            raise connected.refuse("unparsed", "it is no text")
        connected.forget_session()
        return query


def _is_rewritten(connected: Connected) -> bool:
    rules = connected.on_lane()
    return rules is not None and connected.redirect is None


class Asking:
    """What is governed of a cursor; the class after it is C's, which does what it is told."""

    fairlead: Connected | None = None
    fairlead_merging: Merging
    fairlead_sent: Any = None
    """What was judged last, for whoever is below to know it again."""

    def executemany(self, query: Any, vars_list: Any) -> Any:
        """Execute for each row."""
        execute_many = super().executemany  # type: ignore[misc]
        connected = self.fairlead
        if connected is None or query is self.fairlead_sent:
            return execute_many(query, vars_list)
        execute = super().execute  # type: ignore[misc]
        return sent(
            connected, self, query, None, _each, self, execute, execute_many, query, vars_list
        )

    def callproc(self, procname: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse a procedure where its tables are not the lane's."""
        if self.fairlead is not None:
            self.fairlead_merging.judged(self.connection, f"CALL {procname}", PLAIN)  # type: ignore[attr-defined]
        return super().callproc(procname, *args, **kwargs)  # type: ignore[misc]

    def copy_expert(self, sql: Any, file: Any, *args: Any, **kwargs: Any) -> Any:
        """Copy by a statement."""
        if self.fairlead is not None and sql is not self.fairlead_sent:
            given, sql = sql, self.fairlead_merging.prepared(self, sql, None)[0]
            copy = super().copy_expert  # type: ignore[misc]
            return sent(self.fairlead, self, given, None, copy, sql, file, *args, **kwargs)
        return super().copy_expert(sql, file, *args, **kwargs)  # type: ignore[misc]

    def copy_from(self, file: Any, table: Any, *args: Any, **kwargs: Any) -> Any:
        """Copy into a table that is named by itself."""
        if self.fairlead is not None:
            table = self.fairlead_merging.shadowed(self, table, "FROM STDIN")
        return super().copy_from(file, table, *args, **kwargs)  # type: ignore[misc]

    def copy_to(self, file: Any, table: Any, *args: Any, **kwargs: Any) -> Any:
        """Copy out of a table that is named by itself."""
        if self.fairlead is not None:
            table = self.fairlead_merging.shadowed(self, table, "TO STDOUT")
        return super().copy_to(file, table, *args, **kwargs)  # type: ignore[misc]


def _execute(merging: Merging, execute: Callable[..., Any]) -> Callable[..., Any]:
    kinds, prepared = merging.kinds, merging.prepared

    def asking(self: Any, query: Any, vars: Any = None) -> Any:
        connected = self.fairlead
        if connected is None or query is self.fairlead_sent:
            return execute(self, query, vars)
        connected.met = NOTHING
        if type(query) is str:
            text = connected.quick(query, PLAIN if vars is None else FORMAT)
            # Values are looked at on a lane only.
            if text is not None and (vars is None or not connected.side or literal(vars, kinds)):
                if connected.met is not None:
                    return timed(connected, execute, self, text, vars)
                return execute(self, text, vars)
        told = prepared(self, query, vars)
        return sent(connected, self, query, vars, execute, self, *told)

    return asking


def _outer_execute(merging: Merging, factory: Any) -> Callable[..., Any]:
    def execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        connected = self.fairlead
        if connected is None or not args or kwargs or args[0] is self.fairlead_sent:
            return factory.execute(self, *args, **kwargs)
        given, *rest = args
        found = rest[0] if rest else None
        query, values = merging.prepared(self, given, found)
        with _known(self, query):
            told = self, query, values, *rest[1:]
            return sent(connected, self, given, found, factory.execute, *told)

    return execute


def _outer_many(factory: Any) -> Callable[..., Any]:
    def executemany(self: Any, *args: Any, **kwargs: Any) -> Any:
        connected = self.fairlead
        if connected is None or len(args) != 2 or kwargs:
            return factory.executemany(self, *args, **kwargs)
        execute, many = partial(factory.execute, self), partial(factory.executemany, self)
        return sent(connected, self, args[0], None, _each, self, execute, many, *args)

    return executemany


@contextmanager
def _known(cursor: Any, query: Any) -> Iterator[None]:
    """Let whoever is below know `query` for judged, for this once: the next lane is another."""
    cursor.fairlead_sent = query
    try:
        yield
    finally:
        cursor.fairlead_sent = None


def _each(
    cursor: Any, execute: Callable[..., Any], many: Callable[..., Any], query: Any, rows: Any
) -> Any:
    """Execute `query` for each of `rows`, one by one where a row may carry SQL."""
    merging: Merging = cursor.fairlead_merging
    rows = list(rows) if _is_rewritten(cursor.fairlead) else rows
    found = merging.rows(cursor, query, rows)
    if found is not None:
        with _known(cursor, found):
            return many(found, rows)
    for row in rows:
        text, values = merging.prepared(cursor, query, row)
        with _known(cursor, text):
            execute(text, values)
    return None


def _named(governed: Any, factory: Any) -> Any:
    """Call the subclass as its parent is called: applications print such names."""
    governed.__name__, governed.__qualname__ = factory.__name__, factory.__qualname__
    governed.__module__ = factory.__module__
    return governed


def execute_batch(merging: Merging, paginate: Callable[..., Any], original: Any) -> Any:
    """Wrap ``extras.execute_batch``: it joins statements, which are judged before they are."""

    def execute_batch(cur: Any, sql: Any, argslist: Any, page_size: int = 100) -> None:
        connected = getattr(cur, "fairlead", None)
        if connected is None or not _is_rewritten(connected):
            original(cur, sql, argslist, page_size)
            return
        for page in paginate(argslist, page_size=page_size):
            statements = [cur.mogrify(*merging.prepared(cur, sql, row)) for row in page]
            joined = b";".join(statements)
            with _known(cur, joined):
                cur.execute(joined)

    return execute_batch
