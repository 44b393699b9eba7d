"""What the hooks of all MySQL drivers share: where a connection goes, and text sent as bytes.

No driver is imported here.
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from fairlead.flow.database import same_host
from fairlead.instruments.database import Connected, Target
from fairlead.instruments.secret import secret
from fairlead.policy.database import ShadowDatabase
from fairlead.sql.lexis import FORMAT, PLAIN

PORT = 3306


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a connection is made to, and as whom; `password` is as the driver keeps it."""

    host: str
    port: int
    unix_socket: Any
    user: Any
    password: Any = field(repr=False)
    database: str

    def target(self) -> Target:
        """Return this as rules name it: a socket's file is on this host."""
        if not self.unix_socket:
            return Target(database=self.database, host=self.host, port=self.port)
        place = os.fsdecode(self.unix_socket)
        return Target(database=self.database, host="localhost", port=self.port, place=place)

    def shadow(self, redirect: ShadowDatabase) -> Place:
        """Return the place that `redirect` puts instead. Raises LookupError for the password."""
        there = redirect.shadow
        place = replace(
            self,
            database=there.name,
            user=there.user or self.user,
            password=secret(there.password) if there.password else self.password,
        )
        target = self.target()
        host, port = there.host or target.host, there.port or target.port
        if same_host(host, target.host) and port == target.port:
            return place
        # By name, C libraries would take the local socket, which is another server's.
        host = "127.0.0.1" if host == "localhost" else host
        return replace(place, host=host, port=port, unix_socket=None)


class MySQLConnected(Connected):
    """A connection to MySQL or MariaDB."""

    __slots__ = ("bulk", "opened", "sender")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.bulk: object = None
        """The cursor that is in ``executemany`` with a statement that has been judged."""
        self.sender: object = None
        """The task whose statement has been judged, where it sends it in several steps."""
        self.opened = False
        """Whether a transaction may be open, where only statements tell (`watch`)."""

    def ended(self) -> None:
        """Hear that a transaction was committed or rolled back."""
        super().ended()
        self.opened = False

    def watch(self, statement: str) -> None:
        """Take note of what `statement` does to a transaction, for a driver that does not tell."""
        if _ONE_END.fullmatch(statement):
            self.ended()
        elif _MAY_OPEN.search(statement):
            self.opened = True


_ONE_END = re.compile(r"(?i)\s*(?:commit|rollback)(?:\s+work)?\s*;?\s*")
_MAY_OPEN = re.compile(r"(?i)\b(?:begin|start|xa|call|chain|execute)\b|;|/\*M?!")

Ask = Callable[[Any, str], Any]
"""Sends a query on a connection past all hooks, and returns its rows as tuples."""
Hook = Callable[[Callable[..., Any]], Callable[..., Any]]


def sent(connected: Connected, statement: Any, style: str, encoding: str, ask: Any) -> Any:
    """Return what to send for `statement`, text or bytes, as it was given. Raises the refusal.

    `ask` is what `Connected.settle` is to ask by.
    """
    text = as_text(connected, statement, encoding)
    found = connected.quick(text, style)
    if found is None:
        found = connected.settle(text, style, ask)
    return as_given(statement, text, found, encoding)


async def sent_async(
    connected: Connected, statement: Any, style: str, encoding: str, ask: Any
) -> Any:
    """Return what to send for `statement`, as `sent` does."""
    text = as_text(connected, statement, encoding)
    found = connected.quick(text, style)
    if found is None:
        found = await connected.settle_async(text, style, ask)
    return as_given(statement, text, found, encoding)


def as_text(connected: Connected, statement: Any, encoding: str) -> str:
    """Return `statement` as text. Raises the refusal where it cannot be read, on a lane."""
    if isinstance(statement, str):
        return str(statement)
    octets = isinstance(statement, bytes | bytearray)
    if connected.on_lane() is None:
        return bytes(statement).decode("latin-1") if octets else ""
    if octets:
        text = bytes(statement).decode(encoding, "surrogateescape")
        if text.encode(encoding, "surrogateescape") == statement:
            return text
    raise connected.refuse("other", "its text cannot be read")


def as_given(statement: Any, text: str, found: str, encoding: str) -> Any:
    """Return `found`, which stands for `text`, as `statement` was given."""
    if found == text:
        return statement
    return found if isinstance(statement, str) else found.encode(encoding, "surrogateescape")


_IN_TRANSACTION, _AUTOCOMMIT = 1, 2
"""Bits of the status that the server sends with its answers."""


def status_of(connection: Any) -> Callable[[], bool]:
    """Return what tells whether a transaction is open on a `connection` made like PyMySQL's."""
    alive = weakref.ref(connection)

    def transacting() -> bool:
        one = alive()
        if one is None:
            return False
        status, result = one.server_status, one._result  # noqa: SLF001
        # The status that comes with rows is not kept: INSERT … RETURNING, without autocommit.
        unseen = result is not None and result.server_status is None
        return bool(status & _IN_TRANSACTION) or (unseen and not status & _AUTOCOMMIT)

    return transacting


def take_rows(connection: Any, before: tuple[Any, Any]) -> Any:
    """Return the rows of our own question, and put back the result and the count `before` it."""
    rows = connection._result.rows  # noqa: SLF001
    if before[0] is None or not before[0].has_next:
        connection._result, connection._affected_rows = before  # noqa: SLF001
    return rows


def use(database: Any) -> str:
    """Return the statement that makes `database` the current one."""
    return "USE `" + as_name(database).replace("`", "``") + "`"


def as_name(database: Any) -> str:
    """Return the name of a database as a driver was given it."""
    return database.decode("utf-8", "replace") if isinstance(database, bytes) else database or ""


def connected_of(cursor: Any) -> Connected | None:
    """Return what governs the connection of a cursor; None if it is closed, or was never hooked."""
    try:
        found: Connected | None = cursor.connection.fairlead
    except (AttributeError, ReferenceError):
        return None
    return found


def private_connected_of(cursor: Any) -> Connected | None:
    """Return the same for a cursor that hides its connection."""
    try:
        found: Connected | None = cursor._connection.fairlead  # noqa: SLF001
    except (AttributeError, ReferenceError):
        return None
    return found


def settled(cursor: Any, query: Any, style: str, ask: Ask) -> Any:
    """Return what a cursor is to execute for `query`."""
    connection = cursor.connection
    connected = connection.fairlead
    return sent(connected, query, style, connection.encoding, partial(ask, connection))


def executing_many(ask: Ask, before: Callable[[Any], object]) -> Hook:
    """Return the hook of ``Cursor.executemany``, which executes what it was given piece by piece.

    `before` makes the connection of a cursor free for a question.
    """

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def executemany(self: Any, query: Any, args: Any) -> Any:
            try:
                connected = self.connection.fairlead
            except AttributeError:  # closed, or opened before there were hooks
                return original(self, query, args)
            if not args or connected.bulk is self:
                return original(self, query, args)
            before(self)
            query = settled(self, query, FORMAT, ask)
            outer, connected.bulk = connected.bulk, self
            try:
                return original(self, query, args)
            finally:
                connected.bulk = outer

        return executemany

    return wrap


def selecting(ask: Ask) -> Hook:
    """Return the hook of ``Connection.select_db``."""

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def select_db(self: Any, db: Any) -> Any:
            connected = vars(self).get("fairlead")
            if connected is None:
                return original(self, db)
            sent(connected, use(db), PLAIN, self.encoding, partial(ask, self))
            try:
                return original(self, db)
            finally:
                connected.forget_session()

        return select_db

    return wrap


def ending(original: Callable[..., Any]) -> Callable[..., Any]:
    """Hook what ends a transaction: ``commit``, ``rollback``; ``begin`` commits first."""

    def end(self: Any) -> Any:
        result = original(self)
        connected = vars(self).get("fairlead")
        if connected is not None:
            connected.ended()
        return result

    return end


def autocommitting(original: Callable[..., Any]) -> Callable[..., Any]:
    """Hook ``Connection.autocommit``, which commits when it is switched on."""

    def autocommit(self: Any, value: Any) -> Any:
        result = original(self, value)
        connected = vars(self).get("fairlead")
        if value and connected is not None:
            connected.ended()
        return result

    return autocommit
