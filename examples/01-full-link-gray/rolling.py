"""The scenario `rolling-restart`: three instances of B are replaced while requests keep coming.

For each a new process is started, and when it is registered the old one gets SIGTERM; so does a
deployment. Requests go to a gateway that calls B by name, two hundred a second, whether answers
come or not; each has a number, and only an answer with its own number is right. A request of five
seconds is under way in the instance that is stopped: it is to be answered by no other.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from instances import GATE, NEW, OLD, ROLLING
from load import Answer, Connection, Request
from outcome import Result
from pace import described, offer
from processes import DemoFailed, Instance

if TYPE_CHECKING:
    from stage import Stage

RATE = 200.0
LONG = 5.0
FULL_SECONDS = 60.0
FULL_STEADY, LEAST_STEADY = 10.0, 2.0
TRIES = 30
"""Long requests that are sent until one is with a certain one of three instances."""

NAMES = tuple(instance.hop for instance in ROLLING)
BEFORE, DURING, AFTER = "before", "while they are replaced", "after"


def all_replaced(stage: Stage, result: Result) -> None:
    """Start three instances and replace them; all are gone afterwards."""
    try:
        stage.fleet.start([stage.role(instance) for instance in (GATE, *OLD)])
        stage.fleet.settle(GATE.namespace)
        asyncio.run(_Rolling(stage, result).play())
    finally:
        stage.fleet.stop((GATE, *ROLLING))


class _Rolling:
    """One rolling restart."""

    def __init__(self, stage: Stage, result: Result) -> None:
        gate = stage.fleet.address(GATE)
        if gate is None:
            raise DemoFailed("the gateway is not registered any more")
        self._fleet, self._gate, self._result = stage.fleet, gate, result
        self._pairs = [
            (stage.role(old), stage.role(new)) for old, new in zip(OLD, NEW, strict=True)
        ]
        self._steady = max(LEAST_STEADY, FULL_STEADY * stage.scale)
        self._seconds = FULL_SECONDS * stage.scale
        self._full = stage.scale >= 1
        self._numbers = count()
        self._phase = BEFORE
        self._latencies: defaultdict[str, list[float]] = defaultdict(list)
        self._stopped = False

    async def play(self) -> None:
        """Keep the load up through all of it."""
        began = time.monotonic()
        sending = asyncio.create_task(offer(self._gate, self._load(), self._hear, rate=RATE))
        told: list[str] = []
        try:
            await asyncio.sleep(self._steady)
            self._phase = DURING
            for number, (old, new) in enumerate(self._pairs):
                told.append(await self._replace(old, new, hold=self._full or not number))
            self._phase = AFTER
            await asyncio.sleep(max(self._steady, began + self._seconds - time.monotonic()))
        finally:
            self._stopped = True
            offered = await sending
        self._result.figures["offered"] = (
            f"{offered.rate:.1f} of {RATE:.0f} requests per second, for {offered.seconds:.0f} s"
        )
        self._result.figures["replaced"] = told
        self._result.figures["latency"] = [
            f"{phase}: {described(self._latencies[phase])}" for phase in (BEFORE, DURING, AFTER)
        ]
        seen = self._result.tally.texts
        self._result.problems += [
            f"{name} has answered nothing" for name in NAMES if not seen[name]
        ]

    def _load(self) -> Iterator[Request]:
        while not self._stopped:
            yield self._request()

    def _request(self, seconds: float = 0.0) -> Request:
        number = next(self._numbers)
        return Request(
            expect=tuple(f"{name} {number}" for name in NAMES),
            row=None,
            path="/b/wait",
            query=f"number={number}" + (f"&seconds={seconds:g}" if seconds else ""),
            group=self._phase,
        )

    def _hear(self, answer: Answer) -> None:
        self._latencies[answer.request.group].append(answer.seconds)
        self._count(answer)

    def _count(self, answer: Answer) -> None:
        """Count an answer by who gave it, if it is right."""
        if answer.right:
            request = replace(answer.request, expect=NAMES)
            answer = replace(answer, request=request, text=answer.text.partition(" ")[0])
        self._result.tally.add(answer)

    async def _replace(self, old: Instance, new: Instance, *, hold: bool) -> str:
        """Replace one instance; return how that went."""
        pids = [self._fleet.pid(old)]
        await asyncio.to_thread(self._fleet.start, [new])
        pids.append(self._fleet.pid(new))
        told = f"{old.hop} (pid {pids[0]}, {old.served_by()}) by {new.hop} (pid {pids[1]})"
        held, others = await self._hold(old) if hold else (None, [])
        stopped = time.monotonic()
        await asyncio.to_thread(self._fleet.stop, [old])
        told += f", gone {time.monotonic() - stopped:.1f} s after SIGTERM"
        for asked in others:
            self._count(await asked)
        if held:
            answer = await held
            self._count(answer)
            self._result.curl, self._result.answer = answer.request.curl(self._gate), answer.text
            told += f"; its request of {LONG:g} s was answered: {answer.text}"
            if answer.text.partition(" ")[0] != old.hop:
                self._result.problems.append(f"{old.hop} had it, and the answer is {answer.text}")
        return told

    async def _hold(self, old: Instance) -> tuple[asyncio.Task[Answer], list[asyncio.Task[Answer]]]:
        """Return a long request that is under way in `old`, and those that others have got."""
        asked: dict[str, asyncio.Task[Answer]] = {}
        for _ in range(TRIES):
            request = self._request(LONG)
            number = next(iter(request.expect)).partition(" ")[2]
            asked[number] = asyncio.create_task(_ask(self._gate, request))
            for _ in range(20):
                log = self._fleet.log(old)
                # Any of them: on a busy machine an earlier one may arrive only now.
                for number in asked:
                    if f"{old.hop} waits {LONG:g} s for {number}\n" in log:
                        return asked.pop(number), list(asked.values())
                await asyncio.sleep(0.02)
        raise DemoFailed(f"none of {TRIES} requests went to {old.name}{instead(asked.values())}")


def instead(asked: Iterable[asyncio.Task[Answer]]) -> str:
    """Say what was answered in its place: the first wrong answer, else who has answered."""
    ended = [one for one in asked if one.done() and not one.cancelled()]
    answers = [one.result() for one in ended if one.exception() is None]
    wrong = next((one for one in answers if not one.right), None)
    if wrong is not None:
        text = " ".join(wrong.text.split())[:200] or "nothing"
        return f": the first wrong answer was {wrong.status}: {text}"
    failed = next((error for one in ended if (error := one.exception()) is not None), None)
    if failed is not None:
        return f": the first failed with {type(failed).__name__}: {failed}"
    return f": {len(answers)} were answered by others, the rest by nobody yet"


async def _ask(address: str, request: Request) -> Answer:
    connection = Connection(address)
    try:
        return await connection.ask(request)
    finally:
        connection.close()
