"""Puts together what takes reports in, what adds them up, and what shows them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fairlead.compiler.seen import Sight
from fairlead.control.clocks import Clocks
from fairlead.control.contracts.keeper import ContractKeeper
from fairlead.control.history.distant import Distant, Found
from fairlead.control.history.keeper import Keeper
from fairlead.control.history.prometheus import Prometheus
from fairlead.control.store import Object
from fairlead.control.telemetry.breakers import Breakers
from fairlead.control.telemetry.edges import Topology
from fairlead.control.telemetry.fleet import Fleet
from fairlead.control.telemetry.intake import Intake, Turned
from fairlead.control.telemetry.knobs import Knobs
from fairlead.control.telemetry.lookback import Lookback
from fairlead.control.telemetry.memory import App, Memory
from fairlead.control.telemetry.news import Newsroom
from fairlead.control.telemetry.overview import Overview
from fairlead.control.telemetry.query import Answer, Older, Query, finish, prepare
from fairlead.control.telemetry.services import Services
from fairlead.control.telemetry.statements import StatementKeeper
from fairlead.control.telemetry.watching import Watching
from fairlead.control.traffic import Traffic

TICK = 1.0
"""Seconds between looks at who is watched and which breakers are open."""

MOST_QUERIES, PATIENCE = 4, 5.0
"""Graphs that are worked out at a time, each in a thread, and seconds that others wait for it."""

log = logging.getLogger(__name__)


class Past(NamedTuple):
    """Where the past is kept: in a directory, None for memory only; or where it is asked for."""

    directory: Path | None
    most: int
    """Bytes of it."""
    prometheus: Prometheus | None = None
    """Whoever has one keeps what graphs are made of in memory only, and asks it for the rest."""


class Measurements:
    """What agents measured. Belongs to one event loop."""

    def __init__(
        self, fleet: Fleet, clocks: Clocks, traffic: Traffic, kinds: Iterable[str], past: Past
    ) -> None:
        """Show `fleet`; changes of objects of `kinds` are news. `past` says what is kept."""
        self.fleet, self.clocks = fleet, clocks
        self.memory = Memory()
        self.contracts = ContractKeeper(past.directory, clocks)
        self.knobs = Knobs(fleet.store)
        self.distant = Distant(past.prometheus, clocks) if past.prometheus else None
        directory = None if past.prometheus else past.directory
        self.keeper = Keeper(self.memory, clocks, directory, past.most)
        self._queries = asyncio.Semaphore(MOST_QUERIES)
        self.watching = Watching(fleet.nodes, clocks, lambda: self.knobs.telemetry)
        self.knobs.changed = self.watching.refresh
        self.news = Newsroom(fleet.store, clocks, kinds)
        self.breakers = Breakers(fleet.nodes, clocks, self._tell)
        self.statements = StatementKeeper(clocks)
        self.intake = Intake(
            self.memory, clocks, self._turned_away, self.news.requests, self.statements.take
        )
        self.services = Services(fleet=fleet, memory=self.memory, clocks=clocks)
        self.topology = Topology(fleet=fleet, memory=self.memory, clocks=clocks)
        self.lookback = Lookback(
            memory=self.memory,
            keeper=self.keeper,
            clocks=clocks,
            known=lambda: {(one.namespace, one.app) for one in fleet.publisher.world.services},
        )
        self.overview = Overview(
            fleet=fleet,
            memory=self.memory,
            clocks=clocks,
            news=self.news,
            breakers=self.breakers,
            traffic=traffic,
            began=clocks.elapsed(),
        )

    def _turned_away(self, turned: Turned) -> None:
        self.breakers.turned_away(turned)
        self.news.turned_away(turned)

    def _tell(self, turned: Turned, note: tuple[str, str, str]) -> None:
        self.news.tell(self.news.event(turned, note))

    def namespaces(self) -> list[str]:
        """Return every namespace that something is known of."""
        return sorted(self.fleet.namespaces() | {namespace for namespace, _ in self.memory.apps})

    async def run(self) -> None:
        """Follow what happens, for good."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.news.run())
            group.create_task(self._tick())
            group.create_task(self.keeper.run())
            if self.distant is not None:
                group.create_task(self.distant.run())

    def history(self) -> Object:
        """Say where the past is kept or asked for, and what is wrong with it."""
        return self.keeper.shown() | (self.distant.shown() if self.distant else {})

    async def graph(self, query: Query) -> Object:
        """Return the answer to a query; others wait meanwhile. Raises TimeoutError."""
        if self.distant is None:
            return (await self._known(query))[1]
        begins = await asyncio.to_thread(self.keeper.begins)
        found = await self.distant.begin(query, begins)
        answer, plain = await self._known(query, found)
        if found is not None:
            await self.distant.complete(query, answer.names, plain, found)
        return plain

    async def _known(self, query: Query, found: Found | None = None) -> tuple[Answer, Object]:
        """Return what is known here, with room for series that were `found` elsewhere."""
        called = found.names if found else {}
        async with asyncio.timeout(PATIENCE):
            await self._queries.acquire()
        try:
            older = await asyncio.to_thread(Older.of, self.keeper, query, called)
            told, now = self.memory.of(*query.app), self.clocks.now().timestamp()
            answer = prepare(query, told, older, now)
            return answer, await asyncio.to_thread(finish, answer, self.keeper)
        finally:
            self._queries.release()

    async def sight(self, app: App, may_read: Callable[[str], bool]) -> Sight:
        """Return what an app and those that it calls did lately. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            await self._queries.acquire()
        try:
            return await self.lookback.around(app, may_read)
        finally:
            self._queries.release()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                self.intake.work_off()
                self.watching.refresh()
                self.breakers.look()
            except Exception:
                log.exception("what agents measured could not be looked after")


class Pictures:
    """JSON that several readers are sent in the same second, made once."""

    def __init__(self, clocks: Clocks, fresh: float) -> None:
        """Make a picture again when it is `fresh` seconds old."""
        self._clocks, self._fresh = clocks, fresh
        self._made: dict[tuple[str, ...], tuple[float, bytes | None]] = {}

    def of(self, key: Sequence[str], make: Callable[[], bytes | None]) -> bytes | None:
        """Return the picture of a key."""
        name, now = tuple(key), self._clocks.elapsed()
        at, picture = self._made.get(name, (float("-inf"), None))
        if now - at >= self._fresh:
            picture = make()
            self._made = dict(self._current(now))
            self._made[name] = (now, picture)
        return picture

    def _current(self, now: float) -> Iterator[tuple[tuple[str, ...], tuple[float, bytes | None]]]:
        return ((key, made) for key, made in self._made.items() if now - made[0] < self._fresh)
