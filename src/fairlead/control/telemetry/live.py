"""The live stream: server-sent events about some namespaces, or about one app, for as long as read.

Each second how things are, and what happens in between at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import orjson

from fairlead.control.clocks import Clocks
from fairlead.control.telemetry.news import Reader

EVERY = 1.0
"""Seconds between two pictures of how things are."""

HEARTBEAT = 10.0
"""Seconds between two comments that say the stream is alive."""


def event_of(name: str, data: bytes) -> bytes:
    """Return one event of a stream; `data` is JSON, which has no line ends."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What one reader is sent."""

    clocks: Clocks
    reader: Reader
    pictures: tuple[tuple[str, Callable[[], bytes | None]], ...]
    """Names of events, and what makes the JSON of each; None where there is nothing to say."""
    stop: asyncio.Event

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the stream, until `stop` is set."""
        due = spoken = self.clocks.elapsed()
        while not self.stop.is_set():
            self.reader.woken.clear()
            found = self._news()
            now = self.clocks.elapsed()
            if now >= due:
                found += self._pictures()
                due = max(due + EVERY, now)
            if now - spoken >= HEARTBEAT:
                found += b": alive\n\n"
                spoken = now
            if found:
                yield found
            await self._wait(due)

    def _news(self) -> bytes:
        waiting = self.reader.waiting
        told = b"".join([event_of(news.sort, orjson.dumps(news.plain)) for news in waiting])
        waiting.clear()
        return told

    def _pictures(self) -> bytes:
        made = [(name, make()) for name, make in self.pictures]
        return b"".join([event_of(name, data) for name, data in made if data is not None])

    async def _wait(self, due: float) -> None:
        waiting = [
            asyncio.ensure_future(self.reader.woken.wait()),
            asyncio.ensure_future(self.stop.wait()),
        ]
        try:
            seconds = max(0.0, due - self.clocks.elapsed())
            with suppress(TimeoutError):
                await asyncio.wait(waiting, timeout=seconds, return_when="FIRST_COMPLETED")
        finally:
            for task in waiting:
                task.cancel()
