"""The most recent changes on disk: a watch that began before a restart is resumed behind it.

Written in the transaction of the changes themselves. A version of the server that does not know the
table leaves a gap in it; what lies before a gap is of no use, and is dropped.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence

import orjson

from fairlead.control.store.ledger import Decided
from fairlead.control.store.mirror import REMEMBERED, REMEMBERED_BYTES
from fairlead.control.store.store import Change, Key, Stored

_TABLE = """CREATE TABLE IF NOT EXISTS recent_changes (
    revision INTEGER PRIMARY KEY, type TEXT NOT NULL,
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    object BLOB NOT NULL, before BLOB NOT NULL, before_revision INTEGER NOT NULL
)"""
_READ = (
    "SELECT revision, type, resource, namespace, name, object, before, before_revision"
    " FROM recent_changes WHERE revision <= ? ORDER BY revision DESC"
)
_ADD = "INSERT OR REPLACE INTO recent_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

Execute = Callable[..., object]


class History:
    """What is kept of it, as the one thread that writes knows it."""

    def __init__(self, connection: sqlite3.Connection, revision: int) -> None:
        """Find the changes that lead to `revision` without a gap."""
        connection.execute(_TABLE)
        self._found = _load(connection, revision)
        oldest = revision - len(self._found)
        connection.execute(
            "DELETE FROM recent_changes WHERE revision <= ? OR revision > ?", (oldest, revision)
        )
        self._sizes = deque(change.size for change in self._found)
        self._bytes = sum(self._sizes)
        self._next: tuple[list[int], int] = ([], 0)

    def take(self) -> list[Change]:
        """Return what was found, oldest first; it is not kept here."""
        found, self._found = self._found, []
        return found

    def write(self, execute: Execute, decided: Sequence[Decided], revision: int) -> None:
        """Write what was decided in the transaction that is open, up to `revision`."""
        added = []
        for one in decided:
            change, before = one.change, orjson.dumps(one.change.before)
            stored = change.stored
            what = (stored.revision, change.type, *stored.key)
            execute(_ADD, (*what, one.text, before, change.before_revision))
            added.append(len(one.text) + len(before))
        left, size, drop = len(self._sizes) + len(added), self._bytes + sum(added), 0
        while drop < len(self._sizes) and (left > REMEMBERED or size > REMEMBERED_BYTES):
            left, size, drop = left - 1, size - self._sizes[drop], drop + 1
        if drop:
            execute("DELETE FROM recent_changes WHERE revision <= ?", (revision - left,))
        self._next = added, drop

    def keep(self) -> None:
        """Hear that the transaction is durable."""
        added, drop = self._next
        self._sizes.extend(added)
        self._bytes += sum(added)
        for _ in range(drop):
            self._bytes -= self._sizes.popleft()
        self._next = ([], 0)


def _load(connection: sqlite3.Connection, revision: int) -> list[Change]:
    found: list[Change] = []
    for number, kind, *names, text, before, seen in connection.execute(_READ, (revision,)):
        if number != revision - len(found):
            break
        change = Change(
            type=kind,
            stored=Stored(key=Key(*names), revision=number, object=orjson.loads(text)),
            before=orjson.loads(before),
            before_revision=seen,
            size=len(text) + len(before),
        )
        found.append(change)
    return found[::-1]
