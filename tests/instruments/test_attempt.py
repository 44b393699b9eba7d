"""A call, sync or not, does what its flow asks for, and cleans up after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from fairlead.flow.call import Call, Outcome
from fairlead.flow.steps import Flow, Layer, Send, Steps, Wait, chain
from fairlead.instruments.attempt import Sender, send, send_async
from tests.instruments.plane import Plane

Perform = Callable[[Call], Outcome]
Run = Callable[[Flow, Perform], object]


class Library(Sender):
    """A client library, as a test has it."""

    library = "test"
    last = None

    def __init__(self, perform: Callable[[Call], Any]) -> None:
        self.perform = perform

    def __call__(self, call: Call) -> Any:
        return self.perform(call)


def sync_run(flow: Flow, perform: Perform) -> object:
    return send(Plane(), flow, Call("b", "GET", ""), Library(perform))


def async_run(flow: Flow, perform: Perform) -> object:
    async def performed(call: Call) -> Outcome:
        return perform(call)

    return asyncio.run(send_async(Plane(), flow, Call("b", "GET", ""), Library(performed)))


both = pytest.mark.parametrize("drive", [sync_run, async_run])


@both
def test_a_call_waits_is_sent_and_answered(drive: Run) -> None:
    """Sync and async share every rule."""

    def flow(call: Call) -> Steps:
        yield Wait(0.0)
        first = yield Send(call)
        second = yield Send(call)
        return Outcome(response=[first.response, second.response])

    answers = iter("ab")
    assert drive(flow, lambda call: Outcome(response=next(answers))) == ["a", "b"]


@both
def test_an_outcomes_error_is_raised(drive: Run) -> None:
    """The application gets its library's own exception."""
    error = ConnectionRefusedError("no")
    with pytest.raises(ConnectionRefusedError) as raised:
        drive(chain([]), lambda call: Outcome(error=error))
    assert raised.value is error
    assert raised.value.__context__ is None, "a log would show the inside of fairlead first"


@both
def test_every_layer_cleans_up_when_sending_raises(drive: Run) -> None:
    """Otherwise a permit would be kept for ever."""
    events: list[str] = []

    def layer(inner: Flow) -> Flow:
        def flow(call: Call) -> Steps:
            try:
                return (yield from inner(call))
            finally:
                events.append("released")

        return flow

    def perform(call: Call) -> Outcome:
        raise KeyboardInterrupt

    layers: list[Layer] = [layer]
    with pytest.raises(KeyboardInterrupt):
        drive(chain(layers), perform)
    assert events == ["released"]


def test_a_cancelled_call_cleans_up() -> None:
    """A client that goes away cancels the task in the middle of a send."""
    events: list[str] = []

    def flow(call: Call) -> Steps:
        try:
            outcome: Outcome = yield Send(call)
            return outcome
        finally:
            events.append("released")

    async def main() -> None:
        started = asyncio.Event()

        async def perform(call: Call) -> Outcome:
            started.set()
            await asyncio.Event().wait()
            return Outcome()

        task = asyncio.create_task(
            send_async(Plane(), flow, Call("b", "GET", ""), Library(perform))
        )
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert events == ["released"]
