"""How the process does: CPU, memory, descriptors, threads, collections, and its event loop's lag.

Nothing ticks for it: what can be read is read when a report is due, collections say themselves how
long they took, and a loop is sent a callback whenever the thread that asks is awake anyway.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import weakref
from collections.abc import Callable
from typing import Any

from fairlead.agent.memory import resident
from fairlead.protocols.watch.report import Runtime

Clock = Callable[[], float]


class Collections:
    """How many collections there were, and how long they took."""

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock = clock
        self._began = 0.0
        self.counts = [0, 0, 0]
        """By generation."""
        self.seconds = 0.0
        self._installed = False

    def install(self) -> None:
        """Listen to collections."""
        if not self._installed:
            self._installed = True
            gc.callbacks.append(self._hear)

    def remove(self) -> None:
        """Do not listen any more."""
        if self._installed:
            self._installed = False
            gc.callbacks.remove(self._hear)

    def _hear(self, phase: str, info: dict[str, int]) -> None:
        # One collection at a time, whatever the thread.
        if phase == "start":
            self._began = self._clock()
        elif self._began:
            self.seconds += self._clock() - self._began
            self.counts[min(info["generation"], 2)] += 1


class Loop:
    """How late an event loop is, found by a callback that it is sent now and then."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._loop: weakref.ref[Any] | None = None
        self._sent: float | None = None
        self._worst = 0.0
        self.last = 0.0
        """How late it was when it answered last."""

    def watch(self, loop: Any) -> None:
        """Ask this loop from now on."""
        self._loop = weakref.ref(loop)
        self._sent = None

    def find(self) -> None:
        """Ask the loop that runs in this thread, if one does."""
        asyncio = sys.modules.get("asyncio")
        loop = None if asyncio is None else asyncio._get_running_loop()  # noqa: SLF001
        if loop is not None:
            self.watch(loop)

    def ask(self) -> None:
        """Send a callback, unless the last one has not been answered."""
        loop = None if self._loop is None else self._loop()
        if loop is None or loop.is_closed():  # it will not answer any more
            self._loop = self._sent = None
            self.last = 0.0
            return
        if self._sent is not None:
            return
        self._sent = self._clock()
        try:
            loop.call_soon_threadsafe(self._answered)
        except RuntimeError:  # it is closed
            self._loop = self._sent = None

    def now(self) -> float:
        """Return the seconds that it is late now, or was when it answered last."""
        sent = self._sent
        return max(self.last, 0.0 if sent is None else self._clock() - sent)

    def lag(self) -> float:
        """Return the seconds that it was late at most since the last time it was asked so."""
        sent = self._sent
        outstanding = 0.0 if sent is None else self._clock() - sent
        worst, self._worst = max(self._worst, outstanding), 0.0
        return worst

    def tasks(self) -> int:
        """Return how many tasks there are, of all loops; 0 where the interpreter does not say."""
        if self._loop is None:
            return 0
        asyncio = sys.modules.get("asyncio.tasks")
        # asyncio's own registries; `all_tasks` goes through all of them, and only in the loop.
        for registry in ("_scheduled_tasks", "_all_tasks"):
            if hasattr(asyncio, registry):
                return len(getattr(asyncio, registry))
        return 0

    def _answered(self) -> None:
        sent, self._sent = self._sent, None
        if sent is not None:
            self.last = self._clock() - sent
            self._worst = max(self._worst, self.last)


class Figures:
    """The figures of one process, since they were asked for last."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self.collections, self.loop = Collections(), Loop()
        self._last = (clock(), time.process_time(), (0, 0, 0), 0.0)

    def now(self) -> Runtime:
        """Return how the process does, with what has happened since it began."""
        counts = self.collections.counts
        self.loop.ask()
        return Runtime(
            cpu=time.process_time(),
            rss=resident(),
            fds=_descriptors(),
            threads=_threads(),
            gc=(counts[0], counts[1], counts[2]),
            gc_pause=self.collections.seconds,
            loop_lag=self.loop.last,
            tasks=self.loop.tasks(),
        )

    def since(self) -> Runtime:
        """Return how the process does, and what has happened since the last time."""
        began, cpu, counts, paused = self._last
        all_of_them = self.collections.counts
        now = (
            self._clock(),
            time.process_time(),
            (all_of_them[0], all_of_them[1], all_of_them[2]),
            self.collections.seconds,
        )
        self._last = now
        first, second, third = (max(0, a - b) for a, b in zip(now[2], counts, strict=True))
        return Runtime(
            cpu=round((now[1] - cpu) / max(now[0] - began, 0.001), 4),
            rss=resident(),
            fds=_descriptors(),
            threads=_threads(),
            gc=(first, second, third),
            gc_pause=round(max(0.0, now[3] - paused), 6),
            loop_lag=round(self.loop.lag(), 6),
            tasks=self.loop.tasks(),
        )


def _descriptors() -> int:
    for directory in ("/proc/self/fd", "/dev/fd"):
        try:
            return len(os.listdir(directory))
        except OSError:
            continue
    return 0


def _threads() -> int:
    """Return the threads of the process, those that Python knows nothing of too."""
    try:
        with open("/proc/self/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[17])
    except (OSError, ValueError, IndexError):
        threading = sys.modules.get("threading")
        return threading.active_count() if threading is not None else 1
