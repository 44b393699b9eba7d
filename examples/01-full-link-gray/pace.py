"""Requests at a steady rate, whatever becomes of them: each is due at a moment of its own.

A sender that waits for answers before it goes on slows down together with what it measures, and
hides what it should find. Here a late answer is late from the moment its request was due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from load import Answer, Connection, Request

MOST = 64
"""Requests under way at a time. Where more would be, the machine is too slow for the rate: that
falls, and is told as it was, before requests wait for nothing but their turn."""

KEPT = 2.0
"""Seconds that an idle connection is used again: uvicorn closes one after five, and a request that
crosses the close on its way is lost without anybody's fault."""


@dataclass(frozen=True, slots=True)
class Offered:
    """How many requests were sent, and the seconds from the first to the last."""

    requests: int
    seconds: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds if self.seconds else 0.0


async def offer(
    address: str, requests: Iterable[Request], hear: Callable[[Answer], None], *, rate: float
) -> Offered:
    """Send `rate` of `requests` a second; `hear` each answer, with the seconds since it was due."""
    idle: list[tuple[Connection, float]] = []
    free = asyncio.Semaphore(MOST)
    loop = asyncio.get_running_loop()
    start, sent = loop.time(), 0

    async def ask(request: Request, due: float) -> None:
        connection, since = idle.pop() if idle else (Connection(address), loop.time())
        if loop.time() - since > KEPT:
            connection.close()
        answer = await connection.ask(request)
        hear(replace(answer, seconds=loop.time() - due))
        idle.append((connection, loop.time()))
        free.release()

    try:
        async with asyncio.TaskGroup() as group:
            for sent, request in enumerate(requests, 1):
                due = start + (sent - 1) / rate
                group.create_task(ask(request, due))
                await free.acquire()
                await asyncio.sleep(max(0.0, start + sent / rate - loop.time()))
            seconds = loop.time() - start
    finally:
        for connection, _ in idle:
            connection.close()
    return Offered(sent, seconds)


def described(seconds: Iterable[float]) -> str:
    """Return latencies as ``p50 3 ms, p99 21 ms, at most 40 ms``."""
    ordered = sorted(seconds)
    if not ordered:
        return "no answers"
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.99))
    return f"p50 {_ms(p50)}, p99 {_ms(p99)}, at most {_ms(ordered[-1])}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
