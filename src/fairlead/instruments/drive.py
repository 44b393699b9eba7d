"""Do what a flow asks for: the only code in the agent that sleeps.

`perform` sends a call once and returns an Outcome; an exception that it lets out ends the call as
it is, after every layer's ``finally`` has run.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fairlead.flow.call import Call, Fault, Outcome
from fairlead.flow.steps import Effect, Flow, Send, Steps

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry


Perform = Callable[[Call], Outcome]
PerformAsync = Callable[[Call], Awaitable[Outcome]]


def run(steps: Steps, perform: Perform, drop: Callable[[], object] | None = None) -> Outcome:
    """Take `steps` in this thread; return what comes of them.

    `drop` lets go of the last answer: who waits before he sends again has no use for it.
    """
    answer: Outcome | None = None
    try:
        while True:
            try:
                effect = steps.send(answer)
            except StopIteration as done:
                outcome: Outcome = done.value
                return outcome
            if isinstance(effect, Send):
                answer = perform(effect.call)
            else:
                if drop is not None:
                    drop()
                time.sleep(effect.seconds)
                answer = None
    finally:
        steps.close()


async def run_async(
    steps: Steps, perform: PerformAsync, drop: Callable[[], Any] | None = None
) -> Outcome:
    """Take `steps` in this task; return what comes of them. `drop` is as in `run`."""
    answer: Outcome | None = None
    try:
        while True:
            try:
                effect = steps.send(answer)
            except StopIteration as done:
                outcome: Outcome = done.value
                return outcome
            if isinstance(effect, Send):
                call = effect.call
                answer = await (perform(call) if call.until is None else _in_time(perform, call))
            else:
                if drop is not None and (dropping := drop()) is not None:
                    await dropping
                await sleep(effect.seconds)
                answer = None
    finally:
        steps.close()


async def sleep(seconds: float) -> None:
    """Let `seconds` pass in this task, of trio's as well, which httpx may run in."""
    if has_loop():
        await asyncio.sleep(seconds)
    else:
        await sys.modules["trio"].sleep(seconds)


async def _in_time(perform: PerformAsync, call: Call) -> Outcome:
    """Send `call`, and give it up when its time is over."""
    if call.until is None or not has_loop():
        return await perform(call)
    limit = asyncio.timeout(max(0.0, call.until - time.monotonic()))
    try:
        async with limit:
            return await perform(call)
    except TimeoutError:
        if not limit.expired():
            raise
        return Outcome(error=call.late(), fault=Fault.TIMEOUT)


def has_loop() -> bool:
    """Tell whether asyncio runs this: whoever else does keeps time in the library's way alone."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


def pause(entry: Entry) -> None:
    """Wait in this thread until the call of `entry` may begin; it ends where that is cut short.

    gevent's and eventlet's greenlets let others run meanwhile. A thread with a running event loop
    blocks it, as with any call that blocks.
    """
    try:
        time.sleep(entry.wait / 1e9)
        entry.begin()
    except BaseException:
        entry.exit()
        raise


async def pause_async(entry: Entry) -> None:
    """Wait in this task until the call of `entry` may begin; it ends where that is cut short."""
    try:
        await asyncio.sleep(entry.wait / 1e9)
        entry.begin()
    except BaseException:
        entry.exit()
        raise


class Journey:
    """A call on its way through a flow until it is under way, and then when it has ended.

    For calls that outlive the code that makes them: whoever waits for their answer does not wait
    here. Once under way a call is not sent again.
    """

    __slots__ = ("_is_over", "_steps", "effect", "outcome")

    def __init__(self, flow: Flow, call: Call) -> None:
        self._steps = flow(call)
        self._is_over = False
        self.effect: Effect | None = None
        """What is to be done next, None where the way has ended before the call was sent."""
        self.outcome = Outcome()
        self.go_on(None)

    def go_on(self, answer: Outcome | None) -> None:
        """Give the flow what became of the effect."""
        try:
            self.effect = self._steps.send(answer)
        except StopIteration as done:
            self.effect, self.outcome = None, done.value

    def end(self, outcome: Outcome) -> None:
        """Tell the flow what became of the call that was under way; the first one counts."""
        if self._is_over:
            return
        self._is_over = True
        try:
            self.go_on(outcome)
        finally:
            self._steps.close()

    def abandon(self) -> None:
        """Let every layer put away what it holds: nothing comes of this call."""
        self._steps.close()

    def result(self) -> Any:
        """Return the response of a way that has ended, or raise its error."""
        if self.outcome.error is not None:
            raise self.outcome.error
        return self.outcome.response


Start = Callable[[Call], Any]
"""Sends a call and returns what stands for it, or an Outcome where it cannot be sent."""


def begin(journey: Journey, start: Start) -> Any:
    """Drive a call in this thread until it is under way; return what `start` has returned."""
    while journey.effect is not None:
        answer = None
        if isinstance(journey.effect, Send):
            answer = start(journey.effect.call)
            if not isinstance(answer, Outcome):
                return answer
        else:
            time.sleep(journey.effect.seconds)
        journey.go_on(answer)
    return journey.result()


async def begin_async(journey: Journey, start: Start) -> Any:
    """Drive a call in this task until it is under way; return what `start` has returned."""
    while journey.effect is not None:
        answer = None
        if isinstance(journey.effect, Send):
            answer = await start(journey.effect.call)
            if not isinstance(answer, Outcome):
                return answer
        else:
            await asyncio.sleep(journey.effect.seconds)
        journey.go_on(answer)
    return journey.result()
