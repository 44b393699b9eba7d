"""A store that forgets with its process: for tests and for trying things out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from fairlead.control.store.ledger import Ledger
from fairlead.control.store.mirror import Mirror
from fairlead.control.store.revisions import Revisions, read_revisions
from fairlead.control.store.store import Change, Key, Listing, Revision, Stored, Write


class MemoryStore:
    """Keeps objects in memory, with every rule of a durable store."""

    def __init__(self) -> None:
        self._ledger = Ledger({}, 0)
        self._mirror = Mirror()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._revisions = Revisions(self._connection)

    @property
    def revision(self) -> int:
        """Revision of the newest write."""
        return self._mirror.revision

    def get(self, key: Key) -> Stored | None:
        """Return what is kept under `key`."""
        return self._mirror.get(key)

    def listing(
        self, resource: str, namespace: str | None = None, at: int | None = None
    ) -> Listing:
        """Return the objects of a resource, now or as they were. Raises Expired."""
        return self._mirror.listing(resource, namespace, at)

    def count(self, resource: str) -> int:
        """Return how many objects of a resource there are."""
        return self._mirror.count(resource)

    async def write(self, write: Write) -> Stored:
        """Make one write. Raises Conflict."""
        batch = self._ledger.begin()
        decided = self._ledger.decide(batch, write)
        self._revisions.write(self._connection.execute, [decided])
        self._revisions.keep()
        self._ledger.keep(batch)
        self._mirror.apply([decided.change])
        return decided.change.stored

    def changes(self, since: int) -> Sequence[Change]:
        """Return the changes after revision `since`. Raises Expired."""
        return self._mirror.changes(since)

    async def changed(self, since: int) -> None:
        """Return once there is a change after revision `since`."""
        await self._mirror.changed(since)

    async def revisions(self, key: Key) -> Sequence[Revision]:
        """Return what authors made of an object, newest first."""
        return read_revisions(self._connection, key)

    def close(self) -> None:
        """Let go of the revisions."""
        self._connection.close()
