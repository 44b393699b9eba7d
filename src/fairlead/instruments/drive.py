"""Do what a flow asks for: the only code in the agent that sleeps.

`perform` sends a call once and returns an Outcome; an exception that it lets out ends the call as
it is, after every layer's ``finally`` has run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fairlead.flow.call import Call, Outcome
from fairlead.flow.steps import Flow, Send

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry

Perform = Callable[[Call], Outcome]
PerformAsync = Callable[[Call], Awaitable[Outcome]]


def run(flow: Flow, call: Call, perform: Perform) -> Any:
    """Drive `call` through `flow` in this thread; return its response or raise its error."""
    steps = flow(call)
    answer: Outcome | None = None
    try:
        while True:
            try:
                effect = steps.send(answer)
            except StopIteration as done:
                outcome = done.value
                break
            if type(effect) is Send:
                answer = perform(effect.call)
            else:
                time.sleep(effect.seconds)  # type: ignore[union-attr]
                answer = None
    finally:
        steps.close()
    return _unwrap(outcome)  # outside of the except: what it raises has no context of ours


async def run_async(flow: Flow, call: Call, perform: PerformAsync) -> Any:
    """Drive `call` through `flow` in this task; return its response or raise its error."""
    steps = flow(call)
    answer: Outcome | None = None
    try:
        while True:
            try:
                effect = steps.send(answer)
            except StopIteration as done:
                outcome = done.value
                break
            if type(effect) is Send:
                answer = await perform(effect.call)
            else:
                await asyncio.sleep(effect.seconds)  # type: ignore[union-attr]
                answer = None
    finally:
        steps.close()
    return _unwrap(outcome)  # outside of the except: what it raises has no context of ours


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


def _unwrap(outcome: Outcome) -> Any:
    if outcome.error is not None:
        raise outcome.error
    return outcome.response
