"""Moves what memory knows into the archive, in a thread; whatever the disk does, memory goes on.

Slots of a second are written each minute, of ten seconds every five minutes. What could not be
written stays in memory for an hour and is tried again.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from fairlead.control.clocks import Clocks
from fairlead.control.history.archive import (
    HOUR,
    KEPT,
    ROUGH,
    Archive,
    Run,
    Unusable,
    is_damage,
)
from fairlead.control.store import Object
from fairlead.control.telemetry.memory import COVERED, App, Memory, Told
from fairlead.control.telemetry.packed import Packed
from fairlead.control.telemetry.series import COARSE, FINE, LONGEST, Name

FILE = "telemetry.sqlite"

LOOK = 5.0
"""Seconds between looks whether something is to be written."""

LENGTHS = {FINE: 60, COARSE: ROUGH}
"""Seconds that are written together, by the length of a slot."""

LAST = int(LONGEST) + 10
"""Seconds that reports may be about: what is older does not change any more."""

RECENT = 310
"""Seconds that memory keeps all the same: what is shown of now is read from there."""

PAUSE = 60
"""Seconds between looks at what memory may forget."""

FAREWELL = 2.0
"""Seconds that the last write may take when the control plane stops."""

KEPT_UNWRITTEN = 3600
"""Seconds that memory keeps while nothing can be written."""

MOST_IN_MEMORY = 64 << 20
"""Bytes of an archive that has no file."""

AT_ONCE = 32
"""Series in one transaction: whoever reads, and the loop, wait for no longer."""

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _State:
    problem: str = ""
    dropped: int = 0
    """When it was looked for what is too old in the archive, unix seconds."""
    trimmed: int = 0
    """And in memory."""


class Keeper:
    """The past of what was measured. Belongs to one event loop."""

    def __init__(self, memory: Memory, clocks: Clocks, directory: Path | None, most: int) -> None:
        """Keep at most `most` bytes in a directory; None keeps some in memory only."""
        self._memory, self._clocks = memory, clocks
        self._directory, self._most = directory, most
        self._state = _State()
        self._archive = self._open()
        self._began = now = int(clocks.now().timestamp())
        # The first reports are of a time before this began.
        starts = {FINE: now - 5, COARSE: now - LAST}
        self.flushed = {step: at - at % LENGTHS[step] for step, at in starts.items()}
        """The moment up to which slots of a length are in the archive and not asked of memory."""
        self._past = self._recalled(now)
        self._found: deque[tuple[int, Run]] = deque()
        """What was read of it, and is not in memory yet."""
        self._whole = False
        """Whether memory has all of it: nothing is written before."""
        self._recall_processes(now)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fairlead-history")

    def _open(self) -> Archive:
        if self._directory is None:
            return Archive.in_memory()
        path = self._directory / FILE
        try:
            return Archive.open(path)
        except Unusable as error:
            if error.damaged:
                return self._anew(path, str(error))
            return self._in_memory(str(error))

    def _in_memory(self, why: str) -> Archive:
        """Leave a file that is only out of reach: its week is there when the disk is."""
        self._state.problem = f"{why}; kept in memory only"
        log.error("what was measured cannot be kept: %s", self._state.problem)
        return Archive.in_memory()

    def _anew(self, path: Path, why: str) -> Archive:
        """Put a file that cannot be read aside and begin a new one, in memory if need be."""
        self._state.problem = why
        log.error("what was measured cannot be kept: %s", why)
        try:
            for suffix in ("", "-wal", "-shm"):
                old = path.with_name(path.name + suffix)
                if old.exists():
                    old.replace(path.with_name(f"{path.name}.unreadable{suffix}"))
            archive = Archive.open(path)
        except (OSError, Unusable) as error:
            self._state.problem = f"{why}; kept in memory only: {error}"
            return Archive.in_memory()
        self._state.problem = ""
        log.warning("what was measured is kept anew; the old file is %s.unreadable", path)
        return archive

    def _recall_processes(self, now: int) -> None:
        """Know which reports came before: one whose answer was lost comes again.

        At once, as the first report may be that one.
        """
        try:
            for app, process in self._archive.processes():
                if abs(now - process.at) < 10 * LONGEST:
                    self._memory.recall_process(app, process)
        except sqlite3.Error as error:
            self._failed(error)

    def _recalled(self, now: int) -> Iterator[tuple[int, Run]]:
        for step, begin in self.flushed.items():
            for run in self._archive.since(step, begin, now):
                yield step, run

    async def recall(self) -> None:
        """Have memory go on where the last process stopped: a slot may be told by halves.

        What is written of a row is all that memory has of it, and takes the place of what is there.
        Of many series it takes a second: reports are taken in meanwhile, and added to the same.
        """
        while not self._whole:
            await self._in_thread(self._read_on)
            self._remember()

    def _read_on(self) -> None:
        """Read some of what was there; for a thread."""
        try:
            found = list(islice(self._past, 2 * AT_ONCE))
        except sqlite3.Error as error:
            log.warning("the last minutes of what was measured cannot be read: %s", error)
            found = []
        self._found.extend(found)
        self._whole = not found

    def _remember(self) -> None:
        while self._found:
            step, run = self._found.popleft()
            self._memory.recall(run.app, run.name, step, run.slots)

    def shown(self) -> Object:
        """Say where the past is kept, since when it failed, and how large it may become."""
        return {
            "place": self._archive.place,
            "days": KEPT[COARSE] // 86_400,
            "mostBytes": self._limit,
            "problem": self._state.problem,
        }

    @property
    def _limit(self) -> int:
        in_memory = self._archive.place == "memory"
        return min(self._most, MOST_IN_MEMORY) if in_memory else self._most

    def begins(self) -> int:
        """Return the moment from which it has all that was told to this process; for a thread."""
        try:
            return max(self._began, self._archive.oldest)
        except sqlite3.Error:
            return self._began

    async def run(self) -> None:
        """Write for good; what is left is written when this is cancelled."""
        try:
            await self.recall()
            while True:
                await asyncio.sleep(LOOK)
                await self.look()
        finally:
            self.close()

    async def look(self) -> None:
        """Write what is due, and forget what is not needed any more."""
        await self.recall()
        now = int(self._clocks.now().timestamp())
        self._go_back(now)
        try:
            await self._flush(FINE, now - 5)
            await self._flush(COARSE, now - LAST)
            await self._roll_up()
            if now - self._state.dropped >= HOUR or now < self._state.dropped:
                self._state.dropped = now
                await self._in_thread(self._archive.drop, now, self._limit)
            self._state.problem = self._state.problem if self._is_stranded() else ""
        except sqlite3.Error as error:
            self._failed(error)
        except Exception:
            log.exception("what was measured could not be kept")
        if now - self._state.trimmed >= PAUSE or now < self._state.trimmed:
            self._state.trimmed = now
            try:
                self._trim(now)
            except Exception:
                log.exception("what was measured could not be forgotten")

    def _go_back(self, now: int) -> None:
        """Begin anew at `now` where the clock was put back: what was after it has not been."""
        for step, length in LENGTHS.items():
            if self.flushed[step] > now + length:
                self.flushed[step] = now - now % length
                self._memory.forget_after(now)

    def _is_stranded(self) -> bool:
        return self._directory is not None and self._archive.place == "memory"

    def _failed(self, error: sqlite3.Error) -> None:
        if not self._state.problem:
            log.error("what was measured cannot be kept for now: %s", error)
        self._state.problem = str(error)
        if self._directory is not None and is_damage(error):
            self._archive.close()
            self._archive = self._anew(self._directory / FILE, str(error))

    async def _flush(self, step: int, until: int) -> None:
        length = LENGTHS[step]
        end = until - until % length
        # A clock that is put forward, or a machine that slept, leaves hours without anything.
        for begin in self._memory.spans(step, length, self.flushed[step], end):
            for runs in _batches(self._memory.apps.values(), step, begin, length):
                first, count = begin // step, length // step
                await self._in_thread(self._archive.write, step, first, count, runs)
            self.flushed[step] = begin + length
        self.flushed[step] = max(self.flushed[step], end)

    async def _roll_up(self) -> None:
        """Add up the hours that are complete, the oldest first."""
        archive = self._archive
        whole = self.flushed[COARSE] - self.flushed[COARSE] % HOUR
        rolled = await self._in_thread(lambda: archive.rolled)
        oldest = whole - KEPT[COARSE]
        # Up to a moment that is still to come where the clock was put back.
        hour = max(rolled, oldest) if rolled <= whole else oldest
        for begin in range(hour, whole, HOUR):
            series = await self._in_thread(archive.within, begin)
            for place in range(0, len(series), AT_ONCE):
                await self._in_thread(archive.roll_up, begin, series[place : place + AT_ONCE])
        if whole != rolled:
            await self._in_thread(archive.rolled_to, whole)

    def _trim(self, now: int) -> None:
        coarse = max(min(self.flushed[COARSE], now - RECENT), now - KEPT_UNWRITTEN)
        fine = max(min(self.flushed[FINE], now - 10), now - KEPT_UNWRITTEN // 6)
        self._memory.trim(coarse // COARSE, fine // FINE, now)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(work, *arguments))

    def names(self, app: App) -> list[Name]:
        """Return the series that are kept of an app; for a thread."""
        try:
            return self._archive.names(app)
        except sqlite3.Error:
            return []

    def read(
        self, app: App, names: Sequence[Name], step: int, times: tuple[float, float]
    ) -> Mapping[Name, Mapping[int, Packed]]:
        """Return what is kept of series, in slots of `step` seconds; for a thread."""
        flushed = self.flushed[FINE if step < COARSE else COARSE]
        try:
            span = (int(times[0]), min(int(times[1]), flushed))
            return self._archive.read(app, names, step, span)
        except sqlite3.Error as error:
            log.warning("what was measured cannot be read: %s", error)
            return {}

    def close(self) -> None:
        """Write what is left, as far as the disk takes it, and let go of the file."""
        self._thread.shutdown(wait=True)
        while not self._whole:
            self._read_on()
        self._remember()
        end = self._clocks.elapsed() + FAREWELL
        try:
            for step, first, count, runs in self._rest():
                self._archive.write(step, first, count, runs)
                if self._clocks.elapsed() > end:
                    log.warning("the last minutes of what was measured were not all kept")
                    break
            self._archive.keep_processes(self._memory.processes())
        except sqlite3.Error as error:
            log.warning("the last minutes of what was measured were not kept: %s", error)
        self._archive.close()

    def _rest(self) -> Iterator[tuple[int, int, int, list[Run]]]:
        now = int(self._clocks.now().timestamp())
        for step in (COARSE, FINE):
            length = LENGTHS[step]
            for begin in range(self.flushed[step], now + 1, length):
                for runs in _batches(self._memory.apps.values(), step, begin, length):
                    yield step, begin // step, length // step, runs


def _batches(apps: Iterable[Told], step: int, begin: int, length: int) -> Iterator[list[Run]]:
    """Yield the slots of a span of time, of some series at a time."""
    slots = range(begin // step, (begin + length) // step)
    batch: list[Run] = []
    for told in list(apps):
        app = (told.namespace, told.app)
        for name, series in [*told.series.items(), (COVERED, told.covered)]:
            kept = series.slots(step)
            if not kept:
                continue
            found = {slot: kept[slot] for slot in slots if slot in kept}
            if found:
                batch.append(Run(app, name, found))
        while len(batch) >= AT_ONCE:
            yield batch[:AT_ONCE]
            batch = batch[AT_ONCE:]
    if batch:
        yield batch
