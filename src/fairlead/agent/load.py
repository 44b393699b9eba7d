"""What the process and its container are doing, for protection from overload.

A thread of its own looks, some times a second, and only while a rule wants it. What it reads it
keeps open; where the kernel does not say, a figure is 0.0, and the others decide.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from itertools import chain, repeat
from typing import TYPE_CHECKING

from fairlead.agent import native
from fairlead.agent.cgroup import Container, Files
from fairlead.agent.memory import resident
from fairlead.flow.overload.protection import Load

if TYPE_CHECKING:
    from fairlead.agent.runtime import Loop
    from fairlead.flow.overload.protection import Protection

EVERY = 0.1
"""Seconds between two samples."""
SOON = (0.01, 0.02, 0.04)
"""The first samples of a strategy that begins with little room: while a process only waits for
others, nobody has to be rejected for a whole interval before that is seen."""
SLOWLY = 10
"""Samples between two looks at what changes slowly: limits, memory, descriptors, new threads."""

MOST_THREADS = 64
"""Threads that are looked at one by one, the oldest first."""

HELD = 0.001
"""Seconds that the sampler's own thread has to wait for the interpreter's lock, or for a core, from
which on the threads of this process are in each other's way."""
OF_LATE = 0.3
"""Part of a new sample in how often that is so."""

_TASKS = "/proc/self/task"


def cores(container: Container) -> float:
    """Return the cores that Python's requests can use at once."""
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        return 1.0
    return container.cores()


class Threads:
    """The busiest thread: its share of a core, with the time that it waited for one."""

    def __init__(self, files: Files, tasks: str = _TASKS) -> None:
        self._files, self._tasks = files, tasks
        self._last: dict[str, int] = {}

    def look(self) -> None:
        """Find the threads that there are."""
        try:
            found = os.listdir(self._tasks)[:MOST_THREADS]
        except OSError:
            found = []
        for gone in self._last.keys() - set(found):
            self._files.close(self._path(gone))
            del self._last[gone]
        for name in found:
            self._last.setdefault(name, -1)

    def most(self, passed: float) -> float:
        """Return the share of the last `passed` seconds of the thread that was busy longest."""
        most = 0.0
        for name, before in list(self._last.items()):
            spent = self._spent(name)
            if before >= 0 and spent >= before:
                most = max(most, (spent - before) / 1e9 / passed)
            self._last[name] = spent
        return most

    def _path(self, name: str) -> str:
        return f"{self._tasks}/{name}/schedstat"

    def _spent(self, name: str) -> int:
        """Return nanoseconds on a core and waiting for one (proc_pid_schedstat(5))."""
        words = self._files.read(self._path(name)).split()
        try:
            return int(words[0]) + int(words[1])
        except (ValueError, IndexError):
            return -1


class Signals:
    """Reads what a process is doing; each reading is about the time since the last one."""

    def __init__(
        self,
        loop: Loop,
        *,
        container: Container | None = None,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.process_time,
        tasks: str = _TASKS,
    ) -> None:
        self._files = Files()
        self._container = Container(self._files) if container is None else container
        self._threads = Threads(self._files, tasks)
        self._loop, self._clock, self._spent = loop, clock, spent
        self._at, self._used = clock(), spent()
        self._count, self._held = 0, 0.0
        self._memory = self._descriptors = 0.0
        self.cores = cores(self._container)

    def read(self, late: float = 0.0) -> Load:
        """Return what the process is doing.

        `late` are the seconds that the reader's thread was later than it wished.
        """
        now, used = self._clock(), self._spent()
        passed = max(now - self._at, 0.001)
        own = (used - self._used) / passed
        self._at, self._used = now, used
        if self._count % SLOWLY == 0:
            self._look()
        self._count += 1
        self._held += OF_LATE * ((late >= HELD) - self._held)
        # Threads that share one lock have one core between them; each by itself looks idle.
        together = min(own, 1.0) if self._held >= 0.5 else 0.0
        self._loop.ask()
        return Load(
            cpu=max(own / self._container.cores(), self._container.busy(now)),
            thread=max(self._threads.most(passed), together),
            lag=self._loop.now(),
            memory=self._memory,
            descriptors=self._descriptors,
        )

    def close(self) -> None:
        """Close what is kept open."""
        self._files.close_all()

    def _look(self) -> None:
        self._threads.look()
        self._container.look()
        most = self._container.memory_limit
        self._memory = max(resident(), self._container.memory()) / most if most else 0.0
        self._descriptors = _descriptors()


def _descriptors() -> float:
    """Return the share of the process's descriptors that are in use."""
    try:
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return len(os.listdir("/proc/self/fd")) / most if most > 0 else 0.0
    except (ImportError, OSError, ValueError) as error:
        # To count them takes one.
        return 1.0 if getattr(error, "errno", 0) in (errno.EMFILE, errno.ENFILE) else 0.0


class Sampler:
    """Tells a protection what the process is doing, while it has a rule. Of one process."""

    def __init__(
        self, protection: Protection, loop: Loop, fault: Callable[[str, Exception], None]
    ) -> None:
        """`fault` hears of a fault of ours, which ends the sampling."""
        self._protection, self._loop, self._fault = protection, loop, fault
        self._lock, self._bell = native.Lock(), native.Bell()
        self._runs = False
        self._abandoned = False

    def look(self) -> None:
        """Take in whether there is a rule."""
        with self._lock:
            if self._runs or self._abandoned or not self._protection.on:
                return
            self._runs = True
        try:
            signals = Signals(self._loop)
            self._protection.begin(signals.cores)
            native.spawn(lambda: self._run(signals))
        except Exception as error:  # the application is as it were without a rule
            self._runs = False
            self._protection.blind()
            self._fault("load", error)

    def abandon(self) -> None:
        """Let go of what the parent still uses: its thread is not in this process."""
        self._abandoned = True

    def stop(self) -> None:
        """End soon, for good."""
        self._abandoned = True
        self._bell.ring()

    def _run(self, signals: Signals) -> None:
        failed = True
        try:
            signals.read()  # what was used up to here was used for beginning
            soon = SOON if self._protection.room is not None else ()
            for wait in chain(soon, repeat(EVERY)):
                if not self._protection.on or self._abandoned:
                    break
                wished = time.monotonic() + wait
                self._bell.sleep(wait)
                late = time.monotonic() - wished
                self._protection.sample(time.monotonic(), signals.read(late))
            failed = False
        except Exception as error:  # the application is as it were without a rule
            self._fault("load", error)
        finally:
            signals.close()
            with self._lock:
                self._runs = False
            if failed and not self._abandoned:
                self._protection.blind()
            elif not failed:
                self.look()  # a rule may have come since this thread saw that there was none
