"""Blocks of an application as resources: every way out of one lets go of its place."""

from __future__ import annotations

import asyncio
import gc
import pickle
import threading
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import fairlead
from fairlead.agent import bootstrap, handle
from fairlead.policy.fallback import Fallback
from tests.agent.guarding import Guarded
from tests.instruments.rules import breaking, capped, closed, rated


def test_a_block_that_is_refused_does_not_begin(guarded: Guarded) -> None:
    """Its error says which rule it was and when it is worth to come again."""
    guarded.enforce(rated(guarded.name, 1))
    with fairlead.guard(guarded.name):
        assert guarded.gate.inflight == 1
    with pytest.raises(fairlead.Rejected) as caught, fairlead.guard(guarded.name):
        pytest.fail("it began")
    found = caught.value
    assert isinstance(found, RuntimeError)
    assert (found.resource, found.rule, found.reason) == (
        guarded.name,
        "FaultToleranceRule/r",
        "rate",
    )
    assert 3590 < found.retry_after <= 3600
    assert guarded.counted() == (1, 0, 1, 0)
    assert guarded.agent.read_counters()["rate_limited"] == {guarded.name: 1}


def test_a_rejection_goes_to_other_processes(guarded: Guarded) -> None:
    """Pools and task queues hand errors on in this way."""
    guarded.enforce(closed(guarded.name, Fallback(value='"x"')))
    with pytest.raises(fairlead.Rejected) as caught, fairlead.guard(guarded.name):
        pass
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert copy.refusal == caught.value.refusal
    assert vars(copy) == vars(caught.value)


def test_an_async_block_is_the_same(guarded: Guarded) -> None:
    """Sync and async code share a resource and its rules."""
    guarded.enforce(rated(guarded.name, 1))

    async def main() -> None:
        async with fairlead.guard(guarded.name):
            assert guarded.gate.inflight == 1
        with pytest.raises(fairlead.Rejected):
            async with fairlead.guard(guarded.name):
                pytest.fail("it began")

    asyncio.run(main())
    assert guarded.counted() == (1, 0, 1, 0)


def test_an_error_counts_and_a_cancellation_does_not(guarded: Guarded) -> None:
    """Who is gone has not failed."""

    async def waits() -> None:
        async with fairlead.guard(guarded.name):
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with pytest.raises(ZeroDivisionError), fairlead.guard(guarded.name):
        raise ZeroDivisionError
    asyncio.run(main())
    with pytest.raises(KeyboardInterrupt), fairlead.guard(guarded.name):
        raise KeyboardInterrupt
    assert guarded.counted() == (3, 1, 0, 0)


def test_what_is_an_error_is_said_by_class(guarded: Guarded) -> None:
    """A customer that is not found is no reason to give a database up."""
    told = fairlead.guard(guarded.name, errors=(OSError,), ignore=(FileNotFoundError,))
    for error in (OSError, FileNotFoundError, ValueError):
        with pytest.raises(error), told:
            raise error
    assert guarded.counted() == (3, 1, 0, 0)


def test_a_rejection_from_inside_is_no_failure_of_the_outside(guarded: Guarded) -> None:
    """Nothing was tried: a breaker around it has learnt nothing."""
    inner = f"{guarded.name} inner"
    guarded.enforce(closed(inner), breaking(guarded.name))
    with pytest.raises(fairlead.Rejected), fairlead.guard(guarded.name), fairlead.guard(inner):
        pass
    with fairlead.guard(guarded.name):
        pass
    assert guarded.counted() == (2, 0, 0, 0)


def test_one_guard_is_entered_inside_itself(guarded: Guarded) -> None:
    """Recursion: the inner one ends the inner entry."""
    one = fairlead.guard(guarded.name)
    with one:
        with pytest.raises(ZeroDivisionError), one:
            raise ZeroDivisionError
        assert guarded.gate.inflight == 1
        with one, one:
            assert guarded.gate.inflight == 3
    assert guarded.counted() == (4, 1, 0, 0)


def test_tasks_that_share_a_guard_end_their_own_entries(guarded: Guarded) -> None:
    """The one that fails is the one that is counted as failed, in whatever order they end."""
    one = fairlead.guard(guarded.name)
    seen: list[int] = []

    async def work(number: int) -> None:
        async with one:
            await asyncio.sleep(0.001 * (number % 7))
            with one:
                await asyncio.sleep(0.001 * (number % 5))
                seen.append(guarded.gate.inflight)
                if number % 10 == 0:
                    raise ZeroDivisionError

    async def main() -> None:
        await asyncio.gather(*(work(number) for number in range(100)), return_exceptions=True)

    asyncio.run(main())
    assert max(seen) > 2
    # An error goes through both of its blocks.
    assert guarded.counted() == (200, 20, 0, 0)


def test_threads_that_share_a_guard_end_their_own_entries(guarded: Guarded) -> None:
    """A module's guard is everybody's."""
    one = fairlead.guard(guarded.name)
    started = threading.Barrier(8, timeout=30)

    def work(number: int) -> None:
        started.wait()
        for _ in range(200):
            with one, one:
                pass

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(work, range(8)))
    assert guarded.counted() == (3200, 0, 0, 0)


def test_a_generator_that_another_task_closes_lets_go(guarded: Guarded) -> None:
    """An event loop closes what nobody has iterated to its end, in a task of its own."""
    one = fairlead.guard(guarded.name)

    async def numbers() -> AsyncGenerator[int, None]:
        async with one:
            yield 1

    async def main() -> None:
        with one:
            left = numbers()
            await anext(left)
            await asyncio.create_task(left.aclose())
            assert guarded.gate.inflight == 1

    asyncio.run(main())
    assert guarded.counted() == (2, 0, 0, 0)


def test_a_generator_that_is_forgotten_lets_go(guarded: Guarded) -> None:
    """The collector closes it."""

    def numbers() -> Iterator[int]:
        with fairlead.guard(guarded.name):
            yield 1

    left = numbers()
    assert next(left) == 1
    assert guarded.gate.inflight == 1
    del left
    gc.collect()
    assert guarded.counted() == (1, 0, 0, 0)


def test_a_limit_counts_threads_and_tasks_alike(guarded: Guarded) -> None:
    """A pool behind the block does not care who asks."""
    guarded.enforce(capped(guarded.name, 2))

    async def main() -> None:
        async with fairlead.guard(guarded.name):
            await asyncio.to_thread(work)

    def work() -> None:
        with (
            fairlead.guard(guarded.name),
            pytest.raises(fairlead.Rejected),
            fairlead.guard(guarded.name),
        ):
            pass

    asyncio.run(main())
    assert guarded.counted() == (2, 0, 1, 0)


def test_one_call_may_count_as_many(guarded: Guarded) -> None:
    """A batch of ten uses up ten permits, or none."""
    guarded.enforce(rated(guarded.name, 12))
    with fairlead.guard(guarded.name, count=10):
        pass
    with pytest.raises(fairlead.Rejected), fairlead.guard(guarded.name, count=3):
        pass
    with fairlead.guard(guarded.name, count=2):
        pass
    assert guarded.gate.passed == 12


@pytest.mark.parametrize("name", ["a", "what ever/it:is; größer 🙂", "x" * 1024])
def test_a_name_is_any_text(guarded: Guarded, name: str) -> None:
    """It stands in rules as it is written."""
    guarded.enforce(closed(name))
    with pytest.raises(fairlead.Rejected), fairlead.guard(name):
        pass


@pytest.mark.parametrize(
    ("name", "error"), [("", ValueError), ("x" * 1025, ValueError), (7, TypeError)]
)
def test_what_is_no_name_is_said_where_the_guard_is_made(name: str, error: type) -> None:
    """And not when the first call comes."""
    with pytest.raises(error, match=r"fairlead\.guard"):
        fairlead.guard(name)


def test_names_beyond_those_that_are_kept_are_governed_too(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name made of a request's id must fill no memory, and must be no way around a rule."""
    monkeypatch.setattr(handle, "MOST", 0)
    guarded.enforce(closed(guarded.name))
    for _ in range(2):
        with pytest.raises(fairlead.Rejected), fairlead.guard(guarded.name):
            pass
    assert guarded.name not in handle.names()


def test_without_an_agent_everything_passes(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests and scripts run without one; what is attached later governs what was made before."""
    one, door = fairlead.guard(guarded.name), bootstrap.begun()
    guarded.enforce(closed(guarded.name))
    monkeypatch.setattr(bootstrap, "_door", None)
    with one, one:
        monkeypatch.setattr(bootstrap, "_door", door)
        with pytest.raises(fairlead.Rejected), one:
            pass
    assert guarded.counted() == (0, 0, 1, 0)


def test_a_fault_of_ours_lets_the_block_begin(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is counted."""

    def broken(name: str) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(guarded.agent.engine.gates, "gate", broken)
    with fairlead.guard(guarded.name):
        pass
    assert guarded.agent.read_counters()["agent_faults"] == {"guard": 1}
    assert guarded.agent.last_fault == "guard: RuntimeError: ours"
    guarded.agent.last_fault = ""
