"""Requests at a given rate, whether or not those before were answered, as users send them.

Who waits for an answer before the next request slows down with the server, and shows less than
users see (coordinated omission). Plain asyncio streams: nothing here is hooked by fairlead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

GIVEN_UP = 0
"""Status of a request that had no answer in time, or whose connection broke."""


@dataclass(frozen=True, slots=True)
class Phase:
    """So many requests a second, for so many seconds, at even distances."""

    seconds: float
    rate: float
    begin: Callable[[], object] | None = None
    """Called when it begins."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it was due (s from the start), how long it took, what came back."""

    due: float
    took: float
    status: int
    path: str
    phase: int


class Generator:
    """Sends to one address; at most `most` requests wait at a time, the rest count as given up."""

    def __init__(self, address: str, *, timeout: float, most: int = 2_000) -> None:
        host, _, port = address.rpartition(":")
        self._place = host, int(port)
        self._timeout, self._most = timeout, most
        self._idle: list[Streams] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._start = 0.0
        self.samples: list[Sample] = []
        self.waiting: list[tuple[float, int]] = []
        """How many requests had no answer yet, each tenth of a second."""

    async def offer(self, phases: Sequence[Phase], paths: Sequence[str]) -> None:
        """Send what `phases` say, to each of `paths` in turn, and wait for the last answer."""
        self._start = time.monotonic()
        watching = asyncio.create_task(self._watch())
        begins = 0.0
        try:
            for number, phase in enumerate(phases):
                if phase.begin is not None:
                    phase.begin()
                for i in range(round(phase.seconds * phase.rate)):
                    await self._send(begins + i / phase.rate, paths[i % len(paths)], number)
                begins += phase.seconds
                await asyncio.sleep(max(0.0, begins - self._now()))
            await asyncio.gather(*self._tasks)
        finally:
            watching.cancel()
            self.close()

    def close(self) -> None:
        """Hang up."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def once(self, path: str, late: float = 0.0) -> int:
        """Send one request, `late` by so many seconds, and return what came back."""
        try:
            async with asyncio.timeout(self._timeout - late):
                return await self._exchange(path)
        except (OSError, EOFError, ValueError):  # TimeoutError is an OSError
            return GIVEN_UP

    def _now(self) -> float:
        return time.monotonic() - self._start

    async def _send(self, due: float, path: str, phase: int) -> None:
        early = due - self._now()
        if early > 0:
            await asyncio.sleep(early)
        if len(self._tasks) >= self._most:
            self.samples.append(Sample(due, self._timeout, GIVEN_UP, path, phase))
            return
        task = asyncio.create_task(self._ask(due, path, phase))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, due: float, path: str, phase: int) -> None:
        status = await self.once(path, self._now() - due)
        self.samples.append(Sample(due, self._now() - due, status, path, phase))

    async def _exchange(self, path: str) -> int:
        while self._idle:  # a server may have closed what it kept: that is no answer
            kept = self._idle.pop()
            if not kept[0].at_eof():
                try:
                    return await self._ask_by(kept, path)
                except (asyncio.IncompleteReadError, ConnectionError):
                    continue
        return await self._ask_by(await self._connect(), path)

    async def _ask_by(self, streams: Streams, path: str) -> int:
        reader, writer = streams
        whole = False
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: rig\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            fields = dict(line.partition(": ")[::2] for line in head[1:])
            await reader.readexactly(int(fields["content-length"]))
            whole = fields.get("connection") != "close"
            return int(head[0].split()[1])
        except KeyError as error:
            raise ValueError("an answer without a length") from error
        finally:
            if whole:
                self._idle.append(streams)
            else:
                writer.close()

    async def _connect(self) -> Streams:
        return await asyncio.open_connection(*self._place)

    async def _watch(self) -> None:
        while True:
            self.waiting.append((self._now(), len(self._tasks)))
            await asyncio.sleep(0.1)


def offered(
    address: str, phases: Sequence[Phase], paths: Sequence[str], *, timeout: float
) -> Generator:
    """Send what `phases` say, and return what was seen."""
    generator = Generator(address, timeout=timeout)
    asyncio.run(generator.offer(phases, paths))
    return generator


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that `share` of all are no greater than; 0.0 of none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def closed(address: str, path: str, *, callers: int, seconds: float) -> list[int]:
    """Return the statuses that so many callers get, each of which asks again when it is answered.

    This is for finding out what a server can do, and not for what its users see.
    """
    generator = Generator(address, timeout=10.0)

    async def call(until: float) -> list[int]:
        statuses = []
        while time.monotonic() < until:
            statuses.append(await generator.once(path))
        return statuses

    async def run() -> list[int]:
        until = time.monotonic() + seconds
        found = await asyncio.gather(*(call(until) for _ in range(callers)))
        generator.close()
        return [status for statuses in found for status in statuses]

    return asyncio.run(run())
