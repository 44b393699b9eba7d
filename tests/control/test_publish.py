"""Worlds that follow what is stored, and whoever waits for the next one."""

from __future__ import annotations

import asyncio

from fairlead.control.apps import KnownApps
from fairlead.control.clocks import Clocks
from fairlead.control.nodes import Nodes
from fairlead.control.publish import Publisher
from fairlead.control.store import MemoryStore


def test_who_waits_for_another_world_misses_none_that_comes_before_his_task_runs():
    """A task begins some time after it was made: what happened meanwhile counts."""

    async def scenario() -> None:
        store, clocks = MemoryStore(), Clocks()
        publisher = Publisher(store, Nodes(clocks, keep=1.0), gather=0.0)
        before, waiting = publisher.world, publisher.published_next()

        await KnownApps(store, clocks.now, remember=1.0).seen("shop", "cart")
        await publisher.refresh()

        assert publisher.world is not before
        async with asyncio.timeout(10):
            await waiting

    asyncio.run(scenario())
