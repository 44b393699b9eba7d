"""What people made of each object, one revision after the other: who, when, and the object.

Written in the transaction of the write itself, for writes that have an author; what the control
plane adds by itself (statuses, events, instances) is no revision. Bounded in number for each object
and in bytes for each and for all: the oldest go first, and the newest of an object last.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

import orjson

from fairlead.control.store.ledger import Decided
from fairlead.control.store.store import Change, Key, Revision

MOST = 100
"""Revisions of one object."""

MOST_BYTES_OF_ONE = 4 << 20
"""Bytes of the revisions of one object, the newest of which is kept whatever its size."""

MOST_BYTES = 64 << 20
"""Bytes of all revisions together."""

OVERHEAD = 256
"""Bytes that a revision takes beside its object."""

_TABLE = (
    """CREATE TABLE IF NOT EXISTS revisions (
        revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, namespace TEXT NOT NULL,
        name TEXT NOT NULL, type TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
        size INTEGER NOT NULL, object BLOB NOT NULL
    )""",
    """CREATE INDEX IF NOT EXISTS revisions_of
        ON revisions (resource, namespace, name, revision, size)""",
)
_OF = "resource = ? AND namespace = ? AND name = ? ORDER BY revision DESC"
_READ = f"SELECT revision, type, at, who, object FROM revisions WHERE {_OF}"  # noqa: S608
_SIZES = f"SELECT revision, size FROM revisions WHERE {_OF}"  # noqa: S608
_ADD = "INSERT OR IGNORE INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DROP = "DELETE FROM revisions WHERE revision = ?"

Execute = Callable[..., sqlite3.Cursor]


class Revisions:
    """The table, as the one thread that writes knows it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        for statement in _TABLE:
            connection.execute(statement)
        (total,) = connection.execute("SELECT coalesce(sum(size), 0) FROM revisions").fetchone()
        self._bytes = self._next = int(total)

    def write(self, execute: Execute, decided: Sequence[Decided]) -> None:
        """Write what authors did in the transaction that is open."""
        self._next = self._bytes
        for one in decided:
            if one.author is not None:
                self._add(execute, one)
        if self._next > MOST_BYTES:
            oldest = execute("SELECT revision, size FROM revisions ORDER BY revision")
            self._drop(execute, oldest, self._next - MOST_BYTES)

    def keep(self) -> None:
        """Hear that the transaction is durable."""
        self._bytes = self._next

    def _add(self, execute: Execute, one: Decided) -> None:
        change, author = one.change, one.author
        assert author is not None  # noqa: S101 - asked by the caller
        key = change.stored.key
        kept = execute(_SIZES, key).fetchall()
        if not kept and change.before is not None:
            # Written before revisions were kept, or dropped since: what it was can be gone back to.
            kept = [self._put(execute, _first(key, change), orjson.dumps(change.before))]
        row = (change.stored.revision, *key, change.type, author.at, author.who)
        kept.insert(0, self._put(execute, row, one.text))
        size = 0
        for number, (revision, bytes_) in enumerate(kept):
            size += bytes_
            if number and (number >= MOST or size > MOST_BYTES_OF_ONE):
                execute(_DROP, (revision,))
                self._next -= bytes_

    def _put(self, execute: Execute, row: tuple[object, ...], text: bytes) -> tuple[int, int]:
        size = len(text) + OVERHEAD
        execute(_ADD, (*row, size, text))
        self._next += size
        return int(str(row[0])), size

    def _drop(self, execute: Execute, oldest: sqlite3.Cursor, excess: int) -> None:
        dropped: list[int] = []
        for revision, size in oldest:
            if excess <= 0:
                break
            dropped.append(revision)
            excess -= size
            self._next -= size
        for revision in dropped:
            execute(_DROP, (revision,))


def _first(key: Key, change: Change) -> tuple[object, ...]:
    return (change.before_revision, *key, "ADDED", "", "")


def read_revisions(connection: sqlite3.Connection, key: Key) -> list[Revision]:
    """Return what is kept of an object, newest first."""
    return [
        Revision(revision=revision, type=kind, at=at, who=who, object=orjson.loads(text))
        for revision, kind, at, who, text in connection.execute(_READ, key)
    ]
