"""A function that asks its gate: sync, coroutine, generator or asynchronous generator.

A coroutine or generator enters when it begins to run and leaves when it ends, with a value, an
error, a cancellation or its close. What is made and never run enters nothing.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

from fairlead.agent.arguments import Arguments, Shape
from fairlead.flow.rejected import Rejected
from fairlead.flow.result import Result
from fairlead.instruments.drive import pause, pause_async

if TYPE_CHECKING:
    from fairlead.agent.handle import Handle
    from fairlead.flow.refusal import Refusal

Function = Callable[..., Any]


class _Passed:
    """The entry of a call that nobody governs."""

    __slots__ = ()
    refused = None
    wait = 0


PASSED: Any = _Passed()


class Terms:
    """How one guard enters its resource, and what it calls a failure."""

    __slots__ = ("_count", "_errors", "_fallback", "_ignore", "_prioritized", "handle")

    def __init__(
        self,
        handle: Handle,
        errors: tuple[type[BaseException], ...] = (Exception,),
        ignore: tuple[type[BaseException], ...] = (),
        fallback: Function | None = None,
        count: int = 1,
        prioritized: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        if count < 1:
            raise ValueError(f"fairlead.guard: count is a number from 1 on, not {count!r}")
        self.handle = handle
        self._errors = tuple(errors)
        self._ignore = (*ignore, Rejected)
        self._fallback = fallback
        self._count, self._prioritized = count, prioritized

    def enter(self, shape: Shape, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Return the entry of a call, which may be refused or have to wait; PASSED for none."""
        handle = self.handle
        try:
            gate = handle.gate
            if gate is None and (gate := handle.find()) is None:
                return PASSED
            facts = Arguments(shape, args, kwargs) if gate.curious else None
            entry = gate.enter(self._count, facts, self._prioritized)
            if entry.refused is not None or entry.simulated is not None:
                handle.told(entry)
            return entry
        except Exception as error:  # counted; the call goes on
            handle.fault(error)
            return PASSED

    def leave(self, entry: Any, error: BaseException | None) -> None:
        """End the call of `entry`, which an error may have ended."""
        try:
            if isinstance(error, self._errors) and not isinstance(error, self._ignore):
                entry.exit(True, Result(error=error))
            else:
                entry.exit()
        except Exception as fault:  # counted; the call has its result
            self.handle.fault(fault)

    def instead(self, refusal: Refusal, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what is given instead of a call that is refused, or raise Rejected."""
        value = refusal.fallback.value
        if value is not None:
            with suppress(ValueError):  # from afar: what is no JSON is no value
                return json.loads(value)
        if self._fallback is not None:
            return self._fallback(*args, **kwargs)
        raise Rejected(refusal)


def decorated(function: Any, terms: Terms) -> Any:
    """Return `function` guarded on `terms`; its name, its signature and its kind stay."""
    if isinstance(function, (classmethod, staticmethod)):
        return type(function)(decorated(function.__func__, terms))
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"fairlead.guard: {function!r} is no function")
    body = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    for kind, make in _KINDS:
        if kind(function) or kind(body):
            return make(function, terms, Shape(function))
    return _sync(function, terms, Shape(function))


def _sync(function: Function, terms: Terms, shape: Shape) -> Function:
    handle, count, prioritized = terms.handle, terms._count, terms._prioritized  # noqa: SLF001

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        # As Terms.enter and leave do it, without their calls: most guarded functions are of this
        # kind, and short.
        try:
            gate = handle.gate or handle.find()
            entry = PASSED
            if gate is not None:
                facts = Arguments(shape, args, kwargs) if gate.curious else None
                entry = gate.enter(count, facts, prioritized)
                if entry.refused is not None or entry.simulated is not None:
                    handle.told(entry)
        except Exception as error:  # counted; the call goes on
            handle.fault(error)
            entry = PASSED
        if entry is PASSED:
            return function(*args, **kwargs)
        if entry.refused is not None:
            return terms.instead(entry.refused, args, kwargs)
        if entry.wait:
            pause(entry)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            terms.leave(entry, error)
            raise
        terms.leave(entry, None)
        return result

    return guarded


def _coroutine(function: Function, terms: Terms, shape: Shape) -> Function:
    @wraps(function)
    async def guarded(*args: Any, **kwargs: Any) -> Any:
        entry = terms.enter(shape, args, kwargs)
        if entry is PASSED:
            return await function(*args, **kwargs)
        if entry.refused is not None:
            value = terms.instead(entry.refused, args, kwargs)
            return await value if inspect.isawaitable(value) else value
        if entry.wait:
            await pause_async(entry)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            terms.leave(entry, error)
            raise
        terms.leave(entry, None)
        return result

    return guarded


def _generator(function: Function, terms: Terms, shape: Shape) -> Function:
    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        entry = terms.enter(shape, args, kwargs)
        if entry.refused is not None:
            return (yield from _items(terms.instead(entry.refused, args, kwargs)))
        if entry.wait:
            pause(entry)
        if entry is PASSED:
            return (yield from function(*args, **kwargs))
        try:
            result = yield from function(*args, **kwargs)
        except BaseException as error:
            terms.leave(entry, error)
            raise
        terms.leave(entry, None)
        return result

    return guarded


def _async_generator(function: Function, terms: Terms, shape: Shape) -> Function:
    @wraps(function)
    async def guarded(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        entry, source = await _source(function, terms, shape, args, kwargs)
        ended: BaseException | None = None
        try:
            item = await anext(source)
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:  # handed on to whoever may handle it
                    item = await source.athrow(error)
                else:
                    item = await source.asend(sent)
        except StopAsyncIteration:
            return
        except BaseException as error:
            ended = error
            raise
        finally:
            try:
                await source.aclose()
            finally:
                if entry is not PASSED:
                    terms.leave(entry, ended)

    return guarded


async def _source(
    function: Function, terms: Terms, shape: Shape, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, AsyncGenerator[Any, Any]]:
    entry = terms.enter(shape, args, kwargs)
    if entry.refused is not None:
        return PASSED, _items_async(terms.instead(entry.refused, args, kwargs))
    if entry.wait:
        await pause_async(entry)
    try:
        return entry, function(*args, **kwargs)
    except BaseException as error:  # arguments that do not fit: nothing runs that could end it
        if entry is not PASSED:
            terms.leave(entry, error)
        raise


def _items(value: Any) -> Generator[Any, Any, Any]:
    """Yield what is given instead of a generator's items: those of a list, or the one value."""
    if hasattr(value, "send"):
        return (yield from value)
    yield from value if isinstance(value, (list, tuple)) else (value,)
    return None


async def _items_async(value: Any) -> AsyncGenerator[Any, Any]:
    if inspect.isawaitable(value):
        value = await value
    if hasattr(value, "__aiter__"):
        async for item in value:
            yield item
        return
    for item in _items(value):
        yield item


_KINDS = (
    (inspect.iscoroutinefunction, _coroutine),
    (inspect.isasyncgenfunction, _async_generator),
    (inspect.isgeneratorfunction, _generator),
)
