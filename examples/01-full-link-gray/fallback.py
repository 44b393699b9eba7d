"""The scenario `fallback`: B's gray instance goes and comes back while requests keep coming.

What is right depends on when a request was sent: with B's gray up it must serve, with it gone base
B must, and while it comes or goes either may. No request may fail, at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import instances as run
from fleet import Fleet
from load import BASE, GRAY, Answer, Request, send
from outcome import Result
from processes import Instance
from scenarios import AROUND_B, SHENZHEN

if TYPE_CHECKING:
    from stage import Stage

FULL_CYCLES = 5
FULL_STEADY = 5.0
"""Seconds that each steady state is kept up in the full demo."""


class Phase:
    """What a gray request may be answered from now on, and how many of them are under way."""

    def __init__(self, *expect: str) -> None:
        self.gray = Request(expect=expect, headers=(SHENZHEN,))
        self._under_way = 0
        self._over: asyncio.Event | None = None

    def sent(self) -> Request:
        """Return its request, which is under way from now on."""
        self._under_way += 1
        return self.gray

    def answered(self) -> None:
        """Hear that one of its requests is under way no more."""
        self._under_way -= 1
        if self._over and not self._under_way:
            self._over.set()

    async def over(self) -> None:
        """Return once none of its requests is under way; no more may be sent."""
        if self._under_way:
            self._over = asyncio.Event()
            await self._over.wait()


class Load:
    """Gray and base requests in turn, until told to stop."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._phase = Phase(GRAY)
        self._phases = {id(self._phase.gray): self._phase}
        self.stopped = False

    def requests(self) -> Iterator[Request]:
        """Make the next request by the phase that is on when it is sent."""
        base = Request(expect=(BASE,))
        while not self.stopped:
            yield self._phase.sent()
            yield base

    def hear(self, answer: Answer) -> None:
        """Count an answer."""
        self._result.tally.add(answer)
        phase = self._phases.get(id(answer.request))
        if phase:
            phase.answered()

    async def expect(self, *texts: str) -> None:
        """Expect `texts` from now on, once every request sent before has been answered."""
        before, self._phase = self._phase, Phase(*texts)
        self._phases[id(self._phase.gray)] = self._phase
        await before.over()


def stopped_and_started(stage: Stage, result: Result) -> None:
    """Stop and start B's gray in turns under load, a tenth as often at a tenth of the scale."""
    asyncio.run(_turns(stage, result))


async def _turns(stage: Stage, result: Result) -> None:
    load = Load(result)
    steady = max(0.5, FULL_STEADY * stage.scale)
    cycles = max(1, round(FULL_CYCLES * stage.scale))
    sending = asyncio.create_task(send(stage.entry, load.requests(), load.hear))
    try:
        for _ in range(cycles):
            await _cycle(stage.fleet, stage.role(run.B_GRAY), load, steady)
    finally:
        load.stopped = True
        await sending
    result.figures["stopped and started"] = "once" if cycles == 1 else f"{cycles} times"
    seen = result.tally.texts
    result.problems += [f"no answer was {text}" for text in (GRAY, AROUND_B) if not seen[text]]


async def _cycle(fleet: Fleet, gray: Instance, load: Load, steady: float) -> None:
    await load.expect(GRAY)
    await asyncio.sleep(steady)
    await load.expect(GRAY, AROUND_B)
    await asyncio.to_thread(fleet.stop, [gray])
    await asyncio.to_thread(fleet.settle)
    await load.expect(AROUND_B)
    await asyncio.sleep(steady)
    await load.expect(GRAY, AROUND_B)
    await asyncio.to_thread(fleet.start, [gray])
    await asyncio.to_thread(fleet.settle)
    await load.expect(GRAY)
    await asyncio.sleep(steady)
