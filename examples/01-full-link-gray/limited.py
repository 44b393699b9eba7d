"""The scenario `rate-limit`: /greet1a takes one request a second, whoever asks how often.

Twenty requests a second come, and beside them the usual ones, which no rule limits. That no window
of a second holds two is held against times that nobody can have measured wrongly: the entry decided
on a request after it was sent and before it was answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from load import BASE, Answer, Connection, Request, ask
from outcome import Result
from pace import offer

if TYPE_CHECKING:
    from stage import Stage

WINDOW = 1.0
GREET_RATE, USUAL_RATE = 20.0, 10.0
FULL_SECONDS, LEAST_SECONDS = 30.0, 4.0
HELLO, QUEUE = "hello", "you are in the queue"
HEADERS = {"retry-after": "1", "x-queue": "greet"}

GREET = Request(expect=(HELLO,), row=None, path="/greet1a")
USUAL = Request(expect=(BASE,))


def one_a_second(stage: Stage, result: Result) -> None:
    """Offer more than the limit takes, look at what passed, and take the rule away."""
    asyncio.run(_Limited(stage, result).play())
    stage.fleet.apply()
    stage.fleet.settle()
    for _ in range(5):
        result.tally.add(ask(stage.entry, GREET))
    result.figures["without the rule"] = "5 of 5 pass"


class _Limited:
    """Two loads on one entry."""

    def __init__(self, stage: Stage, result: Result) -> None:
        self._entry, self._result = stage.entry, result
        self._seconds = max(LEAST_SECONDS, FULL_SECONDS * stage.scale)
        self._passed: list[tuple[float, float]] = []
        """When each request that passed was sent, and when it was answered."""
        self._rejected = 0

    async def play(self) -> None:
        """Send both loads, and sum up."""
        self._result.curl = GREET.curl(self._entry).replace("curl ", "curl -i ")
        usual = asyncio.create_task(
            offer(self._entry, self._usual(), self._result.tally.add, rate=USUAL_RATE)
        )
        offered = await self._greet()
        await usual
        gaps = [second[1] - first[0] for first, second in pairwise(sorted(self._passed))]
        self._result.figures["offered"] = f"{offered} to /greet1a in {self._seconds:.0f} s"
        self._result.figures["passed"] = len(self._passed)
        self._result.figures["rejected with 429, the headers and the words of the rule"] = (
            self._rejected
        )
        if close := [gap for gap in gaps if gap < WINDOW]:
            self._result.problems.append(f"two passed within {min(close):.3f} s")
        if len(self._passed) < self._seconds / WINDOW / 2:
            self._result.problems.append("half of what the limit allows was turned away")

    async def _greet(self) -> int:
        """Send requests to the limited resource, each on a connection that is kept."""
        loop, connections = asyncio.get_running_loop(), [Connection(self._entry) for _ in range(4)]
        start, sent = loop.time(), 0
        while loop.time() < start + self._seconds:
            began = time.monotonic()
            self._hear(began, await connections[sent % 4].ask(GREET))
            sent += 1
            await asyncio.sleep(max(0.0, start + sent / GREET_RATE - loop.time()))
        for connection in connections:
            connection.close()
        return sent

    def _hear(self, began: float, answer: Answer) -> None:
        if answer.right:
            self._passed.append((began, time.monotonic()))
        elif (answer.status, answer.text) == (429, QUEUE) and _has(answer, HEADERS):
            self._rejected += 1
            self._result.answer = f"{answer.status} {answer.text}"
            answer = replace(answer, request=replace(GREET, status=429, expect=(QUEUE,)))
        self._result.tally.add(answer)

    def _usual(self) -> Iterator[Request]:
        yield from (USUAL for _ in range(int(self._seconds * USUAL_RATE)))


def _has(answer: Answer, headers: dict[str, str]) -> bool:
    return all(answer.headers.get(name) == value for name, value in headers.items())
