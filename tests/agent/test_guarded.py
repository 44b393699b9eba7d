"""Functions of every kind are resources; what they are called with, rules may tell apart."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from typing import Any

import pytest

import fairlead
from fairlead.agent.arguments import Arguments, Shape
from fairlead.policy.fallback import Fallback
from tests.agent.guarding import Guarded
from tests.instruments.rules import capped, closed, paced, rated


def test_a_function_is_called_or_refused(guarded: Guarded) -> None:
    """It stays what it was to whoever looks at it."""
    guarded.enforce(rated(guarded.name, 1))

    @fairlead.guard(guarded.name)
    def add(one: int, /, *, other: int = 2) -> int:
        """Add."""
        return one + other

    assert add(1, other=5) == 6
    with pytest.raises(fairlead.Rejected):
        add(1)
    assert (add.__name__, add.__doc__) == ("add", "Add.")
    assert list(inspect.signature(add).parameters) == ["one", "other"]
    assert guarded.counted() == (1, 0, 1, 0)


def test_a_coroutine_function_is_one(guarded: Guarded) -> None:
    """Frameworks look before they call."""
    guarded.enforce(rated(guarded.name, 1))

    @fairlead.guard(guarded.name)
    async def work() -> int:
        return guarded.gate.inflight

    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(work()) == 1
    with pytest.raises(fairlead.Rejected):
        asyncio.run(work())
    assert guarded.counted() == (1, 0, 1, 0)


def test_a_generator_is_inside_while_it_runs(guarded: Guarded) -> None:
    """From its first item to its last, to an error, or to its close."""
    guarded.enforce(capped(guarded.name, 1))

    @fairlead.guard(guarded.name)
    def echo() -> Generator[Any, Any, str]:
        sent = yield 0
        while sent is not None:
            try:
                sent = yield sent
            except KeyError:
                sent = yield "caught"
        return "end"

    assert inspect.isgeneratorfunction(echo)
    never, one = echo(), echo()
    assert next(one) == 0
    with pytest.raises(fairlead.Rejected):
        next(echo())
    assert (one.send(5), one.throw(KeyError())) == (5, "caught")
    with pytest.raises(StopIteration) as end:
        next(one)
    assert end.value.value == "end"
    closed_early = echo()
    next(closed_early)
    closed_early.close()
    never.close()
    failing = echo()
    next(failing)
    with pytest.raises(ZeroDivisionError):
        failing.throw(ZeroDivisionError())
    assert guarded.counted() == (3, 1, 1, 0)


def test_an_async_generator_is_inside_while_it_runs(guarded: Guarded) -> None:
    """It is sent to, thrown into and closed as if nobody stood between."""
    guarded.enforce(capped(guarded.name, 1))
    cleaned: list[str] = []

    @fairlead.guard(guarded.name)
    async def echo() -> AsyncGenerator[Any, Any]:
        sent = yield 0
        try:
            while sent is not None:
                try:
                    sent = yield sent
                except KeyError:
                    sent = yield "caught"
        finally:
            await asyncio.sleep(0)
            cleaned.append("cleaned")

    async def main() -> None:
        one = echo()
        assert await anext(one) == 0
        with pytest.raises(fairlead.Rejected):
            await anext(echo())
        assert (await one.asend(5), await one.athrow(KeyError())) == (5, "caught")
        with pytest.raises(StopAsyncIteration):
            await anext(one)
        early = echo()
        await anext(early)
        await early.asend(1)
        await early.aclose()
        failing = echo()
        await anext(failing)
        with pytest.raises(ZeroDivisionError):
            await failing.athrow(ZeroDivisionError())

    assert inspect.isasyncgenfunction(echo)
    asyncio.run(main())
    assert cleaned == ["cleaned", "cleaned"]
    assert guarded.counted() == (3, 1, 1, 0)


def test_calls_that_are_early_wait_in_their_own_way(guarded: Guarded) -> None:
    """A coroutine lets others run meanwhile; a function holds up its thread only."""
    guarded.enforce(paced(guarded.name, 150))
    guard = fairlead.guard(guarded.name)
    plain = guard(lambda: None)
    begun: list[float] = []

    @guard
    async def work() -> None:
        begun.append(time.monotonic())

    async def others() -> int:
        turns = 0
        while len(begun) < 2:
            turns += 1
            await asyncio.sleep(0.001)
        return turns

    async def main() -> int:
        found: int = (await asyncio.gather(work(), work(), others()))[2]
        return found

    plain()
    started = time.monotonic()
    plain()
    assert time.monotonic() - started >= 0.1
    assert asyncio.run(main()) > 2
    assert guarded.counted() == (4, 0, 0, 0)


def test_who_is_cancelled_while_it_waits_is_not_inside(guarded: Guarded) -> None:
    """A client that gives up in the queue lets go of its place."""
    guarded.enforce(paced(guarded.name, 60_000, queue_ms=600_000))

    @fairlead.guard(guarded.name)
    async def work() -> None:
        return None

    async def main() -> None:
        await work()
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert guarded.gate.inflight == 0
    assert guarded.gate.errors == 0


def test_the_operators_value_is_returned_instead(guarded: Guarded) -> None:
    """Made anew for each call: the caller may change it."""
    guarded.enforce(closed(guarded.name, Fallback(value='{"items": []}')))
    guard = fairlead.guard(guarded.name, fallback=lambda: "the application's")

    @guard
    def plain() -> Any:
        return None

    @guard
    async def awaited() -> Any:
        return None

    @guard
    def generated() -> Iterator[Any]:
        yield None

    first = plain()
    first["items"].append(1)
    assert plain() == {"items": []}
    assert asyncio.run(awaited()) == {"items": []}
    assert list(generated()) == [{"items": []}]


def test_the_functions_of_a_list_yield_its_elements(guarded: Guarded) -> None:
    """An empty list is how an operator says: nothing."""
    guarded.enforce(closed(guarded.name, Fallback(value="[1, 2]")))

    @fairlead.guard(guarded.name)
    async def numbers() -> AsyncGenerator[int, None]:
        yield 0

    async def main() -> list[int]:
        return [number async for number in numbers()]

    assert asyncio.run(main()) == [1, 2]


def test_what_is_no_json_is_no_value(guarded: Guarded) -> None:
    """It came from afar: the call is refused all the same."""
    guarded.enforce(closed(guarded.name, Fallback(value="{")))
    with pytest.raises(fairlead.Rejected):
        fairlead.guard(guarded.name)(lambda: None)()


def test_the_applications_own_fallback_is_called_with_the_same_arguments(
    guarded: Guarded,
) -> None:
    """Sentinel's blockHandler."""
    guarded.enforce(closed(guarded.name))

    def cached(*args: int, **kwargs: int) -> tuple[Any, ...]:
        return args, kwargs

    async def cached_async(*args: int, **kwargs: int) -> tuple[Any, ...]:
        return args, kwargs

    async def work(*args: int, **kwargs: int) -> None:
        return None

    for fallback in (cached, cached_async):
        found = asyncio.run(fairlead.guard(guarded.name, fallback=fallback)(work)(1, two=2))
        assert found == ((1,), {"two": 2})
    plain = fairlead.guard(guarded.name, fallback=cached)(lambda *_, **__: None)
    assert plain(3, four=4) == ((3,), {"four": 4})


def test_an_error_of_the_fallback_is_the_applications(guarded: Guarded) -> None:
    """It shows no trace of ours as its cause."""
    guarded.enforce(closed(guarded.name))

    def fails() -> None:
        raise LookupError

    with pytest.raises(LookupError) as caught:
        fairlead.guard(guarded.name, fallback=fails)(lambda: None)()
    assert caught.value.__context__ is None


class Orders:
    @fairlead.guard
    def one(self) -> str:
        return "one"

    @classmethod
    @fairlead.guard
    def two(cls) -> str:
        return cls.__name__

    @fairlead.guard
    @classmethod
    def three(cls) -> str:
        return cls.__name__

    @fairlead.guard
    @staticmethod
    def four() -> str:
        return "four"

    @fairlead.guard
    async def five(self) -> str:
        return "five"


def test_methods_of_all_kinds_have_names_of_their_own(guarded: Guarded) -> None:
    """``@guard`` above or below ``@classmethod``: people write both."""
    orders = Orders()
    found = (orders.one(), Orders.two(), orders.three(), Orders.four(), asyncio.run(orders.five()))
    assert found == ("one", "Orders", "Orders", "four", "five")
    prefix = f"{Orders.__module__}.Orders"
    for name in ("one", "two", "three", "four", "five"):
        assert guarded.agent.engine.gates.gate(f"{prefix}.{name}").passed == 1
    guarded.enforce(closed(f"{prefix}.two"))
    with pytest.raises(fairlead.Rejected):
        Orders.two()


def test_what_has_no_name_needs_one(guarded: Guarded) -> None:
    """And what is no function is none."""
    with pytest.raises(TypeError, match="give it one"):
        fairlead.guard(functools.partial(print))
    assert fairlead.guard(guarded.name)(functools.partial(int, "7"))() == 7
    for nothing in (int, 7):
        with pytest.raises(TypeError, match="no function"):
            fairlead.guard(guarded.name)(nothing)


def test_a_callable_object_is_what_its_call_is(guarded: Guarded) -> None:
    """An instance whose ``__call__`` is a coroutine is awaited before its call has ended."""

    class Work:
        async def __call__(self) -> int:
            await asyncio.sleep(0)
            return guarded.gate.inflight

    assert asyncio.run(fairlead.guard(guarded.name)(Work())()) == 1


def method(function: Callable[..., Any]) -> Callable[..., Any]:
    function.__qualname__ = f"Class.{function.__name__}"
    return function


def values(function: Callable[..., Any], names: list[str], *args: Any, **kwargs: Any) -> list[Any]:
    """Return what a rule sees of a call under each of `names`."""
    facts = Arguments(Shape(function), args, kwargs)
    return [facts.value("argument", name) for name in names]


def test_arguments_are_found_by_place_and_by_name() -> None:
    """However the caller wrote them; defaults count as written."""

    def pay(user: str, amount: int = 5, *more: int, note: str = "none", **rest: int) -> None: ...

    names = ["0", "1", "-1", "user", "amount", "note", "more", "7", "-9"]
    assert values(pay, names, "a") == ["a", 5, "none", "a", 5, "none", (), None, None]
    assert values(pay, names, amount=1, user="a") == values(pay, names, "a", 1)
    assert values(pay, ["2", "-1", "x"], "a", 1, 2, 3, x=4) == [2, 4, 4]
    assert values(pay, ["x"], "a", 1) == [None]


def test_what_a_method_is_called_on_is_none_of_its_arguments() -> None:
    """A rule about argument 0 means the first one that the caller writes."""

    def pay(self: Any, user: str) -> None: ...

    def make(cls: Any, user: str) -> None: ...

    for function in (pay, make):
        assert values(method(function), ["0", "-1", "user"], object(), "a") == ["a", "a", "a"]
        assert values(method(function), ["0"], object(), user="a") == ["a"]
    assert values(lambda self: None, ["0"], "a") == ["a"]


def test_a_call_that_does_not_fit_has_the_functions_own_error(guarded: Guarded) -> None:
    """A rule about its arguments finds none."""

    def pay(user: str) -> None: ...

    assert values(pay, ["0", "1", "user"], "a", "b") == ["a", "b", None]
    assert values(pay, ["-1"]) == [None]
    with pytest.raises(TypeError, match="pay"):
        fairlead.guard(guarded.name)(pay)()  # type: ignore[call-arg]


def test_a_generator_that_is_called_wrongly_is_not_inside(guarded: Guarded) -> None:
    """The error comes before there is anything to close."""

    @fairlead.guard(guarded.name)
    def items(count: int) -> Iterator[int]:
        yield count

    @fairlead.guard(guarded.name)
    async def items_async(count: int) -> AsyncGenerator[int, None]:
        yield count

    async def first() -> int:
        return await anext(items_async())  # type: ignore[call-arg]

    with pytest.raises(TypeError, match="count"):
        next(items())  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="count"):
        asyncio.run(first())
    assert guarded.counted() == (2, 2, 0, 0)


def test_a_function_that_does_not_tell_its_parameters_has_places() -> None:
    """Some of C's."""
    assert values(dict.update, ["0", "1", "-1", "x"], {}, {1: 2}, x=3) == [{}, {1: 2}, 3, 3]
