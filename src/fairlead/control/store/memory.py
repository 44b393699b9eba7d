"""A store that forgets with its process: for tests and for trying things out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from fairlead.control.store.ledger import Ledger
from fairlead.control.store.mirror import Mirror, Mirrored
from fairlead.control.store.revisions import Revisions, read_revisions
from fairlead.control.store.store import Key, Revision, Stored, Write


class MemoryStore(Mirrored):
    """Keeps objects in memory, with every rule of a durable store."""

    def __init__(self) -> None:
        self._ledger = Ledger({}, 0)
        self._mirror = Mirror()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._revisions = Revisions(self._connection)

    async def write(self, write: Write) -> Stored:
        """Make one write. Raises Conflict."""
        batch = self._ledger.begin()
        decided = self._ledger.decide(batch, write)
        self._revisions.write(self._connection.execute, [decided])
        self._revisions.keep()
        self._ledger.keep(batch)
        self._mirror.apply([decided.change])
        return decided.change.stored

    async def skip_to(self, revision: int) -> None:
        """Count on from a higher revision."""
        if revision > self.revision:
            self._ledger.revision = revision
            self._mirror.skip_to(revision)

    async def revisions(self, key: Key) -> Sequence[Revision]:
        """Return what authors made of an object, newest first."""
        return read_revisions(self._connection, key)

    def close(self) -> None:
        """Let go of the revisions."""
        self._connection.close()
