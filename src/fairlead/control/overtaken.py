"""Agents that are ahead of the store: it was restored from an older copy, and they outlived that.

An agent never goes back to an older revision, so that nothing that is written from now on would
reach it until as many changes have been made as were lost. But it names what it holds when it
comes, and a store may count on from there: what is stored is then the newest, as it says.
"""

from __future__ import annotations

import asyncio
import logging

from fairlead.control.clocks import Clocks
from fairlead.control.instances import SETTLING
from fairlead.control.publish import Publisher
from fairlead.control.store import Store, StoreFailed

AHEAD = 86_400
"""Seconds by which a revision may be ahead of the clock that stores begin to count by."""

PAUSE = 60.0
"""Seconds until the count is moved again: every watch lists anew then."""

log = logging.getLogger(__name__)


class Overtaken:
    """Belongs to one event loop."""

    def __init__(self, store: Store, publisher: Publisher, clocks: Clocks) -> None:
        self._store, self._publisher, self._clocks = store, publisher, clocks
        self._moving = asyncio.Lock()
        self._not_before = float("-inf")
        self._settled = clocks.elapsed() + SETTLING

    async def heard(self, revision: int, app: str) -> None:
        """Hear which revision a process of an app holds; return once there is a newer one."""
        if revision <= self._publisher.world.revision:
            return
        async with self._moving:
            if revision > self._publisher.world.revision and self._may_move():
                await self._move(revision, app)

    def _may_move(self) -> bool:
        now = self._clocks.elapsed()
        if now < self._not_before:
            return False
        self._not_before = now + PAUSE
        return True

    async def _move(self, revision: int, app: str) -> None:
        now = int(self._clocks.now().timestamp() * 1000)
        if revision > now + 1000 * AHEAD:
            log.warning("a process of %s holds revision %d, which no store has had", app, revision)
            return
        # What was restored names instances of long ago: those that are alive register meanwhile.
        await asyncio.sleep(max(0.0, self._settled - self._clocks.elapsed()))
        before = self._store.revision
        target = max(revision, now, before) + 1
        try:
            await self._store.skip_to(target)
        except StoreFailed as error:
            log.error("agents stay ahead of what is stored: %s", error)  # noqa: TRY400
            return
        log.warning(
            "a process of %s holds revision %d, and the store was at %d: it was restored from an "
            "older copy, or the process was another control plane's. Revisions go on from %d, so "
            "that agents take what is stored now",
            *(app, revision, before, target),
        )
        await self._publisher.published(target)
