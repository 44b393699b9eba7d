"""What a store knows in memory: the objects, and the most recent changes to them.

Belongs to one event loop and is told of a change only when it is durable, so that nobody ever acts
on a write that a crash could take back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from fairlead.control.store.store import Change, Expired, Key, Listing, Stored

REMEMBERED = 8192
"""Changes kept for those who resume a watch."""

REMEMBERED_BYTES = 64 << 20
"""What they may take together, for objects near the size limit would otherwise fill the memory."""


class Mirror:
    """Objects by resource, and a ring of changes whose revisions have no gap."""

    def __init__(
        self,
        stored: Iterable[Stored] = (),
        revision: int = 0,
        changes: Iterable[Change] = (),
    ) -> None:
        """Start with what was found, as of `revision`, and the `changes` that led there."""
        self.revision = revision
        self._objects: dict[str, dict[tuple[str, str], Stored]] = {}
        self._ring: deque[Change] = deque()
        self._ring_bytes = 0
        self._wake = asyncio.Event()
        for item in stored:
            self._put(item)
        for change in changes:
            self._remember(change)

    def get(self, key: Key) -> Stored | None:
        """Return what is kept under `key`."""
        return self._objects.get(key.resource, {}).get((key.namespace, key.name))

    def listing(self, resource: str, namespace: str | None, at: int | None = None) -> Listing:
        """Return the objects of a resource in order of namespace and name.

        With `at` as they were at that revision. Raises Expired where it is not remembered.
        """
        found = self._objects.get(resource, {})
        if at is not None and at != self.revision:
            found = self._undone(resource, self.changes(at))
        names = sorted(found if namespace is None else (n for n in found if n[0] == namespace))
        revision = self.revision if at is None else at
        return Listing(items=[found[name] for name in names], revision=revision)

    def count(self, resource: str) -> int:
        """Return how many objects of a resource there are."""
        return len(self._objects.get(resource, {}))

    def apply(self, changes: Sequence[Change]) -> None:
        """Take over durable changes, oldest first, and wake whoever waits for one."""
        for change in changes:
            if change.type == "DELETED":
                self._drop(change.stored.key)
            else:
                self._put(change.stored)
            self._remember(change)
        woken, self._wake = self._wake, asyncio.Event()
        woken.set()

    def changes(self, since: int) -> Sequence[Change]:
        """Return the changes after `since`. Raises Expired, also for a revision still to come."""
        oldest = self.revision - len(self._ring)
        # A revision of the future is another store's: whoever asks must look at this one anew.
        if not oldest <= since <= self.revision:
            raise Expired(since, oldest)
        return list(islice(self._ring, since - oldest, None))

    def skip_to(self, revision: int) -> None:
        """Go on at a higher revision, and remember nothing of what led there."""
        self.revision = revision
        self._ring.clear()
        self._ring_bytes = 0
        woken, self._wake = self._wake, asyncio.Event()
        woken.set()

    async def changed(self, since: int) -> None:
        """Return once `revision` has passed `since`."""
        while self.revision <= since:
            await self._wake.wait()

    def _undone(self, resource: str, changes: Sequence[Change]) -> dict[tuple[str, str], Stored]:
        """Return the objects of a resource as they were before `changes`, the newest of all."""
        found = dict(self._objects.get(resource, {}))
        for change in reversed(changes):
            key = change.stored.key
            if key.resource != resource:
                continue
            if change.before is None:
                found.pop((key.namespace, key.name), None)
            else:
                found[key.namespace, key.name] = Stored(
                    key=key, revision=change.before_revision, object=change.before
                )
        return found

    def _put(self, stored: Stored) -> None:
        resource, namespace, name = stored.key
        self._objects.setdefault(resource, {})[namespace, name] = stored

    def _drop(self, key: Key) -> None:
        del self._objects[key.resource][key.namespace, key.name]

    def _remember(self, change: Change) -> None:
        self.revision = change.stored.revision
        self._ring.append(change)
        self._ring_bytes += change.size
        while len(self._ring) > REMEMBERED or self._ring_bytes > REMEMBERED_BYTES:
            self._ring_bytes -= self._ring.popleft().size


class Mirrored:
    """The half of a store that reads: what its mirror knows."""

    _mirror: Mirror

    @property
    def revision(self) -> int:
        """Revision of the newest acknowledged write."""
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

    def changes(self, since: int) -> Sequence[Change]:
        """Return the changes after revision `since`. Raises Expired."""
        return self._mirror.changes(since)

    async def changed(self, since: int) -> None:
        """Return once there is a change after revision `since`."""
        await self._mirror.changed(since)
