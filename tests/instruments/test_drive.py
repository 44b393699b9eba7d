"""The two drivers do what a flow asks for, and clean up after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from fairlead.flow.call import Call, Outcome
from fairlead.flow.steps import Flow, Layer, Send, Steps, Wait, chain
from fairlead.instruments.drive import run, run_async

Run = Callable[[Flow, Call, Callable[[Call], Outcome]], object]


def sync_run(flow: Flow, call: Call, perform: Callable[[Call], Outcome]) -> object:
    return run(flow, call, perform)


def async_run(flow: Flow, call: Call, perform: Callable[[Call], Outcome]) -> object:
    async def performed(call: Call) -> Outcome:
        return perform(call)

    return asyncio.run(run_async(flow, call, performed))


both = pytest.mark.parametrize("drive", [sync_run, async_run])


def call() -> Call:
    return Call("b", "GET", "")


@both
def test_a_driver_waits_sends_and_answers(drive: Run) -> None:
    """Sync and async share every rule."""

    def flow(call: Call) -> Steps:
        yield Wait(0.0)
        first = yield Send(call)
        second = yield Send(call)
        return Outcome(response=[first.response, second.response])

    answers = iter("ab")
    assert drive(flow, call(), lambda call: Outcome(response=next(answers))) == ["a", "b"]


@both
def test_an_outcomes_error_is_raised(drive: Run) -> None:
    """The application gets its library's own exception."""
    error = ConnectionRefusedError("no")
    with pytest.raises(ConnectionRefusedError) as raised:
        drive(chain([]), call(), lambda call: Outcome(error=error))
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
        drive(chain(layers), call(), perform)
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

        task = asyncio.create_task(run_async(flow, call(), perform))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert events == ["released"]
