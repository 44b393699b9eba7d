"""The apps that have been seen, remembered for a while after their last instance is gone.

Callers of a known app without instances get a connect error that names it, where an unknown name
would go to DNS and perhaps to somebody else's machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from fairlead.control.store import Busy, Conflict, Key, Object, Store, StoreFailed, Write

RESOURCE = "knownapps.fairlead.io"
"""Kept in the store, served to nobody."""


class KnownApps:
    """(namespace, app) pairs in a store, each with the time its last instance went."""

    def __init__(self, store: Store, now: Callable[[], datetime], remember: float) -> None:
        self._store, self._now = store, now
        self._remember = timedelta(seconds=remember)

    def all(self) -> list[tuple[str, str]]:
        """Return every known app."""
        return [item.key[1:] for item in self._store.listing(RESOURCE).items]

    async def seen(self, namespace: str, app: str) -> None:
        """Know an app that has an instance. Raises Busy or StoreFailed."""
        await self._put(namespace, app, {"gone": None})

    async def gone(self, namespace: str, app: str) -> None:
        """Begin to forget an app whose last instance went. Raises Busy or StoreFailed."""
        await self._put(namespace, app, {"gone": self._now().isoformat()})

    async def forget(self) -> None:
        """Drop apps that have had no instance for as long as they are remembered."""
        latest = self._now() - self._remember
        stale = [
            Write(key=item.key, object=None, expected=item.revision)
            for item in self._store.listing(RESOURCE).items
            if _gone_before(item.object, latest)
        ]
        # Whoever came back meanwhile wins the conflict; what fails is tried again next time.
        await asyncio.gather(*(self._try(write) for write in stale))

    async def _try(self, write: Write) -> None:
        try:
            await self._store.write(write)
        except (Conflict, Busy, StoreFailed):
            return

    async def _put(self, namespace: str, app: str, value: Object) -> None:
        key = Key(RESOURCE, namespace, app)
        while True:
            current = self._store.get(key)
            if current is not None and (current.object["gone"] is None) == (value["gone"] is None):
                return
            expected = current.revision if current else 0
            try:
                await self._store.write(Write(key=key, object=value, expected=expected))
            except Conflict:
                continue
            return


def _gone_before(plain: Object, latest: datetime) -> bool:
    return plain["gone"] is not None and datetime.fromisoformat(plain["gone"]) < latest
